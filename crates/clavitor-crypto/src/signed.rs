//! `signature[64] ‖ body`: how manifests and entry headers travel. A body becomes [`Signed`] only by its signature.

use crate::{
    Refusal, VaultId,
    cbor::{self, Canonical},
    hash::{Hash, sha256},
    sign::{PublicKey, SIGNATURE_BYTES, SigningKey, What},
};

/// A body that is signed.
pub trait Body: Canonical {
    /// What its signature is about.
    const WHAT: What;

    /// The vault it names.
    fn vault(&self) -> VaultId;

    /// The rules it must keep by itself.
    ///
    /// # Errors
    /// [`Refusal::Rule`].
    fn check(&self) -> Result<(), Refusal>;
}

/// Well-formed, and not proved: good for finding out whose signature to ask for, and for nothing else.
pub struct Unverified<T> {
    body: T,
    bytes: Vec<u8>,
}

impl<T: Body> Unverified<T> {
    /// Reads `signature ‖ body` and checks everything but the signature.
    ///
    /// # Errors
    /// [`Refusal::Shape`], [`Refusal::Cbor`] or [`Refusal::Rule`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let (_, encoded) = bytes.split_at_checked(SIGNATURE_BYTES).ok_or(Refusal::Shape)?;
        let body: T = cbor::decode(encoded)?;
        body.check()?;
        Ok(Self { body, bytes: bytes.to_vec() })
    }

    /// What it claims.
    #[must_use]
    pub const fn claims(&self) -> &T {
        &self.body
    }

    /// Proves it.
    ///
    /// # Errors
    /// [`Refusal::Signature`], also for another vault's body.
    pub fn verify(self, vault: &VaultId, key: &PublicKey) -> Result<Signed<T>, Refusal> {
        let (signature, encoded) = self.bytes.split_at(SIGNATURE_BYTES);
        key.verify(T::WHAT, vault, &[encoded], signature)?;
        if self.body.vault() != *vault {
            return Err(Refusal::Signature);
        }
        let hash = sha256(&[encoded]);
        Ok(Signed { body: self.body, hash, bytes: self.bytes })
    }
}

impl<T: Body> Unverified<T> {
    /// Takes the word of a successor: what a signed body of the next version names by its hash as the one before it is as good as signed.
    ///
    /// # Errors
    /// [`Refusal::Chain`] for another hash, [`Refusal::Signature`] for another vault's body.
    pub fn vouched_by(self, vault: &VaultId, previous: &Hash) -> Result<Signed<T>, Refusal> {
        let hash = sha256(&[&self.bytes[SIGNATURE_BYTES..]]);
        if hash != *previous {
            return Err(Refusal::Chain);
        }
        if self.body.vault() != *vault {
            return Err(Refusal::Signature);
        }
        Ok(Signed { body: self.body, hash, bytes: self.bytes })
    }
}

/// A body whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<T> {
    body: T,
    hash: Hash,
    bytes: Vec<u8>,
}

impl<T: Body> Signed<T> {
    /// Reads and proves `signature ‖ body`.
    ///
    /// # Errors
    /// As [`Unverified::parse`] and [`Unverified::verify`].
    pub fn verify(bytes: &[u8], vault: &VaultId, key: &PublicKey) -> Result<Self, Refusal> {
        Unverified::parse(bytes)?.verify(vault, key)
    }

    /// Encodes and signs a body for the vault it names.
    ///
    /// # Errors
    /// [`Refusal::Rule`] if the body breaks a rule, [`Refusal::Shape`] if it is too long.
    pub fn sign(body: T, key: &SigningKey) -> Result<Self, Refusal> {
        body.check()?;
        let encoded = cbor::encode(&body);
        if encoded.len() > cbor::BODY_BYTES_MAX {
            return Err(Refusal::Shape);
        }
        let signature = key.sign(T::WHAT, &body.vault(), &[&encoded]);
        Ok(Self { hash: sha256(&[&encoded]), bytes: [signature.as_slice(), &encoded].concat(), body })
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &T {
        &self.body
    }

    /// SHA-256 of the body's bytes: what the next version names as the one before it.
    #[must_use]
    pub const fn hash(&self) -> &Hash {
        &self.hash
    }

    /// `signature ‖ body`.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
