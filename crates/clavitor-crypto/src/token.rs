//! Hosted tokens (docs/FORMAT.md section 7): a bearer secret that opens tier 1 of its scopes, inside the request that brings it.

use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use crate::{
    AgentId, Refused, ScopeId, Secret, VaultId,
    derive::{Label, derive},
    hash::{Hash, same, sha256},
    keys::ScopeKey1,
    kinds::HostedGrant,
    record::{Context, RecordKey, TooLong},
    secret::Secret32,
};

const PREFIX: &str = "cvt1-";
const CHECK_BYTES: usize = 4;
const TOKEN_BYTES: usize = 16 + 32 + CHECK_BYTES;
const TEXT_BYTES: usize = PREFIX.len() + (TOKEN_BYTES * 4).div_ceil(3);

/// A parsed hosted token.
pub struct HostedToken {
    agent: AgentId,
    secret: Secret32,
}

impl HostedToken {
    /// Makes the token of `agent` from a secret.
    #[must_use]
    pub const fn new(agent: AgentId, secret: Secret32) -> Self {
        Self { agent, secret }
    }

    /// Reads `cvt1-…`.
    ///
    /// # Errors
    /// [`Refused`] if it is not the form, or its check does not fit.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let body = text.strip_prefix(PREFIX).ok_or(Refused)?;
        if text.len() != TEXT_BYTES {
            return Err(Refused);
        }
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        BASE64URL_NOPAD.decode_mut(body.as_bytes(), bytes.as_mut_slice()).map_err(|_| Refused)?;
        let (data, check) = bytes.split_at(TOKEN_BYTES - CHECK_BYTES);
        if !same(&checksum(data), check) {
            return Err(Refused);
        }
        let agent = AgentId::from_slice(&data[..16]).ok_or(Refused)?;
        let secret = Secret::from_slice(&data[16..]).ok_or(Refused)?;
        Ok(Self { agent, secret })
    }

    /// The text that is shown once.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(TOKEN_BYTES));
        bytes.extend_from_slice(&self.agent.0);
        bytes.extend_from_slice(self.secret.expose());
        let check = checksum(&bytes);
        bytes.extend_from_slice(&check);
        let mut text = Zeroizing::new(String::with_capacity(TEXT_BYTES));
        text.push_str(PREFIX);
        BASE64URL_NOPAD.encode_append(&bytes, &mut text);
        text
    }

    /// The agent it belongs to.
    #[must_use]
    pub const fn agent(&self) -> AgentId {
        self.agent
    }

    /// What the node keeps to know the token again: SHA-256(D(secret, "token/auth", 0)).
    #[must_use]
    pub fn auth_hash(&self, vault: &VaultId) -> Hash {
        sha256(&[derive(self.secret.expose(), Label::TOKEN_AUTH, vault, 0, b"").expose()])
    }

    /// Opens record 0x15.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn open_scope(&self, vault: VaultId, scope: ScopeId, scope_epoch: u32, record: &[u8]) -> Result<ScopeKey1, Refused> {
        let context = Context::hosted(vault, self.agent, scope, scope_epoch);
        Ok(ScopeKey1::new(vault, scope, scope_epoch, self.key(&vault).open_secret(&context, record)?))
    }

    /// Seals record 0x15 for a scope key.
    ///
    /// # Errors
    /// [`TooLong`] cannot happen for a key; it is passed on.
    pub fn seal_scope(&self, vault: VaultId, key: &ScopeKey1, salt: &[u8; 32]) -> Result<Vec<u8>, TooLong> {
        let context = Context::hosted(vault, self.agent, key.scope(), key.epoch());
        self.key(&vault).seal_salted(&context, key.secret().expose(), salt)
    }

    fn key(&self, vault: &VaultId) -> RecordKey<HostedGrant> {
        RecordKey::new(derive(self.secret.expose(), Label::TOKEN_K1, vault, 0, b""))
    }
}

fn checksum(data: &[u8]) -> [u8; CHECK_BYTES] {
    let [a, b, c, d, ..] = sha256(&[b"cvt1", data]);
    [a, b, c, d]
}
