//! A person's browser: a passkey of software, the person's side in Rust for what the page computes.

use axum::http::Method;
use clavitor_api::{Ceremony, NewPasskey};
use clavitor_crypto::{VaultId, sign::PublicKey};
use clavitor_person::{Changes, Genesis, Person, Seeded};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::{
    key::Key,
    node::{Asker, ORIGIN, Reply, TestNode},
    wire,
};

/// A browser with a vault, signed in.
pub(crate) struct Browser {
    pub key: Key,
    pub person: Person,
    pub cookie: String,
}

pub(crate) fn ceremony(reply: &Reply) -> Ceremony {
    serde_json::from_value(reply.ok()).unwrap()
}

impl Browser {
    /// Makes a vault with a set-up link, as the page does.
    pub(crate) async fn make_vault(node: &TestNode, seed: &str) -> Self {
        let token = node.setup_token();
        let vault = VaultId::make_with(&mut Seeded::new(seed));
        let mut key = Key::new(ORIGIN, seed);
        let begin = json!({"setup_token": token, "vault_id": vault.to_string()});
        let begun = ceremony(&node.post(&Asker::Nobody, "/v1/setup/begin", &begin).await);
        let credential = key.create(&begun, vault.0, "required").await;
        let prf = key.prf(&credential.raw_id.0);
        let log_key = node.get(&Asker::Nobody, "/v1/node").await.ok()["log_key"].as_str().unwrap().to_owned();
        let genesis = Genesis {
            vault,
            name: "Household",
            home_node: ORIGIN,
            log_key: PublicKey::parse(&BASE64URL_NOPAD.decode(log_key.as_bytes()).unwrap()).unwrap(),
            passkey: &prf,
            now_ms: node.now_ms(),
        };
        let (person, changes) = Person::create(&genesis, Box::new(Seeded::new(seed))).unwrap();
        let passkey = NewPasskey { ceremony_id: begun.ceremony_id, credential };
        let change = wire::change(changes, Some(passkey));
        let finish = json!({"setup_token": token, "vault_id": vault.to_string(), "change": change});
        let finished = node.post(&Asker::Nobody, "/v1/setup/finish", &finish).await;
        finished.ok();
        Self { key, person, cookie: finished.cookie().unwrap() }
    }

    /// Uses the passkey again: a new session, fresh.
    pub(crate) async fn sign_in(&mut self, node: &TestNode) -> Reply {
        let begun = ceremony(&node.post(&Asker::Nobody, "/v1/session/begin", &json!({})).await);
        let credential = self.key.get(&begun, "required").await;
        let finish = json!({"ceremony_id": begun.ceremony_id, "credential": credential});
        let finished = node.post(&Asker::Nobody, "/v1/session/finish", &finish).await;
        if let Some(cookie) = finished.cookie() {
            self.cookie = cookie;
        }
        finished
    }

    /// Adds a second passkey, so that the vault has two ways in.
    pub(crate) async fn add_passkey(&mut self, node: &TestNode, key: &mut Key) -> Reply {
        let begun = ceremony(&node.ask(&Asker::Person(self), Method::POST, "/v1/passkeys/begin", None).await);
        let credential = key.create(&begun, self.person.vault().0, "required").await;
        let prf = key.prf(&credential.raw_id.0);
        let changes = self.person.add_passkey(&prf, "Second", node.now_ms()).unwrap();
        let passkey = NewPasskey { ceremony_id: begun.ceremony_id, credential };
        let change = serde_json::to_value(wire::change(changes, Some(passkey))).unwrap();
        node.post(&Asker::Person(self), "/v1/changes", &change).await
    }

    pub(crate) async fn change(&self, node: &TestNode, changes: Changes) -> Reply {
        let change: Value = serde_json::to_value(wire::change(changes, None)).unwrap();
        node.post(&Asker::Person(self), "/v1/changes", &change).await
    }
}
