//! Where the fleet stands, from the nodes' own reports. What was not seen now is said to be old, and is never called healthy.

mod advice;
mod history;
mod row;
mod sight;

pub use advice::{Advice, advise, key_age_days};
pub use history::{History, Sample};
pub use row::{Row, Seen, State};
pub use sight::{DATA, Disk, Sight};
