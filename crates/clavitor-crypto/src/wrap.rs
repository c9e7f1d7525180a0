//! HPKE wraps (docs/FORMAT.md section 5): RFC 9180 base mode, DHKEM(X25519, HKDF-SHA-256), HKDF-SHA-256, AES-256-GCM, empty AAD.
//! A wrap alone says nothing about who made it; where that matters it travels as `signature ‖ wrap` and is checked before it is opened.

use std::convert::Infallible;

use hpke::{
    Deserializable, Kem as _, OpModeR, OpModeS, Serializable,
    aead::AesGcm256,
    kdf::HkdfSha256,
    kem::X25519HkdfSha256,
    rand_core::{TryCryptoRng, TryRng},
    single_shot_open, single_shot_seal_with_rng,
};
use zeroize::Zeroizing;

use crate::{
    AgentId, Refusal, Refused, ScopeId, Secret, UnlockerId, VaultId,
    random::Random,
    secret::{Secret32, SecretBytes},
    sign::{PublicKey, SIGNATURE_BYTES, Signature, SigningKey, What},
};

/// Bytes of the encapsulated key in front of a wrap.
pub const ENC_BYTES: usize = 32;
/// Longest wrap that is read.
pub const WRAP_BYTES_MAX: usize = 1024;

type Kem = X25519HkdfSha256;

/// What a wrap is for; becomes HPKE's `info`.
pub struct Info(Vec<u8>);

impl Info {
    /// The vault key for an unlocker.
    #[must_use]
    pub fn vmk(vault: &VaultId, unlocker: &UnlockerId) -> Self {
        Self([b"clavitor/v1/hpke/vmk\0".as_slice(), &vault.0, &unlocker.0].concat())
    }

    /// Scope keys for an agent.
    #[must_use]
    pub fn scope(vault: &VaultId, agent: &AgentId) -> Self {
        Self([b"clavitor/v1/hpke/scope\0".as_slice(), &vault.0, &agent.0].concat())
    }

    /// The content key of a backup.
    #[must_use]
    pub fn backup(backup_id: &[u8; 16]) -> Self {
        Self([b"clavitor/v1/hpke/backup\0".as_slice(), backup_id].concat())
    }

    /// Any bytes, for vectors. The product uses the constructors above.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// An X25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrapPublic(pub [u8; 32]);

/// An X25519 private key.
#[derive(Clone)]
pub struct WrapPrivate(Secret32);

impl WrapPrivate {
    /// The key with these bytes.
    #[must_use]
    pub const fn new(bytes: Secret32) -> Self {
        Self(bytes)
    }

    /// A fresh random key.
    pub fn make_with(random: &mut dyn Random) -> Self {
        Self(Secret::make_with(random))
    }

    /// The bytes, to be sealed or kept in a file that only its owner reads.
    #[must_use]
    pub const fn secret(&self) -> &Secret32 {
        &self.0
    }

    /// Its public key.
    ///
    /// # Errors
    /// [`Refused`] if the library refuses the key.
    pub fn public(&self) -> Result<WrapPublic, Refused> {
        let public = Kem::sk_to_pk(&self.private()?).to_bytes();
        <[u8; 32]>::try_from(public.as_slice()).map(WrapPublic).map_err(|_| Refused)
    }

    /// Opens a wrap.
    ///
    /// # Errors
    /// [`Refused`], whatever is wrong.
    pub fn open(&self, info: &Info, wrap: &[u8]) -> Result<SecretBytes, Refused> {
        if wrap.len() > WRAP_BYTES_MAX {
            return Err(Refused);
        }
        let (enc, ciphertext) = wrap.split_at_checked(ENC_BYTES).ok_or(Refused)?;
        let enc = <Kem as hpke::Kem>::EncappedKey::from_bytes(enc).map_err(|_| Refused)?;
        let mode = OpModeR::Base;
        single_shot_open::<AesGcm256, HkdfSha256, Kem>(&mode, &self.private()?, &enc, &info.0, ciphertext, b"")
            .map(Zeroizing::new)
            .map_err(|_| Refused)
    }

