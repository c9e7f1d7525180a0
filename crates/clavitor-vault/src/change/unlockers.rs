//! Ways in: exactly as the manifest lists them, each with its record, its wrap of the vault key in force, and for a passkey its registration.

use clavitor_crypto::{
    UnlockerId,
    manifest::{Unlocker, UnlockerKind},
    wrap::Purpose,
};

use super::{
    UnlockerChange,
    step::{Step, envelope},
};
use crate::{Error, Result};

impl Step<'_, '_> {
    pub(super) fn put_unlockers(&self) -> Result<()> {
        let listed = &self.body().unlockers;
        let mut given: Vec<_> = self.change.unlockers.iter().collect();
        given.sort_unstable_by_key(|unlocker| unlocker.id);
        if given.windows(2).any(|pair| pair[0].id == pair[1].id) {
            return Err(Error::NotValid("an unlocker is in the change twice"));
        }
        if given.iter().any(|unlocker| self.body().unlocker(unlocker.id).is_none()) {
            return Err(Error::NotValid("the change brings an unlocker that the manifest does not list"));
        }
        self.remove_unlockers()?;
        for unlocker in listed {
            let given = given.iter().find(|given| given.id == unlocker.id).copied();
            self.put_unlocker(unlocker, given)?;
        }
        self.cancel_recovery()
    }

    fn remove_unlockers(&self) -> Result<()> {
        for old in self.before().map(|before| before.unlockers.as_slice()).unwrap_or_default() {
            if self.body().unlocker(old.id).is_some() {
                continue;
            }
            if !self.rotates() {
                return Err(Error::NotValid("removing an unlocker needs a new vault key"));
            }
            self.w.delete_unlocker(self.vault_id(), old.id)?;
            self.log("unlocker.remove", &old.id.to_string())?;
        }
        Ok(())
    }

    fn put_unlocker(&self, listed: &Unlocker, given: Option<&UnlockerChange>) -> Result<()> {
        let old = self.before().and_then(|before| before.unlocker(listed.id));
        match (old, given) {
            (Some(old), None) if old == listed && !self.rotates() => Ok(()),
            (Some(old), Some(given)) if old.x25519 == listed.x25519 && old.kind == listed.kind => {
                self.check_wrap(given)?;
                if given.record.is_some() || given.passkey.is_some() {
                    return Err(Error::NotValid("an unlocker that is there already is only wrapped again"));
                }
                self.w.wrap_unlocker(self.vault_id(), listed.id, &given.sealed_vmk)?;
                Ok(())
            }
            // A new recovery code takes the place of the old one; a passkey's key never changes.
            (Some(old), Some(given)) if old.kind == UnlockerKind::Recovery && listed.kind == UnlockerKind::Recovery => {
                self.w.delete_unlocker(self.vault_id(), listed.id)?;
                self.add_unlocker(listed, given)
            }
            (None, Some(given)) => self.add_unlocker(listed, given),
            _ => Err(Error::NotValid("the manifest lists an unlocker that the change does not bring, or changes one")),
        }
    }

    fn add_unlocker(&self, listed: &Unlocker, given: &UnlockerChange) -> Result<()> {
        self.check_wrap(given)?;
        let record = given.record.as_deref().ok_or(Error::NotValid("a new unlocker needs its record"))?;
        envelope(record, 0x10, 0, "an unlocker's record is not record 0x10")?;
        self.w.insert_unlocker(self.vault_id(), listed.id, record, &given.sealed_vmk)?;
        match (listed.kind, &given.passkey) {
            (UnlockerKind::Recovery, None) => {}
            (UnlockerKind::Passkey, Some(passkey)) => {
                let id = UnlockerId::of_passkey(&self.w.shared.options.rp_id, &passkey.credential_id);
                if id != Ok(listed.id) {
                    return Err(Error::NotValid("an unlocker's id is not that of its passkey"));
                }
                if !self.w.insert_passkey(self.vault_id(), listed.id, passkey)? {
                    return Err(Error::NotValid("the passkey is registered already"));
                }
            }
            _ => return Err(Error::NotValid("a passkey comes with its registration, a recovery code without")),
        }
        self.log("unlocker.add", &listed.id.to_string())
    }

    fn check_wrap(&self, given: &UnlockerChange) -> Result<()> {
        let purpose = Purpose::Vmk { unlocker: given.id, vault_epoch: self.body().vault_epoch };
        let checked = purpose.verify(&self.vault_id(), &self.body().usk, &given.sealed_vmk);
        checked.map(drop).map_err(|_| Error::NotValid("a sealed_vmk is not signed for its unlocker and the vault key in force"))
    }

    /// Another recovery code or delay ends a recovery that runs.
    fn cancel_recovery(&self) -> Result<()> {
        if self.before().is_none_or(|before| before.recovery == self.body().recovery) {
            return Ok(());
        }
        self.w.put_recovery(self.vault_id(), None)?;
        self.log("recovery.change", &format!("delay {} s", self.body().recovery.delay_s))
    }
}
