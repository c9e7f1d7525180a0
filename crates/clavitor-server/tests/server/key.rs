//! A person's passkey, in a software authenticator. Whoever plays a person at a node uses this one.

use std::{future::Future, pin::Pin};

use clavitor_api::{AssertionCredential, Ceremony, RegistrationCredential};
use clavitor_person::PasskeyPrf;
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
use serde_json::json;
use webauthn_rs::prelude::Url;

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
    pub(crate) fn new(origin: &str, seed: &str) -> Self {
        Self { stored: None, verifies: true, origin: origin.to_owned(), seed: seed.to_owned() }
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
