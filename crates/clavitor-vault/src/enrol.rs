//! Enrolment of an agent: it proves its one-time string and leaves its public keys for the owner's browser.

use clavitor_crypto::{
    AgentId, Secret, VaultId,
    hash::{same, sha256},
    manifest::AgentState,
    sign::PublicKey,
};

use crate::{
    Error, Result, Write,
    agents::EnrolmentAnswer,
    audit::event::{Actor, Draft},
};

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
    let agent = w.agent(request.agent_id)?.filter(|agent| agent.vault_id == request.vault_id && agent.state == AgentState::Invited);
    let enrolment = w.enrolment(request.agent_id)?.filter(|enrolment| enrolment.answer.is_none() && w.now_ms() < enrolment.expires_ms);
    let (Some(agent), Some(enrolment)) = (agent, enrolment) else { return Err(Error::Gone) };
    if !same(&sha256(&[request.auth.expose()]), &enrolment.auth_hash) {
        return Err(Error::Gone);
    }
    PublicKey::parse(&request.answer.ed25519).map_err(|_| Error::NotValid("ed25519 is not a public key that is accepted"))?;
    w.answer_enrolment(agent.agent_id, &request.answer)?;
    w.log(agent.vault_id, &Draft::done(Actor::Agent(agent.kind, agent.agent_id), "agent.enrol"))?;
    w.commit(agent.vault_id, "agent", Some(&agent.agent_id.0))?;
    Ok(enrolment.record)
}
