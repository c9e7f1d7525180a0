//! Sessions of people, and the passkeys they start with. 15 minutes idle, 8 hours at most, fresh for 5 minutes after a passkey was used.

use clavitor_crypto::{UnlockerId, VaultId};
use zeroize::Zeroizing;

use crate::{Credential, Read, Result, Write};

/// A session that has just been started: the token for the cookie and what it stands for.
pub struct Started {
    /// 43 characters of base64url; only its hash is stored.
    pub token: Zeroizing<String>,
    /// The session.
    pub session: Session,
}

/// A session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The vault.
    pub vault_id: VaultId,
    /// The unlocker that signed in.
    pub unlocker_id: UnlockerId,
    /// It ends then if nothing happens before.
    pub idle_until_ms: u64,
    /// It ends then.
    pub ends_ms: u64,
    /// Steps that need a fresh passkey are open until then.
    pub fresh_until_ms: u64,
    /// A minute has passed since it was last prolonged: call [`touch`].
    pub touch_due: bool,
}

/// A passkey as the server needs it to verify an assertion.
#[derive(Debug, Clone)]
pub struct StoredPasskey {
    /// The vault it unlocks.
    pub vault_id: VaultId,
    /// Its unlocker id.
    pub unlocker_id: UnlockerId,
    /// The state that was stored with it; opaque here.
    pub state: String,
}

/// A passkey whose assertion the server has verified in this request.
#[derive(Debug, Clone)]
pub struct UsedPasskey {
    /// Its vault.
    pub vault_id: VaultId,
    /// Its unlocker id.
    pub unlocker_id: UnlockerId,
    /// The state to keep from now on (signature counter, backup state).
    pub state: String,
    /// Whether it is synced between devices now.
    pub synced: bool,
}

/// The passkey with this credential id.
///
/// # Errors
/// `Unauthenticated` if there is none.
pub fn passkey(r: &Read<'_>, credential_id: &[u8]) -> Result<StoredPasskey> {
    let _ = (r, credential_id);
    crate::pending()
}

/// The credential ids of the person's vault, to be excluded when another passkey is made.
///
/// # Errors
/// `Unauthenticated`.
pub fn credential_ids(r: &Read<'_>, credential: &Credential) -> Result<Vec<Vec<u8>>> {
    let _ = (r, credential);
    crate::pending()
}

/// Signs in with a verified passkey: always a new token. `old` is the session that the request came with, which ends.
///
/// # Errors
/// `Unauthenticated` if the unlocker was removed meanwhile.
pub fn start(w: &Write<'_>, old: &Credential, used: &UsedPasskey) -> Result<Started> {
    let _ = (w, old, used);
    crate::pending()
}

/// The caller's session.
///
/// # Errors
/// `Unauthenticated`.
pub fn current(r: &Read<'_>, credential: &Credential) -> Result<Session> {
    let _ = (r, credential);
    crate::pending()
}

/// Prolongs the caller's session to 15 minutes from now, never beyond its end.
///
/// # Errors
/// `Unauthenticated`.
pub fn touch(w: &Write<'_>, credential: &Credential) -> Result<Session> {
    let _ = (w, credential);
    crate::pending()
}

/// Ends the caller's session. Ending one that is not there is no error.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub fn end(w: &Write<'_>, credential: &Credential) -> Result<()> {
    let _ = (w, credential);
    crate::pending()
}
