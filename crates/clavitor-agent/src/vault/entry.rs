//! Entry headers and records: whose signature they need, and how an entry key and then a field is opened. A record is opened only through the header that
//! was signed over its hash.

use clavitor_api::{Blob, FieldRecord, Grant, Id};
use clavitor_crypto::{
    AgentId, EntryId, FieldId, ScopeId,
    hash::sha256,
    header::{Deleted, Header, SignedHeader},
    keys::EntryKey1,
    manifest::{AgentKind, Capabilities, Manifest},
    record::{Envelope, Opened},
    sign::PublicKey,
    signed::Unverified,
};

use super::standing::HeldScope;
use crate::{
    alarm::Alarm,
    identity::{ObjectPin, Pins, Step},
    tier2::EntryKey2,
};

/// Versions by agents in a row; after that many the owner's own comes first.
const CHAIN_HEADERS_MAX: usize = 256;

/// Why something is not accepted.
#[derive(Debug)]
pub(super) enum Fault {
    /// It proves to be wrong, whatever the manifest in force is.
    Alarm(Alarm),
    /// It does not fit the manifest that this conversation began with. A newer one, signed by the owner, would explain it.
    Behind(Alarm),
    /// Its author is not in the manifest, so its signature cannot be checked until the owner has opened the vault.
    AuthorUnknown,
}

impl From<Alarm> for Fault {
    fn from(alarm: Alarm) -> Self {
        Self::Alarm(alarm)
    }
}

/// Verifies the header of the entry that was asked for.
///
/// # Errors
/// See [`Fault`].
pub(super) fn header(manifest: &Manifest, pins: &Pins, entry: EntryId, bytes: &[u8], chain: &[Blob]) -> Result<SignedHeader, Fault> {
    let object = format!("entry {entry}");
    let unverified = Unverified::<Header>::parse(bytes).map_err(|refusal| Alarm::new(&object, refusal))?;
    let signed = by_author(manifest, unverified, &object)?;
    let body = signed.body();
    if body.entry != entry {
        return Err(Alarm::new(&object, "was answered with another entry").into());
    }
    if body.vault_epoch > manifest.vault_epoch {
        return Err(Fault::Behind(Alarm::new(&object, "is of a later vault key than the manifest")));
    }
    let pin = pins.entries.get(&Id(entry.0));
    match ObjectPin::judge(pin, body.version, signed.hash(), &body.previous) {
        Step::Follows => prove_past(manifest, pin, &signed, chain, &object).map(|()| signed),
        Step::Rollback => Err(Alarm::rollback(&object, body.version, pin.map_or(0, |pin| pin.version)).into()),
        Step::Fork => Err(Alarm::fork(&object).into()),
    }
}

/// What an agent signed counts only together with what lies beneath it, down to the owner's own signature or to the version that was verified before. Each
/// step keeps the rules for agents, which leave scopes and destinations as they are: so the scopes that give the author `write` are the owner's.
fn prove_past(manifest: &Manifest, pin: Option<&ObjectPin>, newest: &SignedHeader, chain: &[Blob], object: &str) -> Result<(), Fault> {
    let mut next = newest.clone();
    let mut older = chain.iter().take(CHAIN_HEADERS_MAX);
    while next.body().author != AgentId::ZERO && pin.is_none_or(|pin| pin.version < next.body().version) {
        let bytes = older.next().ok_or_else(|| Alarm::new(object, "is signed by an agent and came without the versions beneath it"))?;
        let refused = |refusal| Alarm::new(object, refusal);
        let unverified = Unverified::<Header>::parse(&bytes.0).map_err(refused)?;
        let before = match pin.filter(|pin| pin.version == unverified.claims().version) {
            Some(pin) => unverified.vouched_by(&manifest.vault, &pin.hash).map_err(|_| Alarm::fork(object))?,
            None => by_author(manifest, unverified, object)?,
        };
        next.follows(Some(&before)).map_err(refused)?;
        next = before;
    }
    Ok(())
}

fn by_author(manifest: &Manifest, unverified: Unverified<Header>, object: &str) -> Result<SignedHeader, Fault> {
    let author = author_key(manifest, unverified.claims(), object)?;
    Ok(unverified.verify(&manifest.vault, &author).map_err(|refusal| Alarm::new(object, refusal))?)
}

