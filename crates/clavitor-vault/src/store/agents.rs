//! Rows of agents: standing, scopes, keys, enrolments, tokens, budgets, what they learnt.

use clavitor_crypto::{
    AgentId, EntryId, FieldId, ScopeId, VaultId,
    manifest::{Agent, AgentKind, AgentScope, AgentState, Capabilities},
};

use super::{
    Read, Write,
    shelf::{Keep, Key},
    tx::{Fault, Row, values},
};
use crate::{
    UseMode,
    agents::{EnrolmentAnswer, EnrolmentStatus, Learnt},
    budget::{self, Limits},
    change::{NewEnrolment, ScopeWrap},
};

/// An agent that stands in the manifest.
#[derive(Debug, Clone)]
pub(crate) struct AgentRow {
    pub(crate) agent_id: AgentId,
    pub(crate) vault_id: VaultId,
    pub(crate) kind: AgentKind,
    pub(crate) state: AgentState,
    pub(crate) ed25519: Vec<u8>,
    pub(crate) limits: Limits,
    pub(crate) not_after_s: u64,
    pub(crate) last_seen_ms: Option<u64>,
    pub(crate) locked: bool,
    pub(crate) cooling_until_ms: u64,
    pub(crate) last_breach_ms: Option<u64>,
    /// The vault's count of changes: as long as it is the same, so is everything policy looks at, but for budgets.
    pub(crate) change_count: u64,
}

/// An enrolment's row.
pub(crate) struct EnrolmentRow {
    pub(crate) auth_hash: [u8; 32],
    pub(crate) record: Vec<u8>,
    pub(crate) expires_ms: u64,
    pub(crate) answer: Option<EnrolmentAnswer>,
}

impl EnrolmentRow {
    pub(crate) fn status(&self) -> EnrolmentStatus {
        EnrolmentStatus { expires_ms: self.expires_ms, answer: self.answer }
    }
}

type Got<T> = Result<T, Fault>;

impl Keep for AgentRow {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.ed25519.len()
    }
}

impl Keep for Vec<AgentScope> {
    fn bytes(&self) -> usize {
        size_of_val(self.as_slice())
    }
}

impl Keep for Vec<(ScopeId, u32, Vec<u8>)> {
    fn bytes(&self) -> usize {
        self.iter().map(|(.., record)| 64 + record.len()).sum()
    }
}

const GONE: u8 = 0;

fn agent(row: &Row<'_>) -> Got<AgentRow> {
    let unknown = |what: &str| Fault::Other(format!("unknown agent {what}"));
    Ok(AgentRow {
        agent_id: AgentId(row.array(0)?),
        vault_id: VaultId(row.array(1)?),
        kind: match row.u8(2)? {
            1 => AgentKind::Enrolled,
            2 => AgentKind::Hosted,
            _ => return Err(unknown("kind")),
        },
        state: match row.u8(3)? {
            1 => AgentState::Active,
            2 => AgentState::Suspended,
            3 => AgentState::Invited,
            _ => return Err(unknown("state")),
        },
        ed25519: row.bytes(4)?,
        limits: Limits { per_minute: row.u32(5)?, per_hour: row.u32(6)? },
        not_after_s: row.u64(7)?,
        last_seen_ms: row.u64_if(8)?,
        locked: row.bool(9)?,
        cooling_until_ms: row.u64(10)?,
        last_breach_ms: row.u64_if(11)?,
        change_count: row.u64(12)?,
    })
}

