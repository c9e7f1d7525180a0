//! The audit log: one append-only Merkle tree per vault over canonical events, with signed tree heads that can be checked offline.

use clavitor_crypto::{EntryId, FieldId};

use crate::{Credential, Read, Result};

/// One event, read from its canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Position in the log, from 0.
    pub seq: u64,
    /// When.
    pub time_ms: u64,
    /// `person`, `agent`, `hosted`, `node`, or `anonymous`.
    pub actor_kind: &'static str,
    /// The agent (16 bytes) or the unlocker (32 bytes), where there is one.
    pub actor_id: Option<Vec<u8>>,
    /// What was done or tried, such as `field.release`.
    pub action: String,
    /// `ok` or the code of the refusal.
    pub outcome: String,
    /// The entry, where there is one.
    pub entry_id: Option<EntryId>,
    /// The field, where there is one.
    pub field_id: Option<FieldId>,
    /// Its tier.
    pub tier: Option<u8>,
    /// The agent's reason, or what the event says besides.
    pub detail: Option<String>,
    /// The canonical bytes that the tree hashes.
    pub bytes: Vec<u8>,
}

/// A page of events, newest first.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The events.
    pub events: Vec<Event>,
    /// Ask with `before` = this for older ones.
    pub next: Option<u64>,
    /// Events in the log.
    pub size: u64,
}

/// A signed tree head and what connects it to an older one.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// C2SP tlog-checkpoint.
    pub checkpoint: String,
    /// RFC 6962 consistency proof from the size asked for.
    pub consistency: Vec<[u8; 32]>,
}

/// At most `limit` events (1 to 1,000) before position `before`, newest first.
///
/// # Errors
/// `Unauthenticated`, `BadRequest` for a limit out of range.
pub fn page(r: &Read<'_>, credential: &Credential, before: Option<u64>, limit: u32) -> Result<AuditPage> {
    let _ = (r, credential, before, limit);
    crate::pending()
}

/// The tree head of now, with the proof that it contains the tree of size `from`.
///
/// # Errors
/// `Unauthenticated`, `BadRequest` if the log is smaller than `from`.
pub fn checkpoint(r: &Read<'_>, credential: &Credential, from: u64) -> Result<Checkpoint> {
    let _ = (r, credential, from);
    crate::pending()
}
