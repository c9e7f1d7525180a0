//! Rows of entries: headers, records, grants. What a caller may load, its permit says.

use std::sync::Arc;

use clavitor_crypto::{
    AgentId, EntryId, FieldId, ScopeId, VaultId, cbor,
    header::{Deleted, Header},
    sign::SIGNATURE_BYTES,
};

use super::{
    Read, Write,
    shelf::{Keep, Key},
    tx::{Fault, Row, values},
};
use crate::{
    Error,
    change::{FieldRecord, Grant},
    policy::{Action, ChangeVault, ExportVault, Permit, ReadEntry, ReadVault, ReleaseField, WriteEntry},
};

type Got<T> = Result<T, Fault>;

/// After this many versions by agents in a row, the owner's own comes first.
pub(crate) const CHAIN_HEADERS_MAX: usize = 256;

/// The current version of an entry.
#[derive(Debug, Clone)]
pub(crate) struct EntryRow {
    pub(crate) entry_id: EntryId,
    /// Signature and body; verified before it was stored.
    pub(crate) header: Vec<u8>,
}

impl EntryRow {
    pub(crate) fn header(&self) -> Got<Header> {
        decode(&self.header)
    }
}

/// The current version of an entry with its header read.
pub(crate) struct KnownEntry {
    /// Signature and body; verified before it was stored.
    pub(crate) signed: Vec<u8>,
    /// The body.
    pub(crate) header: Header,
}

impl Keep for Arc<KnownEntry> {
    fn bytes(&self) -> usize {
        let header = &self.header;
        self.signed.len() + size_of::<Header>() + size_of_val(header.fields.as_slice()) + self.signed.len()
    }
}

impl Keep for Vec<Grant> {
    fn bytes(&self) -> usize {
        self.iter().map(|grant| size_of::<Grant>() + grant.record.len()).sum()
    }
}

/// A stored header's body. Its signature was checked before it was stored.
pub(crate) fn decode(header: &[u8]) -> Got<Header> {
    let body = header.get(SIGNATURE_BYTES..).unwrap_or_default();
    cbor::decode(body).map_err(|error| Fault::Other(format!("a stored header {error}")))
}

/// A permit that lets one entry of one vault be read in some way.
pub(crate) trait OfEntry: Action {
    fn entry(target: &Self::Target) -> (VaultId, EntryId);
}

impl OfEntry for ReadEntry {
    fn entry(target: &Self::Target) -> (VaultId, EntryId) {
        *target
    }
}

impl OfEntry for ReleaseField {
    fn entry(target: &Self::Target) -> (VaultId, EntryId) {
        (target.0, target.1)
    }
}

impl OfEntry for WriteEntry {
    fn entry(target: &Self::Target) -> (VaultId, EntryId) {
        *target
    }
}

/// A permit under which entries of one vault may be written.
pub(crate) trait MayWrite: Action {
    /// The vault, if the permit covers this entry.
    fn covers(target: &Self::Target, entry: EntryId) -> Option<VaultId>;
}

impl MayWrite for ChangeVault {
    fn covers(target: &Self::Target, _: EntryId) -> Option<VaultId> {
        Some(*target)
    }
}

impl MayWrite for WriteEntry {
    fn covers(target: &Self::Target, entry: EntryId) -> Option<VaultId> {
        (target.1 == entry).then_some(target.0)
    }
}

fn vault_for<A: MayWrite>(permit: &Permit<'_, A>, entry: EntryId) -> Got<VaultId> {
    A::covers(permit.target(), entry).ok_or_else(|| Fault::Other("a permit was used for another entry".to_owned()))
}