impl Read<'_> {
    /// The agent with this id, unless it was removed.
    pub(crate) fn agent(&self, id: AgentId) -> Got<Option<AgentRow>> {
        let sql = "SELECT a.agent_id, a.vault_id, a.kind, a.state, a.ed25519, a.per_minute, a.per_hour, a.not_after_s, a.last_seen_ms, a.locked, \
                   a.cooling_until_ms, a.last_breach_ms, v.change_count FROM agent a JOIN vault v ON v.vault_id = a.vault_id \
                   WHERE a.agent_id = $1 AND a.state <> 0";
        self.shelved(Key::Agent(id), || self.tx.one(sql, values![&id.0], agent))
    }

    pub(crate) fn agents_of(&self, vault_id: VaultId) -> Got<Vec<AgentRow>> {
        let sql = "SELECT a.agent_id, a.vault_id, a.kind, a.state, a.ed25519, a.per_minute, a.per_hour, a.not_after_s, a.last_seen_ms, a.locked, \
                   a.cooling_until_ms, a.last_breach_ms, v.change_count FROM agent a JOIN vault v ON v.vault_id = a.vault_id \
                   WHERE a.vault_id = $1 AND a.state <> 0 ORDER BY a.agent_id";
        self.tx.all(sql, values![&vault_id.0], agent)
    }

    /// Whether the vault has or ever had the agent.
    pub(crate) fn knows_agent(&self, vault_id: VaultId, id: AgentId) -> Got<bool> {
        self.tx.exists("SELECT 1 FROM agent WHERE agent_id = $1 AND vault_id = $2", values![&id.0, &vault_id.0])
    }

    /// Whether any vault of this node has or ever had the agent.
    pub(crate) fn agent_id_is_taken(&self, id: AgentId) -> Got<bool> {
        self.tx.exists("SELECT 1 FROM agent WHERE agent_id = $1", values![&id.0])
    }

    pub(crate) fn agent_scopes(&self, id: AgentId) -> Got<Vec<AgentScope>> {
        let sql = "SELECT scope_id, capabilities FROM agent_scope WHERE agent_id = $1 ORDER BY scope_id";
        let load = || {
            let scope = |row: &Row<'_>| {
                let capabilities = Capabilities::from_bits(row.u8(1)?).map_err(|_| Fault::Other("unknown capability".to_owned()))?;
                Ok(AgentScope { scope: ScopeId(row.array(0)?), capabilities })
            };
            self.tx.all(sql, values![&id.0], scope).map(Some)
        };
        Ok(self.shelved(Key::Scopes(id), load)?.unwrap_or_default())
    }

    pub(crate) fn scope_wraps(&self, id: AgentId) -> Got<Vec<ScopeWrap>> {
        let sql = "SELECT scope_id, scope_epoch, wrap FROM scope_wrap WHERE agent_id = $1 ORDER BY scope_id";
        self.tx.all(sql, values![&id.0], |row| {
            Ok(ScopeWrap { agent_id: id, scope_id: ScopeId(row.array(0)?), scope_epoch: row.u32(1)?, wrap: row.bytes(2)? })
        })
    }

    pub(crate) fn enrolment(&self, id: AgentId) -> Got<Option<EnrolmentRow>> {
        let sql = "SELECT auth_hash, record, expires_ms, ed25519, x25519, mac FROM enrolment WHERE agent_id = $1";
        self.tx.one(sql, values![&id.0], |row| {
            let answered = row.bytes_if(3)?.is_some();
            let answer =
                answered.then(|| Ok::<_, Fault>(EnrolmentAnswer { ed25519: row.array(3)?, x25519: row.array(4)?, mac: row.array(5)? }));
            Ok(EnrolmentRow { auth_hash: row.array(0)?, record: row.bytes(1)?, expires_ms: row.u64(2)?, answer: answer.transpose()? })
        })
    }

    pub(crate) fn hosted_auth_hash(&self, id: AgentId) -> Got<Option<[u8; 32]>> {
        let sql = "SELECT auth_hash FROM hosted_token WHERE agent_id = $1";
        self.shelved(Key::Token(id), || self.tx.one(sql, values![&id.0], |row| row.array(0)))
    }

    /// Records 0x15 with their scopes and epochs.
    pub(crate) fn hosted_grants(&self, id: AgentId) -> Got<Vec<(ScopeId, u32, Vec<u8>)>> {
        let sql = "SELECT scope_id, scope_epoch, record FROM hosted_grant WHERE agent_id = $1 ORDER BY scope_id";
        let grant = |row: &Row<'_>| Ok((ScopeId(row.array(0)?), row.u32(1)?, row.bytes(2)?));
        Ok(self.shelved(Key::TokenGrants(id), || self.tx.all(sql, values![&id.0], grant).map(Some))?.unwrap_or_default())
    }

    /// The agent's budget as it is stored.
    pub(crate) fn budget(&self, agent: &AgentRow) -> Got<budget::State> {
        let since_ms = self.now_ms().saturating_sub(budget::HOUR_MS);
        let sql = "SELECT entry_id, last_ms FROM budget_entry WHERE agent_id = $1 AND last_ms >= $2";
        let asked = self.tx.all(sql, values![&agent.agent_id.0, since_ms], |row| Ok((EntryId(row.array(0)?), row.u64(1)?)))?;
        Ok(budget::State::load(asked, agent.cooling_until_ms, agent.last_breach_ms, agent.locked))
    }

    pub(crate) fn learnt_by(&self, id: AgentId) -> Got<Vec<Learnt>> {
        let sql = "SELECT entry_id, field_id, field_version, mode, first_ms, last_ms, times FROM learnt WHERE agent_id = $1 \
                   ORDER BY last_ms DESC, entry_id, field_id, field_version, mode";
        self.tx.all(sql, values![&id.0], |row| {
            Ok(Learnt {
                entry_id: EntryId(row.array(0)?),
                field_id: FieldId(row.array(1)?),
                field_version: row.u64(2)?,
                mode: mode(row.u8(3)?)?,
                first_ms: row.u64(4)?,
                last_ms: row.u64(5)?,
                times: row.u64(6)?,
            })
        })
    }
}

