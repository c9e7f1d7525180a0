//! The manifest of a change: signed, the next of its chain, and true of this node's log.

use clavitor_crypto::{
    VaultId,
    hash::ZERO,
    manifest::{SignedManifest, UnlockerKind},
    merkle::empty_root,
    signed::Unverified,
};

use crate::{Error, Read, Result};

/// The owner may move the clock of a vault this far ahead of the node's. One that stands further ahead already, because a clock was wrong once, may stay
/// where it is: it never runs back, so that nothing else could ever be signed again.
const AHEAD_MS: u64 = 60_000;
const RECOVERY_DELAY_S_MAX: u64 = 90 * 86_400;
const UNLOCKERS_MAX: usize = 32;
const SCOPES_MAX: usize = 500;
const AGENTS_MAX: usize = 500;
/// Distinct entries a manifest may allow an agent in a window.
const BUDGET_MAX: u32 = 1_000_000;

/// The manifest in force, its signature checked again.
pub(super) fn stored(r: &Read<'_>, vault_id: VaultId) -> Result<SignedManifest> {
    let bytes = r.known_vault(vault_id)?.manifest;
    let damaged = |_| Error::Internal(format!("the stored manifest of vault {vault_id} does not verify"));
    let unverified = Unverified::parse(&bytes).map_err(damaged)?;
    let usk = unverified_usk(&unverified);
    unverified.verify(&vault_id, &usk).map_err(damaged)
}

/// The first manifest of a vault, which brings its own signing key.
pub(super) fn first(r: &Read<'_>, vault_id: VaultId, bytes: &[u8]) -> Result<SignedManifest> {
    let unverified = Unverified::parse(bytes).map_err(|_| Error::NotValid("the manifest is not well-formed"))?;
    let usk = unverified_usk(&unverified);
    let first = unverified.verify(&vault_id, &usk).map_err(|_| Error::NotValid("the manifest's signature does not hold"))?;
    first.follows(None).map_err(|_| Error::NotValid("the manifest is not a first one"))?;
    check(r, &first, 0, 0)?;
    Ok(first)
}

/// The manifest that follows `before`.
pub(super) fn next(r: &Read<'_>, before: &SignedManifest, bytes: &[u8]) -> Result<SignedManifest> {
    let last = before.body();
    let unverified = Unverified::<clavitor_crypto::manifest::Manifest>::parse(bytes);
    let next = unverified
        .and_then(|unverified| unverified.verify(&last.vault, &last.usk))
        .map_err(|_| Error::NotValid("the manifest is not well-formed or not signed by the vault's key"))?;
    if next.body().version <= last.version {
        return Err(Error::VersionConflict { current: last.version });
    }
    next.follows(Some(before)).map_err(|_| Error::NotValid("the manifest does not follow the one in force"))?;
    check(r, &next, last.hlc_ms, r.log_size(last.vault)?)?;
    Ok(next)
}

fn unverified_usk(unverified: &Unverified<clavitor_crypto::manifest::Manifest>) -> clavitor_crypto::sign::PublicKey {
    unverified.claims().usk
}

fn check(r: &Read<'_>, manifest: &SignedManifest, before_ms: u64, log_size: u64) -> Result<()> {
    let body = manifest.body();
    if body.unlockers.len() > UNLOCKERS_MAX || body.scopes.len() > SCOPES_MAX || body.agents.len() > AGENTS_MAX {
        return Err(Error::TooLarge("at most 32 unlockers, 500 scopes and 500 agents"));
    }
    if body.hlc_ms > r.now_ms().saturating_add(AHEAD_MS).max(before_ms) {
        return Err(Error::NotValid("the manifest's time is ahead of the node's"));
    }
    let has_recovery = body.unlockers.iter().any(|unlocker| unlocker.kind == UnlockerKind::Recovery);
    if has_recovery != (body.recovery.auth_hash != ZERO) {
        return Err(Error::NotValid("the manifest's recovery hash and its recovery unlocker go together"));
    }
    if body.recovery.delay_s > RECOVERY_DELAY_S_MAX {
        return Err(Error::NotValid("the recovery delay is longer than 90 days"));
    }
    if body.agents.iter().any(|agent| agent.budget.per_minute > BUDGET_MAX || agent.budget.per_hour > BUDGET_MAX) {
        return Err(Error::NotValid("an agent's budget is above 1,000,000 entries"));
    }
    check_log_pin(r, manifest, log_size)
}

/// A pin that is not true of this log would lock its owner out at the next unlock.
fn check_log_pin(r: &Read<'_>, manifest: &SignedManifest, log_size: u64) -> Result<()> {
    let pin = &manifest.body().log_pin;
    let root = match pin.size {
        0 => empty_root(),
        size if size <= log_size => r.frontier(manifest.body().vault, size)?.root(),
        _ => return Err(Error::NotValid("the manifest pins a longer log than there is")),
    };
    if pin.key != r.shared.log_key.public() || pin.root != root {
        return Err(Error::NotValid("the manifest pins another log than this node's"));
    }
    Ok(())
}
