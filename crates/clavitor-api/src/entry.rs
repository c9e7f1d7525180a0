//! Entries as the node hands them out: sealed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Blob, FieldRecord, Grant, Id};

/// One entry in a list: what is needed to show its name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EntrySummary {
    /// The entry.
    pub entry_id: Id,
    /// The signed header of the current version.
    pub header: Blob,
    /// The summary record; absent once purged.
    pub summary: Option<Blob>,
    /// The grants that open the summary: tier 1, of the scopes this caller has.
    pub grants: Vec<Grant>,
    /// For agents, of an entry whose newest header an agent signed: the signed headers before it, newest first, down to and with the last one of the owner.
    /// At most 256. Absent where there are none, and for persons, who have the history.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Blob>,
}

/// A page of entries, ordered by entry id.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EntryPage {
    /// The entries.
    pub entries: Vec<EntrySummary>,
    /// Ask with `after` = this for the next page; absent at the end.
    pub next: Option<Id>,
    /// Entries in the vault, purged ones included.
    pub total: u64,
}

/// One entry with all its records.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EntryDetail {
    /// The entry.
    pub entry_id: Id,
    /// The signed header.
    pub header: Blob,
    /// The records of the fields in the header that this caller may have.
    pub records: Vec<FieldRecord>,
    /// The grants this caller can open, of every entry-key epoch the records use.
    pub grants: Vec<Grant>,
    /// For agents, of an entry whose newest header an agent signed: the signed headers before it, newest first, down to and with the last one of the owner.
    /// At most 256. Absent where there are none, and for persons, who have the history.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Blob>,
}

/// All versions of an entry, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EntryHistory {
    /// Each version with the records its header names; grants are on the first only and serve all.
    pub versions: Vec<EntryDetail>,
}

/// A page of an export, ordered by entry id. It needs a fresh passkey.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ExportPage {
    /// Whole entries, those in the trash included.
    pub entries: Vec<EntryDetail>,
    /// Ask with `after` = this for the next page; absent at the end.
    pub next: Option<Id>,
}
