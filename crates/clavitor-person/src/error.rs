//! What can go wrong on the person's side.

use clavitor_crypto::{Refusal, Refused, record::TooLong};
use thiserror::Error;

/// The step could not be taken; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Error {
    /// Something sealed did not open.
    #[error(transparent)]
    Sealed(#[from] Refused),
    /// Something signed was refused.
    #[error(transparent)]
    Signed(#[from] Refusal),
    /// A value is too long.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// There is no such unlocker, scope, agent, entry or field.
    #[error("there is no such thing in the vault")]
    Unknown,
    /// The JSON inside a record is not what docs/FORMAT.md section 8 says.
    #[error("the sealed JSON has another form")]
    Json,
}
