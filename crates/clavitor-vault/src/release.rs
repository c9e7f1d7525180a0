//! Sealed fields for enrolled agents: policy, budget, audit row and release in one transaction.
//!
//! The work is split: [`look`] loads and decides on the caller's thread in a read transaction, and [`settle`] charges, logs and hands out on the
//! writer thread. If anything that policy looks at has changed in between, the writer looks again.

use std::sync::Arc;

use clavitor_crypto::{
    AgentId, EntryId, FieldId, VaultId,
    field_kind::Tier,
    header::Header,
    manifest::{AgentKind, AgentScope, Capabilities},
};

use crate::{
    Credential, EntryDetail, Error, Read, Result, UseMode, Vault, Write,
    audit::event::{Actor, DETAIL_BYTES_MAX, Draft},
    budget::{self, Outcome},
    caller::{Caller, Who, shared_scopes},
    change::{FieldRecord, Grant},
    policy::{self, Act, EntryFacts, FieldFacts, Permit, ReleaseField, Subject},
    store::{Room, agents::AgentRow, entries::KnownEntry},
};

const FIELDS_MAX: usize = 64;
const REASON_CHARS_MAX: usize = 300;
/// An agent's row says when it was last seen, to the minute.
const SEEN_MS: u64 = 60_000;

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

/// Releases sealed fields; for [`UseMode::Write`] the header and the keys alone, without their records. Blocks for the read; `done` is called on the writer thread once the audit row is durable.
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
    let credential = credential.clone();
    settle_in(vault, now_ms, move |r| look_at_fields(r, &credential, &request), done);
}

/// Looks on this thread and settles on the writer's.
pub(crate) fn settle_in<T: Send + 'static>(
    vault: &Vault,
    now_ms: u64,
    look: impl Fn(&Read<'_>) -> Result<Looked<T>> + Send + 'static,
    done: impl FnOnce(Result<T>) + Send + 'static,
) {
    match vault.look(now_ms, &look) {
        Ok(looked) => vault.write(now_ms, move |w| settle(w, looked, &look), done),
        Err(error) => done(Err(error)),
    }
}

/// What was found and decided, and not yet charged, logged or handed out.
pub(crate) struct Looked<T> {
    vault_id: VaultId,
    agent_id: AgentId,
    kind: AgentKind,
    /// The vault's count of changes that this was decided under.
    change_count: u64,
    entry_id: EntryId,
    action: &'static str,
    mode: UseMode,
    reason: String,
    answer: Result<(T, Vec<Line>)>,
}

#[cfg(feature = "measure")]
impl<T> Looked<T> {
    /// What was found, handed out without a trace.
    pub(crate) fn without_event(self) -> Result<T> {
        self.answer.map(|(found, _)| found)
    }
}

/// One field that is handed out.
pub(crate) struct Line {
    pub(crate) field_id: FieldId,
    /// The version of the record that the value is from.
    pub(crate) version: u64,
    pub(crate) tier: Tier,
}

/// What an agent asks for.
pub(crate) struct Asked<'a> {
    pub(crate) entry_id: EntryId,
    pub(crate) action: &'static str,
    pub(crate) mode: UseMode,
    pub(crate) reason: &'a str,
}

/// Finds the caller, and lets `find` load what policy allows. A refusal of `find` is part of what was found.
pub(crate) fn look<T>(caller: &Caller<'_>, asked: &Asked<'_>, find: impl FnOnce(&AgentRow) -> Result<(T, Vec<Line>)>) -> Result<Looked<T>> {
    let Who::Agent(agent) = caller.who() else { return Err(Error::Unauthenticated) };
    // One that may do nothing at all is told so, and pays nothing.
    policy::decide(caller.asker(), Act::ListNames, Subject::Vault)?;
    let answer = match find(agent) {
        Err(fault @ (Error::Internal(_) | Error::Unavailable(_))) => return Err(fault),
        answer => answer,
    };
    Ok(Looked {
        vault_id: agent.vault_id,
        agent_id: agent.agent_id,
        kind: agent.kind,
        change_count: agent.change_count,
        entry_id: asked.entry_id,
        action: asked.action,
        mode: asked.mode,
        reason: asked.reason.to_owned(),
        answer,
    })
}

