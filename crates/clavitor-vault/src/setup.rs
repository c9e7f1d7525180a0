//! The first owner: a one-time link, and the vault made with it.

use clavitor_crypto::{Secret, VaultId, hash::sha256};
use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use crate::{Change, Error, Read, Result, Started, Write, change, session, store::sessions::TOKEN_BYTES};

const LINK_MS: u64 = 24 * 3_600_000;

/// Proof that a set-up link was used up in this transaction.
pub(crate) struct UsedLink(());

/// Whether the node waits for its first owner.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub fn needed(r: &Read<'_>) -> Result<bool> {
    Ok(!r.any_vault()?)
}

/// Makes a set-up token, valid for 24 hours and once; an earlier one ends. Only its hash is stored. The caller puts it behind `/setup#`.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub fn make_link(w: &Write<'_>) -> Result<Zeroizing<String>> {
    let token: Secret<TOKEN_BYTES> = Secret::make();
    w.replace_setup_link(&sha256(&[token.expose()]), w.now_ms() + LINK_MS)?;
    Ok(Zeroizing::new(BASE64URL_NOPAD.encode(token.expose())))
}

/// Whether the token would be accepted now.
///
/// # Errors
/// `Gone` if it was used, has expired or was never made.
pub fn check(r: &Read<'_>, token: &str) -> Result<()> {
    let hash = token_hash(token)?;
    match r.setup_expires_ms(&hash)? {
        Some(expires_ms) if r.now_ms() < expires_ms => Ok(()),
        _ => Err(Error::Gone),
    }
}

/// Makes the vault with its first change and signs its owner in with the passkey in it. The token is used up in the same transaction.
///
/// # Errors
/// `Gone` for the token; everything that [`crate::change::apply`] refuses; `NotValid` if the vault id is taken.
pub fn claim(w: &Write<'_>, token: &str, vault_id: VaultId, change: &Change) -> Result<Started> {
    check(w, token)?;
    w.delete_setup_link(&token_hash(token)?)?;
    let unlocker_id = change::apply_first(w, UsedLink(()), vault_id, change)?;
    session::begin(w, vault_id, unlocker_id)
}

fn token_hash(token: &str) -> Result<[u8; 32]> {
    let token = Zeroizing::new(BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| Error::Gone)?);
    if token.len() == TOKEN_BYTES { Ok(sha256(&[&token])) } else { Err(Error::Gone) }
}
