//! Every operation of the node, on one page. The router, the API description and the tests of who may call what are made from this table.

use axum::http::Method;
use clavitor_api::*;

use crate::{
    answer::{Document, Done, Metrics, Ready, SignedIn, SignedOut, Told, Word},
    handlers::reports::PolicyReported,
    handlers::{agent, agents, audit, changes, enrol, entries, hosted, node, recovery, reports, session, setup},
    operation::{Handler, Input, Json, Operation, Output, Query},
    path::{AgentPath, EntryPath, FieldPath},
    who::{Agent, AnyAgent, Anyone, FreshPerson, Hosted, Onlooker, Person, Watcher, Who},
};

fn get<W: Who, I: Input, O: Output>(path: &'static str, id: &'static str, handler: impl Handler<W, I, O>, doc: &'static str) -> Operation {
    Operation::new(Method::GET, path, id, doc, handler)
}

fn post<W: Who, I: Input, O: Output>(path: &'static str, id: &'static str, handler: impl Handler<W, I, O>, doc: &'static str) -> Operation {
    Operation::new(Method::POST, path, id, doc, handler)
}

fn delete<W: Who, I: Input, O: Output>(
    path: &'static str,
    id: &'static str,
    handler: impl Handler<W, I, O>,
    doc: &'static str,
) -> Operation {
    Operation::new(Method::DELETE, path, id, doc, handler)
}

