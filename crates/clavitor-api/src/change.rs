//! The one way in which a person changes a vault: a set of signed and sealed objects, applied in one transaction or not at all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Blob, Id, RegistrationCredential, UnlockerId};

/// A change. Every member is optional; what is there must hold together (docs/API.md).
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Change {
    /// The next signed manifest. Unlockers, scopes and agents exist exactly as it lists them.
    pub manifest: Option<Blob>,
    /// Names record; its hash stands in the manifest.
    pub names: Option<Blob>,
    /// Record 0x13: in the first change, and when the vault key rotates.
    pub usk: Option<Blob>,
    /// Record 0x17: when the vault key rotates.
    pub previous_vmk: Option<Blob>,
    /// Unlockers that are new, or whose sealed_vmk is new.
    pub unlockers: Vec<UnlockerChange>,
    /// Scope keys for enrolled agents.
    pub scope_wraps: Vec<ScopeWrap>,
    /// Enrolments of agents that the manifest lists as invited.
    pub enrolments: Vec<NewEnrolment>,
    /// Tokens of agents that the manifest lists as hosted.
    pub hosted_tokens: Vec<NewHostedToken>,
    /// New versions of entries.
    pub entries: Vec<EntryChange>,
    /// Grants sealed again for entries that stay as they are.
    pub grants: Vec<EntryGrant>,
}

/// An unlocker that is new (record and, for a passkey, ceremony and credential) or wrapped again (sealed_vmk only).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlockerChange {
    /// Its id.
    pub id: UnlockerId,
    /// Record 0x10; absent when only wrapped again.
    #[serde(default)]
    pub record: Option<Blob>,
    /// USK signature, then the HPKE wrap.
    pub sealed_vmk: Blob,
    /// The registration that made the passkey; absent for a recovery code.
    #[serde(default)]
    pub passkey: Option<NewPasskey>,
}

/// The answer to a registration ceremony.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// The ceremony.
    pub ceremony_id: Id,
    /// The credential.
    pub credential: RegistrationCredential,
}

/// A scope's keys, sealed to one agent and signed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeWrap {
    /// The agent.
    pub agent_id: Id,
    /// The scope.
    pub scope_id: Id,
    /// Which scope key it is.
    pub scope_epoch: u32,
    /// USK signature, then the HPKE wrap.
    pub wrap: Blob,
}

/// The node's half of an enrolment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEnrolment {
    /// The agent.
    pub agent_id: Id,
    /// SHA-256(D(ES,"enrol/auth",0)).
    pub auth_hash: Blob,
    /// Record 0x14.
    pub grant: Blob,
    /// Seconds until the string expires, 900 at most.
    pub valid_s: u32,
}

/// The node's half of a hosted token.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHostedToken {
    /// The agent.
    pub agent_id: Id,
    /// SHA-256(D(secret,"token/auth",0)).
    pub auth_hash: Blob,
    /// Records 0x15, one for each scope.
    pub grants: Vec<ScopeGrant>,
}

/// A record 0x15.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeGrant {
    /// The scope.
    pub scope_id: Id,
    /// The record.
    pub record: Blob,
}

/// A new version of one entry.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryChange {
    /// The signed header; its version is the stored one plus one.
    pub header: Blob,
    /// The records sealed in this version; fields of older versions keep theirs.
    pub records: Vec<FieldRecord>,
    /// Grants of a new entry, of a new entry key, or of a scope that now holds the entry.
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// One field's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldRecord {
    /// The field; 0^16 is the summary.
    pub field_id: Id,
    /// Kind 1, 2 or 3.
    pub record: Blob,
}

/// An entry key sealed to a scope: record 0x11 (tier 1) or 0x12 (tier 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The scope; 0^16 is the whole vault.
    pub scope_id: Id,
    /// 1 or 2.
    pub tier: u8,
    /// Which entry key it is.
    pub ek_epoch: u32,
    /// The record.
    pub record: Blob,
}

/// A grant with its entry.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryGrant {
    /// The entry.
    pub entry_id: Id,
    /// The grant.
    pub grant: Grant,
}

/// The change is stored, durably.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Applied {
    /// The vault's commit sequence number.
    pub seq: u64,
    /// The manifest version now in force.
    pub manifest_version: u64,
    /// Events in the audit log.
    pub log_size: u64,
}