/// How an entry stands: looked up before policy is asked, so it needs no permit and gives no content but the header, which policy reads.
impl Read<'_> {
    pub(crate) fn entry_row(&self, vault_id: VaultId, id: EntryId) -> Got<Option<EntryRow>> {
        let sql = "SELECT header FROM entry WHERE vault_id = $1 AND entry_id = $2";
        self.tx.one(sql, values![&vault_id.0, &id.0], |row| Ok(EntryRow { entry_id: id, header: row.bytes(0)? }))
    }

    /// The same with its header read.
    pub(crate) fn known_entry(&self, vault_id: VaultId, id: EntryId) -> Got<Option<Arc<KnownEntry>>> {
        self.shelved(Key::Entry(vault_id, id), || {
            let Some(row) = self.entry_row(vault_id, id)? else { return Ok(None) };
            Ok(Some(Arc::new(KnownEntry { header: row.header()?, signed: row.header })))
        })
    }

    /// An entry as its owner is told it: what lies on the shelf, or what `tell` gives.
    pub(crate) fn told_entry(
        &self,
        permit: &Permit<'_, ReadEntry>,
        tell: impl FnOnce() -> crate::Result<Vec<u8>>,
    ) -> crate::Result<Arc<[u8]>> {
        let (vault_id, id) = *permit.target();
        let told = self.shelved(Key::Told(vault_id, id), || tell().map(|told| Some(told.into())))?;
        told.ok_or(Error::Hidden)
    }
}

/// An entry with its current records and its owner's grants.
pub(crate) struct WholeEntry {
    pub(crate) row: EntryRow,
    pub(crate) records: Vec<FieldRecord>,
    pub(crate) grants: Vec<Grant>,
}

/// A summary's row.
pub(crate) struct SummaryRow {
    pub(crate) entry_id: EntryId,
    pub(crate) header: Vec<u8>,
    pub(crate) summary: Option<Vec<u8>>,
}

