//! One change of a vault as plain bytes, in the shape of the wire type of the same name.

use clavitor_crypto::{AgentId, EntryId, FieldId, ScopeId, UnlockerId, hash::Hash};

/// A change: what is there must be applied in one transaction or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The next signed manifest.
    pub manifest: Option<Vec<u8>>,
    /// Names record.
    pub names: Option<Vec<u8>>,
    /// Record 0x13.
    pub usk: Option<Vec<u8>>,
    /// Record 0x17.
    pub previous_vmk: Option<Vec<u8>>,
    /// New or newly wrapped unlockers.
    pub unlockers: Vec<UnlockerChange>,
    /// Scope keys for agents.
    pub scope_wraps: Vec<ScopeWrapChange>,
    /// Invitations.
    pub enrolments: Vec<EnrolmentChange>,
    /// Hosted tokens.
    pub hosted_tokens: Vec<HostedTokenChange>,
    /// New versions of entries.
    pub entries: Vec<EntryChange>,
    /// Grants of entries that stay as they are.
    pub grants: Vec<(EntryId, Grant)>,
}

/// An unlocker that is new, or wrapped again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlockerChange {
    /// Its id.
    pub id: UnlockerId,
    /// Record 0x10, if new.
    pub record: Option<Vec<u8>>,
    /// USK signature ‖ HPKE wrap.
    pub sealed_vmk: Vec<u8>,
}

/// A scope's keys for one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeWrapChange {
    /// The agent.
    pub agent: AgentId,
    /// The scope.
    pub scope: ScopeId,
    /// Scope epoch.
    pub scope_epoch: u32,
    /// USK signature ‖ HPKE wrap.
    pub wrap: Vec<u8>,
}

/// The node's half of an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentChange {
    /// The agent.
    pub agent: AgentId,
    /// SHA-256(D(ES, "enrol/auth", 0)).
    pub auth_hash: Hash,
    /// Record 0x14.
    pub grant: Vec<u8>,
}

/// The node's half of a hosted token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostedTokenChange {
    /// The agent.
    pub agent: AgentId,
    /// SHA-256(D(secret, "token/auth", 0)).
    pub auth_hash: Hash,
    /// Records 0x15.
    pub grants: Vec<(ScopeId, Vec<u8>)>,
}

/// A new version of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryChange {
    /// The entry.
    pub entry: EntryId,
    /// The signed header.
    pub header: Vec<u8>,
    /// Records sealed in this version.
    pub records: Vec<(FieldId, Vec<u8>)>,
    /// Grants that come with it.
    pub grants: Vec<Grant>,
}

/// An entry key sealed to a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The scope.
    pub scope: ScopeId,
    /// 1 or 2.
    pub tier: u8,
    /// Entry-key epoch.
    pub ek_epoch: u32,
    /// Record 0x11 or 0x12.
    pub record: Vec<u8>,
}
