//! The sealed format of docs/FORMAT.md: records, derivation, signatures, and the keys of tier 1. Pure: no input or output, no clock, no log.
//!
//! Nothing here builds a key of tier 2 or 3. A record key is typed by its [`record::Kind`], and the kinds of those tiers, with their labels, are
//! named only by the agent (tier 2) and by the person's client. What the node links can check the shape of such records and carry them, no more.
//!
//! Every secret lives in a [`secret::Secret`]: wiped on drop, compared in constant time, without `Debug`.

pub mod cbor;
pub mod checkpoint;
pub mod code;
pub mod derive;
pub mod enrol;
pub mod event;
pub mod field_kind;
pub mod hash;
pub mod header;
pub mod ids;
pub mod keys;
pub mod kinds;
pub mod manifest;
pub mod merkle;
mod padding;
pub mod random;
pub mod record;
pub mod refusal;
pub mod secret;
pub mod sign;
pub mod signed;
pub mod token;
pub mod totp;
pub mod wrap;

pub use ids::{AgentId, EntryId, FieldId, ScopeId, UnlockerId, VaultId};
pub use refusal::{Refusal, Refused};
pub use secret::Secret;
