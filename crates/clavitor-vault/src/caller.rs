//! Who is asking. A [`Credential`] is parsed outside of any transaction; a caller is made from it here, inside the transaction that uses it, and
//! nowhere else.

use std::{marker::PhantomData, sync::Arc};

use clavitor_crypto::{
    AgentId, VaultId,
    hash::{same, sha256},
    manifest::{AgentKind, AgentScope, AgentState},
    sign::PublicKey,
    token::HostedToken,
};
use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use crate::{
    Error, Read, Result,
    policy::{Asker, Standing},
    store::{
        agents::AgentRow,
        sessions::{SessionRow, TOKEN_BYTES},
    },
};

/// What a request brought to say who is asking. It proves nothing until it is looked up.
#[derive(Clone, Default)]
pub enum Credential {
    /// Nothing.
    #[default]
    Anonymous,
    /// A session cookie.
    Session(SessionHash),
    /// A signature by an agent's key.
    Agent(AgentProof),
    /// A hosted token.
    Hosted(HostedBearer),
}

/// SHA-256 of a session token.
#[derive(Clone)]
pub struct SessionHash(pub(crate) [u8; 32]);

/// Proof that the holder of a public key made this request. Whether the key is the agent's is looked up later.
#[derive(Clone)]
pub struct AgentProof {
    agent_id: AgentId,
    public_key: PublicKey,
}

/// A hosted token, in memory for this request only and wiped after it.
#[derive(Clone)]
pub struct HostedBearer(pub(crate) Arc<HostedToken>);

impl Credential {
    /// A session cookie's value.
    ///
    /// # Errors
    /// `Unauthenticated` if it is not 43 characters of base64url.
    pub fn session(cookie: &str) -> Result<Self> {
        let token = Zeroizing::new(BASE64URL_NOPAD.decode(cookie.as_bytes()).map_err(|_| Error::Unauthenticated)?);
        if token.len() != TOKEN_BYTES {
            return Err(Error::Unauthenticated);
        }
        Ok(Self::Session(SessionHash(sha256(&[&token]))))
    }

    /// A request signed with Ed25519 by `public_key`. `message` is what was signed: the DPoP proof up to its signature, whose claims the server has checked.
    ///
    /// # Errors
    /// `Unauthenticated` if the signature does not hold.
    pub fn agent(agent_id: AgentId, public_key: [u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<Self> {
        let public_key = PublicKey::parse(&public_key).map_err(|_| Error::Unauthenticated)?;
        public_key.verify_bytes(message, signature).map_err(|_| Error::Unauthenticated)?;
        Ok(Self::Agent(AgentProof { agent_id, public_key }))
    }

    /// A hosted token, `cvt1-…`.
    ///
    /// # Errors
    /// `Unauthenticated` if it is not one.
    pub fn hosted(token: &str) -> Result<Self> {
        let token = HostedToken::parse(token).map_err(|_| Error::Unauthenticated)?;
        Ok(Self::Hosted(HostedBearer(Arc::new(token))))
    }
}

/// Somebody who was proved, for the transaction it was proved in.
pub(crate) struct Caller<'tx> {
    who: Who,
    now_ms: u64,
    tx: PhantomData<&'tx ()>,
}

/// Who it is.
pub(crate) enum Who {
    Person(SessionRow),
    Agent(AgentRow),
}

impl<'tx> Caller<'tx> {
    /// Looks the credential up.
    pub(crate) fn find(r: &Read<'tx>, credential: &Credential) -> Result<Self> {
        let who = match credential {
            Credential::Anonymous => return Err(Error::Unauthenticated),
            Credential::Session(hash) => Who::Person(r.session(&hash.0)?.ok_or(Error::Unauthenticated)?),
            Credential::Agent(proof) => Who::Agent(enrolled(r, proof)?),
            Credential::Hosted(bearer) => Who::Agent(hosted(r, &bearer.0)?),
        };
        Ok(Self { who, now_ms: r.now_ms(), tx: PhantomData })
    }

    /// The caller's vault.
    pub(crate) fn vault(&self) -> VaultId {
        match &self.who {
            Who::Person(session) => session.vault_id,
            Who::Agent(agent) => agent.vault_id,
        }
    }

    pub(crate) fn who(&self) -> &Who {
        &self.who
    }

    /// The person's session.
    pub(crate) fn session(&self) -> Result<&SessionRow> {
        match &self.who {
            Who::Person(session) => Ok(session),
            Who::Agent(_) => Err(Error::Unauthenticated),
        }
    }

    /// The agent, of the kind that the operation is for.
    pub(crate) fn agent(&self, kind: AgentKind) -> Result<&AgentRow> {
        match &self.who {
            Who::Agent(agent) if agent.kind == kind => Ok(agent),
            Who::Agent(_) | Who::Person(_) => Err(Error::Unauthenticated),
        }
    }

    /// The caller as policy sees it.
    pub(crate) fn asker(&self) -> Asker {
        match &self.who {
            Who::Person(session) => Asker::Person { fresh: self.now_ms < session.fresh_until_ms },
            Who::Agent(agent) => Asker::Agent { kind: agent.kind, standing: standing(agent, self.now_ms) },
        }
    }
}

fn standing(agent: &AgentRow, now_ms: u64) -> Standing {
    match agent.state {
        AgentState::Invited => Standing::Invited,
        AgentState::Suspended => Standing::Suspended,
        AgentState::Active if now_ms / 1000 >= agent.not_after_s => Standing::Expired,
        AgentState::Active if agent.locked => Standing::Locked,
        AgentState::Active => Standing::Active,
    }
}

/// An enrolled agent by its key: the one in the manifest, or, while it is invited, the one it left when it enrolled.
fn enrolled(r: &Read<'_>, proof: &AgentProof) -> Result<AgentRow> {
    let agent = r.agent(proof.agent_id)?.filter(|agent| agent.kind == AgentKind::Enrolled).ok_or(Error::Unauthenticated)?;
    let key = match agent.state {
        AgentState::Invited => r.enrolment(agent.agent_id)?.and_then(|enrolment| enrolment.answer).map(|answer| answer.ed25519.to_vec()),
        AgentState::Active | AgentState::Suspended => Some(agent.ed25519.clone()),
    };
    match key {
        Some(key) if same(&key, proof.public_key.as_bytes()) => Ok(agent),
        _ => Err(Error::Unauthenticated),
    }
}

fn hosted(r: &Read<'_>, token: &HostedToken) -> Result<AgentRow> {
    let agent = r.agent(token.agent())?.filter(|agent| agent.kind == AgentKind::Hosted).ok_or(Error::Unauthenticated)?;
    let auth_hash = r.hosted_auth_hash(agent.agent_id)?.ok_or(Error::Unauthenticated)?;
    if same(&auth_hash, &token.auth_hash(&agent.vault_id)) { Ok(agent) } else { Err(Error::Unauthenticated) }
}

/// The scopes of an agent that hold an entry.
pub(crate) fn shared_scopes<'a>(
    scopes: &'a [AgentScope],
    header: &'a clavitor_crypto::header::Header,
) -> impl Iterator<Item = &'a AgentScope> {
    scopes.iter().filter(|grant| header.is_in(grant.scope))
}
