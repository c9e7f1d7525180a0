//! Entries: making versions of them, and opening what the node stored.

use std::collections::BTreeMap;

use clavitor_crypto::{
    AgentId, EntryId, FieldId, Refusal, ScopeId, Secret,
    field_kind::{FieldKind, Tier},
    hash::{ZERO, sha256},
    header::{Deleted, Field, Header, SignedHeader},
    keys::{EntryKey, EntryKey1},
    signed::{Signed, Unverified},
};

use crate::{Changes, Draft, EntryChange, Error, FieldDraft, Grant, Person, kinds::Tier2};

/// The entry keys of one epoch.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) tier1: EntryKey1,
    pub(crate) tier2: EntryKey<Tier2>,
}

/// An entry that the person has open.
pub struct Entry {
    pub(crate) header: SignedHeader,
    pub(crate) draft: Draft,
    /// Every entry key there is a grant for, by epoch.
    pub(crate) keys: BTreeMap<u32, Keys>,
}

impl Entry {
    /// The header in force.
    #[must_use]
    pub const fn header(&self) -> &SignedHeader {
        &self.header
    }

    /// The entry in the clear.
    #[must_use]
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }
}

/// An entry as the node gives it back.
#[derive(Debug, Clone, Default)]
pub struct StoredEntry {
    /// The signed header.
    pub header: Vec<u8>,
    /// Its records.
    pub records: Vec<(FieldId, Vec<u8>)>,
    /// Grants of the whole vault's scope.
    pub grants: Vec<Grant>,
}

impl Person {
    /// Stores a new entry.
    ///
    /// # Errors
    /// [`Error`] if the entry breaks a rule of the format.
    pub fn add_entry(&mut self, draft: Draft, now_ms: u64) -> Result<(EntryId, Changes), Error> {
        let id = EntryId::make_with(&mut *self.random);
        let change = self.next_version(id, draft, now_ms)?;
        Ok((id, Changes { entries: vec![change], ..Changes::default() }))
    }

    /// Stores the next version of an entry.
    ///
    /// # Errors
    /// [`Error::Unknown`] for an entry that is not open, [`Error`] if it breaks a rule.
    pub fn edit_entry(&mut self, id: EntryId, edit: impl FnOnce(&mut Draft), now_ms: u64) -> Result<Changes, Error> {
        let mut draft = self.entry(id)?.draft.clone();
        edit(&mut draft);
        let change = self.next_version(id, draft, now_ms)?;
        Ok(Changes { entries: vec![change], ..Changes::default() })
    }

    /// Takes an entry away for good: its header stays, its fields do not.
    ///
    /// # Errors
    /// As [`Person::edit_entry`].
    pub fn purge_entry(&mut self, id: EntryId, now_ms: u64) -> Result<Changes, Error> {
        self.edit_entry(
            id,
            |draft| {
                draft.deleted = Deleted::Purged;
                draft.fields.clear();
            },
            now_ms,
        )
    }

    /// The open entry with this id.
    ///
    /// # Errors
    /// [`Error::Unknown`].
    pub fn entry(&self, id: EntryId) -> Result<&Entry, Error> {
        self.entries.get(&id).ok_or(Error::Unknown)
    }

    /// The ids of the open entries.
    pub fn entry_ids(&self) -> impl Iterator<Item = EntryId> {
        self.entries.keys().copied()
    }

    /// Makes the next version: a new entry key if the scopes ask for one, records for what changed, grants for whoever has none yet.
    pub(crate) fn next_version(&mut self, id: EntryId, draft: Draft, now_ms: u64) -> Result<EntryChange, Error> {
        let last = self.entries.remove(&id);
        let made = self.make_version(id, &draft, last.as_ref(), now_ms);
        match made {
            Ok((entry, change)) => {
                self.entries.insert(id, Entry { draft, ..entry });
                Ok(change)
            }
            Err(error) => {
                if let Some(last) = last {
                    self.entries.insert(id, last);
                }
                Err(error)
            }
        }
    }

