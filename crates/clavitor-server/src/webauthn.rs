//! Passkeys. The only module that names the WebAuthn library: ceremonies go in and out as opaque text, credentials as the wire types.
//!
//! User verification is always required. Extension results never reach this module: the wire types have no member for them.

use clavitor_api::{AssertionCredential, RegistrationCredential};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use thiserror::Error;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid,
    Webauthn, WebauthnBuilder, WebauthnError,
};

/// Why the relying party cannot be set up.
#[derive(Debug, Error)]
pub enum RelyingPartyError {
    /// The origin is not a URL.
    #[error("the origin {0:?} is not a URL such as https://vault.example.com")]
    Origin(String),
    /// The relying party id does not fit the origin.
    #[error("the relying party id {rp_id:?} must be the host of the origin {origin:?} or a parent domain of it, and never an IP address")]
    RpId {
        /// The id.
        rp_id: String,
        /// The origin.
        origin: String,
    },
}

/// A ceremony's answer does not hold. The text is for the log.
#[derive(Debug, Error)]
pub enum Refused {
    /// The library refused it.
    #[error("passkey refused: {0}")]
    Library(#[from] WebauthnError),
    /// The passkey belongs to another vault than it says.
    #[error("passkey refused: the user handle is not its vault")]
    UserHandle,
    /// Stored state or an answer does not parse.
    #[error("passkey state does not parse: {0}")]
    State(#[from] serde_json::Error),
}

/// A ceremony that has begun.
pub struct Begun {
    /// What the authenticator signs.
    pub challenge: Vec<u8>,
    /// To be kept by the node until the answer comes.
    pub state: String,
}

/// A passkey whose registration holds.
pub struct Registered {
    /// Its credential id.
    pub credential_id: Vec<u8>,
    /// To be kept with it.
    pub state: String,
    /// Whether it is synced between devices.
    pub synced: bool,
}

/// A passkey whose assertion holds.
pub struct Used {
    /// To be kept with it from now on.
    pub state: String,
    /// Whether it is synced between devices.
    pub synced: bool,
}

/// The relying party of this node.
pub struct RelyingParty {
    library: Webauthn,
}

impl RelyingParty {
    /// A relying party for one origin.
    ///
    /// # Errors
    /// [`RelyingPartyError`].
    pub fn new(rp_id: &str, origin: &str) -> Result<Self, RelyingPartyError> {
        let url = Url::parse(origin).map_err(|_| RelyingPartyError::Origin(origin.to_owned()))?;
        let misfit = || RelyingPartyError::RpId { rp_id: rp_id.to_owned(), origin: origin.to_owned() };
        if url.domain().is_none() {
            return Err(misfit());
        }
        let library = WebauthnBuilder::new(rp_id, &url).and_then(|builder| builder.rp_name("Clavitor").build()).map_err(|_| misfit())?;
        Ok(Self { library })
    }

    /// Begins making a passkey whose user handle is the vault id.
    ///
    /// # Errors
    /// [`Refused`], only if randomness or serialisation fails.
    pub fn begin_registration(&self, vault_id: [u8; 16]) -> Result<Begun, Refused> {
        let (options, state) = self.library.start_passkey_registration(Uuid::from_bytes(vault_id), "Clavitor", "Clavitor", None)?;
        Ok(Begun { challenge: options.public_key.challenge.as_slice().to_vec(), state: write(&state)? })
    }

    /// Checks the answer to [`RelyingParty::begin_registration`].
    ///
    /// # Errors
    /// [`Refused`].
    pub fn finish_registration(&self, state: &str, answer: &RegistrationCredential) -> Result<Registered, Refused> {
        let state: PasskeyRegistration = read(state)?;
        let answer: RegisterPublicKeyCredential = serde_json::from_value(json!({
            "id": answer.raw_id,
            "rawId": answer.raw_id,
            "type": "public-key",
            "response": {"attestationObject": answer.attestation_object, "clientDataJSON": answer.client_data_json},
        }))?;
        let passkey = self.library.finish_passkey_registration(&answer, &state)?;
        let credential_id = passkey.cred_id().as_slice().to_vec();
        Ok(Registered { credential_id, state: write(&passkey)?, synced: synced(&passkey)? })
    }

    /// Begins signing in; the passkey will say whose it is.
    ///
    /// # Errors
    /// [`Refused`], only if randomness or serialisation fails.
    pub fn begin_assertion(&self) -> Result<Begun, Refused> {
        let (options, state) = self.library.start_discoverable_authentication()?;
        Ok(Begun { challenge: options.public_key.challenge.as_slice().to_vec(), state: write(&state)? })
    }

    /// Checks the answer to [`RelyingParty::begin_assertion`] with the passkey that the node holds for its credential id.
    ///
    /// # Errors
    /// [`Refused`]; also when the user handle is not `vault_id`.
    pub fn finish_assertion(&self, state: &str, vault_id: [u8; 16], passkey: &str, answer: &AssertionCredential) -> Result<Used, Refused> {
        if answer.user_handle.as_ref().is_none_or(|handle| handle.0 != vault_id) {
            return Err(Refused::UserHandle);
        }
        let state: DiscoverableAuthentication = read(state)?;
        let mut passkey: Passkey = read(passkey)?;
        let answer: PublicKeyCredential = serde_json::from_value(json!({
            "id": answer.raw_id,
            "rawId": answer.raw_id,
            "type": "public-key",
            "response": {
                "authenticatorData": answer.authenticator_data,
                "clientDataJSON": answer.client_data_json,
                "signature": answer.signature,
                "userHandle": answer.user_handle,
            },
        }))?;
        let key = DiscoverableKey::from(&passkey);
        let result = self.library.finish_discoverable_authentication_v2(&answer, state, &key)?;
        passkey.update_credential(&result);
        Ok(Used { state: write(&passkey)?, synced: result.backup_eligible() })
    }
}

fn write<T: Serialize>(value: &T) -> Result<String, Refused> {
    Ok(serde_json::to_string(value)?)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Refused> {
    Ok(serde_json::from_str(text)?)
}

/// The BE flag of the registration; the library shows it only in the form it stores.
fn synced(passkey: &Passkey) -> Result<bool, Refused> {
    let stored = serde_json::to_value(passkey)?;
    Ok(stored.pointer("/cred/backup_eligible").and_then(serde_json::Value::as_bool).unwrap_or(false))
}
