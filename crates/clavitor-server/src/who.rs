//! Who may call an operation. A handler's first argument is a proof of it, made here before the body is read; what the caller may do is the vault's to say.

use std::net::IpAddr;

use axum::http::{HeaderMap, Method, Uri, header};
use clavitor_vault::{Credential, Session, agents, session};
use subtle::ConstantTimeEq as _;

use crate::{
    config::Config,
    cookie,
    digest::sha256,
    dpop::{Expected, Proof, proof},
    node::Node,
    proofs::ProofId,
    refusal::Refusal,
};

/// The kinds of caller that the operation table names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhoKind {
    /// Nobody in particular. The list of these is a snapshot that may only shrink.
    Anyone,
    /// A person with a session.
    Person,
    /// A person whose passkey was used within the last five minutes.
    FreshPerson,
    /// An enrolled agent that signed the request.
    Agent,
    /// A hosted agent with its token.
    Hosted,
    /// An agent of either kind.
    AnyAgent,
    /// Whoever watches the node: somebody on this machine, or with the token that the operator set. To others there is nothing here.
    Watcher,
}

impl WhoKind {
    /// Its name in the API description.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Person => "person",
            Self::FreshPerson => "fresh-person",
            Self::Agent => "agent",
            Self::Hosted => "hosted",
            Self::AnyAgent => "any-agent",
            Self::Watcher => "watcher",
        }
    }

    /// Whether the caller is proved by a cookie, which browsers send by themselves.
    pub fn has_cookie(self) -> bool {
        matches!(self, Self::Person | Self::FreshPerson)
    }
}

/// Whether a request brings something that could prove its sender.
pub(crate) fn names_itself(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION) || cookie::session(headers).is_some()
}

/// A request without its body.
pub struct Head<'a> {
    /// Method.
    pub method: &'a Method,
    /// Path and query.
    pub uri: &'a Uri,
    /// Header fields.
    pub headers: &'a HeaderMap,
    /// Whose address it counts against.
    pub from: IpAddr,
}

/// Names an agent together with what it proves itself by, so that a stranger who names the agent uses up a rate of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallerKey([u8; 32]);

impl CallerKey {
    /// The hash of the parts, each of which has a fixed length or is the only one.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        Self(sha256(&zeroize::Zeroizing::new(parts.concat())))
    }
}

/// A proof of who calls.
pub trait Who: Send + Sync + Sized + 'static {
    /// Which kind.
    const KIND: WhoKind;

    /// Proves the caller from the head of the request.
    ///
    /// # Errors
    /// `unauthenticated`, `clock_skew`, `fresh_passkey_needed`.
    fn prove(node: &Node, head: &Head<'_>) -> Result<Self, Refusal>;

    /// Checks that the proof covers the body.
    ///
    /// # Errors
    /// `unauthenticated`.
    fn covers(&self, body: Option<&[u8; 32]>) -> Result<(), Refusal> {
        let _ = body;
        Ok(())
    }

    /// The proof that was used up for this request.
    fn proof_id(&self) -> Option<&ProofId> {
        None
    }

    /// Whose rate the request counts against, if it is an agent's.
    fn rate_key(&self) -> Option<CallerKey> {
        None
    }

    /// What an agent brought; the vault has not looked it up yet.
    fn unproved(&self) -> Option<&Credential> {
        None
    }

    /// Whether the vault knows the caller. Asked before a request is refused for its form; a good one is answered by the vault, which asks itself.
    ///
    /// # Errors
    /// `unauthenticated`.
    fn known(&self, node: &Node) -> Result<(), Refusal> {
        self.unproved().map_or(Ok(()), |credential| known(node, credential))
    }
}

/// Nobody in particular.
pub struct Anyone {
    /// The session that the request came with, if any; signing in ends it.
    pub session: Credential,
}

/// A person with a session.
pub struct Person {
    /// For the vault.
    pub credential: Credential,
    /// The session.
    pub session: Session,
}

