//! The vault without a network: callers, policy, entries, agents, the audit log, and the private store.
//!
//! No HTTP, no async, no environment and no clock: time is a parameter of every transaction. No SQL outside of `store`.
//! Public operations take a transaction and a [`Credential`]; the caller is made from it inside that transaction.

pub mod agents;
pub mod audit;
pub mod backup;
mod budget;
mod caller;
pub mod ceremony;
pub mod change;
pub mod enrol;
pub mod entries;
mod error;
pub mod hosted;
#[cfg(feature = "measure")]
pub mod measure;
mod policy;
pub mod recovery;
pub mod release;
pub mod session;
pub mod setup;
mod store;
pub mod unlock;

// The server names these in requests; it has no edge to the crate they come from.
pub use clavitor_crypto::{AgentId, EntryId, FieldId, ScopeId, Secret, UnlockerId, VaultId};

pub use caller::Credential;
pub use change::{Applied, Change};
pub use entries::{EntryDetail, EntryPage, EntrySummary};
pub use error::{Denial, Error, Result, UseMode};
pub use session::{Session, Started};
pub use store::{Disk, Examined, Health, OpenError, OpenOptions, Read, Space, Vault, Write, examine};
