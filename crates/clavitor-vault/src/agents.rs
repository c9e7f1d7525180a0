//! Agents: what their owner sees and does, and what they see of themselves.

use std::collections::{BTreeMap, btree_map::Entry};

use clavitor_crypto::{
    AgentId, EntryId, FieldId, VaultId,
    manifest::{AgentKind, AgentState},
};

use crate::{
    Applied, Credential, EntrySummary, Error, Read, Result, UseMode, Vault, Write, audit,
    audit::event::{Actor, Draft},
    budget,
    caller::{Caller, Who},
    change::{self, EntryChange, ScopeWrap},
    policy::{Act, GovernAgent, ListNames, Permit, ReadSelf, ReadVault, Subject},
    store::{Room, agents::AgentRow, entries::decode},
    unlock::{self, ManifestPage},
};

/// The node's view of one agent.
#[derive(Debug, Clone)]
pub struct AgentStatus {
    /// The agent.
    pub agent_id: AgentId,
    /// An enrolment that waits: for the agent, or for the owner's browser to verify the keys.
    pub enrolment: Option<EnrolmentStatus>,
    /// Last request.
    pub last_seen_ms: Option<u64>,
    /// Locked after a second breach of its budget, or by the owner.
    pub locked: bool,
    /// Refused until then after a first breach.
    pub cooling_until_ms: Option<u64>,
    /// Distinct entries in the last minute.
    pub minute: BudgetUse,
    /// Distinct entries in the last hour.
    pub hour: BudgetUse,
}

/// How much of a budget is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetUse {
    /// Distinct entries, misses included.
    pub used: u32,
    /// The limit.
    pub limit: u32,
}

/// An enrolment that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentStatus {
    /// The string is refused from then on.
    pub expires_ms: u64,
    /// What the agent sent; absent until it has.
    pub answer: Option<EnrolmentAnswer>,
}

/// What an agent sent when it enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnrolmentAnswer {
    /// Ed25519 public key.
    pub ed25519: [u8; 32],
    /// X25519 public key.
    pub x25519: [u8; 32],
    /// HMAC to verify before signing the keys into the manifest.
    pub mac: [u8; 32],
}

/// A field that was released to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learnt {
    /// The entry.
    pub entry_id: EntryId,
    /// The field.
    pub field_id: FieldId,
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

/// An agent's own state.
#[derive(Debug, Clone)]
pub struct AgentSelf {
    /// The vault.
    pub vault_id: VaultId,
    /// The agent.
    pub agent_id: AgentId,
    /// False until the owner's browser has verified the keys.
    pub active: bool,
    /// The signed manifest; absent for hosted agents.
    pub manifest: Option<Vec<u8>>,
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
    /// The log's signed head, if the agent asked for it: what it compares with the one it has seen.
    pub log: Option<audit::Checkpoint>,
}

/// Every agent of the person's vault.
///
/// # Errors
/// `Unauthenticated`.
pub fn list(r: &Read<'_>, credential: &Credential) -> Result<Vec<AgentStatus>> {
    let caller = Caller::find(r, credential)?;
    let permit = caller.permit::<ReadVault>(Act::ReadVault, Subject::Vault, |vault| vault)?;
    r.agents_of(*permit.target())?.iter().map(|agent| status(r, agent)).collect()
}

/// What an agent ever learnt, newest first; also after it was revoked.
///
/// # Errors
/// `Unauthenticated`, `Hidden`.
pub fn learnt(r: &Read<'_>, credential: &Credential, agent_id: AgentId) -> Result<Vec<Learnt>> {
    let (_, permit) = govern(r, credential, Act::ReadAgent, agent_id)?;
    Ok(r.learnt_by(permit.target().1)?)
}

/// Locks an agent.
///
/// # Errors
/// `Unauthenticated`, `Hidden`.
pub fn lock(w: &Write<'_>, credential: &Credential, agent_id: AgentId) -> Result<()> {
    let (caller, permit) = govern(w, credential, Act::LockAgent, agent_id)?;
    let agent = known_agent(w, agent_id)?;
    let mut state = w.budget(&agent)?;
    state.locked = true;
    change_lock(w, &caller, *permit.target(), &state, "agent.lock")
}