/// A person whose passkey was used within the last five minutes.
pub struct FreshPerson {
    /// For the vault.
    pub credential: Credential,
}

/// An enrolled agent that signed the request.
pub struct Agent {
    /// For the vault.
    pub credential: Credential,
    proof: Proof,
}

/// A hosted agent with its token.
pub struct Hosted {
    /// For the vault.
    pub credential: Credential,
    rate_key: CallerKey,
}

/// An agent of either kind.
pub enum AnyAgent {
    /// Enrolled.
    Enrolled(Agent),
    /// Hosted.
    Hosted(Hosted),
}

/// Whoever watches the node.
pub struct Watcher;

/// Anybody, who may be a [`Watcher`] and then hears more.
pub struct Onlooker {
    /// A watcher.
    pub watches: bool,
}

impl AnyAgent {
    /// For the vault.
    pub fn credential(&self) -> &Credential {
        match self {
            Self::Enrolled(agent) => &agent.credential,
            Self::Hosted(hosted) => &hosted.credential,
        }
    }
}

impl Who for Anyone {
    const KIND: WhoKind = WhoKind::Anyone;

    fn prove(_: &Node, head: &Head<'_>) -> Result<Self, Refusal> {
        let session = cookie::session(head.headers).and_then(|token| Credential::session(token).ok()).unwrap_or_default();
        Ok(Self { session })
    }
}

impl Who for Person {
    const KIND: WhoKind = WhoKind::Person;

    fn prove(node: &Node, head: &Head<'_>) -> Result<Self, Refusal> {
        let token = cookie::session(head.headers).ok_or_else(Refusal::unauthenticated)?;
        let credential = Credential::session(token)?;
        let session = node.look(|r| session::current(r, &credential))?;
        if session.touch_due {
            let touched = credential.clone();
            // Prolonging is a courtesy; the request does not wait for it.
            node.vault().write(node.now_ms(), move |w| session::touch(w, &touched), |_| ());
        }
        Ok(Self { credential, session })
    }
}

impl Who for FreshPerson {
    const KIND: WhoKind = WhoKind::FreshPerson;

    fn prove(node: &Node, head: &Head<'_>) -> Result<Self, Refusal> {
        let person = Person::prove(node, head)?;
        if person.session.fresh_until_ms <= node.now_ms() {
            return Err(clavitor_vault::Error::FreshPasskeyNeeded.into());
        }
        Ok(Self { credential: person.credential })
    }
}

impl Who for Agent {
    const KIND: WhoKind = WhoKind::Agent;

    fn prove(node: &Node, head: &Head<'_>) -> Result<Self, Refusal> {
        let url = format!("{}{}", node.config().origin, head.uri.path());
        let expected = Expected {
            method: head.method.as_str(),
            url: &url,
            now_ms: node.now_ms(),
            skew_s_max: node.config().limits.proof_skew_s_max,
            started_s: node.started_s(),
        };
        let proof = proof(head.headers, &expected)?.ok_or_else(Refusal::unauthenticated)?;
        node.take_proof(&proof.id)?;
        Ok(Self { credential: proof.credential.clone(), proof })
    }

    fn covers(&self, body: Option<&[u8; 32]>) -> Result<(), Refusal> {
        self.proof.covers(body)
    }

    fn proof_id(&self) -> Option<&ProofId> {
        Some(&self.proof.id)
    }

    fn rate_key(&self) -> Option<CallerKey> {
        Some(self.proof.caller)
    }

    fn unproved(&self) -> Option<&Credential> {
        Some(&self.credential)
    }
}

impl Who for Hosted {
    const KIND: WhoKind = WhoKind::Hosted;

    fn prove(_: &Node, head: &Head<'_>) -> Result<Self, Refusal> {
        let token = bearer(head.headers).ok_or_else(Refusal::unauthenticated)?;
        Ok(Self { credential: Credential::hosted(token)?, rate_key: CallerKey::of(&[token.as_bytes()]) })
    }

    fn rate_key(&self) -> Option<CallerKey> {
        Some(self.rate_key)
    }

