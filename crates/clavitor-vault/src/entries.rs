//! Entries as their owner reads them: sealed.

use clavitor_crypto::EntryId;

use crate::{
    Credential, Read, Result,
    change::{FieldRecord, Grant},
};

/// One entry in a list.
#[derive(Debug, Clone)]
pub struct EntrySummary {
    /// The entry.
    pub entry_id: EntryId,
    /// The signed header of the current version.
    pub header: Vec<u8>,
    /// The summary record; absent once purged.
    pub summary: Option<Vec<u8>>,
    /// The grants of tier 1 that open the summary, of the scopes this caller has.
    pub grants: Vec<Grant>,
}

/// A page of entries, ordered by id.
#[derive(Debug, Clone)]
pub struct EntryPage {
    /// The entries.
    pub entries: Vec<EntrySummary>,
    /// Ask with `after` = this for the next page.
    pub next: Option<EntryId>,
    /// Entries in the vault, purged ones included.
    pub total: u64,
}

/// One version of an entry with its records.
#[derive(Debug, Clone)]
pub struct EntryDetail {
    /// The entry.
    pub entry_id: EntryId,
    /// The signed header.
    pub header: Vec<u8>,
    /// The records of the fields in the header that this caller may have.
    pub records: Vec<FieldRecord>,
    /// The grants this caller can open, of every entry-key epoch the records use.
    pub grants: Vec<Grant>,
}

/// A page of whole entries, for export.
#[derive(Debug, Clone)]
pub struct ExportPage {
    /// The entries, the purged ones left out.
    pub entries: Vec<EntryDetail>,
    /// Ask with `after` = this for the next page.
    pub next: Option<EntryId>,
}

/// A page of at most `limit` entries (1 to 1,000) after `after`.
///
/// # Errors
/// `Unauthenticated`, `BadRequest` for a limit out of range.
pub fn page(r: &Read<'_>, credential: &Credential, after: Option<EntryId>, limit: u32) -> Result<EntryPage> {
    let _ = (r, credential, after, limit);
    crate::pending()
}

/// One entry with all its records.
///
/// # Errors
/// `Unauthenticated`, `Hidden`.
pub fn detail(r: &Read<'_>, credential: &Credential, entry_id: EntryId) -> Result<EntryDetail> {
    let _ = (r, credential, entry_id);
    crate::pending()
}

/// All versions of an entry, newest first, each with the records its header names; the grants are on the first and serve all.
///
/// # Errors
/// `Unauthenticated`, `Hidden`.
pub fn history(r: &Read<'_>, credential: &Credential, entry_id: EntryId) -> Result<Vec<EntryDetail>> {
    let _ = (r, credential, entry_id);
    crate::pending()
}

/// Whole entries, page by page, for a person with a fresh passkey. Pages hold at most 100 entries and about 8 MiB.
///
/// # Errors
/// `Unauthenticated`, `FreshPasskeyNeeded`.
pub fn export(w: &crate::Write<'_>, credential: &Credential, after: Option<EntryId>) -> Result<ExportPage> {
    let _ = (w, credential, after);
    crate::pending()
}
