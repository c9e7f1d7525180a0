//! Agents: what they send, what they get, and what their owner sees of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Blob, Checkpoint, EntryChange, EntryDetail, EntrySummary, Id, ScopeWrap, UseMode};

/// An invited agent proves its enrolment string and sends its public keys.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The vault.
    pub vault_id: Id,
    /// The agent.
    pub agent_id: Id,
    /// D(ES,"enrol/auth",0).
    pub auth: Blob,
    /// Public key that proves possession and signs headers.
    pub ed25519: Blob,
    /// Public key that scope keys are sealed to.
    pub x25519: Blob,
    /// HMAC over both (docs/FORMAT.md section 7), for the owner's browser.
    pub mac: Blob,
}

/// The grant that the owner's browser prepared.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EnrolResponse {
    /// Record 0x14.
    pub grant: Blob,
}

/// The server's view of one agent, for its owner.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AgentStatus {
    /// The agent.
    pub agent_id: Id,
    /// An enrolment that waits: for the agent, or for the owner's browser to verify the keys.
    pub enrolment: Option<EnrolmentStatus>,
    /// Last request.
    pub last_seen_ms: Option<u64>,
    /// Locked after a second breach of its budget, or by the owner.
    pub locked: bool,
    /// Refused until then after a first breach.
    pub cooling_until_ms: Option<u64>,
    /// Distinct entries in the last minute, and the limit.
    pub minute: BudgetUse,
    /// Distinct entries in the last hour, and the limit.
    pub hour: BudgetUse,
}

/// How much of a budget is used.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct BudgetUse {
    /// Distinct entries, misses included.
    pub used: u32,
    /// The limit.
    pub limit: u32,
}

/// An enrolment that is not finished.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EnrolmentStatus {
    /// The string is refused from then on.
    pub expires_ms: u64,
    /// What the agent sent; absent until it has.
    pub answer: Option<EnrolmentAnswer>,
}

/// What an agent sent when it enrolled.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EnrolmentAnswer {
    /// Ed25519 public key.
    pub ed25519: Blob,
    /// X25519 public key.
    pub x25519: Blob,
    /// HMAC to verify before signing the keys into the manifest.
    pub mac: Blob,
}

/// Every agent of the vault.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AgentList {
    /// The agents.
    pub agents: Vec<AgentStatus>,
}

/// What one agent ever learnt.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LearntList {
    /// One line for each field and version that was released to it.
    pub fields: Vec<Learnt>,
}

/// A field that was released to an agent.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Learnt {
    /// The entry.
    pub entry_id: Id,
    /// The field.
    pub field_id: Id,
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

/// The agent's own state.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AgentSelf {
    /// The vault.
    pub vault_id: Id,
    /// The agent.
    pub agent_id: Id,
    /// False until the owner's browser has verified the keys.
    pub active: bool,
    /// The signed manifest; the agent verifies it against the pinned key. Absent for hosted agents.
    pub manifest: Option<Blob>,
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
    /// The log's head, if `log_from` was asked; without a proof when the log is shorter than that.
    #[serde(default)]
    pub log: Option<Checkpoint>,
}

/// The entries an enrolled agent may use, sealed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AgentEntryList {
    /// The entries of the agent's scopes, the trash left out.
    pub entries: Vec<EntrySummary>,
}

/// Asks for fields of one entry. It has effects: the budget is charged and the audit log written.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// The entry.
    pub entry_id: Id,
    /// The fields.
    pub field_ids: Vec<Id>,
    /// For what.
    pub mode: UseMode,
    /// Why, in the agent's words; kept in the audit log. At most 300 characters.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The fields, sealed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Released {
    /// The entry with the records asked for and the grants that open them.
    pub entry: EntryDetail,
}

/// An agent with `write` stores a new version of an entry of its scopes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentWrite {
    /// The new version, signed by the agent.
    pub entry: EntryChange,
}

/// The entries a hosted agent may use: names and kinds, never values.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct HostedList {
    /// The entries.
    pub entries: Vec<HostedEntry>,
}

/// An entry as a hosted agent sees it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct HostedEntry {
    /// The entry.
    pub entry_id: Id,
    /// Its title.
    pub title: String,
    /// Its kind.
    pub kind: String,
    /// Its fields, without values.
    pub fields: Vec<HostedField>,
}

/// A field as a hosted agent sees it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct HostedField {
    /// The field.
    pub field_id: Id,
    /// Its label.
    pub label: String,
    /// Its kind.
    pub kind: String,
    /// Its tier.
    pub tier: u8,
    /// The ways this caller may use it; empty for a tier it never opens.
    pub allowed_modes: Vec<UseMode>,
}

/// A value opened by the node for this request only.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct HostedValue {
    /// The field.
    pub field_id: Id,
    /// Its label.
    pub label: String,
    /// Its value.
    pub value: String,
}

impl std::fmt::Debug for HostedValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostedValue").field("field_id", &self.field_id).finish_non_exhaustive()
    }
}

/// A one-time code.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct HostedTotp {
    /// The code.
    pub code: String,
    /// Seconds it stays valid.
    pub valid_s: u64,
}

impl std::fmt::Debug for HostedTotp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostedTotp").field("valid_s", &self.valid_s).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_no_value() {
        let value = HostedValue { field_id: Id([0; 16]), label: "password".to_owned(), value: "hunter2".to_owned() };
        let code = HostedTotp { code: "123456".to_owned(), valid_s: 30 };
        assert!(!format!("{value:?} {code:?}").contains("hunter2") && !format!("{code:?}").contains("123456"));
    }

    #[test]
    fn requests_refuse_members_they_do_not_know() {
        let known = r#"{"entry_id":"00000000000000000000000000000000","field_ids":[],"mode":"use"}"#;
        assert!(serde_json::from_str::<ReleaseRequest>(known).is_ok());
        assert!(serde_json::from_str::<ReleaseRequest>(&known.replace("\"mode\"", "\"key\":\"AA\",\"mode\"")).is_err());
    }
}