    fn make_version(&mut self, id: EntryId, draft: &Draft, last: Option<&Entry>, now_ms: u64) -> Result<(Entry, EntryChange), Error> {
        let last_header = last.map(|entry| entry.header.body());
        let version = last_header.map_or(1, |header| header.version + 1);
        let ek_epoch = self.ek_epoch_for(draft, last_header)?;
        let mut keys = last.map(|entry| entry.keys.clone()).unwrap_or_default();
        keys.entry(ek_epoch).or_insert_with(|| self.make_keys(id, ek_epoch));
        let current = keys.get(&ek_epoch).cloned().ok_or(Error::Unknown)?;

        let (mut fields, mut records) = (Vec::new(), Vec::new());
        for field in recorded_fields(draft)? {
            if let Some(kept) = kept_field(&field, last, ek_epoch, self.keys.epoch()) {
                fields.push(kept);
                continue;
            }
            let record = self.seal(id, &current, &field, version)?;
            fields.push(Field { id: field.id, kind: field.kind, tier: field.tier, version, hash: sha256(&[&record]) });
            records.push((field.id, record));
        }
        fields.sort_unstable_by_key(|field| field.id);
        let header = Signed::sign(
            Header {
                vault: self.vault,
                entry: id,
                version,
                previous: last.map_or(ZERO, |entry| *entry.header.hash()),
                ek_epoch,
                vault_epoch: self.keys.epoch(),
                fields,
                destinations: draft.destinations.clone(),
                scopes: draft.scopes.clone(),
                deleted: draft.deleted,
                author: AgentId::ZERO,
                hlc_ms: last_header.map_or(now_ms, |header| header.hlc_ms.max(now_ms)),
            },
            &self.usk,
        )?;
        header.follows(last.map(|entry| &entry.header))?;
        let grants = self.missing_grants(draft, last_header, &current)?;
        let change = EntryChange { entry: id, header: header.bytes().to_vec(), records, grants };
        Ok((Entry { header, draft: draft.clone(), keys }, change))
    }

    /// The entry-key epoch a version needs: the last one, unless a scope that holds the entry asks for a newer.
    fn ek_epoch_for(&self, draft: &Draft, last: Option<&Header>) -> Result<u32, Error> {
        let mut epoch = last.map_or(1, |header| header.ek_epoch);
        for id in scopes_of(draft) {
            epoch = epoch.max(self.manifest.body().scope(id).ok_or(Error::Unknown)?.ek_epoch_min);
        }
        Ok(epoch)
    }

    fn make_keys(&mut self, id: EntryId, epoch: u32) -> Keys {
        let tier1 = EntryKey::new(self.vault, id, epoch, Secret::make_with(&mut *self.random));
        let tier2 = EntryKey::new(self.vault, id, epoch, Secret::make_with(&mut *self.random));
        Keys { tier1, tier2 }
    }

    fn seal(&mut self, id: EntryId, keys: &Keys, field: &FieldDraft, version: u64) -> Result<Vec<u8>, Error> {
        let salt = self.salt();
        Ok(match field.tier {
            Tier::Hosted => keys.tier1.seal_field_salted(field.id, version, &field.value, &salt)?,
            Tier::Agents => keys.tier2.seal_field_salted(field.id, version, &field.value, &salt)?,
            Tier::OnlyMe => self.keys.entry3(id).seal_field_salted(field.id, version, &field.value, &salt)?,
        })
    }

    /// Grants of the current entry key to the scopes that did not have it before.
    fn missing_grants(&mut self, draft: &Draft, last: Option<&Header>, keys: &Keys) -> Result<Vec<Grant>, Error> {
        let epoch = keys.tier1.epoch();
        let had = |scope| last.is_some_and(|header| header.ek_epoch == epoch && header.is_in(scope));
        let scopes: Vec<_> = scopes_of(draft).filter(|&scope| !had(scope)).collect();
        let mut grants = Vec::new();
        for scope in scopes {
            grants.extend(self.grants_to(scope, keys)?);
        }
        Ok(grants)
    }

    /// Both grants of an entry key to a scope, under the scope key in force.
    pub(crate) fn grants_to(&mut self, scope: ScopeId, keys: &Keys) -> Result<[Grant; 2], Error> {
        let scope_epoch = self.manifest.body().scope(scope).ok_or(Error::Unknown)?.epoch;
        let ek_epoch = keys.tier1.epoch();
        let (salt1, salt2) = (self.salt(), self.salt());
        let one = self.keys.scope1(scope, scope_epoch).seal_grant(&keys.tier1, &salt1)?;
        let two = self.keys.scope2(scope, scope_epoch).seal_grant(&keys.tier2, &salt2)?;
        Ok([Grant { scope, tier: 1, ek_epoch, record: one }, Grant { scope, tier: 2, ek_epoch, record: two }])
    }

    /// Opens an entry that the node stored: verifies its header and hashes, opens its grants and records.
    ///
    /// # Errors
    /// [`Error`] for whatever does not fit; the entry is not taken up then.
    pub fn load_entry(&mut self, stored: &StoredEntry) -> Result<EntryId, Error> {
        let unverified = Unverified::<Header>::parse(&stored.header)?;
        let author = unverified.claims().author;
        let key = if author == AgentId::ZERO {
            self.usk.public()
        } else {
            self.manifest.body().agent(author).and_then(|agent| agent.keys).ok_or(Error::Unknown)?.ed25519
        };
        let header = unverified.verify(&self.vault, &key)?;
        let body = header.body().clone();
        let keys = self.open_keys(body.entry, stored)?;
        let opened = body.fields.iter().map(|field| self.open_stored(&body, field, &keys, stored)).collect::<Result<Vec<_>, _>>()?;
        let draft = draft_of(&body, opened)?;
        self.entries.insert(body.entry, Entry { header, draft, keys });
        Ok(body.entry)
    }