impl Read<'_> {
    pub(crate) fn count_entries(&self, permit: &Permit<'_, ReadVault>) -> Got<u64> {
        let sql = "SELECT entries FROM vault WHERE vault_id = $1";
        Ok(self.tx.one(sql, values![&permit.target().0], |row| row.u64(0))?.unwrap_or(0))
    }

    pub(crate) fn summaries(&self, permit: &Permit<'_, ReadVault>, after: Option<EntryId>, limit: u32) -> Got<Vec<SummaryRow>> {
        let sql = "SELECT e.entry_id, e.header, r.record FROM entry e LEFT JOIN field_record r ON r.vault_id = e.vault_id \
                   AND r.entry_id = e.entry_id AND r.field_id = $1 AND r.version = e.summary_version \
                   WHERE e.vault_id = $2 AND e.entry_id > $3 ORDER BY e.entry_id LIMIT $4";
        let after = after.unwrap_or(EntryId::ZERO);
        self.tx.all(sql, values![&FieldId::ZERO.0, &permit.target().0, &after.0, limit], |row| {
            Ok(SummaryRow { entry_id: EntryId(row.array(0)?), header: row.bytes(1)?, summary: row.bytes_if(2)? })
        })
    }

    /// Live entries of a scope with their summaries and the grant of tier 1 that opens each. The whole vault is scope zero.
    pub(crate) fn summaries_in_scope(&self, vault_id: VaultId, scope: ScopeId) -> Got<Vec<(SummaryRow, Vec<Grant>)>> {
        let read = |row: &Row<'_>| {
            let grant = Grant { scope_id: scope, tier: 1, ek_epoch: row.u32(3)?, record: row.bytes(4)? };
            Ok((SummaryRow { entry_id: EntryId(row.array(0)?), header: row.bytes(1)?, summary: row.bytes_if(2)? }, vec![grant]))
        };
        let sql = "SELECT e.entry_id, e.header, r.record, g.ek_epoch, g.record FROM entry_grant g \
                   JOIN entry e ON e.vault_id = g.vault_id AND e.entry_id = g.entry_id AND e.ek_epoch = g.ek_epoch AND e.deleted = 0 \
                   JOIN field_record r ON r.vault_id = e.vault_id AND r.entry_id = e.entry_id AND r.field_id = $1 \
                   AND r.version = e.summary_version WHERE g.vault_id = $2 AND g.scope_id = $3 AND g.tier = 1 ORDER BY e.entry_id";
        self.tx.all(sql, values![&FieldId::ZERO.0, &vault_id.0, &scope.0], read)
    }

    /// The record of one field of the entry that the permit is for.
    pub(crate) fn record<A: OfEntry>(&self, permit: &Permit<'_, A>, field: FieldId, version: u64) -> Got<Option<Vec<u8>>> {
        let (vault_id, entry) = A::entry(permit.target());
        self.record_of(vault_id, entry, field, version)
    }

    fn record_of(&self, vault_id: VaultId, entry: EntryId, field: FieldId, version: u64) -> Got<Option<Vec<u8>>> {
        let sql = "SELECT record FROM field_record WHERE vault_id = $1 AND entry_id = $2 AND field_id = $3 AND version = $4";
        let load = || self.tx.one(sql, values![&vault_id.0, &entry.0, &field.0, version], |row| row.bytes(0));
        self.shelved(Key::Record(vault_id, entry, field, version), load)
    }

    /// The records a header names, of the entry that the permit is for.
    pub(crate) fn records<A: OfEntry>(&self, permit: &Permit<'_, A>, header: &Header) -> Got<Vec<FieldRecord>> {
        let (vault_id, entry) = A::entry(permit.target());
        self.records_of(vault_id, entry, header)
    }

    fn records_of(&self, vault_id: VaultId, entry: EntryId, header: &Header) -> Got<Vec<FieldRecord>> {
        let missing = || Fault::Other(format!("a record of entry {entry} is missing"));
        let load = |field: &clavitor_crypto::header::Field| {
            let record = self.record_of(vault_id, entry, field.id, field.version)?.ok_or_else(missing)?;
            Ok(FieldRecord { field_id: field.id, record })
        };
        header.fields.iter().map(load).collect()
    }

    /// All grants of the entry that the permit is for, in one scope.
    pub(crate) fn grants<A: OfEntry>(&self, permit: &Permit<'_, A>, scope: ScopeId) -> Got<Vec<Grant>> {
        let (vault_id, entry) = A::entry(permit.target());
        self.grants_of(vault_id, entry, scope)
    }

    fn grants_of(&self, vault_id: VaultId, entry: EntryId, scope: ScopeId) -> Got<Vec<Grant>> {
        let sql = "SELECT tier, ek_epoch, record FROM entry_grant WHERE vault_id = $1 AND entry_id = $2 AND scope_id = $3 ORDER BY tier, ek_epoch";
        let load = || {
            let read = |row: &Row<'_>| Ok(Grant { scope_id: scope, tier: row.u8(0)?, ek_epoch: row.u32(1)?, record: row.bytes(2)? });
            self.tx.all(sql, values![&vault_id.0, &entry.0, &scope.0], read).map(Some)
        };
        Ok(self.shelved(Key::Grants(vault_id, entry, scope), load)?.unwrap_or_default())
    }

    /// One grant of the entry that the permit is for.
    pub(crate) fn grant<A: OfEntry>(&self, permit: &Permit<'_, A>, scope: ScopeId, tier: u8, ek_epoch: u32) -> Got<Option<Vec<u8>>> {
        let (vault_id, entry) = A::entry(permit.target());
        let sql = "SELECT record FROM entry_grant WHERE vault_id = $1 AND entry_id = $2 AND scope_id = $3 AND tier = $4 AND ek_epoch = $5";
        let load = || self.tx.one(sql, values![&vault_id.0, &entry.0, &scope.0, tier, ek_epoch], |row| row.bytes(0));
        self.shelved(Key::Grant(vault_id, entry, scope, tier, ek_epoch), load)
    }

    /// Grants of tier 1 of the whole vault for the entries of a page, by entry.
    pub(crate) fn owner_grants1(&self, permit: &Permit<'_, ReadVault>, from: EntryId, to: EntryId) -> Got<Vec<(EntryId, Grant)>> {
        let sql = "SELECT g.entry_id, g.ek_epoch, g.record FROM entry_grant g JOIN entry e ON e.vault_id = g.vault_id AND e.entry_id = g.entry_id \
                   AND e.ek_epoch = g.ek_epoch WHERE g.vault_id = $1 AND g.scope_id = $2 AND g.tier = 1 AND g.entry_id >= $3 AND g.entry_id <= $4 \
                   ORDER BY g.entry_id";
        let zero = ScopeId::ZERO;
        self.tx.all(sql, values![&permit.target().0, &zero.0, &from.0, &to.0], |row| {
            Ok((EntryId(row.array(0)?), Grant { scope_id: zero, tier: 1, ek_epoch: row.u32(1)?, record: row.bytes(2)? }))
        })
    }

    /// The headers beneath one that an agent signed, newest first, down to and with the owner's last: what proves to another agent that it was allowed.
    pub(crate) fn chain<A: OfEntry>(&self, permit: &Permit<'_, A>, newest: &Header) -> Got<Vec<Vec<u8>>> {
        let (vault_id, entry) = A::entry(permit.target());
        self.chain_in_scope(vault_id, entry, newest)
    }

    /// As [`Self::chain`], for an entry that a list of a scope holds.
    pub(crate) fn chain_in_scope(&self, vault_id: VaultId, entry: EntryId, newest: &Header) -> Got<Vec<Vec<u8>>> {
        let sql = "SELECT header FROM entry_version WHERE vault_id = $1 AND entry_id = $2 AND version = $3";
        let (mut chain, mut author, mut version) = (Vec::new(), newest.author, newest.version);
        while author != AgentId::ZERO && chain.len() < CHAIN_HEADERS_MAX {
            version = version.saturating_sub(1);
            let Some(signed) = self.tx.one(sql, values![&vault_id.0, &entry.0, version], |row| row.bytes(0))? else { break };
            author = decode(&signed)?.author;
            chain.push(signed);
        }
        Ok(chain)
    }

    /// Older headers of the entry that the permit is for, newest first.
    pub(crate) fn older_headers(&self, permit: &Permit<'_, ReadEntry>) -> Got<Vec<Vec<u8>>> {
        let (vault_id, entry) = permit.target();
        let sql = "SELECT header FROM entry_version WHERE vault_id = $1 AND entry_id = $2 ORDER BY version DESC";
        self.tx.all(sql, values![&vault_id.0, &entry.0], |row| row.bytes(0))
    }

    /// Whole entries for export, the purged ones left out: header, records, owner's grants.
    pub(crate) fn export_rows(&self, permit: &Permit<'_, ExportVault>, after: Option<EntryId>, limit: u32) -> Got<Vec<WholeEntry>> {
        let vault_id = *permit.target();
        let sql = "SELECT entry_id, header FROM entry WHERE vault_id = $1 AND entry_id > $2 AND deleted < 2 ORDER BY entry_id LIMIT $3";
        let after = after.unwrap_or(EntryId::ZERO);
        let rows = self.tx.all(sql, values![&vault_id.0, &after.0, limit], |row| {
            Ok(EntryRow { entry_id: EntryId(row.array(0)?), header: row.bytes(1)? })
        })?;
        let whole = |row: EntryRow| {
            let records = self.records_of(vault_id, row.entry_id, &row.header()?)?;
            let grants = self.grants_of(vault_id, row.entry_id, ScopeId::ZERO)?;
            Ok(WholeEntry { row, records, grants })
        };
        rows.into_iter().map(whole).collect()
    }
}

