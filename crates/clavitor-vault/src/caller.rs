//! Who is asking. A [`Credential`] is parsed outside of any transaction; a caller is made from it here, inside the transaction that uses it, and nowhere else.

use clavitor_crypto::AgentId;

use crate::{Error, Result};

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
}

/// SHA-256 of a session token.
#[derive(Clone)]
pub struct SessionHash(pub(crate) [u8; 32]);

/// Proof that the holder of a public key made this request. Whether the key is the agent's is looked up later.
#[derive(Clone)]
pub struct AgentProof {
    pub(crate) agent_id: AgentId,
    pub(crate) public_key: [u8; 32],
}

impl Credential {
    /// A session cookie's value.
    ///
    /// # Errors
    /// `Unauthenticated` if it is not 43 characters of base64url.
    pub fn session(cookie: &str) -> Result<Self> {
        let _ = cookie;
        Err(Error::Unauthenticated)
    }

    /// A request signed with Ed25519 by `public_key`. `message` is what was signed (the DPoP proof up to its signature, whose claims the server has checked).
    ///
    /// # Errors
    /// `Unauthenticated` if the signature does not hold.
    pub fn agent(agent_id: AgentId, public_key: [u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<Self> {
        let _ = (agent_id, public_key, message, signature);
        Err(Error::Unauthenticated)
    }

    /// A hosted token, `cvt1-…`.
    ///
    /// # Errors
    /// `Unauthenticated` if it is not one.
    pub fn hosted(token: &str) -> Result<Self> {
        let _ = token;
        Err(Error::Unauthenticated)
    }
}