/// Unlocks an agent and starts its budget afresh. Needs a fresh passkey.
///
/// # Errors
/// `Unauthenticated`, `FreshPasskeyNeeded`, `Hidden`.
pub fn unlock(w: &Write<'_>, credential: &Credential, agent_id: AgentId) -> Result<()> {
    let (caller, permit) = govern(w, credential, Act::UnlockAgent, agent_id)?;
    let mut state = budget::State::default();
    state.unlock();
    w.forget_charges(agent_id, u64::MAX)?;
    change_lock(w, &caller, *permit.target(), &state, "agent.unlock")
}

/// The state of the agent that asks, enrolled or hosted. An invited agent may ask too. `log_from`: also the log's head, with the proof that it grew from
/// that size, or without one if the log is shorter now.
///
/// # Errors
/// `Unauthenticated`.
pub fn me(r: &Read<'_>, credential: &Credential, log_from: Option<u64>) -> Result<AgentSelf> {
    let caller = Caller::find(r, credential)?;
    let Who::Agent(agent) = caller.who() else { return Err(Error::Unauthenticated) };
    let permit = caller.permit::<ReadSelf>(Act::ReadSelf, Subject::Vault, |vault| (vault, agent.agent_id))?;
    let (vault_id, agent_id) = *permit.target();
    let enrolled = agent.kind == AgentKind::Enrolled;
    let (minute, hour) = used(r, agent)?;
    Ok(AgentSelf {
        vault_id,
        agent_id,
        active: agent.state == AgentState::Active,
        manifest: if enrolled { Some(r.known_vault(vault_id)?.manifest) } else { None },
        scope_wraps: if enrolled { r.scope_wraps(agent_id)? } else { Vec::new() },
        locked: agent.locked,
        minute,
        hour,
        not_after_s: agent.not_after_s,
        log: log_from.filter(|_| enrolled).map(|from| head_from(r, vault_id, from)).transpose()?,
    })
}

fn head_from(r: &Read<'_>, vault_id: VaultId, from: u64) -> Result<audit::Checkpoint> {
    audit::head(r, vault_id, from.min(r.log_size(vault_id)?))
}

/// The manifests above version `after` that are not in force any more, for an enrolled agent that has seen one of them.
///
/// # Errors
/// `Unauthenticated`, `AgentLocked`, `Forbidden` for an agent that may do nothing now.
pub fn manifests(r: &Read<'_>, credential: &Credential, after: u64) -> Result<ManifestPage> {
    let caller = Caller::find(r, credential)?;
    let agent_id = caller.agent(AgentKind::Enrolled)?.agent_id;
    let permit = caller.permit::<ReadSelf>(Act::ReadPast, Subject::Vault, |vault| (vault, agent_id))?;
    unlock::manifest_page(r, permit.target().0, after)
}

/// The entries an enrolled agent may use, sealed; the trash left out. Blocks for reading them; `done` is called on the writer thread once the audit row is
/// durable.
///
/// # Errors
/// Through `done`: `Unauthenticated`, `AgentLocked`, `Forbidden` for an agent that may do nothing now, `RateLimited`, `Unavailable`.
pub fn entries(vault: &Vault, now_ms: u64, credential: &Credential, done: impl FnOnce(Result<Vec<EntrySummary>>) + Send + 'static) {
    let found = vault.read(now_ms, |r| {
        let caller = Caller::find(r, credential)?;
        let agent_id = caller.agent(AgentKind::Enrolled)?.agent_id;
        let permit = caller.permit::<ListNames>(Act::ListNames, Subject::Vault, |vault| (vault, agent_id))?;
        r.shared.lists.take(agent_id, now_ms)?;
        listed(r, &permit)
    });
    settle_list(vault, now_ms, credential, found, done);
}

/// Stores a new version of an entry of the agent's scopes, signed by the agent.
///
/// # Errors
/// `Unauthenticated`, `AgentLocked`, `Hidden`, `Forbidden` without `write`, `NotValid`, `VersionConflict`.
pub fn write(w: &Write<'_>, credential: &Credential, entry: &EntryChange) -> Result<Applied> {
    w.demand(Room::Agent)?;
    let caller = Caller::find(w, credential)?;
    change::apply_by_agent(w, &caller, entry)
}

