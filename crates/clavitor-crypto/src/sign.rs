//! Ed25519 (RFC 8032), strict: canonical `S`, canonical and not small-order public keys; messages bound to what they are and to the vault.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::{Refusal, Secret, VaultId, random::Random, secret::Secret32};

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// A signature.
pub type Signature = [u8; SIGNATURE_BYTES];

/// What a signature is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A manifest body.
    Manifest,
    /// An entry header body.
    Header,
    /// unlocker_id ‖ u32be ve ‖ sealed_vmk.
    Vmk,
    /// agent_id ‖ scope_id ‖ u32be scope_epoch ‖ scope wrap.
    Scope,
}

impl What {
    const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Manifest => b"clavitor/v1/sig/manifest\0",
            Self::Header => b"clavitor/v1/sig/header\0",
            Self::Vmk => b"clavitor/v1/sig/vmk\0",
            Self::Scope => b"clavitor/v1/sig/scope\0",
        }
    }

    fn message(self, vault: &VaultId, parts: &[&[u8]]) -> Vec<u8> {
        let mut message = [self.prefix(), &vault.0].concat();
        parts.iter().for_each(|part| message.extend_from_slice(part));
        message
    }
}

/// An Ed25519 public key that is canonical and not of small order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PublicKey([u8; 32]);

/// y of the points of order 1, 2, 4 and 8 (two of them), little-endian, sign bit clear.
const SMALL_ORDER_Y: [[u8; 32]; 5] = [
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [0; 32],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
        0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
        0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

impl PublicKey {
    /// Takes a key that is canonical and not of small order.
    ///
    /// # Errors
    /// [`Refusal::Shape`] for the wrong length, [`Refusal::Rule`] for a key that is refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let key: [u8; 32] = bytes.try_into().map_err(|_| Refusal::Shape)?;
        let mut y = key;
        y[31] &= 0x7f;
        if !below_prime(&y) || SMALL_ORDER_Y.contains(&y) {
            return Err(Refusal::Rule);
        }
        Ok(Self(key))
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Verifies a signature about `what` in `vault`. The message is given in parts.
    ///
    /// # Errors
    /// [`Refusal::Signature`].
    pub fn verify(&self, what: What, vault: &VaultId, parts: &[&[u8]], signature: &[u8]) -> Result<(), Refusal> {
        self.verify_bytes(&what.message(vault, parts), signature)
    }

    /// Verifies a signature over exactly these bytes, for protocols that separate their messages themselves (DPoP, signed notes).
    ///
    /// # Errors
    /// [`Refusal::Signature`].
    pub fn verify_bytes(&self, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).map_err(|_| Refusal::Signature)
    }
}

/// Whether the little-endian number is below 2^255 - 19.
fn below_prime(y: &[u8; 32]) -> bool {
    !(y[31] == 0x7f && y[1..31].iter().all(|&byte| byte == 0xff) && y[0] >= 0xed)
}

/// An Ed25519 private key: a vault's, an agent's, or the audit log's.
pub struct SigningKey {
    seed: Secret32,
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl SigningKey {
    /// The key of a seed (RFC 8032 section 5.1.5); deterministic.
    ///
    /// # Errors
    /// [`Refusal::Rule`] if the library refuses the seed.
    pub fn from_seed(seed: Secret32) -> Result<Self, Refusal> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| Refusal::Rule)?;
        let public = PublicKey::parse(pair.public_key().as_ref())?;
        Ok(Self { seed, pair, public })
    }

    /// A fresh random key.
    ///
    /// # Errors
    /// [`Refusal::Rule`] if the library refuses the seed.
    pub fn make_with(random: &mut dyn Random) -> Result<Self, Refusal> {
        Self::from_seed(Secret::make_with(random))
    }

    /// The seed, to be sealed or kept in a file that only its owner reads.
    #[must_use]
    pub const fn seed(&self) -> &Secret32 {
        &self.seed
    }

    /// The public key.
    #[must_use]
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs a message about `what` in `vault`, given in parts.
    #[must_use]
    pub fn sign(&self, what: What, vault: &VaultId, parts: &[&[u8]]) -> Signature {
        self.sign_bytes(&what.message(vault, parts))
    }

    /// Signs exactly these bytes, for protocols that separate their messages themselves (DPoP, signed notes).
    #[must_use]
    pub fn sign_bytes(&self, message: &[u8]) -> Signature {
        let mut signature = [0; SIGNATURE_BYTES];
        signature.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }
}
