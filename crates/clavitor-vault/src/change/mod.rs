//! A change of a vault by its owner: signed and sealed objects that are checked together and applied in one transaction, or not at all.

mod agents;
pub(crate) mod authors;
mod entries;
mod manifest;
mod prepare;
mod records;
mod step;
mod unlockers;

use clavitor_crypto::{AgentId, EntryId, FieldId, ScopeId, UnlockerId, VaultId};

pub(crate) use self::prepare::Authors;
pub use self::prepare::{Prepared, prepare};
use self::{
    prepare::{Presented, present},
    step::{Claims, Step},
};
use crate::{
    Credential, Error, Result, Write,
    audit::event::{Actor, Draft},
    caller::Caller,
    policy::{self, Act, ChangeVault, Subject},
    setup::UsedLink,
    store::Room,
};

/// What a person sends. Every member is optional; unlockers, scopes and agents exist exactly as the manifest lists them.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The next signed manifest.
    pub manifest: Option<Vec<u8>>,
    /// Names record; its hash stands in the manifest.
    pub names: Option<Vec<u8>>,
    /// Record 0x13: in the first change, and when the vault key rotates.
    pub usk: Option<Vec<u8>>,
    /// Record 0x17: when the vault key rotates.
    pub previous_vmk: Option<Vec<u8>>,
    /// Unlockers that are new, or whose sealed_vmk is new.
    pub unlockers: Vec<UnlockerChange>,
    /// Scope keys for enrolled agents.
    pub scope_wraps: Vec<ScopeWrap>,
    /// Enrolments of agents that the manifest lists as invited.
    pub enrolments: Vec<NewEnrolment>,
    /// Tokens of agents that the manifest lists as hosted.
    pub hosted_tokens: Vec<NewHostedToken>,
    /// New versions of entries.
    pub entries: Vec<EntryChange>,
    /// Grants sealed again for entries that stay as they are.
    pub grants: Vec<EntryGrant>,
}

/// An unlocker that is new (record and, for a passkey, its credential) or wrapped again (sealed_vmk only).
#[derive(Debug, Clone)]
pub struct UnlockerChange {
    /// Its id.
    pub id: UnlockerId,
    /// Record 0x10; absent when only wrapped again.
    pub record: Option<Vec<u8>>,
    /// USK signature, then the HPKE wrap.
    pub sealed_vmk: Vec<u8>,
    /// The registration that the server has verified; absent for a recovery code and when only wrapped again.
    pub passkey: Option<NewPasskey>,
}

/// A passkey whose registration ceremony the server has verified.
#[derive(Debug, Clone)]
pub struct NewPasskey {
    /// The credential id.
    pub credential_id: Vec<u8>,
    /// What the server needs to verify the next assertion; opaque here.
    pub state: String,
    /// Whether it is synced between devices (WebAuthn BE flag).
    pub synced: bool,
}

/// A scope's keys, sealed to one agent and signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeWrap {
    /// The agent.
    pub agent_id: AgentId,
    /// The scope.
    pub scope_id: ScopeId,
    /// Which scope key it is.
    pub scope_epoch: u32,
    /// USK signature, then the HPKE wrap.
    pub wrap: Vec<u8>,
}

/// The node's half of an enrolment.
#[derive(Debug, Clone)]
pub struct NewEnrolment {
    /// The agent.
    pub agent_id: AgentId,
    /// SHA-256(D(ES,"enrol/auth",0)).
    pub auth_hash: [u8; 32],
    /// Record 0x14.
    pub grant: Vec<u8>,
    /// Seconds until the string expires, 900 at most.
    pub valid_s: u32,
}

/// The node's half of a hosted token.
#[derive(Debug, Clone)]
pub struct NewHostedToken {
    /// The agent.
    pub agent_id: AgentId,
    /// SHA-256(D(secret,"token/auth",0)).
    pub auth_hash: [u8; 32],
    /// Records 0x15, one for each scope.
    pub grants: Vec<(ScopeId, Vec<u8>)>,
}

/// A new version of one entry.
#[derive(Debug, Clone)]
pub struct EntryChange {
    /// The signed header; its version is the stored one plus one.
    pub header: Vec<u8>,
    /// The records sealed in this version; fields of older versions keep theirs.
    pub records: Vec<FieldRecord>,
    /// Grants of a new entry, of a new entry key, or of a scope that now holds the entry.
    pub grants: Vec<Grant>,
}

/// One field's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRecord {
    /// The field; zero is the summary.
    pub field_id: FieldId,
    /// Kind 1, 2 or 3.
    pub record: Vec<u8>,
}

