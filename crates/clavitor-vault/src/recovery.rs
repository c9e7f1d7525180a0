//! Recovery with the printed code: started, waited for, claimed; or cancelled by whoever is signed in.

use clavitor_crypto::{Secret, VaultId};

use crate::{Credential, Result, Started, Write};

/// Starts a recovery with D(code,"recover-auth",0), or tells when one that runs is released. The delay stands in the signed manifest.
/// Returns the time from which [`claim`] works, in Unix milliseconds.
///
/// # Errors
/// `Hidden` for a wrong proof, an unknown vault, or a vault without a recovery code; `RateLimited` after ten wrong ones in an hour. A right proof is always heard.
pub fn start(w: &Write<'_>, vault_id: VaultId, proof: &Secret<32>) -> Result<u64> {
    let _ = (w, vault_id, proof);
    crate::pending()
}

/// Signs in as the recovery unlocker once the delay is over.
///
/// # Errors
/// As [`start`]; `RecoveryDelay` while it runs, `Gone` if none was started or it was cancelled.
pub fn claim(w: &Write<'_>, vault_id: VaultId, proof: &Secret<32>) -> Result<Started> {
    let _ = (w, vault_id, proof);
    crate::pending()
}

/// Cancels a recovery that runs. Cancelling none is no error.
///
/// # Errors
/// `Unauthenticated`.
pub fn cancel(w: &Write<'_>, credential: &Credential) -> Result<()> {
    let _ = (w, credential);
    crate::pending()
}
