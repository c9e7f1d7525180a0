//! What the bench compares a read with: the same read that charges nothing and leaves no event. No operation of a node calls this, and only the bench
//! builds it.

use clavitor_crypto::EntryId;

use crate::{
    Credential, EntryDetail, Result, Vault,
    hosted::{self, FieldName, HostedValue},
    release::{self, ReleaseRequest},
};

/// [`hosted::value`] without its event.
///
/// # Errors
/// As there, but for budgets.
pub fn value(vault: &Vault, now_ms: u64, credential: &Credential, entry_id: EntryId, field: &FieldName) -> Result<HostedValue> {
    let bearer = hosted::bearer(credential)?;
    vault.look(now_ms, |r| hosted::look_at_value(r, &bearer, entry_id, field))?.without_event()
}

/// [`release::fields`] without its event.
///
/// # Errors
/// As there, but for budgets.
pub fn fields(vault: &Vault, now_ms: u64, credential: &Credential, request: &ReleaseRequest) -> Result<EntryDetail> {
    vault.look(now_ms, |r| release::look_at_fields(r, credential, request))?.without_event()
}
