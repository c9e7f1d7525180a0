//! Sealed fields for enrolled agents: policy, budget, audit row and release in one transaction.

use clavitor_crypto::{EntryId, FieldId};

use crate::{Credential, EntryDetail, Result, UseMode, Vault};

/// Asks for fields of one entry.
#[derive(Debug, Clone)]
pub struct ReleaseRequest {
    /// The entry.
    pub entry_id: EntryId,
    /// The fields, 1 to 64.
    pub field_ids: Vec<FieldId>,
    /// For what.
    pub mode: UseMode,
    /// Why, in the agent's words; at most 300 characters.
    pub reason: Option<String>,
}

/// Releases sealed fields. Blocks for the read; `done` is called on the writer thread once the audit row is durable.
///
/// # Errors
/// Through `done`: `Unauthenticated`, `AgentLocked`, `BudgetExceeded`, `Hidden`, `Forbidden`, `TierTooHigh`, `BadRequest`. A refusal is logged and charged too.
pub fn fields(
    vault: &Vault,
    now_ms: u64,
    credential: &Credential,
    request: ReleaseRequest,
    done: impl FnOnce(Result<EntryDetail>) + Send + 'static,
) {
    let _ = (vault, now_ms, credential, request);
    done(crate::pending());
}
