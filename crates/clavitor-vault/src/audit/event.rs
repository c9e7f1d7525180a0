//! An audit event before it has a place in the log: who did what to what. What it becomes there is [`clavitor_crypto::event`].

use clavitor_crypto::{AgentId, EntryId, FieldId, UnlockerId, VaultId, cbor, event::Members, field_kind::Tier, manifest::AgentKind};

use crate::caller::{Caller, Who};

pub use clavitor_crypto::event::Event;

/// Longest detail, in bytes.
pub(crate) const DETAIL_BYTES_MAX: usize = 1200;

/// Who did it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Actor {
    Person(UnlockerId),
    Agent(AgentKind, AgentId),
    Anonymous,
}

impl Actor {
    pub(crate) fn of(caller: &Caller<'_>) -> Self {
        match caller.who() {
            Who::Person(session) => Self::Person(session.unlocker_id),
            Who::Agent(agent) => Self::Agent(agent.kind, agent.agent_id),
        }
    }

    const fn number(&self) -> u8 {
        match self {
            Self::Person(_) => 1,
            Self::Agent(AgentKind::Enrolled, _) => 2,
            Self::Agent(AgentKind::Hosted, _) => 3,
            Self::Anonymous => 5,
        }
    }

    fn id(&self) -> &[u8] {
        match self {
            Self::Person(unlocker) => &unlocker.0,
            Self::Agent(_, agent) => &agent.0,
            Self::Anonymous => &[],
        }
    }
}

/// An event before it has a place in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) actor: Actor,
    pub(crate) action: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) entry: Option<EntryId>,
    pub(crate) field: Option<FieldId>,
    pub(crate) tier: Option<Tier>,
    pub(crate) detail: &'a str,
}

impl<'a> Draft<'a> {
    /// Something that was done.
    pub(crate) const fn done(actor: Actor, action: &'static str) -> Self {
        Self { actor, action, outcome: "ok", entry: None, field: None, tier: None, detail: "" }
    }

    /// The same with an entry.
    pub(crate) const fn on(self, entry: EntryId) -> Self {
        Self { entry: Some(entry), ..self }
    }

    /// The same with a detail.
    pub(crate) const fn saying(self, detail: &'a str) -> Self {
        Self { detail, ..self }
    }

    /// The same, refused.
    pub(crate) const fn refused(self, outcome: &'static str) -> Self {
        Self { outcome, ..self }
    }

    /// The canonical bytes at a place in the log.
    pub(crate) fn encode(&self, vault_id: VaultId, seq: u64, time_ms: u64) -> Vec<u8> {
        cbor::encode(&Members {
            vault_id,
            seq,
            time_ms,
            actor: self.actor.number(),
            actor_id: self.actor.id().to_vec(),
            action: self.action.to_owned(),
            outcome: self.outcome.to_owned(),
            entry_id: self.entry.map(|id| id.0.to_vec()).unwrap_or_default(),
            field_id: self.field.map(|id| id.0.to_vec()).unwrap_or_default(),
            tier: self.tier.map_or(0, Tier::number),
            detail: self.detail.to_owned(),
        })
    }
}
