//! Wire types become the vault's.

use clavitor_api as wire;
use clavitor_api::{Blob, Id};
use clavitor_vault::{
    self as vault, AgentId, EntryId, FieldId, ScopeId, Secret, VaultId,
    change::{EntryChange, EntryGrant, FieldRecord, Grant, NewEnrolment, NewHostedToken, ScopeWrap},
};

use crate::refusal::Refusal;

/// Becomes a type of the vault.
pub(crate) trait FromWire {
    /// Which.
    type Vault;

    /// Becomes it.
    ///
    /// # Errors
    /// `bad_request` for bytes of the wrong length, naming the member.
    fn to_vault(self) -> Result<Self::Vault, Refusal>;
}

/// 32 bytes.
///
/// # Errors
/// `bad_request`, naming the member.
pub(super) fn bytes32(blob: &Blob, member: &str) -> Result<[u8; 32], Refusal> {
    <[u8; 32]>::try_from(blob.0.as_slice()).map_err(|_| Refusal::bad_request(format!("`{member}` is not 32 bytes.")))
}

/// 32 secret bytes; the copy they came in is wiped.
///
/// # Errors
/// `bad_request`, naming the member.
pub(crate) fn secret32(blob: Blob, member: &str) -> Result<Secret<32>, Refusal> {
    let bytes = zeroize::Zeroizing::new(blob.0);
    Secret::from_slice(&bytes).ok_or_else(|| Refusal::bad_request(format!("`{member}` is not 32 bytes.")))
}

fn all<T: FromWire>(items: Vec<T>) -> Result<Vec<T::Vault>, Refusal> {
    items.into_iter().map(FromWire::to_vault).collect()
}

impl FromWire for wire::ScopeWrap {
    type Vault = ScopeWrap;

    fn to_vault(self) -> Result<ScopeWrap, Refusal> {
        let (Id(agent_id), Id(scope_id)) = (self.agent_id, self.scope_id);
        Ok(ScopeWrap { agent_id: AgentId(agent_id), scope_id: ScopeId(scope_id), scope_epoch: self.scope_epoch, wrap: self.wrap.0 })
    }
}

impl FromWire for wire::NewEnrolment {
    type Vault = NewEnrolment;

    fn to_vault(self) -> Result<NewEnrolment, Refusal> {
        let auth_hash = bytes32(&self.auth_hash, "auth_hash")?;
        Ok(NewEnrolment { agent_id: AgentId(self.agent_id.0), auth_hash, grant: self.grant.0, valid_s: self.valid_s })
    }
}

impl FromWire for wire::NewHostedToken {
    type Vault = NewHostedToken;

    fn to_vault(self) -> Result<NewHostedToken, Refusal> {
        let auth_hash = bytes32(&self.auth_hash, "auth_hash")?;
        let grants = self.grants.into_iter().map(|grant| (ScopeId(grant.scope_id.0), grant.record.0)).collect();
        Ok(NewHostedToken { agent_id: AgentId(self.agent_id.0), auth_hash, grants })
    }
}

impl FromWire for wire::FieldRecord {
    type Vault = FieldRecord;

    fn to_vault(self) -> Result<FieldRecord, Refusal> {
        Ok(FieldRecord { field_id: FieldId(self.field_id.0), record: self.record.0 })
    }
}

impl FromWire for wire::Grant {
    type Vault = Grant;

    fn to_vault(self) -> Result<Grant, Refusal> {
        Ok(Grant { scope_id: ScopeId(self.scope_id.0), tier: self.tier, ek_epoch: self.ek_epoch, record: self.record.0 })
    }
}

impl FromWire for wire::EntryGrant {
    type Vault = EntryGrant;

    fn to_vault(self) -> Result<EntryGrant, Refusal> {
        Ok(EntryGrant { entry_id: EntryId(self.entry_id.0), grant: self.grant.to_vault()? })
    }
}

impl FromWire for wire::EntryChange {
    type Vault = EntryChange;

    fn to_vault(self) -> Result<EntryChange, Refusal> {
        Ok(EntryChange { header: self.header.0, records: all(self.records)?, grants: all(self.grants)? })
    }
}

/// A change without its unlockers: a new passkey's registration is checked first, which needs the node.
impl FromWire for wire::Change {
    type Vault = vault::Change;

    fn to_vault(self) -> Result<vault::Change, Refusal> {
        let bytes = |blob: Option<Blob>| blob.map(|blob| blob.0);
        Ok(vault::Change {
            manifest: bytes(self.manifest),
            names: bytes(self.names),
            usk: bytes(self.usk),
            previous_vmk: bytes(self.previous_vmk),
            unlockers: Vec::new(),
            scope_wraps: all(self.scope_wraps)?,
            enrolments: all(self.enrolments)?,
            hosted_tokens: all(self.hosted_tokens)?,
            entries: all(self.entries)?,
            grants: all(self.grants)?,
        })
    }
}

impl FromWire for wire::UseMode {
    type Vault = vault::UseMode;

    fn to_vault(self) -> Result<vault::UseMode, Refusal> {
        Ok(match self {
            Self::Use => vault::UseMode::Use,
            Self::Totp => vault::UseMode::Totp,
            Self::Reveal => vault::UseMode::Reveal,
            Self::Write => vault::UseMode::Write,
        })
    }
}

impl FromWire for wire::ReleaseRequest {
    type Vault = vault::release::ReleaseRequest;

    fn to_vault(self) -> Result<Self::Vault, Refusal> {
        let field_ids = self.field_ids.into_iter().map(|id| FieldId(id.0)).collect();
        Ok(Self::Vault { entry_id: EntryId(self.entry_id.0), field_ids, mode: self.mode.to_vault()?, reason: self.reason })
    }
}

impl FromWire for wire::EnrolRequest {
    type Vault = vault::enrol::EnrolRequest;

    fn to_vault(self) -> Result<Self::Vault, Refusal> {
        let answer = vault::agents::EnrolmentAnswer {
            ed25519: bytes32(&self.ed25519, "ed25519")?,
            x25519: bytes32(&self.x25519, "x25519")?,
            mac: bytes32(&self.mac, "mac")?,
        };
        let (Id(vault_id), Id(agent_id)) = (self.vault_id, self.agent_id);
        Ok(Self::Vault { vault_id: VaultId(vault_id), agent_id: AgentId(agent_id), auth: secret32(self.auth, "auth")?, answer })
    }
}
