//! The vectors of `vectors/`: how a case is run, how the cases are made, and how files are read and written. `vectors/README.md` is the schema.

mod bodies;
mod case;
mod cases;
mod fields;
pub(crate) mod forge;
mod pinned;
mod run;
mod run_public;
mod run_signed;

pub use case::{Case, Folder};
pub use cases::cases;
pub use pinned::pinned;
pub use run::{Refused, run};
