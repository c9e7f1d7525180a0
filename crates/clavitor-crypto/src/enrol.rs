//! Enrolment strings and the MAC over a new agent's keys (docs/FORMAT.md section 7). What record 0x14 holds is known to the agent and the person only.

use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use crate::{
    AgentId, Refusal, Refused, Secret, VaultId,
    derive::{Label, derive},
    hash::{Hash, expect_same, hmac_sha256, same, sha256},
    secret::Secret32,
    sign::PublicKey,
    wrap::WrapPublic,
};

const PREFIX: &str = "cvte1-";
const CHECK_BYTES: usize = 4;
const FIXED_BYTES: usize = 16 + 16 + 32;
/// Longest node address.
pub const NODE_BYTES_MAX: usize = 255;
/// Longest enrolment string.
pub const TEXT_BYTES_MAX: usize = PREFIX.len() + ((FIXED_BYTES + NODE_BYTES_MAX + CHECK_BYTES) * 4).div_ceil(3);

/// `ES`: the one-time secret of an enrolment.
pub struct EnrolSecret {
    vault: VaultId,
    agent: AgentId,
    secret: Secret32,
}

impl EnrolSecret {
    /// Says which enrolment a secret is of.
    #[must_use]
    pub const fn new(vault: VaultId, agent: AgentId, secret: Secret32) -> Self {
        Self { vault, agent, secret }
    }

    /// The vault.
    #[must_use]
    pub const fn vault(&self) -> VaultId {
        self.vault
    }

    /// The agent.
    #[must_use]
    pub const fn agent(&self) -> AgentId {
        self.agent
    }

    /// The secret, from which those who may derive the key of record 0x14.
    #[must_use]
    pub const fn secret(&self) -> &Secret32 {
        &self.secret
    }

    /// Proves the string to the node: D(ES, "enrol/auth", 0).
    #[must_use]
    pub fn auth(&self) -> Secret32 {
        derive(self.secret.expose(), Label::ENROL_AUTH, &self.vault, 0, b"")
    }

    /// What the node keeps of it.
    #[must_use]
    pub fn auth_hash(&self) -> Hash {
        sha256(&[self.auth().expose()])
    }

    /// Authenticates the agent's new keys to the owner's browser.
    #[must_use]
    pub fn mac(&self, ed25519: &PublicKey, x25519: &WrapPublic) -> Hash {
        let key = derive(self.secret.expose(), Label::ENROL_MAC, &self.vault, 0, b"");
        hmac_sha256(key.expose(), &[b"clavitor/v1/enrol\0", &self.vault.0, &self.agent.0, ed25519.as_bytes(), &x25519.0])
    }

    /// Checks what [`EnrolSecret::mac`] made.
    ///
    /// # Errors
    /// [`Refusal::Signature`].
    pub fn verify_mac(&self, ed25519: &PublicKey, x25519: &WrapPublic, mac: &[u8]) -> Result<(), Refusal> {
        expect_same(&self.mac(ed25519, x25519), mac)
    }
}

/// What the owner hands to an agent: where to enrol, and with what.
pub struct EnrolString {
    /// The secret, with the vault and agent it is of.
    pub secret: EnrolSecret,
    /// The node's address.
    pub node: String,
}

impl EnrolString {
    /// Reads `cvte1-…`.
    ///
    /// # Errors
    /// [`Refused`] if it is not the form, or its check does not fit.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let body = text.strip_prefix(PREFIX).ok_or(Refused)?;
        if text.len() > TEXT_BYTES_MAX {
            return Err(Refused);
        }
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(body.as_bytes()).map_err(|_| Refused)?);
        let (data, check) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or(Refused)?;
        if !same(&checksum(data), check) {
            return Err(Refused);
        }
        let (fixed, node) = data.split_at_checked(FIXED_BYTES).ok_or(Refused)?;
        let vault = VaultId::from_slice(&fixed[..16]).ok_or(Refused)?;
        let agent = AgentId::from_slice(&fixed[16..32]).ok_or(Refused)?;
        let secret = Secret::from_slice(&fixed[32..]).ok_or(Refused)?;
        let node = std::str::from_utf8(node).map_err(|_| Refused)?;
        if node.is_empty() || node.len() > NODE_BYTES_MAX {
            return Err(Refused);
        }
        Ok(Self { secret: EnrolSecret::new(vault, agent, secret), node: node.to_owned() })
    }

    /// The text that is shown once.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let secret = &self.secret;
        let mut bytes = Zeroizing::new(Vec::with_capacity(FIXED_BYTES + self.node.len() + CHECK_BYTES));
        for part in [&secret.vault.0, &secret.agent.0, secret.secret.expose().as_slice(), self.node.as_bytes()] {
            bytes.extend_from_slice(part);
        }
        let check = checksum(&bytes);
        bytes.extend_from_slice(&check);
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + BASE64URL_NOPAD.encode_len(bytes.len())));
        text.push_str(PREFIX);
        BASE64URL_NOPAD.encode_append(&bytes, &mut text);
        text
    }
}

fn checksum(data: &[u8]) -> [u8; CHECK_BYTES] {
    let [a, b, c, d, ..] = sha256(&[b"cvte1", data]);
    [a, b, c, d]
}
