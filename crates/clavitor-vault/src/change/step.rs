//! One change, step by step; each step checks what it writes, and the end checks what only holds for the whole.

use clavitor_crypto::{
    VaultId,
    hash::sha256,
    header::{Deleted, Header},
    manifest::{Manifest, SignedManifest},
    record::Envelope,
    signed::Unverified,
};

use super::{Applied, Change, prepare::Presented};
use crate::{
    Error, Result, Write,
    audit::event::{Actor, Draft},
    policy::{ChangeVault, Permit},
};

/// Entries one change may bring.
const ENTRIES_EACH_MAX: usize = 20_000;
/// Entries of one vault, purged ones included.
const ENTRIES_MAX: u64 = 200_000;
/// With more entries than this, or any field of tier 3, one way in is not enough.
const ENTRIES_ONE_WAY_IN: u64 = 10;

/// What every step needs.
pub(super) struct Step<'a, 'tx> {
    pub(super) w: &'a Write<'tx>,
    pub(super) permit: &'a Permit<'tx, ChangeVault>,
    pub(super) actor: Actor,
    /// The manifest before; none while the vault is made.
    pub(super) before: Option<&'a SignedManifest>,
    /// The manifest in force afterwards.
    pub(super) next: &'a SignedManifest,
    pub(super) change: &'a Change,
    /// Its entries' headers, in the same order.
    pub(super) headers: &'a [Presented],
    pub(super) claims: Claims,
}

impl Step<'_, '_> {
    pub(super) fn run(&self) -> Result<Applied> {
        if self.change.entries.len() > ENTRIES_EACH_MAX {
            return Err(Error::TooLarge("at most 20,000 entries in one change"));
        }
        self.put_keys()?;
        self.put_unlockers()?;
        if self.new_manifest() {
            self.w.put_scopes(self.vault_id(), &self.body().scopes)?;
            self.log_scopes()?;
        }
        self.put_agents()?;
        self.put_grants()?;
        self.put_entries()?;
        if self.new_manifest() {
            self.w.put_manifest(self.vault_id(), &self.settle()?, self.before().map(|before| before.version))?;
        }
        self.check_whole()?;
        self.finish()
    }

    pub(super) fn vault_id(&self) -> VaultId {
        *self.permit.target()
    }

    pub(super) fn body(&self) -> &Manifest {
        self.next.body()
    }

    pub(super) fn before(&self) -> Option<&Manifest> {
        self.before.map(SignedManifest::body)
    }

    /// Whether the vault key is a new one.
    pub(super) fn rotates(&self) -> bool {
        self.before().is_some_and(|before| before.vault_epoch != self.body().vault_epoch)
    }

    pub(super) fn log(&self, action: &'static str, detail: &str) -> Result<()> {
        Ok(self.w.log(self.vault_id(), &Draft::done(self.actor, action).saying(detail))?)
    }

    pub(super) fn new_manifest(&self) -> bool {
        self.change.manifest.is_some()
    }

    /// A scope with a new key of its own; a new vault key brings all of them one, and is logged as such.
    fn log_scopes(&self) -> Result<()> {
        let before = self.before().filter(|_| !self.rotates());
        for scope in &self.body().scopes {
            let rises = before.and_then(|before| before.scope(scope.id)).is_some_and(|old| scope.epoch > old.epoch);
            if rises {
                self.log("scope.rotate", &format!("scope {} epoch {}", scope.id, scope.epoch))?;
            }
        }
        Ok(())
    }

    /// Signing key, previous vault key and names.
    fn put_keys(&self) -> Result<()> {
        let (vault_id, epoch) = (self.vault_id(), self.body().vault_epoch);
        let expected = self.before.is_none() || self.rotates();
        match &self.change.usk {
            Some(usk) if expected => {
                envelope(usk, 0x13, epoch, "usk is not record 0x13 of the vault key in force")?;
                self.w.put_usk(vault_id, usk)?;
            }
            None if !expected => {}
            _ => return Err(Error::NotValid("usk comes with the first change and with a new vault key, and only then")),
        }
        match &self.change.previous_vmk {
            Some(record) if self.rotates() => {
                envelope(record, 0x17, epoch, "previous_vmk is not record 0x17 of the vault key in force")?;
                self.w.insert_previous_vmk(vault_id, epoch, record)?;
                self.log("vault.rotate", &format!("vault epoch {epoch}"))?;
            }
            None if !self.rotates() => {}
            _ => return Err(Error::NotValid("previous_vmk comes with a new vault key, and only then")),
        }
        self.put_names()
    }

