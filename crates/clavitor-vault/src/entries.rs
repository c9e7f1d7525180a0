//! Entries as their owner reads them: sealed.

use std::sync::Arc;

use clavitor_crypto::{EntryId, ScopeId};

use crate::{
    Credential, Error, Read, Result, Write,
    audit::event::{Actor, Draft},
    caller::Caller,
    change::{FieldRecord, Grant},
    policy::{Act, EntryFacts, ExportVault, Permit, ReadEntry, ReadVault, Subject},
    store::entries::{KnownEntry, WholeEntry, decode},
};

const PAGE_ENTRIES_MAX: u32 = 1000;
const EXPORT_ENTRIES_MAX: u32 = 50;
/// A page of an export ends with the entry that exceeds this.
const EXPORT_BYTES: usize = 4 << 20;

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
    /// For agents: the signed headers beneath a newest one that an agent signed, newest first, down to and with the owner's last.
    pub chain: Vec<Vec<u8>>,
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
    /// For agents: the signed headers beneath a newest one that an agent signed, newest first, down to and with the owner's last.
    pub chain: Vec<Vec<u8>>,
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
    if !(1..=PAGE_ENTRIES_MAX).contains(&limit) {
        return Err(Error::BadRequest("limit is 1 to 1000"));
    }
    let caller = Caller::find(r, credential)?;
    let permit = caller.permit::<ReadVault>(Act::ReadVault, Subject::Vault, |vault| vault)?;
    let rows = r.summaries(&permit, after, limit + 1)?;
    let more = rows.len() > limit as usize;
    let rows: Vec<_> = rows.into_iter().take(limit as usize).collect();
    let next = rows.last().filter(|_| more).map(|row| row.entry_id);
    let mut grants = match (rows.first(), rows.last()) {
        (Some(first), Some(last)) => r.owner_grants1(&permit, first.entry_id, last.entry_id)?,
        _ => Vec::new(),
    }
    .into_iter()
    .peekable();
    let entries = rows
        .into_iter()
        .map(|row| {
            let grants = std::iter::from_fn(|| grants.next_if(|(entry, _)| *entry == row.entry_id)).map(|(_, grant)| grant).collect();
            EntrySummary { entry_id: row.entry_id, header: row.header, summary: row.summary, grants, chain: Vec::new() }
        })
        .collect();
    Ok(EntryPage { entries, next, total: r.count_entries(&permit)? })
}

/// One entry with all its records.
///
/// # Errors
/// `Unauthenticated`, `Hidden`.
pub fn detail(r: &Read<'_>, credential: &Credential, entry_id: EntryId) -> Result<EntryDetail> {
    let (permit, entry) = find(r, credential, entry_id)?;
    whole(r, &permit, &entry)
}

/// [`detail`] as `write` puts it. In a look, what was written of the entry lately is given again, as long as nothing has changed; who asks is checked each time.
///
/// # Errors
/// `Unauthenticated`, `Hidden`, what `write` returns.
pub fn told(
    r: &Read<'_>,
    credential: &Credential,
    entry_id: EntryId,
    write: impl FnOnce(EntryDetail) -> Result<Vec<u8>>,
) -> Result<Arc<[u8]>> {
    let (permit, entry) = find(r, credential, entry_id)?;
    r.told_entry(&permit, || whole(r, &permit, &entry).and_then(write))
}

fn whole(r: &Read<'_>, permit: &Permit<'_, ReadEntry>, entry: &KnownEntry) -> Result<EntryDetail> {
    let header = &entry.header;
    let used = |grant: &Grant| grant.ek_epoch == header.ek_epoch;
    let grants = r.grants(permit, ScopeId::ZERO)?.into_iter().filter(used).collect();
    Ok(EntryDetail {
        entry_id: permit.target().1,
        records: r.records(permit, header)?,
        header: entry.signed.clone(),
        grants,
        chain: Vec::new(),
    })
}

/// All versions of an entry, newest first, each with the records its header names; the grants are on the first and serve all.
///
/// # Errors
/// `Unauthenticated`, `Hidden`.
pub fn history(r: &Read<'_>, credential: &Credential, entry_id: EntryId) -> Result<Vec<EntryDetail>> {
    let (permit, entry) = find(r, credential, entry_id)?;
    let older = r.older_headers(&permit)?;
    let mut versions = Vec::with_capacity(older.len() + 1);
    for header in std::iter::once(entry.signed.clone()).chain(older) {
        let records = r.records(&permit, &decode(&header)?)?;
        versions.push(EntryDetail { entry_id, header, records, grants: Vec::new(), chain: Vec::new() });
    }
    if let Some(newest) = versions.first_mut() {
        newest.grants = r.grants(&permit, ScopeId::ZERO)?;
    }
    Ok(versions)
}

/// Whole entries, page by page, for a person with a fresh passkey. Pages hold at most 50 entries, and end with the entry that
/// brings the records above 4 MiB. Each page is logged.
///
/// # Errors
/// `Unauthenticated`, `FreshPasskeyNeeded`.
pub fn export(w: &Write<'_>, credential: &Credential, after: Option<EntryId>) -> Result<ExportPage> {
    let caller = Caller::find(w, credential)?;
    let permit = caller.permit::<ExportVault>(Act::Export, Subject::Vault, |vault| vault)?;
    let mut entries = Vec::new();
    let (mut bytes, mut next) = (0, None);
    for WholeEntry { row, records, grants } in w.export_rows(&permit, after, EXPORT_ENTRIES_MAX)? {
        bytes += records.iter().map(|record| record.record.len()).sum::<usize>();
        entries.push(EntryDetail { entry_id: row.entry_id, header: row.header, records, grants, chain: Vec::new() });
        if bytes > EXPORT_BYTES || entries.len() == EXPORT_ENTRIES_MAX as usize {
            next = Some(row.entry_id);
            break;
        }
    }
    let vault_id = *permit.target();
    let detail = format!("{} entries", entries.len());
    w.log(vault_id, &Draft::done(Actor::of(&caller), "vault.export").saying(&detail))?;
    w.commit(vault_id, "export", None)?;
    Ok(ExportPage { entries, next })
}

/// Looks an entry up for its owner.
fn find<'tx>(r: &Read<'tx>, credential: &Credential, entry_id: EntryId) -> Result<(Permit<'tx, ReadEntry>, Arc<KnownEntry>)> {
    let caller = Caller::find(r, credential)?;
    caller.session()?;
    let entry = r.known_entry(caller.vault(), entry_id)?;
    let facts = EntryFacts { place: entry.as_ref().map(|entry| entry.header.deleted), capabilities: None };
    let permit = caller.permit::<ReadEntry>(Act::ReadEntry, Subject::Entry(facts), |vault| (vault, entry_id))?;
    Ok((permit, entry.ok_or(Error::Hidden)?))
}
