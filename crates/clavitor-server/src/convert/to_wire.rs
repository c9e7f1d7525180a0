//! The vault's types become the wire's.

use clavitor_api as wire;
use clavitor_api::{Blob, Id};
use clavitor_vault as vault;
use data_encoding::HEXLOWER;

use crate::refusal::mode_to_wire;

/// Becomes a type of the wire.
pub(crate) trait ToWire {
    /// Which.
    type Wire;

    /// Becomes it.
    fn to_wire(self) -> Self::Wire;
}

impl<T: ToWire> ToWire for Vec<T> {
    type Wire = Vec<T::Wire>;

    fn to_wire(self) -> Self::Wire {
        self.into_iter().map(ToWire::to_wire).collect()
    }
}

impl<T: ToWire> ToWire for Option<T> {
    type Wire = Option<T::Wire>;

    fn to_wire(self) -> Self::Wire {
        self.map(ToWire::to_wire)
    }
}

macro_rules! ids {
    ($($name:ident),*) => {$(
        impl ToWire for vault::$name {
            type Wire = Id;

            fn to_wire(self) -> Id {
                Id(self.0)
            }
        }
    )*};
}

ids!(AgentId, EntryId, FieldId, ScopeId, VaultId);

impl ToWire for vault::UnlockerId {
    type Wire = wire::UnlockerId;

    fn to_wire(self) -> wire::UnlockerId {
        wire::UnlockerId(self.0)
    }
}

impl ToWire for Vec<u8> {
    type Wire = Blob;

    fn to_wire(self) -> Blob {
        Blob(self)
    }
}

impl ToWire for [u8; 32] {
    type Wire = Blob;

    fn to_wire(self) -> Blob {
        Blob(self.to_vec())
    }
}

impl ToWire for vault::Applied {
    type Wire = wire::Applied;

    fn to_wire(self) -> wire::Applied {
        wire::Applied { seq: self.seq, manifest_version: self.manifest_version, log_size: self.log_size }
    }
}

impl ToWire for vault::unlock::UnlockerState {
    type Wire = wire::UnlockerState;

    fn to_wire(self) -> wire::UnlockerState {
        wire::UnlockerState {
            id: self.id.to_wire(),
            record: Blob(self.record),
            sealed_vmk: Blob(self.sealed_vmk),
            synced: self.synced,
            last_used_ms: self.last_used_ms,
        }
    }
}

impl ToWire for vault::unlock::VaultState {
    type Wire = wire::VaultState;

    fn to_wire(self) -> wire::VaultState {
        wire::VaultState {
            vault_id: self.vault_id.to_wire(),
            unlocker: self.unlocker.to_wire(),
            manifest: Blob(self.manifest),
            usk: Blob(self.usk),
            names: self.names.map(Blob),
            previous_vmks: self.previous_vmks.into_iter().map(Blob).collect(),
            checkpoint: self.checkpoint,
            consistency: self.consistency.to_wire(),
            recovery_pending_until_ms: self.recovery_pending_until_ms,
        }
    }
}

impl ToWire for vault::change::FieldRecord {
    type Wire = wire::FieldRecord;

    fn to_wire(self) -> wire::FieldRecord {
        wire::FieldRecord { field_id: self.field_id.to_wire(), record: Blob(self.record) }
    }
}

impl ToWire for vault::change::Grant {
    type Wire = wire::Grant;

    fn to_wire(self) -> wire::Grant {
        wire::Grant { scope_id: self.scope_id.to_wire(), tier: self.tier, ek_epoch: self.ek_epoch, record: Blob(self.record) }
    }
}

impl ToWire for vault::change::ScopeWrap {
    type Wire = wire::ScopeWrap;

    fn to_wire(self) -> wire::ScopeWrap {
        let (agent_id, scope_id) = (self.agent_id.to_wire(), self.scope_id.to_wire());
        wire::ScopeWrap { agent_id, scope_id, scope_epoch: self.scope_epoch, wrap: Blob(self.wrap) }
    }
}

impl ToWire for vault::EntrySummary {
    type Wire = wire::EntrySummary;

    fn to_wire(self) -> wire::EntrySummary {
        wire::EntrySummary {
            entry_id: self.entry_id.to_wire(),
            header: Blob(self.header),
            summary: self.summary.map(Blob),
            grants: self.grants.to_wire(),
            chain: self.chain.into_iter().map(Blob).collect(),
        }
    }
}

impl ToWire for vault::EntryPage {
    type Wire = wire::EntryPage;

    fn to_wire(self) -> wire::EntryPage {
        wire::EntryPage { entries: self.entries.to_wire(), next: self.next.to_wire(), total: self.total }
    }
}

impl ToWire for vault::EntryDetail {
    type Wire = wire::EntryDetail;

