//! Sessions of people, and the passkeys they start with. 15 minutes idle, 8 hours at most, fresh for 5 minutes after a passkey was used.

use clavitor_crypto::{Secret, UnlockerId, VaultId, hash::sha256};
use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use crate::{
    Credential, Error, Read, Result, Write,
    audit::event::{Actor, Draft},
    caller::Caller,
    policy::{Act, ReadVault, Subject},
    store::sessions::{FRESH_MS, SESSION_MS, SessionRow, TOKEN_BYTES, TOUCH_MS},
};

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

/// How many sessions are open on the node. A number, whosever they are.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub fn count(r: &Read<'_>) -> Result<u64> {
    Ok(r.session_count()?)
}

/// The passkey with this credential id.
///
/// # Errors
/// `Unauthenticated` if there is none.
pub fn passkey(r: &Read<'_>, credential_id: &[u8]) -> Result<StoredPasskey> {
    r.passkey_of(credential_id)?.ok_or(Error::Unauthenticated)
}

/// The credential ids of the person's vault, to be excluded when another passkey is made.
///
/// # Errors
/// `Unauthenticated`.
pub fn credential_ids(r: &Read<'_>, credential: &Credential) -> Result<Vec<Vec<u8>>> {
    let caller = Caller::find(r, credential)?;
    let permit = caller.permit::<ReadVault>(Act::ReadVault, Subject::Vault, |vault| vault)?;
    Ok(r.credential_ids_of(*permit.target())?)
}

/// Signs in with a verified passkey: always a new token. `old` is the session that the request came with, which ends.
///
/// # Errors
/// `Unauthenticated` if the unlocker was removed meanwhile.
pub fn start(w: &Write<'_>, old: &Credential, used: &UsedPasskey) -> Result<Started> {
    let UsedPasskey { vault_id, unlocker_id, ref state, synced } = *used;
    if w.passkey_used(vault_id, unlocker_id, state, synced)? != 1 {
        return Err(Error::Unauthenticated);
    }
    if let Credential::Session(hash) = old {
        w.delete_session(&hash.0)?;
    }
    begin(w, vault_id, unlocker_id)
}

/// The caller's session.
///
/// # Errors
/// `Unauthenticated`.
pub fn current(r: &Read<'_>, credential: &Credential) -> Result<Session> {
    let caller = Caller::find(r, credential)?;
    let session = *caller.session()?;
    Ok(Session::of(&session, r.now_ms()))
}

/// Prolongs the caller's session to 15 minutes from now, never beyond its end.
///
/// # Errors
/// `Unauthenticated`.
pub fn touch(w: &Write<'_>, credential: &Credential) -> Result<Session> {
    let caller = Caller::find(w, credential)?;
    let session = SessionRow { seen_ms: w.now_ms(), ..*caller.session()? };
    w.touch_session(&session.token_hash)?;
    Ok(Session::of(&session, w.now_ms()))
}

/// Ends the caller's session. Ending one that is not there is no error.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub fn end(w: &Write<'_>, credential: &Credential) -> Result<()> {
    let Ok(caller) = Caller::find(w, credential) else { return Ok(()) };
    let session = *caller.session()?;
    w.delete_session(&session.token_hash)?;
    w.log(session.vault_id, &Draft::done(Actor::of(&caller), "session.end"))?;
    w.commit(session.vault_id, "session", None)?;
    Ok(())
}

/// Makes a session for an unlocker that was proved in this transaction.
pub(crate) fn begin(w: &Write<'_>, vault_id: VaultId, unlocker_id: UnlockerId) -> Result<Started> {
    let token: Secret<TOKEN_BYTES> = Secret::make();
    let now_ms = w.now_ms();
    let row = SessionRow {
        token_hash: sha256(&[token.expose()]),
        vault_id,
        unlocker_id,
        seen_ms: now_ms,
        fresh_until_ms: now_ms + FRESH_MS,
        ends_ms: now_ms + SESSION_MS,
    };
    w.insert_session(&row)?;
    w.unlocker_used(vault_id, unlocker_id)?;
    w.log(vault_id, &Draft::done(Actor::Person(unlocker_id), "session.start"))?;
    w.commit(vault_id, "session", None)?;
    Ok(Started { token: Zeroizing::new(BASE64URL_NOPAD.encode(token.expose())), session: Session::of(&row, now_ms) })
}

impl Session {
    fn of(row: &SessionRow, now_ms: u64) -> Self {
        Self {
            vault_id: row.vault_id,
            unlocker_id: row.unlocker_id,
            idle_until_ms: row.idle_until_ms(),
            ends_ms: row.ends_ms,
            fresh_until_ms: row.fresh_until_ms,
            touch_due: now_ms >= row.seen_ms.saturating_add(TOUCH_MS),
        }
    }
}
