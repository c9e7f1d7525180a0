//! Unlocking (docs/FORMAT.md section 10): each step uses only what the one before proved.

use clavitor_crypto::{
    Secret, UnlockerId, VaultId,
    hash::{Hash, same, sha256},
    manifest::{Manifest, SignedManifest},
    record::Context,
    sign::SigningKey,
    signed::Unverified,
    wrap::{Purpose, WrapPrivate},
};
use thiserror::Error;

use crate::{VaultKeys, Way};

/// What the node keeps for one unlocker.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// Record 0x10.
    pub record: &'a [u8],
    /// Record 0x13.
    pub usk: &'a [u8],
    /// The signed manifest.
    pub manifest: &'a [u8],
    /// USK signature ‖ HPKE wrap.
    pub sealed_vmk: &'a [u8],
}

/// The manifest a client has last verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// Its version.
    pub version: u64,
    /// Hash of its body.
    pub hash: Hash,
}

/// The step that refused. For tests and vectors; the browser shows one alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Step {
    /// The unlocker record does not open.
    #[error("the unlocker record does not open")]
    Unlocker,
    /// The manifest is not well formed.
    #[error("the manifest is not well formed")]
    Manifest,
    /// The manifest's key is not the one pinned in the unlocker, or it did not sign.
    #[error("the manifest is not signed by the pinned key")]
    Signature,
    /// Older than what was verified before, or another of the same version.
    #[error("the manifest is older than the one verified before")]
    Pin,
    /// The manifest does not list this unlocker with this key.
    #[error("the manifest does not list this unlocker")]
    Listed,
    /// The vault key is not signed for this unlocker and epoch.
    #[error("the vault key is not signed for this unlocker")]
    VmkSignature,
    /// The wrap of the vault key does not open.
    #[error("the wrap of the vault key does not open")]
    Wrap,
    /// The wrap holds something else than a vault key of the manifest's epoch.
    #[error("the vault key is of another epoch")]
    Epoch,
    /// The signing key does not open, or is another.
    #[error("the signing key does not open")]
    Usk,
}

/// A vault that was unlocked.
pub struct Unlocked {
    /// The vault key.
    pub keys: VaultKeys,
    /// The vault's signing key.
    pub usk: SigningKey,
    /// The manifest.
    pub manifest: SignedManifest,
}

/// Unlocks.
///
/// # Errors
/// [`Step`] names what refused; nothing after it was tried.
pub fn unlock(vault: VaultId, way: &Way<'_>, stored: &Stored<'_>, pin: Option<Pin>) -> Result<Unlocked, Step> {
    let id = way.id().map_err(|_| Step::Unlocker)?;
    let opened = way.record_key(&vault).open_secret::<64>(&Context::unlocker(vault, id), stored.record).map_err(|_| Step::Unlocker)?;
    let (private, fingerprint) = opened.expose().split_at(32);
    let private = WrapPrivate::new(Secret::from_slice(private).ok_or(Step::Unlocker)?);

    let manifest = verified_manifest(vault, fingerprint, stored.manifest, pin)?;
    let listed = manifest.body().unlocker(id).ok_or(Step::Listed)?;
    if private.public().map_err(|_| Step::Listed)? != listed.x25519 {
        return Err(Step::Listed);
    }
    let keys = open_vmk(vault, id, manifest.body(), &private, stored.sealed_vmk)?;
    let seed = keys.usk_key().open_secret(&Context::usk(vault, keys.epoch()), stored.usk).map_err(|_| Step::Usk)?;
    let usk = SigningKey::from_seed(seed).map_err(|_| Step::Usk)?;
    if usk.public() != manifest.body().usk {
        return Err(Step::Usk);
    }
    Ok(Unlocked { keys, usk, manifest })
}

fn verified_manifest(vault: VaultId, fingerprint: &[u8], bytes: &[u8], pin: Option<Pin>) -> Result<SignedManifest, Step> {
    let unverified = Unverified::<Manifest>::parse(bytes).map_err(|_| Step::Manifest)?;
    let usk = unverified.claims().usk;
    if !same(&sha256(&[usk.as_bytes()]), fingerprint) {
        return Err(Step::Signature);
    }
    let manifest = unverified.verify(&vault, &usk).map_err(|_| Step::Signature)?;
    let fresh = pin.is_none_or(|pin| {
        let version = manifest.body().version;
        version > pin.version || (version == pin.version && *manifest.hash() == pin.hash)
    });
    if fresh { Ok(manifest) } else { Err(Step::Pin) }
}

/// Opens `sealed_vmk` of the epoch that the manifest names.
fn open_vmk(
    vault: VaultId,
    unlocker: UnlockerId,
    manifest: &Manifest,
    private: &WrapPrivate,
    sealed_vmk: &[u8],
) -> Result<VaultKeys, Step> {
    let purpose = Purpose::Vmk { unlocker, vault_epoch: manifest.vault_epoch };
    let wrap = purpose.verify(&vault, &manifest.usk, sealed_vmk).map_err(|_| Step::VmkSignature)?;
    let opened = private.open(&purpose.info(&vault), wrap).map_err(|_| Step::Wrap)?;
    vmk_of(vault, manifest.vault_epoch, &opened).ok_or(Step::Epoch)
}

/// The vault key in the plaintext of `sealed_vmk`, if it is of this epoch.
pub(crate) fn vmk_of(vault: VaultId, vault_epoch: u32, plaintext: &[u8]) -> Option<VaultKeys> {
    let (vmk, epoch) = plaintext.split_first_chunk::<32>()?;
    (epoch == vault_epoch.to_be_bytes()).then(|| VaultKeys::new(vault, vault_epoch, Secret::copy_of(vmk)))
}
