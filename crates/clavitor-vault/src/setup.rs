//! The first owner: a one-time link, and the vault made with it.

use clavitor_crypto::VaultId;

use crate::{Change, Read, Result, Started, Write};

/// Whether the node waits for its first owner.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub fn needed(r: &Read<'_>) -> Result<bool> {
    let _ = r;
    crate::pending()
}

/// Makes a set-up token, valid for 24 hours and once; an earlier one ends. Only its hash is stored. The caller puts it behind `/setup#`.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub fn make_link(w: &Write<'_>) -> Result<String> {
    let _ = w;
    crate::pending()
}

/// Whether the token would be accepted now.
///
/// # Errors
/// `Gone` if it was used, has expired or was never made.
pub fn check(r: &Read<'_>, token: &str) -> Result<()> {
    let _ = (r, token);
    crate::pending()
}

/// Makes the vault with its first change and signs its owner in with the passkey in it. The token is used up in the same transaction.
///
/// # Errors
/// `Gone` for the token; everything that [`crate::change::apply`] refuses; `NotValid` if the vault id is taken.
pub fn claim(w: &Write<'_>, token: &str, vault_id: VaultId, change: &Change) -> Result<Started> {
    let _ = (w, token, vault_id, change);
    crate::pending()
}
