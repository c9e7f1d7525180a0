//! An enrolled agent: its keys, its enrolment, and the proof it sends with each request.

use std::sync::atomic::{AtomicU64, Ordering};

use clavitor_crypto::{AgentId, hash::sha256};
use clavitor_person::{AgentDouble, AgentTerms, Seeded};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    node::{Asker, ORIGIN, Reply, TestNode},
};

pub(crate) struct Agent {
    pub double: AgentDouble,
    proofs: AtomicU64,
}

impl Agent {
    /// Invited and holding its string; the node has not heard of it.
    pub(crate) async fn invited(node: &TestNode, browser: &mut Browser, terms: &AgentTerms, seed: &str) -> Self {
        let (invitation, changes) = browser.person.invite(terms, node.now_ms()).unwrap();
        browser.change(node, changes).await.ok();
        let double = AgentDouble::invited(&invitation.text, &mut Seeded::new(seed)).unwrap();
        Self { double, proofs: AtomicU64::new(0) }
    }

    /// Invited, enrolled, and admitted by its owner.
    pub(crate) async fn enrolled(node: &TestNode, browser: &mut Browser, terms: &AgentTerms, seed: &str) -> Self {
        let mut agent = Self::invited(node, browser, terms, seed).await;
        let grant = agent.enrol(node).await.ok();
        agent.double.accept(&BASE64URL_NOPAD.decode(grant["grant"].as_str().unwrap().as_bytes()).unwrap()).unwrap();
        agent.admit(node, browser).await.ok();
        agent
    }

    /// Answers the enrolment string.
    pub(crate) async fn enrol(&self, node: &TestNode) -> Reply {
        node.post(&Asker::Nobody, "/v1/enrol", &self.enrolment()).await
    }

    pub(crate) fn enrolment(&self) -> Value {
        let blob = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        json!({
            "vault_id": self.double.vault().to_string(),
            "agent_id": self.id().to_string(),
            "auth": blob(self.double.auth().expose()),
            "ed25519": blob(self.double.signing_key().public().as_bytes()),
            "x25519": blob(&self.double.x25519().unwrap().0),
            "mac": blob(&self.double.mac().unwrap()),
        })
    }

    /// The owner's browser reads what the agent left, and signs its keys into the manifest.
    pub(crate) async fn admit(&self, node: &TestNode, browser: &mut Browser) -> Reply {
        let agents = node.get(&Asker::Person(browser), "/v1/agents").await.ok();
        let status =
            agents["agents"].as_array().unwrap().iter().find(|status| status["agent_id"] == self.id().to_string()).unwrap().clone();
        let answer = |member: &str| BASE64URL_NOPAD.decode(status["enrolment"]["answer"][member].as_str().unwrap().as_bytes()).unwrap();
        let (ed25519, x25519, mac) = (answer("ed25519"), answer("x25519"), answer("mac"));
        let changes = browser.person.admit(self.id(), &ed25519, &x25519, &mac, node.now_ms()).unwrap();
        browser.change(node, changes).await
    }

    pub(crate) fn id(&self) -> AgentId {
        self.double.id()
    }

    /// The proof of one request, never the same twice.
    pub(crate) fn proof(&self, method: &str, path: &str, body: Option<&[u8]>, now_ms: u64) -> String {
        self.sign(&self.header(), &self.claims(method, path, body, now_ms))
    }

    pub(crate) fn header(&self) -> Value {
        let x = BASE64URL_NOPAD.encode(self.double.signing_key().public().as_bytes());
        json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}})
    }

    pub(crate) fn claims(&self, method: &str, path: &str, body: Option<&[u8]>, now_ms: u64) -> Value {
        let number = self.proofs.fetch_add(1, Ordering::SeqCst);
        let path = path.split('?').next().unwrap();
        let mut claims = json!({
            "jti": format!("proof-number-{number}"),
            "htm": method,
            "htu": format!("{ORIGIN}{path}"),
            "iat": now_ms / 1000,
            "ath": BASE64URL_NOPAD.encode(&sha256(&[self.id().to_string().as_bytes()])),
        });
        if let Some(body) = body {
            claims["cdg"] = BASE64URL_NOPAD.encode(&sha256(&[body])).into();
        }
        claims
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.double.signing_key().sign_bytes(message.as_bytes());
        format!("{message}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}
