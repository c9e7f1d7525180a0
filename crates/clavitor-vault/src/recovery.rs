//! Recovery with the printed code: started, waited for, claimed; or cancelled by whoever is signed in.

use clavitor_crypto::{
    Secret, UnlockerId, VaultId,
    hash::{ZERO, same, sha256},
};

use crate::{
    Credential, Error, Result, Started, Write,
    audit::event::{Actor, Draft},
    caller::Caller,
    policy::{Act, ReadVault, Subject},
    session,
    store::vaults::VaultRow,
};

const MISSES_MAX: u32 = 10;
const MISSES_MS: u64 = 3_600_000;

/// Starts a recovery with D(code,"recover-auth",0), or tells when one that runs is released. The delay stands in the signed manifest.
/// Returns the time from which [`claim`] works, in Unix milliseconds.
///
/// # Errors
/// `Hidden` for a wrong proof, an unknown vault, or a vault without a recovery code; `RateLimited` after ten wrong ones in an hour, whether or not there is such a
/// vault. A right proof is always heard.
pub fn start(w: &Write<'_>, vault_id: VaultId, proof: &Secret<32>) -> Result<u64> {
    let vault = prove(w, vault_id, proof)?;
    if let Some(release_ms) = vault.recovery_release_ms {
        return Ok(release_ms);
    }
    let release_ms = w.now_ms().saturating_add(vault.manifest()?.recovery.delay_s.saturating_mul(1000));
    w.put_recovery(vault_id, Some(release_ms))?;
    w.log(vault_id, &Draft::done(Actor::Anonymous, "recovery.start"))?;
    w.commit(vault_id, "recovery", None)?;
    Ok(release_ms)
}

/// Signs in as the recovery unlocker once the delay is over.
///
/// # Errors
/// As [`start`]; `RecoveryDelay` while it runs, `Gone` if none was started or it was cancelled.
pub fn claim(w: &Write<'_>, vault_id: VaultId, proof: &Secret<32>) -> Result<Started> {
    let release_ms = prove(w, vault_id, proof)?.recovery_release_ms.ok_or(Error::Gone)?;
    if let Some(left_ms) = release_ms.checked_sub(w.now_ms()).filter(|left_ms| *left_ms > 0) {
        return Err(Error::RecoveryDelay { retry_after_s: left_ms.div_ceil(1000) });
    }
    w.put_recovery(vault_id, None)?;
    w.log(vault_id, &Draft::done(Actor::Person(UnlockerId::of_recovery()), "recovery.claim"))?;
    session::begin(w, vault_id, UnlockerId::of_recovery())
}

/// Cancels a recovery that runs. Cancelling none is no error.
///
/// # Errors
/// `Unauthenticated`.
pub fn cancel(w: &Write<'_>, credential: &Credential) -> Result<()> {
    let caller = Caller::find(w, credential)?;
    let permit = caller.permit::<ReadVault>(Act::CancelRecovery, Subject::Vault, |vault| vault)?;
    let vault_id = *permit.target();
    w.put_recovery(vault_id, None)?;
    w.log(vault_id, &Draft::done(Actor::of(&caller), "recovery.cancel"))?;
    w.commit(vault_id, "recovery", None)?;
    Ok(())
}

/// The vault whose recovery code this proves. A wrong proof is counted and, up to the limit, logged; one for a vault that is not there takes the same way.
fn prove(w: &Write<'_>, vault_id: VaultId, proof: &Secret<32>) -> Result<VaultRow> {
    let hash = sha256(&[proof.expose()]);
    let vault = w.vault(vault_id)?;
    let expected = vault.as_ref().map(VaultRow::manifest).transpose()?.map_or(ZERO, |manifest| manifest.recovery.auth_hash);
    let right = same(&hash, &expected) && expected != ZERO && w.unlocker_row(vault_id, UnlockerId::of_recovery())?.is_some();
    match vault {
        Some(vault) if right => Ok(vault),
        vault => Err(count_miss(w, vault_id, vault.as_ref())?),
    }
}

fn count_miss(w: &Write<'_>, vault_id: VaultId, vault: Option<&VaultRow>) -> Result<Error> {
    let stored = vault.map(|vault| (vault.recovery_misses, vault.recovery_misses_since_ms));
    let (misses, since_ms) = stored.unwrap_or_else(|| w.tails.stranger_misses(vault_id));
    let running = w.now_ms() < since_ms.saturating_add(MISSES_MS);
    let (misses, since_ms) = if running { (misses + 1, since_ms) } else { (1, w.now_ms()) };
    if misses > MISSES_MAX {
        let end_ms = since_ms.saturating_add(MISSES_MS);
        return Ok(Error::RateLimited { retry_after_s: end_ms.saturating_sub(w.now_ms()).div_ceil(1000) });
    }
    if vault.is_some() {
        w.put_recovery_misses(vault_id, misses, since_ms)?;
        w.log(vault_id, &Draft::done(Actor::Anonymous, "recovery.start").refused(Error::Hidden.outcome()))?;
        w.commit(vault_id, "recovery", None)?;
    } else {
        w.tails.put_stranger_misses(vault_id, (misses, since_ms), w.now_ms().saturating_sub(MISSES_MS));
        w.touch_node()?;
    }
    w.keep_effects();
    Ok(Error::Hidden)
}