/// Charges, logs and hands out, or refuses; in any case what happened is written in this transaction.
fn settle<T>(w: &Write<'_>, looked: Looked<T>, again: impl Fn(&Read<'_>) -> Result<Looked<T>>) -> Result<T> {
    w.demand(Room::Agent)?;
    let agent = w.agent(looked.agent_id)?.ok_or(Error::Unauthenticated)?;
    let looked = if agent.change_count == looked.change_count { looked } else { again(w)? };
    if let Some(refusal) = looked.answer.as_ref().err().filter(|refusal| !is_about_the_entry(refusal)) {
        return Err(refusal.clone());
    }
    charge(w, &agent, looked.entry_id)?;
    let actor = Actor::Agent(looked.kind, looked.agent_id);
    let draft = Draft { entry: Some(looked.entry_id), ..Draft::done(actor, looked.action).saying(&looked.reason) };
    match looked.answer {
        Err(refusal) => Err(log_refusal(w, looked.vault_id, draft, refusal)?),
        Ok((answer, lines)) => {
            for line in lines {
                w.log(looked.vault_id, &Draft { field: Some(line.field_id), tier: Some(line.tier), ..draft })?;
                if policy::gives_value(looked.mode) {
                    w.learn(looked.agent_id, looked.entry_id, line.field_id, line.version, looked.mode)?;
                }
            }
            w.commit(looked.vault_id, "release", Some(&looked.entry_id.0))?;
            w.leaves_only_traces();
            Ok(answer)
        }
    }
}

/// A refusal that tells something about the entry costs budget; one about the agent itself does not.
const fn is_about_the_entry(refusal: &Error) -> bool {
    matches!(refusal, Error::Hidden | Error::TierTooHigh(_) | Error::Forbidden(_))
}

/// Steps the agent's budget for one entry, and writes what follows from it.
pub(crate) fn charge(w: &Write<'_>, agent: &AgentRow, entry: EntryId) -> Result<()> {
    let id = agent.agent_id;
    let mut state = w.tails.budget(id, || w.budget(agent))?;
    let outcome = state.step(agent.limits, entry, w.now_ms());
    let (action, refusal) = match outcome {
        Outcome::Within => {
            drop(state);
            w.charge(id, entry)?;
            return seen(w, agent);
        }
        Outcome::Locked => return Err(Error::AgentLocked),
        Outcome::Cooling { retry_after_ms } => return Err(Error::BudgetExceeded { retry_after_s: retry_after_ms.div_ceil(1000) }),
        Outcome::Breached { retry_after_ms } => ("agent.cool", Error::BudgetExceeded { retry_after_s: retry_after_ms.div_ceil(1000) }),
        Outcome::LockedNow => ("agent.lock", Error::AgentLocked),
    };
    w.put_budget(id, &state)?;
    drop(state);
    let draft = Draft::done(Actor::Agent(agent.kind, id), action).on(entry);
    let refusal = log_refusal(w, agent.vault_id, draft, refusal)?;
    if outcome == Outcome::LockedNow {
        w.shared.locked_agent();
    }
    Err(refusal)
}

fn seen(w: &Write<'_>, agent: &AgentRow) -> Result<()> {
    if agent.last_seen_ms.is_none_or(|last_ms| w.now_ms() >= last_ms.saturating_add(SEEN_MS)) {
        w.agent_seen(agent.agent_id)?;
        w.forget_charges(agent.agent_id, w.now_ms().saturating_sub(budget::HOUR_MS))?;
    }
    Ok(())
}

/// Logs a refusal, which stays although the job returns it as an error.
pub(crate) fn refuse(w: &Write<'_>, caller: &Caller<'_>, draft: Draft<'_>, refusal: Error) -> Result<Error> {
    if is_about_the_entry(&refusal) { log_refusal(w, caller.vault(), draft, refusal) } else { Ok(refusal) }
}

fn log_refusal(w: &Write<'_>, vault_id: VaultId, draft: Draft<'_>, refusal: Error) -> Result<Error> {
    w.log(vault_id, &draft.refused(refusal.outcome()))?;
    w.commit(vault_id, "refusal", draft.entry.as_ref().map(|entry| entry.0.as_slice()))?;
    w.keep_effects();
    Ok(refusal)
}

