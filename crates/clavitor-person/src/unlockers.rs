//! Ways in: adding a passkey, setting the recovery code. Removing one rotates the vault key (`rotation`).

use clavitor_crypto::{
    UnlockerId, VaultId,
    code::Code,
    hash::sha256,
    manifest::{Recovery, Unlocker, UnlockerKind},
    random::Random,
    record::Context,
    sign::SigningKey,
    wrap::{Purpose, WrapPrivate, WrapPublic},
};

use crate::{Changes, Error, PasskeyPrf, Person, UnlockerChange, VaultKeys, Way, person::RECOVERY_DELAY_S};

/// A new way in, before the manifest lists it.
pub(crate) struct MadeUnlocker {
    pub(crate) id: UnlockerId,
    pub(crate) public: WrapPublic,
    pub(crate) record: Vec<u8>,
    pub(crate) sealed_vmk: Vec<u8>,
}

/// Makes the key pair of a way in and seals the vault key to it.
pub(crate) fn make(
    vault: VaultId,
    usk: &SigningKey,
    keys: &VaultKeys,
    way: &Way<'_>,
    random: &mut dyn Random,
) -> Result<MadeUnlocker, Error> {
    let id = way.id()?;
    let private = WrapPrivate::make_with(random);
    let public = private.public()?;
    let mut value = zeroize::Zeroizing::new(private.secret().expose().to_vec());
    value.extend_from_slice(&sha256(&[usk.public().as_bytes()]));
    let mut salt = [0; 32];
    random.fill(&mut salt);
    let record = way.record_key(&vault).seal_salted(&Context::unlocker(vault, id), &value, &salt)?;
    let sealed_vmk = seal_vmk(vault, usk, keys, id, &public, random)?;
    Ok(MadeUnlocker { id, public, record, sealed_vmk })
}

/// `sealed_vmk` with its signature.
pub(crate) fn seal_vmk(
    vault: VaultId,
    usk: &SigningKey,
    keys: &VaultKeys,
    unlocker: UnlockerId,
    public: &WrapPublic,
    random: &mut dyn Random,
) -> Result<Vec<u8>, Error> {
    let purpose = Purpose::Vmk { unlocker, vault_epoch: keys.epoch() };
    let mut plaintext = zeroize::Zeroizing::new(keys.vmk().expose().to_vec());
    plaintext.extend_from_slice(&keys.epoch().to_be_bytes());
    let wrap = public.wrap(&purpose.info(&vault), &plaintext, random)?;
    Ok(purpose.sign(&vault, usk, &wrap))
}

impl Person {
    /// Adds a passkey.
    ///
    /// # Errors
    /// [`Error`] if the manifest would break a rule.
    pub fn add_passkey(&mut self, passkey: &PasskeyPrf, name: &str, now_ms: u64) -> Result<Changes, Error> {
        let made = self.make_unlocker(&Way::Passkey(passkey))?;
        self.names["passkeys"][made.id.to_string()] = name.into();
        let body = self.next_manifest(now_ms);
        self.add_unlocker(body, made, UnlockerKind::Passkey, now_ms)
    }

    /// Sets the recovery code, in place of an older one.
    ///
    /// # Errors
    /// [`Error`] if the manifest would break a rule.
    pub fn set_recovery(&mut self, code: &Code, now_ms: u64) -> Result<Changes, Error> {
        let made = self.make_unlocker(&Way::Recovery(code))?;
        let mut body = self.next_manifest(now_ms);
        body.unlockers.retain(|unlocker| unlocker.id != made.id);
        body.recovery = Recovery { auth_hash: code.recovery_hash(&self.vault), delay_s: RECOVERY_DELAY_S };
        self.add_unlocker(body, made, UnlockerKind::Recovery, now_ms)
    }

    fn make_unlocker(&mut self, way: &Way<'_>) -> Result<MadeUnlocker, Error> {
        make(self.vault, &self.usk, &self.keys, way, &mut *self.random)
    }

    fn add_unlocker(
        &mut self,
        mut body: clavitor_crypto::manifest::Manifest,
        made: MadeUnlocker,
        kind: UnlockerKind,
        now_ms: u64,
    ) -> Result<Changes, Error> {
        body.unlockers.push(Unlocker { id: made.id, kind, x25519: made.public, added_s: now_ms / 1000 });
        body.unlockers.sort_unstable_by_key(|unlocker| unlocker.id);
        let mut changes = self.changes_with_names(body)?;
        changes.unlockers.push(UnlockerChange { id: made.id, record: Some(made.record), sealed_vmk: made.sealed_vmk });
        Ok(changes)
    }
}
