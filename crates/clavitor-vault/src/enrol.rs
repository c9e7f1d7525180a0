//! Enrolment of an agent: it proves its one-time string and leaves its public keys for the owner's browser.

use clavitor_crypto::{AgentId, Secret, VaultId};

use crate::{Result, Write, agents::EnrolmentAnswer};

/// What an invited agent sends.
pub struct EnrolRequest {
    /// The vault.
    pub vault_id: VaultId,
    /// The agent.
    pub agent_id: AgentId,
    /// D(ES,"enrol/auth",0).
    pub auth: Secret<32>,
    /// Its public keys and the HMAC over them.
    pub answer: EnrolmentAnswer,
}

/// Keeps the keys and returns record 0x14. The string is used up.
///
/// # Errors
/// `Gone` if the string is unknown, wrong, used or expired: the three look the same.
pub fn answer(w: &Write<'_>, request: &EnrolRequest) -> Result<Vec<u8>> {
    let _ = (w, request);
    crate::pending()
}
