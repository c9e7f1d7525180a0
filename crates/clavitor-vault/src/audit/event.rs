//! An audit event: one canonical encoding, which the tree hashes.
//!
//! Deterministic CBOR, one map with all members: 0 format 1, 1 vault_id, 2 seq, 3 Unix ms, 4 actor kind, 5 actor id (empty, 16 or 32 bytes), 6 action,
//! 7 outcome, 8 entry_id (empty or 16 bytes), 9 field_id (empty or 16 bytes), 10 tier (0 for none), 11 detail (empty for none). No titles, no values.

use clavitor_crypto::{
    AgentId, EntryId, FieldId, Refusal, UnlockerId, VaultId,
    cbor::{self, Canonical, Reader, Writer},
    field_kind::Tier,
    manifest::AgentKind,
};

use crate::caller::{Caller, Who};

/// Longest detail, in bytes.
pub(crate) const DETAIL_BYTES_MAX: usize = 1200;
const MEMBERS: u64 = 12;

/// One event, read from its canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The vault.
    pub vault_id: VaultId,
    /// Position in the log, from 0.
    pub seq: u64,
    /// When, Unix milliseconds.
    pub time_ms: u64,
    /// `person`, `agent`, `hosted`, `node`, or `anonymous`.
    pub actor_kind: &'static str,
    /// The agent (16 bytes) or the unlocker (32 bytes), where there is one.
    pub actor_id: Option<Vec<u8>>,
    /// What was done or tried, such as `field.release`.
    pub action: String,
    /// `ok` or the code of the refusal.
    pub outcome: String,
    /// The entry, where there is one.
    pub entry_id: Option<EntryId>,
    /// The field, where there is one.
    pub field_id: Option<FieldId>,
    /// Its tier.
    pub tier: Option<u8>,
    /// The agent's reason, or what the event says besides.
    pub detail: Option<String>,
    /// The canonical bytes.
    pub bytes: Vec<u8>,
}

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

const ACTORS: [&str; 5] = ["person", "agent", "hosted", "node", "anonymous"];

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

/// The members as they are encoded.
struct Members {
    vault_id: VaultId,
    seq: u64,
    time_ms: u64,
    actor: u8,
    actor_id: Vec<u8>,
    action: String,
    outcome: String,
    entry_id: Vec<u8>,
    field_id: Vec<u8>,
    tier: u8,
    detail: String,
}

impl Canonical for Members {
    fn write(&self, writer: &mut Writer) {
        writer.map(MEMBERS).number(0, 1u8).bytes(1, &self.vault_id.0).number(2, self.seq).number(3, self.time_ms);
        writer.number(4, self.actor).bytes(5, &self.actor_id).text(6, &self.action).text(7, &self.outcome);
        writer.bytes(8, &self.entry_id).bytes(9, &self.field_id).number(10, self.tier).text(11, &self.detail);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(MEMBERS)?;
        if reader.number::<u64>(0)? != 1 {
            return Err(Refusal::Rule);
        }
        Ok(Self {
            vault_id: VaultId(reader.fixed(1)?),
            seq: reader.number(2)?,
            time_ms: reader.number(3)?,
            actor: reader.number(4)?,
            actor_id: reader.bytes(5)?.to_vec(),
            action: reader.text(6)?,
            outcome: reader.text(7)?,
            entry_id: reader.bytes(8)?.to_vec(),
            field_id: reader.bytes(9)?.to_vec(),
            tier: reader.number(10)?,
            detail: reader.text(11)?,
        })
    }
}

impl Event {
    /// Reads canonical bytes.
    ///
    /// # Errors
    /// [`Refusal`] for anything that is not the one encoding of an event.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let members: Members = cbor::decode(bytes)?;
        let actor_kind = usize::from(members.actor).checked_sub(1).and_then(|at| ACTORS.get(at)).ok_or(Refusal::Rule)?;
        if !matches!(members.actor_id.len(), 0 | 16 | 32) || members.tier > 3 {
            return Err(Refusal::Rule);
        }
        let id = |bytes: &[u8]| if bytes.is_empty() { Ok(None) } else { bytes.try_into().map(Some).map_err(|_| Refusal::Rule) };
        Ok(Self {
            vault_id: members.vault_id,
            seq: members.seq,
            time_ms: members.time_ms,
            actor_kind,
            actor_id: (!members.actor_id.is_empty()).then_some(members.actor_id),
            action: members.action,
            outcome: members.outcome,
            entry_id: id(&members.entry_id)?.map(EntryId),
            field_id: id(&members.field_id)?.map(FieldId),
            tier: (members.tier > 0).then_some(members.tier),
            detail: (!members.detail.is_empty()).then_some(members.detail),
            bytes: bytes.to_vec(),
        })
    }
}
