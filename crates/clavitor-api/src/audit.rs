//! The audit log on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Blob, Id};

/// One event. `bytes` is what the Merkle tree hashes; the other members are read from it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuditEvent {
    /// Position in the log, from 0.
    pub seq: u64,
    /// When.
    pub time_ms: u64,
    /// `person`, `agent`, `hosted`, `node`, or `anonymous`.
    pub actor_kind: String,
    /// The agent's id for agents, the unlocker's for persons; hexadecimal.
    pub actor_id: Option<String>,
    /// What was done or tried, e.g. `field.release`.
    pub action: String,
    /// `ok` or the error code of the refusal.
    pub outcome: String,
    /// The entry, where there is one.
    pub entry_id: Option<Id>,
    /// The field, where there is one.
    pub field_id: Option<Id>,
    /// Its tier.
    pub tier: Option<u8>,
    /// The agent's reason, or what the event says besides.
    pub detail: Option<String>,
    /// The canonical bytes.
    pub bytes: Blob,
}

/// A page of events, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuditPage {
    /// The events.
    pub events: Vec<AuditEvent>,
    /// Ask with `before` = this for older ones; absent at the beginning of the log.
    pub next: Option<u64>,
    /// Events in the log.
    pub size: u64,
}

/// A signed tree head and what connects it to an older one.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Checkpoint {
    /// C2SP tlog-checkpoint.
    pub checkpoint: String,
    /// RFC 6962 consistency proof from the size asked for.
    pub consistency: Vec<Blob>,
}