    fn private(&self) -> Result<<Kem as hpke::Kem>::PrivateKey, Refused> {
        <Kem as hpke::Kem>::PrivateKey::from_bytes(self.0.expose()).map_err(|_| Refused)
    }
}

impl WrapPublic {
    /// Wraps `plaintext` to this key.
    ///
    /// # Errors
    /// [`Refused`] for a public key of small order.
    pub fn wrap(&self, info: &Info, plaintext: &[u8], random: &mut dyn Random) -> Result<Vec<u8>, Refused> {
        let public = <Kem as hpke::Kem>::PublicKey::from_bytes(&self.0).map_err(|_| Refused)?;
        let (enc, ciphertext) =
            single_shot_seal_with_rng::<AesGcm256, HkdfSha256, Kem>(&OpModeS::Base, &public, &info.0, plaintext, b"", &mut Source(random))
                .map_err(|_| Refused)?;
        Ok([enc.to_bytes().as_slice(), &ciphertext].concat())
    }
}

/// The ephemeral key is `DeriveKeyPair` (RFC 9180 section 7.1.3) of the 32 bytes this gives, so a fixed source gives a fixed wrap.
struct Source<'a>(&'a mut dyn Random);

impl TryRng for Source<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(out);
        Ok(())
    }
}

impl TryCryptoRng for Source<'_> {}

/// What a signed wrap is for, besides the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `sealed_vmk` of an unlocker, holding the vault key of this epoch.
    Vmk {
        /// The unlocker.
        unlocker: UnlockerId,
        /// Vault epoch.
        vault_epoch: u32,
    },
    /// Scope keys of an agent.
    Scope {
        /// The agent.
        agent: AgentId,
        /// The scope.
        scope: ScopeId,
        /// Scope epoch.
        scope_epoch: u32,
    },
}

impl Purpose {
    /// Its HPKE info.
    #[must_use]
    pub fn info(&self, vault: &VaultId) -> Info {
        match self {
            Self::Vmk { unlocker, .. } => Info::vmk(vault, unlocker),
            Self::Scope { agent, .. } => Info::scope(vault, agent),
        }
    }

    fn with_message<T>(&self, wrap: &[u8], then: impl FnOnce(What, &[&[u8]]) -> T) -> T {
        match self {
            Self::Vmk { unlocker, vault_epoch } => then(What::Vmk, &[&unlocker.0, &vault_epoch.to_be_bytes(), wrap]),
            Self::Scope { agent, scope, scope_epoch } => then(What::Scope, &[&agent.0, &scope.0, &scope_epoch.to_be_bytes(), wrap]),
        }
    }

    /// `signature ‖ wrap`.
    #[must_use]
    pub fn sign(&self, vault: &VaultId, key: &SigningKey, wrap: &[u8]) -> Vec<u8> {
        let signature: Signature = self.with_message(wrap, |what, parts| key.sign(what, vault, parts));
        [signature.as_slice(), wrap].concat()
    }

    /// Checks `signature ‖ wrap` and gives the wrap.
    ///
    /// # Errors
    /// [`Refusal::Shape`] or [`Refusal::Signature`].
    pub fn verify<'a>(&self, vault: &VaultId, key: &PublicKey, signed: &'a [u8]) -> Result<&'a [u8], Refusal> {
        let (signature, wrap) = signed.split_at_checked(SIGNATURE_BYTES).ok_or(Refusal::Shape)?;
        if wrap.len() < ENC_BYTES || wrap.len() > WRAP_BYTES_MAX {
            return Err(Refusal::Shape);
        }
        self.with_message(wrap, |what, parts| key.verify(what, vault, parts, signature))?;
        Ok(wrap)
    }
}