    fn open_keys(&self, entry: EntryId, stored: &StoredEntry) -> Result<BTreeMap<u32, Keys>, Error> {
        let scope_epoch = self.manifest.body().scope(ScopeId::ZERO).ok_or(Error::Unknown)?.epoch;
        let of = |tier: u8| stored.grants.iter().filter(move |grant| grant.scope == ScopeId::ZERO && grant.tier == tier);
        let mut keys = BTreeMap::new();
        for one in of(1) {
            let two = of(2).find(|grant| grant.ek_epoch == one.ek_epoch).ok_or(Error::Unknown)?;
            let tier1 = self.keys.scope1(ScopeId::ZERO, scope_epoch).open_grant(entry, one.ek_epoch, &one.record)?;
            let tier2 = self.keys.scope2(ScopeId::ZERO, scope_epoch).open_grant(entry, one.ek_epoch, &two.record)?;
            keys.insert(one.ek_epoch, Keys { tier1, tier2 });
        }
        Ok(keys)
    }

    fn open_stored(&self, header: &Header, field: &Field, keys: &BTreeMap<u32, Keys>, stored: &StoredEntry) -> Result<FieldDraft, Error> {
        let (_, record) = stored.records.iter().find(|(id, _)| *id == field.id).ok_or(Error::Unknown)?;
        if sha256(&[record]) != field.hash {
            return Err(Refusal::Signature.into());
        }
        let keys = || keys.get(&header.ek_epoch).ok_or(Error::Unknown);
        let value = match field.tier {
            Tier::Hosted => keys()?.tier1.open_field(field.id, field.version, record)?,
            Tier::Agents => keys()?.tier2.open_field(field.id, field.version, record)?,
            Tier::OnlyMe => self.keys_of(header.vault_epoch)?.entry3(header.entry).open_field(field.id, field.version, record)?,
        };
        Ok(FieldDraft::new(field.id, field.kind, "", &value).at(field.tier))
    }
}

fn scopes_of(draft: &Draft) -> impl Iterator<Item = ScopeId> {
    std::iter::once(ScopeId::ZERO).chain(draft.scopes.iter().copied())
}

/// The fields that have a record: the summary, and whatever is not inside it.
fn recorded_fields(draft: &Draft) -> Result<Vec<FieldDraft>, Error> {
    if draft.deleted == Deleted::Purged {
        return Ok(Vec::new());
    }
    let summary = FieldDraft::new(FieldId::ZERO, FieldKind::Summary, "", &draft.summary()?);
    Ok(std::iter::once(summary).chain(draft.fields.iter().filter(|field| field.has_record()).cloned()).collect())
}

/// The field as it stood before, if neither its value, its policy nor its key has changed.
fn kept_field(field: &FieldDraft, last: Option<&Entry>, ek_epoch: u32, vault_epoch: u32) -> Option<Field> {
    let last = last?;
    let header = last.header.body();
    let same_key = match field.tier {
        Tier::Hosted | Tier::Agents => header.ek_epoch == ek_epoch,
        Tier::OnlyMe => header.vault_epoch == vault_epoch,
    };
    let before = recorded_fields(&last.draft).ok()?.into_iter().find(|old| old.id == field.id)?;
    let same = before.kind == field.kind && before.tier == field.tier && before.value == field.value;
    (same_key && same).then(|| header.field(field.id).copied()).flatten()
}

/// Puts the opened records together again, in the order of the summary.
fn draft_of(header: &Header, opened: Vec<FieldDraft>) -> Result<Draft, Error> {
    let (summary, opened): (Vec<_>, Vec<_>) = opened.into_iter().partition(|field| field.id == FieldId::ZERO);
    let mut draft = match summary.first() {
        Some(summary) => Draft::from_summary(&summary.value)?,
        None => Draft::new("", ""),
    };
    for field in opened {
        let at = draft.fields.iter_mut().find(|known| known.id == field.id).ok_or(Error::Json)?;
        *at = FieldDraft { label: std::mem::take(&mut at.label), ..field };
    }
    draft.destinations.clone_from(&header.destinations);
    draft.scopes.clone_from(&header.scopes);
    draft.deleted = header.deleted;
    Ok(draft)
}
