//! A person's browser: a software authenticator for the passkey, the person's side in Rust for what the page computes.

use std::{future::Future, pin::Pin};

use axum::http::Method;
use clavitor_api::{AssertionCredential, Ceremony, NewPasskey, RegistrationCredential};
use clavitor_crypto::{VaultId, sign::PublicKey};
use clavitor_person::{Changes, Genesis, PasskeyPrf, Person, Seeded};
use data_encoding::BASE64URL_NOPAD;
use passkey::{
    authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod},
    client::{Client, DefaultClientData},
    crypto::rust_crypto::RustCryptoBackend,
    types::{
        Passkey,
        ctap2::{Aaguid, Ctap2Error},
    },
};
use serde_json::{Value, json};
use webauthn_rs::prelude::Url;

use crate::{
    node::{Asker, ORIGIN, Reply, TestNode},
    wire,
};

/// Somebody who touches the key and shows a finger, or only touches it.
struct Touch {
    verifies: bool,
}

impl UserValidationMethod for Touch {
    type PasskeyItem = Passkey;

    fn check_user<'hint, 'me, 'running>(
        &'me self,
        _: UiHint<'hint, Passkey>,
        _: bool,
        _: bool,
    ) -> Pin<Box<dyn Future<Output = Result<UserCheck, Ctap2Error>> + Send + 'running>>
    where
        'me: 'running,
        'hint: 'running,
        Self: 'running,
    {
        let verification = self.verifies;
        Box::pin(async move { Ok(UserCheck { presence: true, verification }) })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// A passkey in a software authenticator. Its PRF is made up here: the node may never see it anyway.
pub(crate) struct Key {
    stored: Option<Passkey>,
    verifies: bool,
    pub origin: String,
    seed: String,
}

impl Key {
    pub(crate) fn new(seed: &str) -> Self {
        Self { stored: None, verifies: true, origin: ORIGIN.to_owned(), seed: seed.to_owned() }
    }

    /// From now on nobody shows a finger, or somebody does again.
    pub(crate) fn verifies(&mut self, verifies: bool) {
        self.verifies = verifies;
    }

    fn authenticator(&self) -> Authenticator<Option<Passkey>, Touch, RustCryptoBackend> {
        Authenticator::new(Aaguid::new_empty(), self.stored.clone(), Touch { verifies: self.verifies }, RustCryptoBackend)
    }

    fn origin(&self) -> Url {
        Url::parse(&self.origin).unwrap()
    }

    pub(crate) async fn create(&mut self, ceremony: &Ceremony, handle: [u8; 16], verification: &str) -> RegistrationCredential {
        let options = serde_json::from_value(json!({"publicKey": {
            "rp": {"id": ceremony.rp_id, "name": "Clavitor"},
            "user": {"id": BASE64URL_NOPAD.encode(&handle), "name": "me", "displayName": "Me"},
            "challenge": ceremony.challenge,
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "authenticatorSelection": {"residentKey": "required", "requireResidentKey": true, "userVerification": verification},
            "attestation": "none",
        }}));
        let mut client = Client::new(self.authenticator()).allows_insecure_localhost(true);
        let made = client.register(self.origin(), options.unwrap(), DefaultClientData).await.unwrap();
        self.stored.clone_from(client.authenticator().store());
        RegistrationCredential {
            raw_id: made.raw_id.to_vec().into(),
            attestation_object: made.response.attestation_object.to_vec().into(),
            client_data_json: made.response.client_data_json.to_vec().into(),
        }
    }

    pub(crate) async fn get(&mut self, ceremony: &Ceremony, verification: &str) -> AssertionCredential {
        let options = serde_json::from_value(json!({"publicKey": {
            "challenge": ceremony.challenge, "rpId": ceremony.rp_id, "userVerification": verification,
        }}));
        let mut client = Client::new(self.authenticator()).allows_insecure_localhost(true);
        let got = client.authenticate(self.origin(), options.unwrap(), DefaultClientData).await.unwrap();
        AssertionCredential {
            raw_id: got.raw_id.to_vec().into(),
            authenticator_data: got.response.authenticator_data.to_vec().into(),
            client_data_json: got.response.client_data_json.to_vec().into(),
            signature: got.response.signature.to_vec().into(),
            user_handle: got.response.user_handle.map(|handle| handle.to_vec().into()),
        }
    }

    pub(crate) fn prf(&self, credential_id: &[u8]) -> PasskeyPrf {
        let output = clavitor_crypto::hash::sha256(&[self.seed.as_bytes(), credential_id]);
        PasskeyPrf::new("localhost", credential_id, &output).unwrap()
    }
}

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
        let mut key = Key::new(seed);
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