    fn put_names(&self) -> Result<()> {
        let pinned = self.body().names;
        let changed = self.before().is_none_or(|before| before.names != pinned) && pinned.version > 0;
        match &self.change.names {
            Some(record) if changed => {
                envelope(record, 0x03, self.body().vault_epoch, "names is not record 0x03 of the vault key in force")?;
                if sha256(&[record]) != pinned.hash {
                    return Err(Error::NotValid("names is not the record the manifest pins"));
                }
                Ok(self.w.put_names(self.vault_id(), record)?)
            }
            None if !changed && (!self.rotates() || pinned.version == 0) => Ok(()),
            _ => Err(Error::NotValid("names comes with a manifest that pins a new record, and with a new vault key")),
        }
    }

    /// What must hold of the vault once everything is written.
    fn check_whole(&self) -> Result<()> {
        let (w, permit, epoch) = (self.w, self.permit, self.body().vault_epoch);
        if self.new_manifest() {
            if w.stale_grant(permit, epoch)? {
                return Err(Error::NotValid("a grant is sealed under a scope key that is not in force any more"));
            }
            if w.orphan_scope(permit)? {
                return Err(Error::NotValid("the manifest leaves out a scope that holds entries"));
            }
        }
        if self.rotates() && w.tier3_of_other_epoch(permit, epoch)? {
            return Err(Error::NotValid("a field of tier 3 is sealed under a vault key that is not in force any more"));
        }
        if self.body().unlockers.len() < 2 {
            let (entries, tier3) = w.weight(permit)?;
            if entries > ENTRIES_ONE_WAY_IN || tier3 {
                return Err(Error::SecondWayInNeeded);
            }
        }
        Ok(())
    }

    fn finish(&self) -> Result<Applied> {
        let vault_id = self.vault_id();
        if self.new_manifest() {
            self.log("manifest.update", &format!("version {}", self.body().version))?;
        }
        if self.w.count_change(vault_id, self.claims.new_entries)? > ENTRIES_MAX {
            return Err(Error::TooLarge("a vault holds at most 200,000 entries"));
        }
        let (seq, log_size) = self.w.commit(vault_id, "change", None)?;
        Ok(Applied { seq, manifest_version: self.body().version, log_size })
    }
}

/// What the entries of a change say they do, before any signature is checked.
pub(super) struct Claims {
    purges: bool,
    takes_away: bool,
    new_entries: u64,
}

impl Claims {
    pub(super) fn of(headers: &[Presented]) -> Self {
        let mut claims = Self { purges: false, takes_away: false, new_entries: 0 };
        for header in headers.iter().map(Presented::claims) {
            claims.purges |= header.deleted == Deleted::Purged;
            claims.takes_away |= header.deleted != Deleted::Live;
            claims.new_entries += u64::from(header.version == 1);
        }
        claims
    }

    /// Whether the change needs a fresh passkey.
    pub(super) fn are_sensitive(&self, before: &SignedManifest, next: Option<&SignedManifest>, change: &Change) -> bool {
        let brings = !change.unlockers.is_empty()
            || !change.scope_wraps.is_empty()
            || !change.enrolments.is_empty()
            || !change.hosted_tokens.is_empty()
            || !change.grants.is_empty()
            || change.usk.is_some();
        brings || self.purges || next.is_some_and(|next| differs(before.body(), next.body()))
    }

    /// Whether the change only adds: what a full disk refuses. One that takes an agent, a way in or an entry away may go on.
    pub(super) fn only_grow(&self, change: &Change) -> bool {
        change.manifest.is_none() && !self.takes_away
    }
}

fn differs(before: &Manifest, next: &Manifest) -> bool {
    before.unlockers != next.unlockers
        || before.scopes != next.scopes
        || before.agents != next.agents
        || before.recovery != next.recovery
        || before.vault_epoch != next.vault_epoch
        || before.home_node != next.home_node
        || before.backup_node != next.backup_node
        || before.replication_consent != next.replication_consent
}

/// A header's claims, before its signature is checked.
pub(super) fn claimed(header: &[u8]) -> Result<Unverified<Header>> {
    Unverified::parse(header).map_err(|_| Error::NotValid("an entry's header is not well-formed"))
}

/// Checks the shape of a record that the node cannot open.
pub(super) fn envelope(record: &[u8], kind: u8, epoch: u32, otherwise: &'static str) -> Result<()> {
    match Envelope::parse(record) {
        Ok(envelope) if envelope.kind == kind && envelope.epoch == epoch => Ok(()),
        _ => Err(Error::NotValid(otherwise)),
    }
}
