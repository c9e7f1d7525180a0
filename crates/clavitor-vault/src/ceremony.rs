//! WebAuthn ceremonies between their two requests: opaque state, five minutes, one use.

use clavitor_crypto::VaultId;

use crate::{Credential, Result, Write};

/// Names a ceremony: 16 random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CeremonyId(pub [u8; 16]);

/// What a ceremony is for. One made for one purpose is not found for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The first passkey of a vault that is being made.
    Setup(VaultId),
    /// A further passkey, for the vault of a person with a fresh session.
    Register,
    /// Signing in, or renewing freshness.
    SignIn,
}

/// Stores `state` for five minutes. `Register` needs a person with a fresh passkey; the others anybody may begin.
/// There are at most 1,000 open ceremonies; the oldest gives way.
///
/// # Errors
/// `Unauthenticated`, `FreshPasskeyNeeded`, `TooLarge` for a state above 64 KiB.
pub fn begin(w: &Write<'_>, credential: &Credential, purpose: Purpose, state: &str) -> Result<CeremonyId> {
    let _ = (w, credential, purpose, state);
    crate::pending()
}

/// Takes the state out; a second call finds nothing. Call it in its own transaction before the answer is verified, so that a wrong answer uses it up.
///
/// # Errors
/// `Gone` if it was used, has expired, was never begun, or was begun for something or somebody else.
pub fn take(w: &Write<'_>, credential: &Credential, purpose: Purpose, id: CeremonyId) -> Result<String> {
    let _ = (w, credential, purpose, id);
    crate::pending()
}
