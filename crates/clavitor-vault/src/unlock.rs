//! What a browser needs to unlock. Every part is verified there.

use clavitor_crypto::{UnlockerId, VaultId};

use crate::{
    Credential, Error, Read, Result, audit,
    caller::Caller,
    policy::{Act, ReadVault, Subject},
    store::sessions::UnlockerRow,
};

/// The sealed and signed parts of a vault.
#[derive(Debug, Clone)]
pub struct VaultState {
    /// The vault.
    pub vault_id: VaultId,
    /// The unlocker of this session.
    pub unlocker: UnlockerState,
    /// The signed manifest.
    pub manifest: Vec<u8>,
    /// Record 0x13.
    pub usk: Vec<u8>,
    /// Names record; absent before the first.
    pub names: Option<Vec<u8>>,
    /// Records 0x17, oldest first.
    pub previous_vmks: Vec<Vec<u8>>,
    /// The signed tree head.
    pub checkpoint: String,
    /// RFC 6962 consistency proof from the manifest's log_pin to the checkpoint.
    pub consistency: Vec<[u8; 32]>,
    /// A recovery that somebody has started.
    pub recovery_pending_until_ms: Option<u64>,
}

/// One unlocker's sealed parts.
#[derive(Debug, Clone)]
pub struct UnlockerState {
    /// Its id.
    pub id: UnlockerId,
    /// Record 0x10.
    pub record: Vec<u8>,
    /// USK signature, then the HPKE wrap.
    pub sealed_vmk: Vec<u8>,
    /// Whether the passkey is synced; absent for a recovery code.
    pub synced: Option<bool>,
    /// Last used.
    pub last_used_ms: Option<u64>,
}

/// The vault of the signed-in person.
///
/// # Errors
/// `Unauthenticated`.
pub fn state(r: &Read<'_>, credential: &Credential) -> Result<VaultState> {
    let caller = Caller::find(r, credential)?;
    let permit = caller.permit::<ReadVault>(Act::ReadVault, Subject::Vault, |vault| vault)?;
    let vault_id = *permit.target();
    let vault = r.known_vault(vault_id)?;
    let unlocker = r.unlocker_row(vault_id, caller.session()?.unlocker_id)?.ok_or(Error::Unauthenticated)?;
    let head = audit::head(r, vault_id, vault.manifest()?.log_pin.size)?;
    Ok(VaultState {
        vault_id,
        unlocker: unlocker.into(),
        manifest: vault.manifest,
        usk: vault.usk,
        names: vault.names,
        previous_vmks: r.previous_vmks(vault_id)?,
        checkpoint: head.checkpoint,
        consistency: head.consistency,
        recovery_pending_until_ms: vault.recovery_release_ms,
    })
}

/// Manifests that were in force once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestPage {
    /// Signed manifests, oldest first, without gaps as far as the node has them.
    pub manifests: Vec<Vec<u8>>,
    /// Ask with this for later ones.
    pub next: Option<u64>,
}

/// Manifests of one answer; each is at most 256 KiB.
const MANIFESTS_EACH_MAX: u32 = 64;

/// The manifests above version `after` that are not in force any more: what links one that a browser has seen to the one it sees now.
///
/// # Errors
/// `Unauthenticated`.
pub fn manifests(r: &Read<'_>, credential: &Credential, after: u64) -> Result<ManifestPage> {
    let caller = Caller::find(r, credential)?;
    let permit = caller.permit::<ReadVault>(Act::ReadVault, Subject::Vault, |vault| vault)?;
    manifest_page(r, *permit.target(), after)
}

/// The page for a vault that the caller may read.
pub(crate) fn manifest_page(r: &Read<'_>, vault_id: VaultId, after: u64) -> Result<ManifestPage> {
    let found = r.manifests_after(vault_id, after, MANIFESTS_EACH_MAX)?;
    let full = found.len() == MANIFESTS_EACH_MAX as usize;
    let next = found.last().map(|(version, _)| *version).filter(|_| full);
    Ok(ManifestPage { manifests: found.into_iter().map(|(_, manifest)| manifest).collect(), next })
}

/// Every way in, so that the browser can wrap the vault key again and say how many there are.
///
/// # Errors
/// `Unauthenticated`.
pub fn unlockers(r: &Read<'_>, credential: &Credential) -> Result<Vec<UnlockerState>> {
    let caller = Caller::find(r, credential)?;
    let permit = caller.permit::<ReadVault>(Act::ReadVault, Subject::Vault, |vault| vault)?;
    Ok(r.unlocker_rows(*permit.target())?.into_iter().map(UnlockerState::from).collect())
}

impl From<UnlockerRow> for UnlockerState {
    fn from(row: UnlockerRow) -> Self {
        let UnlockerRow { id, record, sealed_vmk, last_used_ms, synced } = row;
        Self { id, record, sealed_vmk, synced, last_used_ms }
    }
}
