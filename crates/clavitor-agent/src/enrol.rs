//! Enrolment: the string from the owner becomes keys on this machine, a pinned vault, and a request that the owner's browser confirms.

use clavitor_api::{Blob, EnrolRequest, EnrolResponse, Id};
use clavitor_crypto::{
    AgentId, Refusal, ScopeId, Secret,
    cbor::{self, Canonical, Reader, Writer},
    derive::{Label, derive},
    enrol::{EnrolSecret, EnrolString},
    manifest::{AgentState, Manifest, SignedManifest},
    record::{Context, RecordKey},
    secret::Secret32,
    sign::PublicKey,
    signed::Signed,
};

use crate::{
    alarm::Alarm,
    failure::{Failure, Kind},
    identity::{AgentKeys, Identity, ObjectPin, Pins},
    label,
    node::Node,
    tier2::EnrolGrant,
};

/// The key of record 0x14, known to whoever holds the enrolment string.
const ENROL_WRAP: Label = Label::of("enrol/wrap");

/// What record 0x14 holds (docs/FORMAT.md section 7). The scope keys in it are only checked for shape: they come again, sealed and signed, with every session.
struct Grant {
    usk: [u8; 32],
    manifest: Vec<u8>,
    vault_name: String,
    scopes: Vec<GrantedScope>,
}

struct GrantedScope {
    scope: ScopeId,
    epoch: u32,
    key1: Secret32,
    key2: Secret32,
}

impl Canonical for GrantedScope {
    fn write(&self, to: &mut Writer) {
        to.map(4).bytes(0, &self.scope.0).number(1, self.epoch).bytes(2, self.key1.expose()).bytes(3, self.key2.expose());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Refusal> {
        from.map(4)?;
        Ok(Self {
            scope: ScopeId(from.fixed(0)?),
            epoch: from.number(1)?,
            key1: Secret::from_slice(from.bytes(2)?).ok_or(Refusal::Cbor)?,
            key2: Secret::from_slice(from.bytes(3)?).ok_or(Refusal::Cbor)?,
        })
    }
}

impl Canonical for Grant {
    fn write(&self, to: &mut Writer) {
        to.map(4).bytes(0, &self.usk).bytes(1, &self.manifest).text(2, &self.vault_name).list(3, &self.scopes);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Refusal> {
        from.map(4)?;
        Ok(Self { usk: from.fixed(0)?, manifest: from.bytes(1)?.to_vec(), vault_name: from.text(2)?, scopes: from.list(3)? })
    }
}

/// A new agent, known to the node and waiting for the owner.
pub struct Enrolled {
    /// Keys and pins, to be stored.
    pub identity: Identity,
    /// The manifest as it was when the string was made.
    pub pins: Pins,
    /// Ids of the scopes it was invited to.
    pub scopes: Vec<ScopeId>,
}

/// Reads an enrolment string.
///
/// # Errors
/// It is not one, or was cut or mistyped.
pub fn parse(text: &str) -> Result<EnrolString, Failure> {
    EnrolString::parse(text.trim()).map_err(|_| {
        Failure::general("this is not a whole enrolment string; it begins with cvte1- and was checked for typing errors")
            .remedy("copy it again from the owner's Agents page, and pass it on standard input: clavitor agent enroll -")
    })
}

/// Sends fresh public keys under the string's proof, and opens what the owner left for this agent.
///
/// # Errors
/// The node refuses the string, or what it answers does not prove to be the owner's.
pub async fn enrol(string: &EnrolString, node: &Node, keys: AgentKeys) -> Result<Enrolled, Failure> {
    let secret = &string.secret;
    let ed25519 = keys.signing.public();
    let x25519 = keys.unwrapping.public().map_err(|_| Failure::general("no key could be made"))?;
    let request = EnrolRequest {
        vault_id: Id(secret.vault().0),
        agent_id: Id(secret.agent().0),
        auth: Blob(secret.auth().expose().to_vec()),
        ed25519: Blob(ed25519.as_bytes().to_vec()),
        x25519: Blob(x25519.0.to_vec()),
        mac: Blob(secret.mac(&ed25519, &x25519).to_vec()),
    };
    let response: EnrolResponse = node.post_anonymous("/v1/enrol", &request).await.map_err(explained)?;
    let grant = open_grant(secret, &response.grant.0).map_err(|alarm| refused(&alarm))?;
    let (usk, manifest) = verified(secret, &grant).map_err(|alarm| refused(&alarm))?;
    let pins = Pins { manifest: Some(ObjectPin { version: manifest.body().version, hash: *manifest.hash() }), ..Pins::default() };
    let identity = Identity {
        vault: secret.vault(),
        vault_name: label::label(&grant.vault_name),
        agent: secret.agent(),
        node: node.origin().clone(),
        usk,
        keys,
    };
    Ok(Enrolled { identity, pins, scopes: grant.scopes.iter().map(|scope| scope.scope).collect() })
}

fn open_grant(secret: &EnrolSecret, record: &[u8]) -> Result<Grant, Alarm> {
    let key = RecordKey::<EnrolGrant>::new(derive(secret.secret().expose(), ENROL_WRAP, &secret.vault(), 0, b""));
    let context = Context::enrolment(secret.vault(), secret.agent());
    let opened = key.open(&context, record).map_err(|refused| Alarm::new("the enrolment grant", refused))?;
    cbor::decode(&opened).map_err(|refusal| Alarm::new("the enrolment grant", refusal))
}

fn verified(secret: &EnrolSecret, grant: &Grant) -> Result<(PublicKey, SignedManifest), Alarm> {
    let usk = PublicKey::parse(&grant.usk).map_err(|refusal| Alarm::new("the vault's signing key", refusal))?;
    let manifest =
        Signed::<Manifest>::verify(&grant.manifest, &secret.vault(), &usk).map_err(|refusal| Alarm::new("the manifest", refusal))?;
    if manifest.body().usk != usk {
        return Err(Alarm::new("the manifest", "names another signing key"));
    }
    let agent: AgentId = secret.agent();
    match manifest.body().agent(agent) {
        Some(listed) if listed.state == AgentState::Invited => Ok((usk, manifest)),
        Some(_) | None => Err(Alarm::new("the manifest", "does not invite this agent")),
    }
}

/// At enrolment there is no profile yet, and nothing to stop but this.
fn refused(alarm: &Alarm) -> Failure {
    Failure::new(Kind::IdentityMismatch, format!("ALARM: what the node answered is not what the owner sealed: {alarm}. Nothing was kept"))
        .remedy("tell the vault's owner, and ask for a new enrolment string over a way you trust")
}

/// A used or expired string is the common case; the node's words do not say what to do about it.
fn explained(failure: Failure) -> Failure {
    match failure.kind {
        Kind::ApprovalRefused | Kind::NotFound | Kind::Auth => Failure {
            kind: Kind::ApprovalRefused,
            message: format!("the enrolment string was not accepted: {}", failure.message),
            ..failure
        }
        .remedy("it is valid for 15 minutes and once; ask the owner for a new one"),
        _ => failure,
    }
}