    fn to_wire(self) -> wire::EntryDetail {
        wire::EntryDetail {
            entry_id: self.entry_id.to_wire(),
            header: Blob(self.header),
            records: self.records.to_wire(),
            grants: self.grants.to_wire(),
            chain: self.chain.into_iter().map(Blob).collect(),
        }
    }
}

impl ToWire for vault::entries::ExportPage {
    type Wire = wire::ExportPage;

    fn to_wire(self) -> wire::ExportPage {
        wire::ExportPage { entries: self.entries.to_wire(), next: self.next.to_wire() }
    }
}

impl ToWire for vault::agents::BudgetUse {
    type Wire = wire::BudgetUse;

    fn to_wire(self) -> wire::BudgetUse {
        wire::BudgetUse { used: self.used, limit: self.limit }
    }
}

impl ToWire for vault::agents::EnrolmentStatus {
    type Wire = wire::EnrolmentStatus;

    fn to_wire(self) -> wire::EnrolmentStatus {
        let answer = self.answer.map(|answer| wire::EnrolmentAnswer {
            ed25519: answer.ed25519.to_wire(),
            x25519: answer.x25519.to_wire(),
            mac: answer.mac.to_wire(),
        });
        wire::EnrolmentStatus { expires_ms: self.expires_ms, answer }
    }
}

impl ToWire for vault::agents::AgentStatus {
    type Wire = wire::AgentStatus;

    fn to_wire(self) -> wire::AgentStatus {
        wire::AgentStatus {
            agent_id: self.agent_id.to_wire(),
            enrolment: self.enrolment.to_wire(),
            last_seen_ms: self.last_seen_ms,
            locked: self.locked,
            cooling_until_ms: self.cooling_until_ms,
            minute: self.minute.to_wire(),
            hour: self.hour.to_wire(),
        }
    }
}

impl ToWire for vault::agents::Learnt {
    type Wire = wire::Learnt;

    fn to_wire(self) -> wire::Learnt {
        wire::Learnt {
            entry_id: self.entry_id.to_wire(),
            field_id: self.field_id.to_wire(),
            field_version: self.field_version,
            mode: mode_to_wire(self.mode),
            first_ms: self.first_ms,
            last_ms: self.last_ms,
            times: self.times,
        }
    }
}

impl ToWire for vault::agents::AgentSelf {
    type Wire = wire::AgentSelf;

    fn to_wire(self) -> wire::AgentSelf {
        wire::AgentSelf {
            vault_id: self.vault_id.to_wire(),
            agent_id: self.agent_id.to_wire(),
            active: self.active,
            manifest: self.manifest.map(Blob),
            scope_wraps: self.scope_wraps.to_wire(),
            locked: self.locked,
            minute: self.minute.to_wire(),
            hour: self.hour.to_wire(),
            not_after_s: self.not_after_s,
            log: self.log.map(ToWire::to_wire),
        }
    }
}

impl ToWire for vault::unlock::ManifestPage {
    type Wire = wire::ManifestPage;

    fn to_wire(self) -> wire::ManifestPage {
        wire::ManifestPage { manifests: self.manifests.into_iter().map(Blob).collect(), next: self.next }
    }
}

impl ToWire for vault::hosted::HostedEntry {
    type Wire = wire::HostedEntry;

    fn to_wire(self) -> wire::HostedEntry {
        let fields = self.fields.into_iter().map(|field| wire::HostedField {
            field_id: field.field_id.to_wire(),
            label: field.label,
            kind: field.kind,
            tier: field.tier,
            allowed_modes: field.allowed_modes.into_iter().map(mode_to_wire).collect(),
        });
        wire::HostedEntry { entry_id: self.entry_id.to_wire(), title: self.title, kind: self.kind, fields: fields.collect() }
    }
}

impl ToWire for vault::audit::Event {
    type Wire = wire::AuditEvent;

    fn to_wire(self) -> wire::AuditEvent {
        wire::AuditEvent {
            seq: self.seq,
            time_ms: self.time_ms,
            actor_kind: self.actor_kind.to_owned(),
            actor_id: self.actor_id.map(|id| HEXLOWER.encode(&id)),
            action: self.action,
            outcome: self.outcome,
            entry_id: self.entry_id.to_wire(),
            field_id: self.field_id.to_wire(),
            tier: self.tier,
            detail: self.detail,
            bytes: Blob(self.bytes),
        }
    }
}

impl ToWire for vault::audit::AuditPage {
    type Wire = wire::AuditPage;

    fn to_wire(self) -> wire::AuditPage {
        wire::AuditPage { events: self.events.to_wire(), next: self.next, size: self.size }
    }
}

impl ToWire for vault::audit::Checkpoint {
    type Wire = wire::Checkpoint;

    fn to_wire(self) -> wire::Checkpoint {
        wire::Checkpoint { checkpoint: self.checkpoint, consistency: self.consistency.to_wire() }
    }
}
