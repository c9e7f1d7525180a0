//! How a machine becomes a node: the one-time token it is given, the record it answers with, and the command that puts its first system on it.

mod call;
mod record;
mod token;

pub use call::{Call, Method};
pub use record::{RECORD_AGE_S_MAX, Record, RecordError};
pub use token::{Token, TokenError};