/// The table: who, what goes in, what comes out; path, name, handler, meaning.
#[rustfmt::skip]
pub fn operations() -> Vec<Operation> {
    vec![
        // Node.
        get::<Anyone, (), Word>("/livez", "live", node::live, "The process answers."),
        get::<Onlooker, (), Ready>("/readyz", "ready", node::ready, "Whether the node can do its work; 503 if a check fails. A watcher sees a line for each check, everybody else the names of those that fail."),
        get::<Watcher, (), Metrics>("/metrics", "metrics", node::metrics, "Numbers for Prometheus: on the node's own machine, or with the operator's token."),
        get::<Anyone, (), Document>("/v1/openapi.json", "describe", node::describe, "This description."),
        get::<Anyone, (), Json<NodeInfo>>("/v1/node", "node", node::info, "Whether the node waits for its first owner, and where its passkeys belong."),

        post::<Anyone, PolicyReported, Done>("/v1/reports/policy", "policyReport", reports::policy, "A browser says that a page did what its content policy forbids. Counted; only the directive is logged."),

        // Becoming a person.
        post::<Anyone, Json<SetupBegin>, Json<Ceremony>>("/v1/setup/begin", "setupBegin", setup::begin, "Begins making a vault with a one-time set-up link."),
        post::<Anyone, Json<SetupFinish>, SignedIn>("/v1/setup/finish", "setupFinish", setup::finish, "Makes the vault and signs its owner in. The link is used up."),
        post::<Anyone, Json<SessionBegin>, Json<Ceremony>>("/v1/session/begin", "sessionBegin", session::begin, "Begins signing in, or renewing freshness."),
        post::<Anyone, Json<SessionFinish>, SignedIn>("/v1/session/finish", "sessionFinish", session::finish, "Signs in with a passkey. The passkey says which vault."),
        post::<Anyone, Json<RecoveryRequest>, Json<RecoveryStarted>>("/v1/recovery/start", "recoveryStart", recovery::start, "Starts the recovery delay. Only a person who is signed in can cancel it."),
        post::<Anyone, Json<RecoveryRequest>, SignedIn>("/v1/recovery/claim", "recoveryClaim", recovery::claim, "Signs in with the recovery code after the delay."),
        post::<Anyone, Json<EnrolRequest>, Json<EnrolResponse>>("/v1/enrol", "enrol", enrol::answer, "An invited agent proves its enrolment string and leaves its public keys. Works once."),

        // A person and their vault.
        get::<Person, (), Json<SessionInfo>>("/v1/session", "session", session::current, "The session of this request."),
        delete::<Person, (), SignedOut>("/v1/session", "sessionEnd", session::end, "Signs out."),
        get::<Person, (), Json<VaultState>>("/v1/vault", "vault", session::vault, "Everything the browser needs to unlock; each part is verified there."),
        get::<Person, Query<ManifestQuery>, Json<ManifestPage>>("/v1/manifests", "manifests", session::manifests, "Manifests that were in force before, above a version: they link one that a browser has seen to the one in force."),
        get::<Person, Query<EntryQuery>, Json<EntryPage>>("/v1/entries", "entries", entries::page, "A page of sealed summaries, ordered by entry id."),
        get::<Person, EntryPath, Told<EntryDetail>>("/v1/entries/{entry_id}", "entry", entries::detail, "One entry with all its sealed records."),
        get::<Person, EntryPath, Json<EntryHistory>>("/v1/entries/{entry_id}/history", "entryHistory", entries::history, "All versions of an entry, newest first."),
        post::<Person, Json<Change>, Json<Applied>>("/v1/changes", "change", changes::apply, "Applies a set of signed and sealed objects in one transaction. Changing unlockers, agents, scopes or recovery, and purging, need a fresh passkey.").large(),
        post::<FreshPerson, (), Json<Ceremony>>("/v1/passkeys/begin", "passkeyBegin", session::begin_passkey, "Begins making another passkey; the answer goes into a change."),
        get::<Person, (), Json<UnlockerList>>("/v1/unlockers", "unlockers", session::unlockers, "Every way in."),
        get::<Person, (), Json<AgentList>>("/v1/agents", "agents", agents::list, "Every agent: enrolment, budget, lock, last request."),
        get::<Person, AgentPath, Json<LearntList>>("/v1/agents/{agent_id}/learnt", "agentLearnt", agents::learnt, "What one agent ever learnt."),
        post::<Person, AgentPath, Done>("/v1/agents/{agent_id}/lock", "agentLock", agents::lock, "Locks an agent at once."),
        post::<FreshPerson, AgentPath, Done>("/v1/agents/{agent_id}/unlock", "agentUnlock", agents::unlock, "Unlocks an agent."),
        get::<Person, Query<AuditQuery>, Json<AuditPage>>("/v1/audit", "audit", audit::page, "A page of the audit log, newest first."),
        get::<Person, Query<CheckpointQuery>, Json<Checkpoint>>("/v1/audit/checkpoint", "checkpoint", audit::checkpoint, "The signed tree head, with a consistency proof from an older size."),
        post::<Person, (), Done>("/v1/recovery/cancel", "recoveryCancel", recovery::cancel, "Cancels a recovery that somebody started."),
        get::<FreshPerson, Query<ExportQuery>, Json<ExportPage>>("/v1/export", "export", entries::export, "Whole entries, sealed, page by page."),

        // Agents.
        get::<AnyAgent, Query<AgentQuery>, Json<AgentSelf>>("/v1/agent", "agentSelf", agent::me, "The caller's own state: scopes, budget, lock; the log's head if asked."),
        get::<Agent, Query<ManifestQuery>, Json<ManifestPage>>("/v1/agent/manifests", "agentManifests", agent::manifests, "Manifests that were in force before, above a version."),
        get::<Agent, (), Json<AgentEntryList>>("/v1/agent/entries", "agentEntries", agent::entries, "The entries the agent may use: sealed summaries, never values."),
        post::<Agent, Json<ReleaseRequest>, Json<Released>>("/v1/agent/release", "agentRelease", agent::release, "Releases sealed fields of one entry. Charges the budget and writes the audit log."),
        post::<Agent, Json<AgentWrite>, Json<Applied>>("/v1/agent/write", "agentWrite", agent::write, "Stores a new version of an entry, signed by the agent."),
        get::<Hosted, (), Json<HostedList>>("/v1/hosted/entries", "hostedEntries", hosted::list, "Names and kinds of the entries in the token's scopes, never values."),
        get::<Hosted, FieldPath, Json<HostedValue>>("/v1/hosted/entries/{entry_id}/fields/{field}", "hostedValue", hosted::value, "One tier-1 value, by field id or label, opened with the token's key for this request only."),
        get::<Hosted, EntryPath, Json<HostedTotp>>("/v1/hosted/entries/{entry_id}/totp", "hostedTotp", hosted::totp, "The current one-time code of an entry."),
    ]
}