/// An entry key sealed to a scope: record 0x11 (tier 1) or 0x12 (tier 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The scope; zero is the whole vault.
    pub scope_id: ScopeId,
    /// 1 or 2.
    pub tier: u8,
    /// Which entry key it is.
    pub ek_epoch: u32,
    /// The record.
    pub record: Vec<u8>,
}

/// A grant with its entry.
#[derive(Debug, Clone)]
pub struct EntryGrant {
    /// The entry.
    pub entry_id: EntryId,
    /// The grant.
    pub grant: Grant,
}

/// What is stored now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The vault's commit sequence number.
    pub seq: u64,
    /// The manifest version in force.
    pub manifest_version: u64,
    /// Events in the audit log.
    pub log_size: u64,
}

/// Applies a change of the signed-in owner. A change of unlockers, agents, scopes, nodes or recovery, and a purge, need a fresh passkey.
///
/// # Errors
/// `NotValid` names the first thing that does not hold; `VersionConflict` if a newer version is stored, or if an agent that loses the right to write has
/// written one that the change does not take over; `FreshPasskeyNeeded`; `SecondWayInNeeded` for
/// more than ten entries or any field of tier 3 with only one unlocker; `TooLarge`. After any error nothing is changed.
pub fn apply(w: &Write<'_>, credential: &Credential, change: &Change) -> Result<Applied> {
    run(w, credential, change, present(change, |unverified, _| Ok(Presented::Claimed(unverified))).as_deref())
}

/// [`apply`] for a change whose signatures were checked beforehand: the outcome is the same.
///
/// # Errors
/// As [`apply`].
pub fn apply_prepared(w: &Write<'_>, credential: &Credential, prepared: &Prepared) -> Result<Applied> {
    run(w, credential, &prepared.change, prepared.headers.as_deref())
}

fn run(w: &Write<'_>, credential: &Credential, change: &Change, headers: std::result::Result<&[Presented], &Error>) -> Result<Applied> {
    let caller = Caller::find(w, credential)?;
    caller.session()?;
    let before = w.tails.manifest(caller.vault(), || manifest::stored(w, caller.vault()))?;
    let next = match &change.manifest {
        Some(bytes) => Some(manifest::next(w, &before, bytes)?),
        None => None,
    };
    w.shared.authors.remember(caller.vault(), before.body().usk);
    let headers = headers.map_err(Clone::clone)?;
    let claims = Claims::of(headers);
    let sensitive = claims.are_sensitive(&before, next.as_ref(), change);
    let permit = caller.permit::<ChangeVault>(Act::Change { sensitive }, Subject::Vault, |vault| vault)?;
    if claims.only_grow(change) {
        w.demand(Room::Grow)?;
    }
    let next = next.as_ref().unwrap_or(&before);
    Step { w, permit: &permit, actor: Actor::of(&caller), before: Some(&before), next, change, headers, claims }.run()
}

/// Makes a vault of its first change. The set-up link was used up in this transaction. Returns the unlocker to sign in.
pub(crate) fn apply_first(w: &Write<'_>, link: UsedLink, vault_id: VaultId, change: &Change) -> Result<UnlockerId> {
    w.demand(Room::Grow)?;
    let first = manifest::first(w, vault_id, change.manifest.as_deref().ok_or(Error::BadRequest("change.manifest is missing"))?)?;
    let usk = change.usk.as_deref().ok_or(Error::BadRequest("change.usk is missing"))?;
    if !w.insert_vault(vault_id, first.bytes(), usk)? {
        return Err(Error::NotValid("the vault id is taken"));
    }
    let passkey = change.unlockers.iter().find(|unlocker| unlocker.passkey.is_some());
    let unlocker_id = passkey.ok_or(Error::BadRequest("change.unlockers needs a passkey"))?.id;
    let permit = policy::permit_first(w, link, vault_id);
    let actor = Actor::Person(unlocker_id);
    w.log(vault_id, &Draft::done(actor, "vault.create"))?;
    let headers = present(change, |unverified, _| Ok(Presented::Claimed(unverified)))?;
    Step { w, permit: &permit, actor, before: None, next: &first, change, headers: &headers, claims: Claims::of(&headers) }.run()?;
    Ok(unlocker_id)
}

/// Stores a version that an agent signed.
pub(crate) fn apply_by_agent(w: &Write<'_>, caller: &Caller<'_>, entry: &EntryChange) -> Result<Applied> {
    entries::put_by_agent(w, caller, entry)
}
