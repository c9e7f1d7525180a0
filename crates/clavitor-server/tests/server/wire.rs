//! The person's side in Rust speaks bytes; here they become the wire's JSON.

use clavitor_api as wire;
use clavitor_api::{Blob, Id};
use clavitor_person::{Changes, EntryChange, Grant, StoredEntry};
use serde_json::Value;

pub(crate) fn id(bytes: [u8; 16]) -> Id {
    Id(bytes)
}

fn grant(grant: Grant) -> wire::Grant {
    wire::Grant { scope_id: id(grant.scope.0), tier: grant.tier, ek_epoch: grant.ek_epoch, record: Blob(grant.record) }
}

pub(crate) fn entry_change(entry: EntryChange) -> wire::EntryChange {
    let records = entry.records.into_iter().map(|(field, record)| wire::FieldRecord { field_id: id(field.0), record: Blob(record) });
    wire::EntryChange { header: Blob(entry.header), records: records.collect(), grants: entry.grants.into_iter().map(grant).collect() }
}

/// A change; `passkey` goes to its first unlocker that is new.
pub(crate) fn change(changes: Changes, mut passkey: Option<wire::NewPasskey>) -> wire::Change {
    let unlockers = changes.unlockers.into_iter().map(|unlocker| wire::UnlockerChange {
        id: wire::UnlockerId(unlocker.id.0),
        passkey: unlocker.record.is_some().then(|| passkey.take()).flatten(),
        record: unlocker.record.map(Blob),
        sealed_vmk: Blob(unlocker.sealed_vmk),
    });
    let hosted = changes.hosted_tokens.into_iter().map(|token| wire::NewHostedToken {
        agent_id: id(token.agent.0),
        auth_hash: Blob(token.auth_hash.to_vec()),
        grants: token.grants.into_iter().map(|(scope, record)| wire::ScopeGrant { scope_id: id(scope.0), record: Blob(record) }).collect(),
    });
    let enrolments = changes.enrolments.into_iter().map(|enrolment| wire::NewEnrolment {
        agent_id: id(enrolment.agent.0),
        auth_hash: Blob(enrolment.auth_hash.to_vec()),
        grant: Blob(enrolment.grant),
        valid_s: 900,
    });
    let wraps = changes.scope_wraps.into_iter().map(|wrap| wire::ScopeWrap {
        agent_id: id(wrap.agent.0),
        scope_id: id(wrap.scope.0),
        scope_epoch: wrap.scope_epoch,
        wrap: Blob(wrap.wrap),
    });
    wire::Change {
        manifest: changes.manifest.map(Blob),
        names: changes.names.map(Blob),
        usk: changes.usk.map(Blob),
        previous_vmk: changes.previous_vmk.map(Blob),
        unlockers: unlockers.collect(),
        scope_wraps: wraps.collect(),
        enrolments: enrolments.collect(),
        hosted_tokens: hosted.collect(),
        entries: changes.entries.into_iter().map(entry_change).collect(),
        grants: changes.grants.into_iter().map(|(entry, one)| wire::EntryGrant { entry_id: id(entry.0), grant: grant(one) }).collect(),
    }
}

/// An entry as the wire gives it, for the person's or the agent's side to open.
pub(crate) fn stored(entry: &Value) -> StoredEntry {
    let entry: wire::EntryDetail = serde_json::from_value(entry.clone()).unwrap();
    StoredEntry {
        header: entry.header.0,
        records: entry.records.into_iter().map(|record| (clavitor_crypto::FieldId(record.field_id.0), record.record.0)).collect(),
        grants: entry
            .grants
            .into_iter()
            .map(|grant| Grant {
                scope: clavitor_crypto::ScopeId(grant.scope_id.0),
                tier: grant.tier,
                ek_epoch: grant.ek_epoch,
                record: grant.record.0,
            })
            .collect(),
    }
}
