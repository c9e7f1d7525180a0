//! A node that serves what the person made, as the routes say, and lies on demand. It opens nothing.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::Bytes;
use clavitor_api::{
    AgentEntryList, AgentSelf, AgentWrite, Applied, Blob, BudgetUse, EnrolRequest, EnrolResponse, EntryDetail, EntrySummary, ErrorBody,
    ErrorCode, FieldRecord, Grant, Id, ManifestPage, ReleaseRequest, Released, ScopeWrap, UseMode,
};
use clavitor_crypto::{
    AgentId, EntryId, FieldId, ScopeId,
    field_kind::Tier,
    hash::sha256,
    header::{Header, SignedHeader},
    manifest::{AgentState, Capabilities, Manifest},
    signed::Unverified,
};
use clavitor_person::Changes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};

use super::{Vault, log::Log};

/// Changes an answer on its way out: the path, and the JSON.
pub(crate) type Lie = Box<dyn Fn(&str, &mut Value) + Send + Sync>;

/// A node on this machine.
pub(crate) struct Node {
    shared: Arc<Shared>,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

struct Shared {
    state: Mutex<State>,
}

/// A status and what goes with it.
type Refused = Box<(StatusCode, ErrorBody)>;

/// What the node stores.
pub(crate) struct State {
    pub(crate) vault: Vault,
    wraps: Vec<ScopeWrap>,
    enrolments: BTreeMap<AgentId, Enrolment>,
    pub(crate) entries: BTreeMap<EntryId, Stored>,
    /// Every manifest that was ever in force.
    pub(crate) manifests: Vec<Vec<u8>>,
    pub(crate) log: Log,
    /// Paths asked for, with the bodies.
    pub(crate) asked: Vec<(String, Value)>,
    /// How answers are changed.
    pub(crate) lie: Option<Lie>,
    /// A refusal for every release.
    pub(crate) refuse: Option<Refused>,
    pub(crate) locked: bool,
}

struct Enrolment {
    auth_hash: [u8; 32],
    grant: Vec<u8>,
    answer: Option<EnrolRequest>,
}

/// An entry as the node has it.
#[derive(Clone, Default)]
pub(crate) struct Stored {
    pub(crate) header: Vec<u8>,
    /// The headers before it, newest first.
    pub(crate) older: Vec<Vec<u8>>,
    pub(crate) records: BTreeMap<FieldId, Vec<u8>>,
    pub(crate) grants: Vec<Grant>,
}

impl Stored {
    /// What the header claims.
    pub(crate) fn claims(&self) -> Header {
        Unverified::<Header>::parse(&self.header).unwrap().claims().clone()
    }

    /// Stores a next version.
    pub(crate) fn becomes(&mut self, header: Vec<u8>) {
        let before = std::mem::replace(&mut self.header, header);
        if !before.is_empty() {
            self.older.insert(0, before);
        }
    }

    /// What is sent with a header that an agent signed: those before it, down to and with the owner's.
    pub(crate) fn chain(&self) -> Vec<Blob> {
        let by_owner = |header: &[u8]| Unverified::<Header>::parse(header).unwrap().claims().author == AgentId::ZERO;
        if by_owner(&self.header) {
            return Vec::new();
        }
        let agents = self.older.iter().take_while(|header| !by_owner(header)).count();
        self.older.iter().take(agents + 1).cloned().map(Blob).collect()
    }

