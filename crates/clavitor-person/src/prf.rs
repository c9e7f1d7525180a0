//! Ways in: what a passkey's PRF or a recovery code gives, and the key it unlocks with.

use clavitor_crypto::{
    Refused, Secret, UnlockerId, VaultId,
    code::Code,
    derive::{Label, derive},
    hash::sha256,
    record::RecordKey,
    secret::Secret32,
};

use crate::kinds::UnlockerRecord;

const UNLOCK: Label = Label::of("unlock");
const RECOVER: Label = Label::of("recover");

/// What a passkey gave in one ceremony.
#[derive(Clone)]
pub struct PasskeyPrf {
    /// Relying party id.
    pub rp_id: String,
    /// Credential id.
    pub credential_id: Vec<u8>,
    /// PRF output for the constant input.
    pub prf: Secret32,
}

impl PasskeyPrf {
    /// Takes a PRF output that may be used: 32 bytes, not all zero.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn new(rp_id: &str, credential_id: &[u8], prf: &[u8]) -> Result<Self, Refused> {
        let prf = Secret::from_slice(prf).ok_or(Refused)?;
        if prf.same(&Secret::take([0; 32])) {
            return Err(Refused);
        }
        Ok(Self { rp_id: rp_id.to_owned(), credential_id: credential_id.to_vec(), prf })
    }
}

/// A way in.
pub enum Way<'a> {
    /// A passkey.
    Passkey(&'a PasskeyPrf),
    /// The recovery code.
    Recovery(&'a Code),
}

impl Way<'_> {
    /// Its unlocker id.
    ///
    /// # Errors
    /// [`Refused`] if the relying party id is longer than the format allows.
    pub fn id(&self) -> Result<UnlockerId, Refused> {
        match self {
            Self::Passkey(passkey) => UnlockerId::of_passkey(&passkey.rp_id, &passkey.credential_id).map_err(|_| Refused),
            Self::Recovery(_) => Ok(UnlockerId::of_recovery()),
        }
    }

    /// KEK.
    #[must_use]
    pub fn kek(&self, vault: &VaultId) -> Secret32 {
        match self {
            Self::Passkey(passkey) => derive(passkey.prf.expose(), UNLOCK, vault, 0, &sha256(&[&passkey.credential_id])),
            Self::Recovery(code) => derive(code.secret().expose(), RECOVER, vault, 0, b""),
        }
    }

    /// The key of record 0x10.
    #[must_use]
    pub fn record_key(&self, vault: &VaultId) -> RecordKey<UnlockerRecord> {
        RecordKey::new(self.kek(vault))
    }
}