/// Looks an agent up for its owner.
fn govern<'tx>(r: &Read<'tx>, credential: &Credential, act: Act, agent_id: AgentId) -> Result<(Caller<'tx>, Permit<'tx, GovernAgent>)> {
    let caller = Caller::find(r, credential)?;
    caller.session()?;
    let known = match act {
        Act::ReadAgent => r.knows_agent(caller.vault(), agent_id)?,
        _ => r.agent(agent_id)?.is_some_and(|agent| agent.vault_id == caller.vault()),
    };
    let permit = caller.permit::<GovernAgent>(act, Subject::Agent { known }, |vault| (vault, agent_id))?;
    Ok((caller, permit))
}

fn known_agent(r: &Read<'_>, agent_id: AgentId) -> Result<AgentRow> {
    r.agent(agent_id)?.ok_or(Error::Hidden)
}

fn change_lock(w: &Write<'_>, caller: &Caller<'_>, target: (VaultId, AgentId), state: &budget::State, action: &'static str) -> Result<()> {
    let (vault_id, agent_id) = target;
    w.put_budget(agent_id, state)?;
    w.tails.drop_budget(agent_id);
    w.count_change(vault_id, 0)?;
    w.log(vault_id, &Draft::done(Actor::of(caller), action).saying(&agent_id.to_string()))?;
    w.commit(vault_id, "agent", Some(&agent_id.0))?;
    Ok(())
}

fn status(r: &Read<'_>, agent: &AgentRow) -> Result<AgentStatus> {
    let (minute, hour) = used(r, agent)?;
    Ok(AgentStatus {
        agent_id: agent.agent_id,
        enrolment: r.enrolment(agent.agent_id)?.map(|enrolment| enrolment.status()),
        last_seen_ms: agent.last_seen_ms,
        locked: agent.locked,
        cooling_until_ms: Some(agent.cooling_until_ms).filter(|until_ms| *until_ms > r.now_ms()),
        minute,
        hour,
    })
}

fn used(r: &Read<'_>, agent: &AgentRow) -> Result<(BudgetUse, BudgetUse)> {
    let state = r.budget(agent)?;
    let minute = BudgetUse { used: state.used(r.now_ms(), budget::MINUTE_MS), limit: agent.limits.per_minute };
    let hour = BudgetUse { used: state.used(r.now_ms(), budget::HOUR_MS), limit: agent.limits.per_hour };
    Ok((minute, hour))
}

/// The live entries of an agent's scopes, each once, with the grant of every scope that opens it.
pub(crate) fn listed(r: &Read<'_>, permit: &Permit<'_, ListNames>) -> Result<Vec<EntrySummary>> {
    let (vault_id, agent_id) = *permit.target();
    let mut listed: BTreeMap<EntryId, EntrySummary> = BTreeMap::new();
    for scope in r.agent_scopes(agent_id)? {
        for (row, grants) in r.summaries_in_scope(vault_id, scope.scope)? {
            match listed.entry(row.entry_id) {
                Entry::Occupied(mut known) => known.get_mut().grants.extend(grants),
                Entry::Vacant(new) => {
                    let chain = r.chain_in_scope(vault_id, row.entry_id, &decode(&row.header)?)?;
                    new.insert(EntrySummary { entry_id: row.entry_id, header: row.header, summary: row.summary, grants, chain });
                }
            }
        }
    }
    Ok(listed.into_values().collect())
}

/// Hands a list out once it is logged, if the caller may still have it.
pub(crate) fn settle_list<T: Send + 'static>(
    vault: &Vault,
    now_ms: u64,
    credential: &Credential,
    found: Result<Vec<T>>,
    done: impl FnOnce(Result<Vec<T>>) + Send + 'static,
) {
    let credential = credential.clone();
    match found {
        Ok(found) => vault.write(now_ms, move |w| log_list(w, &credential, found.len()).map(|()| found), done),
        Err(error) => done(Err(error)),
    }
}

fn log_list(w: &Write<'_>, credential: &Credential, entries: usize) -> Result<()> {
    w.demand(Room::Agent)?;
    let caller = Caller::find(w, credential)?;
    let Who::Agent(agent) = caller.who() else { return Err(Error::Unauthenticated) };
    let permit = caller.permit::<ListNames>(Act::ListNames, Subject::Vault, |vault| (vault, agent.agent_id))?;
    let (vault_id, agent_id) = *permit.target();
    let detail = format!("{entries} entries");
    w.log(vault_id, &Draft::done(Actor::of(&caller), "entry.list").saying(&detail))?;
    w.commit(vault_id, "list", None)?;
    Ok(w.agent_seen(agent_id)?)
}
