//! An event of the audit log: one canonical encoding, which the tree hashes.
//!
//! Deterministic CBOR, one map with all members: 0 format 1, 1 vault_id, 2 seq, 3 Unix ms, 4 actor kind, 5 actor id (empty, 16 or 32 bytes), 6 action,
//! 7 outcome, 8 entry_id (empty or 16 bytes), 9 field_id (empty or 16 bytes), 10 tier (0 for none), 11 detail (empty for none). No titles, no values.

use crate::{
    EntryId, FieldId, Refusal, VaultId,
    cbor::{self, Canonical, Reader, Writer},
};

const MEMBERS: u64 = 12;
/// In the order of their numbers, from 1.
const ACTORS: [&str; 5] = ["person", "agent", "hosted", "node", "anonymous"];

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

/// The members as they are encoded; ids that are not there are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// The vault.
    pub vault_id: VaultId,
    /// Position in the log, from 0.
    pub seq: u64,
    /// When, Unix milliseconds.
    pub time_ms: u64,
    /// 1 person, 2 agent, 3 hosted, 4 node, 5 anonymous.
    pub actor: u8,
    /// The agent or the unlocker, or empty.
    pub actor_id: Vec<u8>,
    /// What was done or tried.
    pub action: String,
    /// `ok` or the code of the refusal.
    pub outcome: String,
    /// The entry, or empty.
    pub entry_id: Vec<u8>,
    /// The field, or empty.
    pub field_id: Vec<u8>,
    /// Its tier, or 0.
    pub tier: u8,
    /// What the event says besides, or empty.
    pub detail: String,
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