/// The key that must have signed: the vault's, or that of an agent which may write there.
fn author_key(manifest: &Manifest, claims: &Header, object: &str) -> Result<PublicKey, Fault> {
    if claims.author == AgentId::ZERO {
        return Ok(manifest.usk);
    }
    let Some(agent) = manifest.agent(claims.author) else { return Err(Fault::AuthorUnknown) };
    let may_write = agent.kind == AgentKind::Enrolled && claims.capabilities_of(agent).has(Capabilities::WRITE);
    match agent.keys.filter(|_| may_write) {
        Some(keys) => Ok(keys.ed25519),
        None => Err(Fault::Behind(Alarm::new(object, "is signed by an agent that may not write it"))),
    }
}

/// The entry is in use.
pub(super) fn is_live(header: &Header) -> bool {
    header.deleted == Deleted::Live
}

/// An entry's keys, through the scopes this agent holds.
pub(super) struct EntryKeys {
    key1: Option<EntryKey1>,
    key2: Option<EntryKey2>,
}

/// Opens the grants of the header's entry-key epoch.
///
/// # Errors
/// A grant for a scope that this agent holds does not open, or is sealed under a scope key that this agent has not got yet.
pub(super) fn entry_keys(header: &Header, scopes: &[HeldScope], grants: &[Grant]) -> Result<EntryKeys, Fault> {
    let object = format!("a grant of entry {}", header.entry);
    let mut keys = EntryKeys { key1: None, key2: None };
    for grant in grants.iter().filter(|grant| grant.ek_epoch == header.ek_epoch) {
        let scope = ScopeId(grant.scope_id.0);
        let Some(held) = scopes.iter().find(|held| held.scope == scope && header.is_in(scope)) else { continue };
        if Envelope::parse(&grant.record.0).is_ok_and(|envelope| envelope.epoch > held.key1.epoch()) {
            return Err(Fault::Behind(Alarm::new(&object, "is of a later scope key than the manifest")));
        }
        let refused = |refused| Alarm::new(&object, refused);
        match grant.tier {
            1 if keys.key1.is_none() => {
                keys.key1 = Some(held.key1.open_grant(header.entry, grant.ek_epoch, &grant.record.0).map_err(refused)?)
            }
            2 if keys.key2.is_none() => {
                keys.key2 = Some(held.key2.open_grant(header.entry, grant.ek_epoch, &grant.record.0).map_err(refused)?)
            }
            _ => {}
        }
    }
    Ok(keys)
}

impl EntryKeys {
    /// Opens a field's record after checking it against the signed header. The summary is [`FieldId::ZERO`].
    ///
    /// # Errors
    /// An alarm: not the record that was signed, or it does not open.
    pub(super) fn open(&self, header: &Header, field: FieldId, record: &[u8]) -> Result<Opened, Alarm> {
        let object = if field == FieldId::ZERO {
            format!("the summary of entry {}", header.entry)
        } else {
            format!("field {field} of entry {}", header.entry)
        };
        let signed = header.field(field).ok_or_else(|| Alarm::new(&object, "is not in the signed header"))?;
        if sha256(&[record]) != signed.hash {
            return Err(Alarm::new(&object, "is not the record that was signed"));
        }
        let missing = || Alarm::new(&object, "came without a grant that opens it");
        let opened = match signed.tier.number() {
            1 => self.key1.as_ref().ok_or_else(missing)?.open_field(field, signed.version, record),
            2 => self.key2.as_ref().ok_or_else(missing)?.open_field(field, signed.version, record),
            _ => return Err(Alarm::new(&object, "was sent although only the person can open it")),
        };
        opened.map_err(|refused| Alarm::new(&object, refused))
    }

    /// The tier-1 key, for sealing.
    pub(super) const fn tier1(&self) -> Option<&EntryKey1> {
        self.key1.as_ref()
    }

    /// The tier-2 key, for sealing.
    pub(super) const fn tier2(&self) -> Option<&EntryKey2> {
        self.key2.as_ref()
    }
}

/// The record of a field, if it was sent.
pub(super) fn record_of(records: &[FieldRecord], field: FieldId) -> Option<&[u8]> {
    records.iter().find(|record| record.field_id.0 == field.0).map(|record| record.record.0.as_slice())
}