/// What a change has to know of the entries it does not touch.
impl Write<'_> {
    /// Entries that are not purged, and whether any of them has a field of tier 3.
    pub(crate) fn weight(&self, permit: &Permit<'_, ChangeVault>) -> Got<(u64, bool)> {
        let sql = "SELECT count(*), coalesce(max(tier3), 0) FROM entry WHERE vault_id = $1 AND deleted < 2";
        let row = self.tx.one(sql, values![&permit.target().0], |row| Ok((row.u64(0)?, row.bool(1)?)))?;
        Ok(row.unwrap_or((0, false)))
    }

    /// An entry, not purged, with tier-3 fields of another vault key than this.
    pub(crate) fn tier3_of_other_epoch(&self, permit: &Permit<'_, ChangeVault>, vault_epoch: u32) -> Got<bool> {
        let sql = "SELECT 1 FROM entry WHERE vault_id = $1 AND deleted < 2 AND tier3 = 1 AND vault_epoch <> $2 LIMIT 1";
        self.tx.exists(sql, values![&permit.target().0, vault_epoch])
    }

    /// A grant of an entry key in force, sealed under another key of its scope than the one in force. Grants of older entry keys open only history;
    /// they stay as they are, and the chain of previous vault keys opens them.
    pub(crate) fn stale_grant(&self, permit: &Permit<'_, ChangeVault>, vault_epoch: u32) -> Got<bool> {
        let sql = "SELECT 1 FROM entry_grant g JOIN scope s ON s.vault_id = g.vault_id AND s.scope_id = g.scope_id \
                   JOIN entry e ON e.vault_id = g.vault_id AND e.entry_id = g.entry_id AND e.ek_epoch = g.ek_epoch \
                   WHERE g.vault_id = $1 AND (g.scope_epoch <> s.scope_epoch OR g.vault_epoch <> $2) LIMIT 1";
        self.tx.exists(sql, values![&permit.target().0, vault_epoch])
    }

    /// A scope that holds entries and is not in the manifest.
    pub(crate) fn orphan_scope(&self, permit: &Permit<'_, ChangeVault>) -> Got<bool> {
        let sql = "SELECT 1 FROM entry_scope x LEFT JOIN scope s ON s.vault_id = x.vault_id AND s.scope_id = x.scope_id \
                   WHERE x.vault_id = $1 AND s.scope_id IS NULL LIMIT 1";
        self.tx.exists(sql, values![&permit.target().0])
    }

    /// Live entries of a scope that have more than one version, a page at a time: only those can be an agent's.
    pub(crate) fn rewritten(&self, permit: &Permit<'_, ChangeVault>, scope: ScopeId, after: Option<EntryId>) -> Got<Vec<EntryRow>> {
        const PAGE: u32 = 500;
        let vault_id = permit.target();
        let after = after.unwrap_or(EntryId::ZERO);
        let read = |row: &super::tx::Row<'_>| Ok(EntryRow { entry_id: EntryId(row.array(0)?), header: row.bytes(1)? });
        if scope == ScopeId::ZERO {
            let sql = "SELECT entry_id, header FROM entry WHERE vault_id = $1 AND entry_id > $2 AND version > 1 AND deleted = 0 \
                       ORDER BY entry_id LIMIT $3";
            return self.tx.all(sql, values![&vault_id.0, &after.0, PAGE], read);
        }
        let sql = "SELECT e.entry_id, e.header FROM entry_scope x JOIN entry e ON e.vault_id = x.vault_id AND e.entry_id = x.entry_id \
                   WHERE x.vault_id = $1 AND x.scope_id = $2 AND e.entry_id > $3 AND e.version > 1 AND e.deleted = 0 \
                   ORDER BY e.entry_id LIMIT $4";
        self.tx.all(sql, values![&vault_id.0, &scope.0, &after.0, PAGE], read)
    }

    pub(crate) fn has_grant(&self, permit: &Permit<'_, ChangeVault>, entry: EntryId, scope: ScopeId, tier: u8, ek_epoch: u32) -> Got<bool> {
        let sql = "SELECT 1 FROM entry_grant WHERE vault_id = $1 AND entry_id = $2 AND scope_id = $3 AND tier = $4 AND ek_epoch = $5";
        self.tx.exists(sql, values![&permit.target().0, &entry.0, &scope.0, tier, ek_epoch])
    }
}

