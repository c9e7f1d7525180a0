//! Hosted agents: the node opens tier 1 with the key that the request brings, for that request only.

use clavitor_crypto::{EntryId, FieldId};
use zeroize::Zeroizing;

use crate::{Credential, Result, UseMode, Vault};

/// An entry as a hosted agent sees it: no values.
#[derive(Debug, Clone)]
pub struct HostedEntry {
    /// The entry.
    pub entry_id: EntryId,
    /// Its title.
    pub title: String,
    /// Its kind.
    pub kind: String,
    /// Its fields.
    pub fields: Vec<HostedField>,
}

/// A field as a hosted agent sees it.
#[derive(Debug, Clone)]
pub struct HostedField {
    /// The field.
    pub field_id: FieldId,
    /// Its label.
    pub label: String,
    /// Its kind.
    pub kind: String,
    /// Its tier.
    pub tier: u8,
    /// The ways this caller may use it; empty for a tier it never opens.
    pub allowed_modes: Vec<UseMode>,
}

/// A value opened for one request.
pub struct HostedValue {
    /// The field.
    pub field_id: FieldId,
    /// Its label.
    pub label: String,
    /// Its value.
    pub value: Zeroizing<String>,
}

/// A one-time code.
pub struct HostedTotp {
    /// The code.
    pub code: Zeroizing<String>,
    /// Seconds it stays valid.
    pub valid_s: u64,
}

/// Which field is meant.
#[derive(Debug, Clone)]
pub enum FieldName {
    /// By its id.
    Id(FieldId),
    /// By its label; the first with it, in the order of the summary.
    Label(String),
}

impl FieldName {
    /// 32 lower-case hexadecimal digits are an id, everything else is a label.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Label(text.to_owned()), Self::Id)
    }
}

/// The entries of the token's scopes.
///
/// # Errors
/// Through `done`: `Unauthenticated`, `AgentLocked`, `Unavailable`.
pub fn list(vault: &Vault, now_ms: u64, credential: &Credential, done: impl FnOnce(Result<Vec<HostedEntry>>) + Send + 'static) {
    let _ = (vault, now_ms, credential);
    done(crate::pending());
}

/// One value of tier 1. Needs `reveal`.
///
/// # Errors
/// Through `done`: `Unauthenticated`, `AgentLocked`, `BudgetExceeded`, `Hidden`, `Forbidden`, `TierTooHigh`.
pub fn value(
    vault: &Vault,
    now_ms: u64,
    credential: &Credential,
    entry_id: EntryId,
    field: FieldName,
    done: impl FnOnce(Result<HostedValue>) + Send + 'static,
) {
    let _ = (vault, now_ms, credential, entry_id, field);
    done(crate::pending());
}

/// The one-time code of the entry's first field of kind totp at tier 1. Needs `totp`.
///
/// # Errors
/// As [`value`].
pub fn totp(
    vault: &Vault,
    now_ms: u64,
    credential: &Credential,
    entry_id: EntryId,
    done: impl FnOnce(Result<HostedTotp>) + Send + 'static,
) {
    let _ = (vault, now_ms, credential, entry_id);
    done(crate::pending());
}
