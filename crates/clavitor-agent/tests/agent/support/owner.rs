//! The owner at the real node: a software passkey to sign in, the person's side in Rust for what the page computes.

use axum::http::Method;
use clavitor_api::{Blob, Ceremony, NewPasskey};
use clavitor_crypto::{AgentId, VaultId, random::Os, sign::PublicKey};
use clavitor_person::{Changes, Genesis, PasskeyPrf, Person};
use serde_json::{Value, json};

use super::{NOW_MS, RealNode, key::Key, real::Reply, wire};

/// A vault's owner, signed in.
pub(crate) struct Owner {
    pub(crate) person: Person,
    cookie: String,
}

impl Owner {
    /// Makes the first vault of a node, with two ways in.
    pub(crate) fn claim(node: &RealNode) -> Self {
        let mut owner = node.run(Self::first(node));
        node.run(owner.second_way_in(node));
        owner
    }

    async fn first(node: &RealNode) -> Self {
        let (token, vault) = (node.setup_token(), VaultId::make());
        let begin = json!({"setup_token": token, "vault_id": vault.to_string()});
        let begun = node.ask(None, Method::POST, "/v1/setup/begin", Some(&begin)).await.ok();
        let (passkey, prf) = passkey(node, &begun, vault).await;
        let told = node.ask(None, Method::GET, "/v1/node", None).await.ok().json;
        let log_key: Blob = serde_json::from_value(told["log_key"].clone()).unwrap();
        let log_key = PublicKey::parse(&log_key.0).unwrap();
        let genesis = Genesis { vault, name: "Home vault", home_node: &node.origin, log_key, passkey: &prf, now_ms: NOW_MS };
        let (person, changes) = Person::create(&genesis, Box::new(Os)).unwrap();
        let finish = json!({"setup_token": token, "vault_id": vault.to_string(), "change": wire::change(changes, Some(passkey))});
        let finished = node.ask(None, Method::POST, "/v1/setup/finish", Some(&finish)).await.ok();
        Self { person, cookie: finished.cookie.unwrap() }
    }

    async fn second_way_in(&mut self, node: &RealNode) {
        let begun = node.ask(Some(&self.cookie), Method::POST, "/v1/passkeys/begin", None).await.ok();
        let (passkey, prf) = passkey(node, &begun, self.person.vault()).await;
        let changes = self.person.add_passkey(&prf, "Second", NOW_MS).unwrap();
        let change = json!(wire::change(changes, Some(passkey)));
        node.ask(Some(&self.cookie), Method::POST, "/v1/changes", Some(&change)).await.ok();
    }

    /// Stores what the person did.
    pub(crate) fn store(&self, node: &RealNode, changes: Changes) {
        let change = json!(wire::change(changes, None));
        node.run(node.ask(Some(&self.cookie), Method::POST, "/v1/changes", Some(&change))).ok();
    }

    /// Reads as the page does.
    pub(crate) fn read(&self, node: &RealNode, path: &str) -> Value {
        node.run(node.ask(Some(&self.cookie), Method::GET, path, None)).ok().json
    }

    /// Locks an agent.
    pub(crate) fn lock(&self, node: &RealNode, agent: AgentId) {
        node.run(node.ask(Some(&self.cookie), Method::POST, &format!("/v1/agents/{agent}/lock"), None)).ok();
    }

    /// Verifies what the agent sent, and signs its keys into the manifest.
    pub(crate) fn confirm(&mut self, node: &RealNode, agent: AgentId) {
        let agents = self.read(node, "/v1/agents");
        let status = agents["agents"].as_array().unwrap().iter().find(|status| status["agent_id"] == agent.to_string()).unwrap().clone();
        let answer = |member: &str| serde_json::from_value::<Blob>(status["enrolment"]["answer"][member].clone()).unwrap().0;
        let changes = self.person.admit(agent, &answer("ed25519"), &answer("x25519"), &answer("mac"), NOW_MS).unwrap();
        self.store(node, changes);
    }
}

/// A new passkey, and the PRF output that its authenticator would give the page.
async fn passkey(node: &RealNode, begun: &Reply, vault: VaultId) -> (NewPasskey, PasskeyPrf) {
    let ceremony: Ceremony = serde_json::from_value(begun.json.clone()).unwrap();
    let mut key = Key::new(&node.origin, "prf");
    let credential = key.create(&ceremony, vault.0, "required").await;
    let prf = key.prf(&credential.raw_id.0);
    (NewPasskey { ceremony_id: ceremony.ceremony_id, credential }, prf)
}