    fn unproved(&self) -> Option<&Credential> {
        Some(&self.credential)
    }
}

impl Who for AnyAgent {
    const KIND: WhoKind = WhoKind::AnyAgent;

    fn prove(node: &Node, head: &Head<'_>) -> Result<Self, Refusal> {
        if bearer(head.headers).is_some() {
            Hosted::prove(node, head).map(Self::Hosted)
        } else {
            Agent::prove(node, head).map(Self::Enrolled)
        }
    }

    fn covers(&self, body: Option<&[u8; 32]>) -> Result<(), Refusal> {
        match self {
            Self::Enrolled(agent) => agent.covers(body),
            Self::Hosted(hosted) => hosted.covers(body),
        }
    }

    fn proof_id(&self) -> Option<&ProofId> {
        match self {
            Self::Enrolled(agent) => agent.proof_id(),
            Self::Hosted(_) => None,
        }
    }

    fn rate_key(&self) -> Option<CallerKey> {
        match self {
            Self::Enrolled(agent) => agent.rate_key(),
            Self::Hosted(hosted) => hosted.rate_key(),
        }
    }

    fn unproved(&self) -> Option<&Credential> {
        Some(self.credential())
    }
}

impl Who for Watcher {
    const KIND: WhoKind = WhoKind::Watcher;

    fn prove(node: &Node, head: &Head<'_>) -> Result<Self, Refusal> {
        let expected = node.config().vitals.metrics_token_sha256;
        let has_token =
            bearer(head.headers).zip(expected).is_some_and(|(token, expected)| sha256(token.as_bytes()).ct_eq(&expected).into());
        if has_token || is_on_this_machine(node.config(), head) { Ok(Self) } else { Err(clavitor_vault::Error::Hidden.into()) }
    }
}

impl Who for Onlooker {
    const KIND: WhoKind = WhoKind::Anyone;

    fn prove(node: &Node, head: &Head<'_>) -> Result<Self, Refusal> {
        Ok(Self { watches: Watcher::prove(node, head).is_ok() })
    }
}

/// Whether nobody can have passed the request on: behind a proxy every request comes from this machine, and such a node listens on loopback under another
/// name, or its proxy leaves a header. What passes connections on leaves none: a node with a name of the world may be behind such a thing, and so may one
/// whose proxies speak the PROXY protocol.
fn is_on_this_machine(config: &Config, head: &Head<'_>) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| head.headers.contains_key(*name));
    let host = config.origin.split_once("://").map_or("", |(_, rest)| rest);
    let is_local = |name: &str| host == name || host.strip_prefix(name).is_some_and(|port| port.starts_with(':'));
    let behind_a_proxy = config.listen.ip().is_loopback() && !["localhost", "127.0.0.1", "[::1]"].iter().any(|name| is_local(name));
    let of_the_world = config.proxy_protocol || config.names.iter().any(|name| name != "localhost");
    head.from.is_loopback() && !forwarded && !behind_a_proxy && !of_the_world && !config.trusts(head.from)
}

/// Whether the vault knows an agent.
///
/// # Errors
/// `unauthenticated`.
pub(crate) fn known(node: &Node, credential: &Credential) -> Result<(), Refusal> {
    node.read(|r| agents::me(r, credential, None)).map(|_| ())
}

/// Whether the vault knows whoever sent this, by session, signature or token; for requests that have no operation. A wrong try counts like any other.
pub(crate) fn is_somebody(node: &Node, head: &Head<'_>) -> bool {
    let has_session = cookie::session(head.headers).is_some();
    if has_session && Person::prove(node, head).is_ok() {
        return true;
    }
    let has_credential = head.headers.contains_key(header::AUTHORIZATION);
    if has_credential && AnyAgent::prove(node, head).and_then(|agent| agent.known(node)).is_ok() {
        return true;
    }
    if has_session || has_credential {
        // The answer is "nothing is there" either way; what the address has left shows at its next request.
        let _ = node.count_failed(head.from);
    }
    false
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
