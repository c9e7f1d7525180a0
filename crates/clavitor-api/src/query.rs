//! Query strings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Id;

/// Which page of the entries.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EntryQuery {
    /// Entries behind this id.
    pub after: Option<Id>,
    /// How many, 1 to 1000; 500 when absent.
    pub limit: Option<u32>,
}

/// Which page of an export.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExportQuery {
    /// Entries behind this id.
    pub after: Option<Id>,
}

/// Which page of the audit log.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuditQuery {
    /// Events with a lower position than this; the newest when absent.
    pub before: Option<u64>,
    /// How many, 1 to 1000; 200 when absent.
    pub limit: Option<u32>,
}

/// From which size of the log the consistency proof starts.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointQuery {
    /// The size the caller has pinned; 0 when absent.
    pub from: u64,
}

/// What an agent wants to know besides.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AgentQuery {
    /// The size of the log that the agent has seen: the answer brings the log's head, and the proof that it grew from there.
    pub log_from: Option<u64>,
}

/// Which manifests of the past.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ManifestQuery {
    /// Versions above this one.
    pub after: u64,
}
