//! Wire types and error codes of the REST interface, and nothing else.
//!
//! No type here can carry a key: byte strings are sealed records, signed objects, public keys or hashes, and every request type refuses unknown members.
//! Ids are lower-case hexadecimal, other bytes are base64url without padding (docs/FORMAT.md section 2). Times are Unix milliseconds unless the name says otherwise.

mod agent;
mod audit;
mod change;
mod encoding;
mod entry;
mod error;
mod health;
mod query;
mod session;

pub use agent::*;
pub use audit::*;
pub use change::*;
pub use encoding::{Blob, Id, UnlockerId};
pub use entry::*;
pub use error::{ErrorBody, ErrorCode, UseMode};
pub use health::*;
pub use query::*;
pub use session::*;
