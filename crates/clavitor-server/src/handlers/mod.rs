//! Handlers: each reads its input, calls the vault once, and turns the result into the wire's type. Nothing is decided here.

pub(crate) mod agent;
pub(crate) mod agents;
pub(crate) mod audit;
pub(crate) mod changes;
pub(crate) mod enrol;
pub(crate) mod entries;
pub(crate) mod hosted;
pub(crate) mod node;
pub(crate) mod recovery;
pub(crate) mod reports;
pub(crate) mod session;
pub(crate) mod setup;

use crate::{answer::Done, operation::Json, refusal::Refusal};

/// What a handler with a JSON answer returns.
pub(crate) type Answer<T> = Result<Json<T>, Refusal>;

/// What a handler without an answer returns.
pub(crate) type Finished = Result<Done, Refusal>;