fn mode(number: u8) -> Got<UseMode> {
    UseMode::ALL.into_iter().find(|mode| *mode as u8 == number).ok_or_else(|| Fault::Other("unknown mode".to_owned()))
}

impl Write<'_> {
    /// Writes what the manifest says of an agent. Budget, lock and ledger stay.
    pub(crate) fn put_agent(&self, vault_id: VaultId, agent: &Agent) -> Got<()> {
        let (ed25519, x25519): (&[u8], &[u8]) = agent.keys.as_ref().map_or((&[], &[]), |keys| (keys.ed25519.as_bytes(), &keys.x25519.0));
        let sql = "INSERT INTO agent (agent_id, vault_id, kind, state, ed25519, x25519, per_minute, per_hour, not_after_s, locked, cooling_until_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0) ON CONFLICT (agent_id) DO UPDATE SET state = excluded.state, \
                   ed25519 = excluded.ed25519, x25519 = excluded.x25519, per_minute = excluded.per_minute, per_hour = excluded.per_hour, \
                   not_after_s = excluded.not_after_s";
        let (kind, state) = (agent.kind as u8, agent.state as u8);
        let budget = agent.budget;
        self.tx.execute(
            sql,
            values![&agent.id.0, &vault_id.0, kind, state, ed25519, x25519, budget.per_minute, budget.per_hour, agent.not_after_s],
        )?;
        self.tx.execute("DELETE FROM agent_scope WHERE agent_id = $1", values![&agent.id.0])?;
        for grant in &agent.scopes {
            let sql = "INSERT INTO agent_scope (agent_id, scope_id, capabilities) VALUES ($1, $2, $3)";
            self.tx.execute(sql, values![&agent.id.0, &grant.scope.0, grant.capabilities.bits()])?;
        }
        Ok(())
    }

    /// Takes everything from an agent but its name and what it learnt.
    pub(crate) fn retire_agent(&self, id: AgentId) -> Got<()> {
        self.tx.execute("UPDATE agent SET state = $1 WHERE agent_id = $2", values![GONE, &id.0])?;
        self.tx.execute("DELETE FROM agent_scope WHERE agent_id = $1", values![&id.0])?;
        self.tx.execute("DELETE FROM scope_wrap WHERE agent_id = $1", values![&id.0])?;
        self.tx.execute("DELETE FROM hosted_grant WHERE agent_id = $1", values![&id.0])?;
        self.tx.execute("DELETE FROM hosted_token WHERE agent_id = $1", values![&id.0])?;
        self.delete_enrolment(id)
    }

    pub(crate) fn put_scope_wrap(&self, wrap: &ScopeWrap) -> Got<()> {
        let sql = "INSERT INTO scope_wrap (agent_id, scope_id, scope_epoch, wrap) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (agent_id, scope_id) DO UPDATE SET scope_epoch = excluded.scope_epoch, wrap = excluded.wrap";
        self.tx.execute(sql, values![&wrap.agent_id.0, &wrap.scope_id.0, wrap.scope_epoch, &wrap.wrap])?;
        Ok(())
    }

    pub(crate) fn delete_scope_wrap(&self, id: AgentId, scope: ScopeId) -> Got<()> {
        self.tx.execute("DELETE FROM scope_wrap WHERE agent_id = $1 AND scope_id = $2", values![&id.0, &scope.0])?;
        Ok(())
    }

    pub(crate) fn put_enrolment(&self, new: &NewEnrolment) -> Got<()> {
        let expires_ms = self.now_ms() + u64::from(new.valid_s) * 1000;
        let sql = "INSERT INTO enrolment (agent_id, auth_hash, record, expires_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (agent_id) DO UPDATE SET \
                   auth_hash = excluded.auth_hash, record = excluded.record, expires_ms = excluded.expires_ms, ed25519 = NULL, x25519 = NULL, mac = NULL";
        self.tx.execute(sql, values![&new.agent_id.0, &new.auth_hash, &new.grant, expires_ms])?;
        Ok(())
    }

    pub(crate) fn answer_enrolment(&self, id: AgentId, answer: &EnrolmentAnswer) -> Got<()> {
        let sql = "UPDATE enrolment SET ed25519 = $1, x25519 = $2, mac = $3 WHERE agent_id = $4";
        self.tx.execute(sql, values![&answer.ed25519, &answer.x25519, &answer.mac, &id.0])?;
        Ok(())
    }

    pub(crate) fn delete_enrolment(&self, id: AgentId) -> Got<()> {
        self.tx.execute("DELETE FROM enrolment WHERE agent_id = $1", values![&id.0])?;
        Ok(())
    }

    pub(crate) fn put_hosted_token(&self, id: AgentId, auth_hash: &[u8; 32]) -> Got<()> {
        let sql = "INSERT INTO hosted_token (agent_id, auth_hash) VALUES ($1, $2) ON CONFLICT (agent_id) DO UPDATE SET auth_hash = excluded.auth_hash";
        self.tx.execute(sql, values![&id.0, auth_hash])?;
        self.tx.execute("DELETE FROM hosted_grant WHERE agent_id = $1", values![&id.0])?;
        Ok(())
    }

    pub(crate) fn insert_hosted_grant(&self, id: AgentId, scope: ScopeId, epoch: u32, record: &[u8]) -> Got<()> {
        let sql = "INSERT INTO hosted_grant (agent_id, scope_id, scope_epoch, record) VALUES ($1, $2, $3, $4)";
        self.tx.execute(sql, values![&id.0, &scope.0, epoch, record])?;
        Ok(())
    }

    /// Ends a hosted agent's token; the agent stays in the manifest until its owner removes it or makes a new token.
    pub(crate) fn delete_hosted_token(&self, id: AgentId) -> Got<()> {
        self.tx.execute("DELETE FROM hosted_grant WHERE agent_id = $1", values![&id.0])?;
        self.tx.execute("DELETE FROM hosted_token WHERE agent_id = $1", values![&id.0])?;
        Ok(())
    }

    pub(crate) fn delete_hosted_grant(&self, id: AgentId, scope: ScopeId) -> Got<()> {
        self.tx.execute("DELETE FROM hosted_grant WHERE agent_id = $1 AND scope_id = $2", values![&id.0, &scope.0])?;
        Ok(())
    }

    pub(crate) fn agent_seen(&self, id: AgentId) -> Got<()> {
        self.tx.execute("UPDATE agent SET last_seen_ms = $1 WHERE agent_id = $2", values![self.now_ms(), &id.0])?;
        Ok(())
    }

    pub(crate) fn put_budget(&self, id: AgentId, state: &budget::State) -> Got<()> {
        let sql = "UPDATE agent SET locked = $1, cooling_until_ms = $2, last_breach_ms = $3 WHERE agent_id = $4";
        self.tx.execute(sql, values![state.locked, state.cooling_until_ms, state.last_breach_ms, &id.0])?;
        Ok(())
    }

    pub(crate) fn charge(&self, id: AgentId, entry: EntryId) -> Got<()> {
        let sql = "INSERT INTO budget_entry (agent_id, entry_id, last_ms) VALUES ($1, $2, $3) \
                   ON CONFLICT (agent_id, entry_id) DO UPDATE SET last_ms = excluded.last_ms";
        self.tx.execute(sql, values![&id.0, &entry.0, self.now_ms()])?;
        Ok(())
    }

    /// Forgets what the budget counts: all of it, or what is older than an hour.
    pub(crate) fn forget_charges(&self, id: AgentId, before_ms: u64) -> Got<()> {
        self.tx.execute("DELETE FROM budget_entry WHERE agent_id = $1 AND last_ms < $2", values![&id.0, before_ms])?;
        Ok(())
    }

    pub(crate) fn learn(&self, id: AgentId, entry: EntryId, field: FieldId, version: u64, mode: UseMode) -> Got<()> {
        let sql = "INSERT INTO learnt (agent_id, entry_id, field_id, field_version, mode, first_ms, last_ms, times) \
                   VALUES ($1, $2, $3, $4, $5, $6, $6, 1) ON CONFLICT (agent_id, entry_id, field_id, field_version, mode) \
                   DO UPDATE SET last_ms = excluded.last_ms, times = learnt.times + 1";
        self.tx.execute(sql, values![&id.0, &entry.0, &field.0, version, mode as u8, self.now_ms()])?;
        Ok(())
    }
}