/// Writing.
impl Write<'_> {
    /// Stores a version as the current one; the one before becomes history.
    pub(crate) fn put_entry<A: MayWrite>(&self, permit: &Permit<'_, A>, header: &Header, signed: &[u8]) -> Got<()> {
        let vault_id = vault_for(permit, header.entry)?;
        if header.version > 1 {
            self.keep_version(vault_id, header.entry)?;
        }
        self.put_header(vault_id, header, signed)?;
        if header.version > 1 || !header.scopes.is_empty() {
            self.put_entry_scopes(vault_id, header)?;
        }
        if header.deleted == Deleted::Purged { self.purge(vault_id, header.entry) } else { Ok(()) }
    }

    fn keep_version(&self, vault_id: VaultId, entry: EntryId) -> Got<()> {
        let keep = "INSERT INTO entry_version (vault_id, entry_id, version, header) SELECT vault_id, entry_id, version, header FROM entry \
                    WHERE vault_id = $1 AND entry_id = $2";
        self.tx.execute(keep, values![&vault_id.0, &entry.0])?;
        Ok(())
    }

    fn put_header(&self, vault_id: VaultId, header: &Header, signed: &[u8]) -> Got<()> {
        let tier3 = header.fields.iter().any(|field| field.tier.number() == 3);
        let summary_version = header.summary().map_or(0, |field| field.version);
        let sql = "INSERT INTO entry (vault_id, entry_id, version, deleted, tier3, vault_epoch, ek_epoch, summary_version, header) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (vault_id, entry_id) DO UPDATE SET version = excluded.version, \
                   deleted = excluded.deleted, tier3 = excluded.tier3, vault_epoch = excluded.vault_epoch, ek_epoch = excluded.ek_epoch, \
                   summary_version = excluded.summary_version, header = excluded.header";
        let place = header.deleted as u8;
        let (id, version) = (&header.entry.0, header.version);
        self.tx
            .execute(sql, values![&vault_id.0, id, version, place, tier3, header.vault_epoch, header.ek_epoch, summary_version, signed])?;
        Ok(())
    }

    fn put_entry_scopes(&self, vault_id: VaultId, header: &Header) -> Got<()> {
        self.tx.execute("DELETE FROM entry_scope WHERE vault_id = $1 AND entry_id = $2", values![&vault_id.0, &header.entry.0])?;
        for scope in &header.scopes {
            let sql = "INSERT INTO entry_scope (vault_id, entry_id, scope_id) VALUES ($1, $2, $3)";
            self.tx.execute(sql, values![&vault_id.0, &header.entry.0, &scope.0])?;
        }
        let gone = "DELETE FROM entry_grant WHERE vault_id = $1 AND entry_id = $2 AND scope_id <> $3 AND scope_id NOT IN \
                    (SELECT scope_id FROM entry_scope WHERE vault_id = $1 AND entry_id = $2)";
        self.tx.execute(gone, values![&vault_id.0, &header.entry.0, &ScopeId::ZERO.0])?;
        // Older entry keys open only history, which agents never get.
        let older = "DELETE FROM entry_grant WHERE vault_id = $1 AND entry_id = $2 AND scope_id <> $3 AND ek_epoch <> $4";
        self.tx.execute(older, values![&vault_id.0, &header.entry.0, &ScopeId::ZERO.0, header.ek_epoch])?;
        Ok(())
    }

    /// Takes every sealed byte and every older header of an entry away. The last header stays: it says that the entry is gone.
    fn purge(&self, vault_id: VaultId, entry: EntryId) -> Got<()> {
        for sql in [
            "DELETE FROM field_record WHERE vault_id = $1 AND entry_id = $2",
            "DELETE FROM entry_grant WHERE vault_id = $1 AND entry_id = $2",
            "DELETE FROM entry_scope WHERE vault_id = $1 AND entry_id = $2",
            "DELETE FROM entry_version WHERE vault_id = $1 AND entry_id = $2",
        ] {
            self.tx.execute(sql, values![&vault_id.0, &entry.0])?;
        }
        Ok(())
    }

    pub(crate) fn put_record<A: MayWrite>(&self, permit: &Permit<'_, A>, entry: EntryId, version: u64, record: &FieldRecord) -> Got<()> {
        let vault_id = vault_for(permit, entry)?;
        let sql = "INSERT INTO field_record (vault_id, entry_id, field_id, version, record) VALUES ($1, $2, $3, $4, $5)";
        self.tx.execute(sql, values![&vault_id.0, &entry.0, &record.field_id.0, version, &record.record])?;
        Ok(())
    }

    /// Stores a grant sealed under the scope key and vault key of these epochs. One that is there is replaced only if it is under older keys; false
    /// if it is not.
    pub(crate) fn put_grant(&self, permit: &Permit<'_, ChangeVault>, entry: EntryId, grant: &Grant, epochs: (u32, u32)) -> Got<bool> {
        let (scope_epoch, vault_epoch) = epochs;
        let sql = "INSERT INTO entry_grant (vault_id, entry_id, scope_id, tier, ek_epoch, scope_epoch, vault_epoch, record) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (vault_id, entry_id, scope_id, tier, ek_epoch) \
                   DO UPDATE SET scope_epoch = excluded.scope_epoch, vault_epoch = excluded.vault_epoch, record = excluded.record \
                   WHERE entry_grant.scope_epoch < excluded.scope_epoch OR entry_grant.vault_epoch < excluded.vault_epoch";
        let Grant { scope_id, tier, ek_epoch, record } = grant;
        let values = values![&permit.target().0, &entry.0, &scope_id.0, *tier, *ek_epoch, scope_epoch, vault_epoch, record];
        Ok(self.tx.execute(sql, values)? == 1)
    }
}
