//! Proofs of possession: every request of an enrolled agent is signed (RFC 9449), bound to method, URL, time, agent and body.

use axum::http::{HeaderMap, header};
use clavitor_api::{ErrorCode, Id};
use clavitor_vault::{AgentId, Credential};
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::{digest::sha256, proofs::ProofId, refusal::Refusal, who::CallerKey};

/// Longest proof that is read.
const PROOF_BYTES_MAX: usize = 4096;
/// Shortest and longest `jti`.
const JTI_BYTES: std::ops::RangeInclusive<usize> = 8..=128;

/// What a proof has to fit.
pub(crate) struct Expected<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The node's origin and the request's path, without a query.
    pub url: &'a str,
    /// The node's time.
    pub now_ms: u64,
    /// How far the proof's time may be from it.
    pub skew_s_max: u64,
    /// When this process began to remember proofs, Unix seconds.
    pub started_s: u64,
}

/// A proof whose signature and claims hold, except for the body's hash and for having been seen before.
pub(crate) struct Proof {
    /// For the vault, which looks up whether the key is the agent's.
    pub credential: Credential,
    /// Names the proof, so that it works once.
    pub id: ProofId,
    /// For the agent's rate.
    pub caller: CallerKey,
    body_hash: Option<[u8; 32]>,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Key,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    crv: String,
    x: String,
    /// A private key in a header would be the end of it.
    d: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: u64,
    ath: String,
    cdg: Option<String>,
}

fn refused(why: &'static str) -> Refusal {
    Refusal::unauthenticated().logged(why)
}

/// Reads `Authorization: DPoP <agent id>` and the `DPoP` header. `None` if the request brings no such authorisation.
///
/// # Errors
/// `unauthenticated` with the reason in the log; `clock_skew` with the node's time; `secret_refused` if the header holds a private key.
pub(crate) fn proof(headers: &HeaderMap, expected: &Expected<'_>) -> Result<Option<Proof>, Refusal> {
    let Some(agent) = headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"DPoP ")) else { return Ok(None) };
    let agent = std::str::from_utf8(agent).map_err(|_| refused("agent id is not text"))?;
    let agent_id: Id = agent.parse().map_err(|_| refused("agent id is not hexadecimal"))?;
    let mut proofs = headers.get_all("dpop").iter();
    let (Some(token), None) = (proofs.next(), proofs.next()) else { return Err(refused("not exactly one DPoP header")) };
    let token = token.to_str().map_err(|_| refused("proof is not text"))?;
    if token.len() > PROOF_BYTES_MAX {
        return Err(refused("proof is too long"));
    }
    verify(token, agent, agent_id, expected).map(Some)
}

fn verify(token: &str, agent: &str, agent_id: Id, expected: &Expected<'_>) -> Result<Proof, Refusal> {
    let (message, signature) = token.rsplit_once('.').ok_or_else(|| refused("proof has no signature"))?;
    let (head, claims) = message.split_once('.').ok_or_else(|| refused("proof has no claims"))?;
    let head: Header = part(head)?;
    if head.jwk.d.is_some() {
        return Err(Refusal::new(ErrorCode::SecretRefused, "The proof carries a private key. Make a new one."));
    }
    if (head.typ.as_str(), head.alg.as_str()) != ("dpop+jwt", "EdDSA")
        || (head.jwk.kty.as_str(), head.jwk.crv.as_str()) != ("OKP", "Ed25519")
    {
        return Err(refused("proof is of another type"));
    }
    let claims: Claims = part(claims)?;
    check(&claims, agent, expected)?;
    let key: [u8; 32] = bytes(&head.jwk.x)?;
    let signature: [u8; 64] = bytes(signature)?;
    let credential = Credential::agent(AgentId(agent_id.0), key, message.as_bytes(), &signature)?;
    let body_hash = claims.cdg.as_deref().map(bytes).transpose()?;
    let caller = CallerKey::of(&[&agent_id.0, &key]);
    Ok(Proof { credential, id: ProofId::new(agent_id, &claims.jti, claims.iat), caller, body_hash })
}

fn check(claims: &Claims, agent: &str, expected: &Expected<'_>) -> Result<(), Refusal> {
    if claims.htm != expected.method || claims.htu != expected.url {
        return Err(refused("proof is for another request"));
    }
    if !JTI_BYTES.contains(&claims.jti.len()) {
        return Err(refused("proof id has the wrong length"));
    }
    let ath: [u8; 32] = bytes(&claims.ath)?;
    if !same(&ath, &sha256(agent.as_bytes())) {
        return Err(refused("proof is for another agent"));
    }
    if claims.iat.abs_diff(expected.now_ms / 1000) > expected.skew_s_max {
        let mut refusal = Refusal::new(ErrorCode::ClockSkew, "The clocks of this machine and of the node are too far apart.");
        refusal.body.now_ms = Some(expected.now_ms);
        return Err(refusal.remedy("Set this machine's clock, or sign with the node's time in now_ms."));
    }
    remembered(claims.iat, expected)
}

/// A proof from before the start may have been used then, and nobody remembers. Where the clock was set back since, its time says nothing about that.
fn remembered(made_s: u64, expected: &Expected<'_>) -> Result<(), Refusal> {
    let age_s = expected.started_s.saturating_sub(made_s);
    if age_s == 0 || expected.now_ms / 1000 < expected.started_s {
        return Ok(());
    }
    let refusal = Refusal::new(ErrorCode::Unavailable, "The proof is older than the node's start, so it may have been used before.");
    Err(refusal.remedy("Make a new proof and try again.").retry_after(age_s))
}

impl Proof {
    /// Whether the proof covers this body: a body needs a hash, and no body needs none.
    ///
    /// # Errors
    /// `unauthenticated`.
    pub(crate) fn covers(&self, body: Option<&[u8; 32]>) -> Result<(), Refusal> {
        match (&self.body_hash, body) {
            (None, None) => Ok(()),
            (Some(claimed), Some(actual)) if same(claimed, actual) => Ok(()),
            _ => Err(refused("proof does not cover the body")),
        }
    }
}

fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    bool::from(a.ct_eq(b))
}

fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, Refusal> {
    let json = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| refused("proof is not base64url"))?;
    serde_json::from_slice(&json).map_err(|_| refused("proof is not the JSON expected"))
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], Refusal> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| refused("proof is not base64url"))?;
    bytes.try_into().map_err(|_| refused("a member of the proof has the wrong length"))
}