    pub(crate) fn signed(&self, vault: &Vault) -> SignedHeader {
        Unverified::parse(&self.header).unwrap().verify(&vault.person.vault(), &vault.person.usk().public()).unwrap()
    }
}

impl Node {
    /// Starts with a fresh vault.
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            vault: Vault::new(&format!("http://{address}")),
            wraps: Vec::new(),
            enrolments: BTreeMap::new(),
            entries: BTreeMap::new(),
            manifests: Vec::new(),
            log: Log::default(),
            asked: Vec::new(),
            lie: None,
            refuse: None,
            locked: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state) });
        shared.state.lock().unwrap().apply();
        runtime.spawn(accept(listener, shared.clone()));
        Self { shared, address, runtime: Some(runtime) }
    }

    /// Its address.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its state, with what the owner did meanwhile.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }

    /// The owner does something, and the node is told.
    pub(crate) fn owner<T>(&self, act: impl FnOnce(&mut Vault) -> T) -> T {
        let mut state = self.state();
        let done = act(&mut state.vault);
        state.apply();
        done
    }

    /// Answers are changed from now on.
    pub(crate) fn lies(&self, lie: impl Fn(&str, &mut Value) + Send + Sync + 'static) {
        self.state().lie = Some(Box::new(lie));
    }

    /// The owner's browser confirms every agent that answered.
    pub(crate) fn confirm(&self) {
        let mut state = self.state();
        let answers: Vec<EnrolRequest> = state.enrolments.values_mut().filter_map(|enrolment| enrolment.answer.take()).collect();
        for answer in answers {
            state.vault.admit(AgentId(answer.agent_id.0), &answer.ed25519.0, &answer.x25519.0, &answer.mac.0);
        }
        state.apply();
    }

    /// The GitHub entry as it is stored.
    pub(crate) fn github(&self) -> (EntryId, Stored) {
        let state = self.state();
        (state.vault.github, state.entries[&state.vault.github].clone())
    }

    /// Paths that were asked for.
    pub(crate) fn asked(&self, path: &str) -> Vec<Value> {
        self.state().asked.iter().filter(|(asked, _)| asked == path).map(|(_, body)| body.clone()).collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl State {
    /// Stores what the owner did.
    pub(crate) fn apply(&mut self) {
        for changes in std::mem::take(&mut self.vault.changes) {
            self.store(changes);
        }
    }

    fn store(&mut self, changes: Changes) {
        self.log.append(b"a change");
        self.manifests.extend(changes.manifest);
        for wrap in changes.scope_wraps {
            self.wraps.retain(|old| (old.agent_id.0, old.scope_id.0) != (wrap.agent.0, wrap.scope.0));
            let (agent_id, scope_id) = (Id(wrap.agent.0), Id(wrap.scope.0));
            self.wraps.push(ScopeWrap { agent_id, scope_id, scope_epoch: wrap.scope_epoch, wrap: Blob(wrap.wrap) });
        }
        for enrolment in changes.enrolments {
            let stored = Enrolment { auth_hash: enrolment.auth_hash, grant: enrolment.grant, answer: None };
            self.enrolments.insert(enrolment.agent, stored);
        }
        for entry in changes.entries {
            let stored = self.entries.entry(entry.entry).or_default();
            stored.becomes(entry.header);
            stored.records.extend(entry.records);
            entry.grants.into_iter().for_each(|grant| regrant(stored, grant));
        }
        for (entry, grant) in changes.grants {
            regrant(self.entries.entry(entry).or_default(), grant);
        }
    }

    /// What an agent is told about itself.
    pub(crate) fn agent_self(&self, agent: AgentId) -> AgentSelf {
        let manifest = self.vault.person.manifest();
        let listed = manifest.body().agent(agent);
        AgentSelf {
            vault_id: Id(self.vault.person.vault().0),
            agent_id: Id(agent.0),
            active: listed.is_some_and(|agent| agent.state == AgentState::Active),
            manifest: Some(Blob(manifest.bytes().to_vec())),
            scope_wraps: self.wraps.iter().filter(|wrap| wrap.agent_id.0 == agent.0).cloned().collect(),
            locked: self.locked,
            minute: BudgetUse { used: 0, limit: 3 },
            hour: BudgetUse { used: 0, limit: 10 },
            not_after_s: listed.map_or(0, |agent| agent.not_after_s),
            log: None,
        }
    }

    /// The same, with the log's head if the agent asks for it.
    fn agent_asked(&self, agent: AgentId, query: &str) -> AgentSelf {
        let from = query.strip_prefix("log_from=").map(|from| from.parse().unwrap());
        let head = |from| self.log.head(self.vault.person.vault(), &self.vault.log_key, from);
        AgentSelf { log: from.map(head), ..self.agent_self(agent) }
    }

    /// Two at a time, so that there is a next page.
    fn manifests_after(&self, query: &str) -> ManifestPage {
        let after: u64 = query.strip_prefix("after=").unwrap().parse().unwrap();
        let version = |bytes: &[u8]| Unverified::<Manifest>::parse(bytes).unwrap().claims().version;
        let now = self.vault.person.manifest().body().version;
        let old = self.manifests.iter().filter(|bytes| (after + 1..now).contains(&version(bytes)));
        let page: Vec<Vec<u8>> = old.take(2).cloned().collect();
        let next = page.last().map(|last| version(last)).filter(|_| page.len() == 2);
        ManifestPage { manifests: page.into_iter().map(Blob).collect(), next }
    }

    fn entries_for(&self, agent: AgentId) -> AgentEntryList {
        let manifest = self.vault.person.manifest().body();
        let scopes: Vec<ScopeId> =
            manifest.agent(agent).map(|agent| agent.scopes.iter().map(|held| held.scope).collect()).unwrap_or_default();
        let mut entries = Vec::new();
        for (id, stored) in &self.entries {
            let claims = stored.claims();
            if scopes.iter().any(|scope| claims.is_in(*scope)) && claims.summary().is_some() {
                entries.push(EntrySummary {
                    entry_id: Id(id.0),
                    header: Blob(stored.header.clone()),
                    summary: stored.records.get(&FieldId::ZERO).cloned().map(Blob),
                    grants: grants(stored, &scopes, |tier| tier == 1),
                    chain: stored.chain(),
                });
            }
        }
        AgentEntryList { entries }
    }

    fn release(&self, agent: AgentId, asked: &ReleaseRequest) -> Result<Released, Refused> {
        if let Some(refusal) = &self.refuse {
            return Err(refusal.clone());
        }
        let listed = self.vault.person.manifest().body().agent(agent).cloned().ok_or_else(not_found)?;
        let stored = self.entries.get(&EntryId(asked.entry_id.0)).ok_or_else(not_found)?;
        let claims = stored.claims();
        let scopes: Vec<ScopeId> = listed.scopes.iter().map(|held| held.scope).collect();
        let needs = match asked.mode {
            UseMode::Use => Capabilities::USE,
            UseMode::Totp => Capabilities::TOTP,
            UseMode::Reveal => Capabilities::REVEAL,
            UseMode::Write => Capabilities::WRITE,
        };
        if !claims.capabilities_of(&listed).has(needs) {
            return Err(not_found());
        }
        let wanted = |field: &FieldId| {
            asked.mode != UseMode::Write
                && asked.field_ids.iter().any(|id| id.0 == field.0)
                && claims.field(*field).is_some_and(|one| one.tier != Tier::OnlyMe)
        };
        let records = stored.records.iter().filter(|(field, _)| wanted(field));
        let records = records.map(|(field, record)| FieldRecord { field_id: Id(field.0), record: Blob(record.clone()) }).collect();
        let entry = EntryDetail {
            entry_id: asked.entry_id,
            header: Blob(stored.header.clone()),
            records,
            grants: grants(stored, &scopes, |_| true),
            chain: stored.chain(),
        };
        Ok(Released { entry })
    }

    fn write(&mut self, write: AgentWrite) -> Result<Applied, Refused> {
        let claims = Unverified::<Header>::parse(&write.entry.header.0).map_err(|_| not_found())?.claims().clone();
        let stored = self.entries.get_mut(&claims.entry).ok_or_else(not_found)?;
        stored.becomes(write.entry.header.0);
        stored.records.extend(write.entry.records.into_iter().map(|record| (FieldId(record.field_id.0), record.record.0)));
        Ok(Applied { seq: 1, manifest_version: 1, log_size: 1 })
    }

    fn enrol(&mut self, request: EnrolRequest) -> Result<EnrolResponse, Refused> {
        let enrolment = self.enrolments.get_mut(&AgentId(request.agent_id.0)).ok_or_else(not_found)?;
        if sha256(&[&request.auth.0]) != enrolment.auth_hash || enrolment.answer.is_some() {
            return Err(Box::new((StatusCode::GONE, refusal(ErrorCode::Gone, "used or expired"))));
        }
        enrolment.answer = Some(request);
        Ok(EnrolResponse { grant: Blob(enrolment.grant.clone()) })
    }
}

fn regrant(stored: &mut Stored, grant: clavitor_person::Grant) {
    stored.grants.retain(|old| (old.scope_id.0, old.tier, old.ek_epoch) != (grant.scope.0, grant.tier, grant.ek_epoch));
    stored.grants.push(Grant { scope_id: Id(grant.scope.0), tier: grant.tier, ek_epoch: grant.ek_epoch, record: Blob(grant.record) });
}

fn grants(stored: &Stored, scopes: &[ScopeId], tier: impl Fn(u8) -> bool) -> Vec<Grant> {
    let held = |grant: &&Grant| scopes.iter().any(|scope| scope.0 == grant.scope_id.0) && tier(grant.tier);
    stored.grants.iter().filter(held).cloned().collect()
}

/// A refusal with a code and a sentence.
pub(crate) fn refusal(code: ErrorCode, message: &str) -> ErrorBody {
    ErrorBody {
        code,
        message: message.into(),
        exists: None,
        allowed_modes: Vec::new(),
        remedy: None,
        retry_after_s: None,
        current_version: None,
        now_ms: None,
    }
}

fn not_found() -> Refused {
    Box::new((StatusCode::NOT_FOUND, refusal(ErrorCode::NotFound, "unknown, or not for you")))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(shared.clone(), request));
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let path = parts.uri.path().to_owned();
    let agent = parts.headers.get("authorization").and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("DPoP "));
    let agent = agent.and_then(|id| id.parse::<AgentId>().ok()).filter(|_| parts.headers.contains_key("dpop"));
    let mut state = shared.state.lock().unwrap();
    state.asked.push((path.clone(), serde_json::from_slice(&body).unwrap_or_default()));
    let query = parts.uri.query().unwrap_or_default();
    let (status, mut value) = match routed(&mut state, (&path, query), agent, &body) {
        Ok(value) => (StatusCode::OK, value),
        Err(refused) => (refused.0, json!(refused.1)),
    };
    if let Some(lie) = &state.lie {
        lie(&path, &mut value);
    }
    let mut response = Response::new(Full::new(Bytes::from(value.to_string())));
    *response.status_mut() = status;
    Ok(response)
}

fn routed(state: &mut State, (path, query): (&str, &str), agent: Option<AgentId>, body: &[u8]) -> Result<Value, Refused> {
    if path == "/v1/enrol" {
        return state.enrol(parse(body)).map(to_value);
    }
    let agent = agent.ok_or_else(|| Box::new((StatusCode::UNAUTHORIZED, refusal(ErrorCode::Unauthenticated, "no proof"))))?;
    match path {
        "/v1/agent" => Ok(to_value(state.agent_asked(agent, query))),
        "/v1/agent/manifests" => Ok(to_value(state.manifests_after(query))),
        "/v1/agent/entries" => Ok(to_value(state.entries_for(agent))),
        "/v1/agent/release" => state.release(agent, &parse(body)).map(to_value),
        "/v1/agent/write" => state.write(parse(body)).map(to_value),
        _ => Err(not_found()),
    }
}

fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).unwrap()
}

fn to_value(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}
