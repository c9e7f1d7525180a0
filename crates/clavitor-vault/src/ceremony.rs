//! WebAuthn ceremonies between their two requests: opaque state, five minutes, one use.

use clavitor_crypto::VaultId;

use crate::{
    Credential, Error, Result, Write,
    caller::Caller,
    policy::{Act, RegisterPasskey, Subject},
};

const CEREMONY_MS: u64 = 5 * 60_000;
const OPEN_MAX: u32 = 1000;
const STATE_BYTES_MAX: usize = 64 * 1024;

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
    if state.len() > STATE_BYTES_MAX {
        return Err(Error::TooLarge("the ceremony's state is longer than 64 KiB"));
    }
    let vault_id = vault_of(w, credential, purpose)?;
    let id = CeremonyId(clavitor_crypto::random::make());
    w.insert_ceremony(&id.0, purpose.number(), vault_id, state, (w.now_ms() + CEREMONY_MS, OPEN_MAX))?;
    Ok(id)
}

/// Takes the state out; a second call finds nothing. Call it in its own transaction before the answer is verified, so that a wrong answer uses it up.
///
/// # Errors
/// `Gone` if it was used, has expired, was never begun, or was begun for something or somebody else.
pub fn take(w: &Write<'_>, credential: &Credential, purpose: Purpose, id: CeremonyId) -> Result<String> {
    let row = w.take_ceremony(&id.0)?.ok_or(Error::Gone)?;
    // Taken is taken, whoever it was for.
    w.keep_effects();
    let vault_id = vault_of(w, credential, purpose)?;
    let same_vault = row.vault_id.as_deref() == vault_id.as_ref().map(|id| id.0.as_slice());
    if row.purpose == purpose.number() && same_vault && w.now_ms() < row.expires_ms { Ok(row.state) } else { Err(Error::Gone) }
}

impl Purpose {
    const fn number(self) -> u8 {
        match self {
            Self::Setup(_) => 1,
            Self::Register => 2,
            Self::SignIn => 3,
        }
    }
}

/// The vault a ceremony is for, where it is for one; asks policy for those that not everybody may begin.
fn vault_of(w: &Write<'_>, credential: &Credential, purpose: Purpose) -> Result<Option<VaultId>> {
    match purpose {
        Purpose::Setup(vault_id) => Ok(Some(vault_id)),
        Purpose::SignIn => Ok(None),
        Purpose::Register => {
            let caller = Caller::find(w, credential)?;
            let permit = caller.permit::<RegisterPasskey>(Act::RegisterPasskey, Subject::Vault, |vault| vault)?;
            Ok(Some(*permit.target()))
        }
    }
}