pub(crate) fn look_at_fields(r: &Read<'_>, credential: &Credential, request: &ReleaseRequest) -> Result<Looked<EntryDetail>> {
    let caller = Caller::find(r, credential)?;
    caller.agent(AgentKind::Enrolled)?;
    let reason = request.reason.as_deref().unwrap_or_default();
    if request.field_ids.is_empty() || request.field_ids.len() > FIELDS_MAX {
        return Err(Error::BadRequest("field_ids names 1 to 64 fields"));
    }
    if reason.chars().count() > REASON_CHARS_MAX || reason.len() > DETAIL_BYTES_MAX {
        return Err(Error::BadRequest("reason is at most 300 characters"));
    }
    let detail = if reason.is_empty() { request.mode.name().to_owned() } else { format!("{}: {reason}", request.mode.name()) };
    let asked = Asked { entry_id: request.entry_id, action: "field.release", mode: request.mode, reason: &detail };
    look(&caller, &asked, |agent| load_fields(r, &caller, agent, request))
}

fn load_fields(r: &Read<'_>, caller: &Caller<'_>, agent: &AgentRow, request: &ReleaseRequest) -> Result<(EntryDetail, Vec<Line>)> {
    let found = Found::load(r, agent, request.entry_id)?;
    let (mut records, mut lines, mut tiers) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = None;
    for &field_id in &request.field_ids {
        let permit = found.permit(caller, request.mode, field_id)?;
        let header = found.header().ok_or(Error::Hidden)?;
        let field = header.field(field_id).ok_or(Error::Hidden)?;
        if policy::gives_value(request.mode) {
            let record = r.record(&permit, field_id, field.version)?.ok_or_else(|| Error::Internal("a record is missing".to_owned()))?;
            records.push(FieldRecord { field_id, record });
        }
        lines.push(Line { field_id, version: field.version, tier: field.tier });
        tiers.push(field.tier.number());
        last = Some((permit, header));
    }
    let (permit, header) = last.ok_or(Error::Hidden)?;
    let mut grants: Vec<Grant> = Vec::new();
    for scope in shared_scopes(&found.scopes, header) {
        let of_scope = r.grants(&permit, scope.scope)?;
        grants.extend(of_scope.into_iter().filter(|grant| grant.ek_epoch == header.ek_epoch && tiers.contains(&grant.tier)));
    }
    let chain = r.chain(&permit, header)?;
    let header_bytes = found.entry.as_ref().map(|entry| entry.signed.clone()).unwrap_or_default();
    let entry = EntryDetail { entry_id: request.entry_id, header: header_bytes, records, grants, chain };
    Ok((entry, lines))
}

/// An entry as an agent's request finds it.
pub(crate) struct Found {
    pub(crate) entry_id: EntryId,
    pub(crate) entry: Option<Arc<KnownEntry>>,
    pub(crate) scopes: Vec<AgentScope>,
}

impl Found {
    pub(crate) fn load(r: &Read<'_>, agent: &AgentRow, entry_id: EntryId) -> Result<Self> {
        Ok(Self { entry_id, entry: r.known_entry(agent.vault_id, entry_id)?, scopes: r.agent_scopes(agent.agent_id)? })
    }

    pub(crate) fn header(&self) -> Option<&Header> {
        self.entry.as_ref().map(|entry| &entry.header)
    }

    pub(crate) fn facts(&self) -> EntryFacts {
        let capabilities =
            self.header().and_then(|header| shared_scopes(&self.scopes, header).map(|grant| grant.capabilities).reduce(Capabilities::with));
        EntryFacts { place: self.header().map(|header| header.deleted), capabilities }
    }

    /// Asks policy for one field that has a record.
    pub(crate) fn permit<'tx>(&self, caller: &Caller<'tx>, mode: UseMode, field_id: FieldId) -> Result<Permit<'tx, ReleaseField>> {
        let field = self.header().and_then(|header| header.field(field_id));
        self.permit_for(caller, mode, field_id, field.map(|field| FieldFacts { kind: field.kind, tier: field.tier }))
    }

    pub(crate) fn permit_for<'tx>(
        &self,
        caller: &Caller<'tx>,
        mode: UseMode,
        field_id: FieldId,
        field: Option<FieldFacts>,
    ) -> Result<Permit<'tx, ReleaseField>> {
        let entry_id = self.entry_id;
        caller.permit::<ReleaseField>(Act::Release(mode), Subject::Field(self.facts(), field), |vault| (vault, entry_id, field_id))
    }
}
