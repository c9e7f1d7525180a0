//! Agents: what their owner sees and does, and what they see of themselves.

use clavitor_crypto::{AgentId, EntryId, FieldId, VaultId};

use crate::{
    Applied, Credential, EntrySummary, Read, Result, UseMode, Write,
    change::{EntryChange, ScopeWrap},
};

/// The node's view of one agent.
#[derive(Debug, Clone)]
pub struct AgentStatus {
    /// The agent.
    pub agent_id: AgentId,
    /// An enrolment that waits: for the agent, or for the owner's browser to verify the keys.
    pub enrolment: Option<EnrolmentStatus>,
    /// Last request.
    pub last_seen_ms: Option<u64>,
    /// Locked after a second breach of its budget, or by the owner.
    pub locked: bool,
    /// Refused until then after a first breach.
    pub cooling_until_ms: Option<u64>,
    /// Distinct entries in the last minute.
    pub minute: BudgetUse,
    /// Distinct entries in the last hour.
    pub hour: BudgetUse,
}

/// How much of a budget is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetUse {
    /// Distinct entries, misses included.
    pub used: u32,
    /// The limit.
    pub limit: u32,
}

/// An enrolment that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentStatus {
    /// The string is refused from then on.
    pub expires_ms: u64,
    /// What the agent sent; absent until it has.
    pub answer: Option<EnrolmentAnswer>,
}

/// What an agent sent when it enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnrolmentAnswer {
    /// Ed25519 public key.
    pub ed25519: [u8; 32],
    /// X25519 public key.
    pub x25519: [u8; 32],
    /// HMAC to verify before signing the keys into the manifest.
    pub mac: [u8; 32],
}

/// A field that was released to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learnt {
    /// The entry.
    pub entry_id: EntryId,
    /// The field.
    pub field_id: FieldId,
    /// Which version of it.
    pub field_version: u64,
    /// For what.
    pub mode: UseMode,
    /// First time.
    pub first_ms: u64,
    /// Last time.
    pub last_ms: u64,
    /// How often.
    pub times: u64,
}

/// An agent's own state.
#[derive(Debug, Clone)]
pub struct AgentSelf {
    /// The vault.
    pub vault_id: VaultId,
    /// The agent.
    pub agent_id: AgentId,
    /// False until the owner's browser has verified the keys.
    pub active: bool,
    /// The signed manifest; absent for hosted agents.
    pub manifest: Option<Vec<u8>>,
    /// Scope keys sealed to the agent, current epochs; empty for hosted agents.
    pub scope_wraps: Vec<ScopeWrap>,
    /// Locked.
    pub locked: bool,
    /// Budget, per minute.
    pub minute: BudgetUse,
    /// Budget, per hour.
    pub hour: BudgetUse,
    /// The agent stops working then, Unix seconds.
    pub not_after_s: u64,
}

/// Every agent of the person's vault.
///
/// # Errors
/// `Unauthenticated`.
pub fn list(r: &Read<'_>, credential: &Credential) -> Result<Vec<AgentStatus>> {
    let _ = (r, credential);
    crate::pending()
}

/// What an agent ever learnt, newest first; also after it was revoked.
///
/// # Errors
/// `Unauthenticated`, `Hidden`.
pub fn learnt(r: &Read<'_>, credential: &Credential, agent_id: AgentId) -> Result<Vec<Learnt>> {
    let _ = (r, credential, agent_id);
    crate::pending()
}

/// Locks an agent.
///
/// # Errors
/// `Unauthenticated`, `Hidden`.
pub fn lock(w: &Write<'_>, credential: &Credential, agent_id: AgentId) -> Result<()> {
    let _ = (w, credential, agent_id);
    crate::pending()
}

/// Unlocks an agent and starts its budget afresh. Needs a fresh passkey.
///
/// # Errors
/// `Unauthenticated`, `FreshPasskeyNeeded`, `Hidden`.
pub fn unlock(w: &Write<'_>, credential: &Credential, agent_id: AgentId) -> Result<()> {
    let _ = (w, credential, agent_id);
    crate::pending()
}

/// The state of the agent that asks, enrolled or hosted. An invited agent may ask too.
///
/// # Errors
/// `Unauthenticated`.
pub fn me(r: &Read<'_>, credential: &Credential) -> Result<AgentSelf> {
    let _ = (r, credential);
    crate::pending()
}

/// The entries an enrolled agent may use, sealed; the trash left out.
///
/// # Errors
/// `Unauthenticated`, `AgentLocked`.
pub fn entries(w: &Write<'_>, credential: &Credential) -> Result<Vec<EntrySummary>> {
    let _ = (w, credential);
    crate::pending()
}

/// Stores a new version of an entry of the agent's scopes, signed by the agent.
///
/// # Errors
/// `Unauthenticated`, `AgentLocked`, `Hidden`, `Forbidden` without `write`, `NotValid`, `VersionConflict`.
pub fn write(w: &Write<'_>, credential: &Credential, entry: &EntryChange) -> Result<Applied> {
    let _ = (w, credential, entry);
    crate::pending()
}
