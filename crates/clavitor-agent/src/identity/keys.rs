//! The key file: written once when the agent is enrolled, read at every use.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use clavitor_api::Id;
use clavitor_crypto::{
    AgentId, Secret, VaultId, random,
    secret::Secret32,
    sign::{PublicKey, SigningKey},
    wrap::WrapPrivate,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Kind},
    node::{Origin, Prover},
};

const FORMAT: &str = "clavitor.agent-key/1";

/// The agent's two private keys.
pub struct AgentKeys {
    /// Proves possession and signs headers.
    pub signing: SigningKey,
    /// Opens what is sealed to this agent.
    pub unwrapping: WrapPrivate,
}

impl AgentKeys {
    /// Fresh keys, made on this machine.
    ///
    /// # Errors
    /// The library refuses the seed.
    pub fn make() -> Result<Self, Failure> {
        let signing = SigningKey::make_with(&mut random::Os).map_err(|_| Failure::general("no key could be made"))?;
        Ok(Self { signing, unwrapping: WrapPrivate::make_with(&mut random::Os) })
    }
}

/// An enrolled agent.
pub struct Identity {
    /// The vault.
    pub vault: VaultId,
    /// What the owner calls the vault.
    pub vault_name: String,
    /// The agent.
    pub agent: AgentId,
    /// The node it was enrolled at.
    pub node: Origin,
    /// The vault's signing key, learnt from the enrolment string and never changed.
    pub usk: PublicKey,
    /// The private keys.
    pub keys: AgentKeys,
}

/// The file as it is read: the secret members are borrowed from the buffer, which is wiped.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileIn<'a> {
    format: &'a str,
    vault_id: Id,
    vault_name: String,
    agent_id: Id,
    node: String,
    usk_public: &'a str,
    ed25519_seed: &'a str,
    x25519_private: &'a str,
}

#[derive(Serialize)]
struct FileOut<'a> {
    format: &'a str,
    vault_id: Id,
    vault_name: &'a str,
    agent_id: Id,
    node: &'a str,
    usk_public: String,
    ed25519_seed: &'a str,
    x25519_private: &'a str,
}

impl Identity {
    /// Reads the key file's bytes.
    ///
    /// # Errors
    /// They are not a key file of this version.
    pub fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let damaged = || {
            Failure::new(Kind::IdentityMismatch, "the key file is damaged or of another version; nothing was used of it")
                .remedy("restore it from a copy, or ask the owner for a new enrolment string")
        };
        let file: FileIn<'_> = serde_json::from_slice(bytes).map_err(|_| damaged())?;
        if file.format != FORMAT {
            return Err(damaged());
        }
        let usk = BASE64.decode(file.usk_public).ok().and_then(|key| PublicKey::parse(&key).ok()).ok_or_else(damaged)?;
        let signing = SigningKey::from_seed(secret(file.ed25519_seed).ok_or_else(damaged)?).map_err(|_| damaged())?;
        let keys = AgentKeys { signing, unwrapping: WrapPrivate::new(secret(file.x25519_private).ok_or_else(damaged)?) };
        Ok(Self {
            vault: VaultId(file.vault_id.0),
            vault_name: file.vault_name,
            agent: AgentId(file.agent_id.0),
            node: file.node.parse()?,
            usk,
            keys,
        })
    }

    /// The key file's bytes.
    ///
    /// # Errors
    /// JSON cannot be written.
    pub fn to_file(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let seed = Zeroizing::new(BASE64.encode(self.keys.signing.seed().expose()));
        let private = Zeroizing::new(BASE64.encode(self.keys.unwrapping.secret().expose()));
        let file = FileOut {
            format: FORMAT,
            vault_id: Id(self.vault.0),
            vault_name: &self.vault_name,
            agent_id: Id(self.agent.0),
            node: self.node.as_str(),
            usk_public: BASE64.encode(self.usk.as_bytes()),
            ed25519_seed: &seed,
            x25519_private: &private,
        };
        // Room for everything beforehand, so that no copy is left behind by growing.
        let mut bytes = Zeroizing::new(Vec::with_capacity(2048 + self.vault_name.len() * 6));
        serde_json::to_writer_pretty(&mut *bytes, &file).map_err(|_| Failure::general("the key file could not be written as JSON"))?;
        Ok(bytes)
    }

    /// This agent, as it proves itself to its node.
    pub const fn prover(&self) -> Prover<'_> {
        Prover { agent: Id(self.agent.0), key: &self.keys.signing }
    }
}

fn secret(text: &str) -> Option<Secret32> {
    let mut bytes = Zeroizing::new([0_u8; 33]);
    let length = BASE64.decode_slice(text, bytes.as_mut_slice()).ok()?;
    Secret::from_slice(&bytes[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        let usk = SigningKey::make_with(&mut random::Os).unwrap().public();
        Identity {
            vault: VaultId([1; 16]),
            vault_name: "Home \"quoted\" ✓".into(),
            agent: AgentId([2; 16]),
            node: "http://localhost:1984".parse().unwrap(),
            usk,
            keys: AgentKeys::make().unwrap(),
        }
    }

    #[test]
    fn a_key_file_reads_back() {
        let identity = identity();
        let read = Identity::parse(&identity.to_file().unwrap()).unwrap();
        assert_eq!((read.vault, read.agent, read.usk), (identity.vault, identity.agent, identity.usk));
        assert_eq!((read.vault_name, read.node), (identity.vault_name, identity.node));
        assert!(
            read.keys.unwrapping.secret().same(identity.keys.unwrapping.secret())
                && read.keys.signing.seed().same(identity.keys.signing.seed())
        );
    }

    #[test]
    fn a_damaged_file_is_refused_without_its_content() {
        let good = String::from_utf8(identity().to_file().unwrap().to_vec()).unwrap();
        for bad in [
            String::new(),
            good.replace(FORMAT, "clavitor.agent-key/2"),
            good.replace("x25519_private", "x"),
            good.replace("\"node\": \"http", "\"node\": \"ftp"),
            good.replace("usk_public\": \"", "usk_public\": \"A"),
        ] {
            let failure = Identity::parse(bad.as_bytes()).err().unwrap();
            assert!(!failure.to_string().contains("ed25519_seed"));
        }
    }
}
