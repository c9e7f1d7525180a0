//! The vault as an enrolled agent sees it. A [`Session`] exists only with a verified manifest, and hands out only what was verified through it.

mod entry;
mod find;
mod item;
mod past;
mod release;
mod standing;
mod write;

use std::{collections::BTreeSet, path::Path};

use clavitor_api::{AgentEntryList, AgentSelf, Blob, EntrySummary, Id};
use clavitor_crypto::{
    EntryId, FieldId,
    header::SignedHeader,
    manifest::{Agent, SignedManifest},
};
use zeroize::Zeroizing;

pub use item::{Item, ItemField};
pub use release::{Opened, Wanted, how_to_use};
pub use standing::Standing;

use crate::{
    alarm::Alarm,
    clock,
    failure::{Failure, Kind},
    identity::{Identity, ObjectPin, Pins, PinsError, Profile},
    node::Node,
};
use entry::Fault;
use standing::HeldScope;

/// One conversation with the node, as one agent of one vault.
pub struct Session {
    profile: Profile,
    identity: Identity,
    node: Node,
    /// As they were when the conversation began. Answers are judged by these, so that another process that is ahead is no rollback.
    pins: Pins,
    status: AgentSelf,
    manifest: SignedManifest,
    standing: Standing,
    scopes: Vec<HeldScope>,
}

/// What a list gave.
pub struct Items {
    /// The items, by title.
    pub items: Vec<Item>,
    /// Entries whose last author was removed: they wait for the owner.
    pub waiting: usize,
    /// Entries this agent has used that are not in the list any more, each named once. The owner may have taken them away; a node that hides them looks
    /// the same, so a person is told.
    pub gone: Vec<Id>,
}

impl Session {
    /// Begins: checks the key file, asks the node, and verifies what it says about the vault and this agent.
    ///
    /// # Errors
    /// The profile is stopped by an alarm, the node cannot be reached or refuses, or its answer does not hold.
    pub async fn open(profile: Profile, ca_file: Option<&Path>) -> Result<Self, Failure> {
        if let Some(incident) = profile.incident()? {
            return Err(stopped(&profile, &incident.at, &incident.what));
        }
        let (identity, pins) = (profile.identity()?, profile.pins()?);
        let node = Node::new(identity.node.clone(), ca_file)?;
        let status: AgentSelf = node.get(identity.prover(), &status_path(&pins)).await?;
        let raised = |alarm: Alarm| profile.raise(&alarm, identity.node.as_str());
        let (manifest, standing, scopes) = verified(&identity, &pins, &status).map_err(raised)?;
        let log = past::log(&identity, &pins, manifest.body(), &status).map_err(raised)?;
        let session = Self { profile, identity, node, pins, status, manifest, standing, scopes };
        // The node shows nothing of the past to an agent that may do nothing now. What is not proved is not kept: whoever works again begins where this began.
        let proved = !past::has_gap(&session.pins, &session.manifest) || session.working().is_ok();
        if proved {
            past::linked(&session.identity, &session.node, &session.pins, &session.manifest).await.map_err(|broken| match broken {
                past::Broken::Alarm(alarm) => session.raise(&alarm),
                past::Broken::Failure(failure) => failure,
            })?;
        }
        let manifest = proved.then(|| ObjectPin { version: session.manifest.body().version, hash: *session.manifest.hash() });
        session.keep(&Pins { manifest, log, ..Pins::default() })?;
        Ok(session)
    }

    const fn node(&self) -> &Node {
        &self.node
    }

    fn scopes(&self) -> &[HeldScope] {
        &self.scopes
    }

    /// The profile in use.
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Who this agent is.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The node's own words about this agent: budget and lock. They are its claims, not the owner's.
    pub const fn status(&self) -> &AgentSelf {
        &self.status
    }

    /// The verified manifest.
    pub const fn manifest(&self) -> &SignedManifest {
        &self.manifest
    }

    /// Where this agent stands.
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// This agent in the manifest, if it may work now.
    ///
    /// # Errors
    /// It waits for the owner, is suspended, expired or removed.
    pub fn working(&self) -> Result<&Agent, Failure> {
        let agents_page = self.identity.node.at(crate::AGENTS_PAGE);
        if self.status.locked {
            return Err(Failure::new(Kind::Locked, "this agent is locked: it went over its budget twice, or the owner locked it")
                .remedy("stop and tell the owner; only they can unlock it, with a passkey on the Agents page"));
        }
        match (self.standing, self.manifest.body().agent(self.identity.agent)) {
            (Standing::Active, Some(agent)) if agent.not_after_s > clock::now_ms() / 1000 => Ok(agent),
            (Standing::Active, Some(agent)) => {
                let ended = clock::rfc3339(agent.not_after_s.saturating_mul(1000));
                Err(Failure::new(Kind::Auth, format!("this agent's time ended at {ended}"))
                    .remedy("ask the owner to extend it on the Agents page"))
            }
            (Standing::Invited, _) => {
                let mut failure = Failure::new(Kind::ApprovalPending, "the owner has not confirmed this agent yet")
                    .remedy("ask the owner to open the vault; the Agents page shows the waiting agent");
                failure.approval_url = Some(agents_page);
                Err(failure)
            }
            (Standing::Suspended, _) => Err(Failure::new(Kind::Locked, "the owner has suspended this agent")
                .remedy("ask the owner; only they can lift it, on the Agents page")),
            (Standing::Removed | Standing::Active, _) => Err(Failure::new(Kind::Auth, "the owner has removed this agent from the vault")
                .remedy("ask the owner for a new enrolment string if you still need access")),
        }
    }

    /// The items this agent may use, by title. No value of a secret kind is fetched.
    ///
    /// # Errors
    /// This agent may not work, the node refuses, or its answer does not hold.
    pub async fn items(&self) -> Result<Items, Failure> {
        let agent = self.working()?;
        let list: AgentEntryList = self.node.get(self.identity.prover(), "/v1/agent/entries").await?;
        let mut found = Items { items: Vec::with_capacity(list.entries.len().min(10_000)), waiting: 0, gone: Vec::new() };
        let mut verified = Pins::default();
        for summary in &list.entries {
            let entry = EntryId(summary.entry_id.0);
            let item = match self.read_item(entry, summary, agent) {
                Ok(Some(item)) => item,
                Ok(None) => continue,
                Err(Fault::AuthorUnknown) => {
                    found.waiting += 1;
                    continue;
                }
                Err(fault) => return Err(self.judged(fault).await),
            };
            if verified.entries.insert(Id(entry.0), pin_of(&item.header)).is_some() {
                return Err(self.raise(&Alarm::new(&format!("entry {entry}"), "was listed twice")));
            }
            found.items.push(item);
        }
        let listed: BTreeSet<Id> = list.entries.iter().map(|summary| summary.entry_id).collect();
        found.gone = self.pins.used.iter().filter(|used| !listed.contains(used) && !self.pins.missed.contains(used)).copied().collect();
        verified.missed.extend(&found.gone);
        self.keep(&verified)?;
        found.items.sort_by(|a, b| (&a.title, a.id()).cmp(&(&b.title, b.id())));
        Ok(found)
    }

    /// An entry of the list; `None` if it is in the trash.
    fn read_item(&self, entry: EntryId, summary: &EntrySummary, agent: &Agent) -> Result<Option<Item>, Fault> {
        let header = self.proved(&self.pins, entry, &summary.header.0, &summary.chain)?;
        let object = format!("the summary of entry {entry}");
        if !entry::is_live(header.body()) {
            return Ok(None);
        }
        let keys = entry::entry_keys(header.body(), &self.scopes, &summary.grants)?;
        let record = summary.summary.as_ref().ok_or_else(|| Alarm::new(&object, "was left out"))?;
        let opened = keys.open(header.body(), FieldId::ZERO, &record.0)?;
        Ok(Some(Item::read(header, Zeroizing::new(opened.to_vec()), agent)?))
    }

    fn proved(&self, pins: &Pins, entry: EntryId, bytes: &[u8], chain: &[Blob]) -> Result<SignedHeader, Fault> {
        entry::header(self.manifest.body(), pins, entry, bytes, chain)
    }

    /// Raises the alarm, unless the owner changed the vault since this conversation began, which a newer signed manifest proves.
    async fn judged(&self, fault: Fault) -> Failure {
        let alarm = match fault {
            Fault::Alarm(alarm) => return self.raise(&alarm),
            Fault::AuthorUnknown => return release::author_removed(),
            Fault::Behind(alarm) => alarm,
        };
        let status: Result<AgentSelf, Failure> = self.node.get(self.identity.prover(), "/v1/agent").await;
        let newer = match status.map(|status| verified(&self.identity, &self.pins, &status)) {
            Ok(Ok((manifest, ..))) => manifest.body().version > self.manifest.body().version,
            Ok(Err(alarm)) => return self.raise(&alarm),
            Err(failure) => return failure,
        };
        if newer { Failure::changed_meanwhile() } else { self.raise(&alarm) }
    }

    fn raise(&self, alarm: &Alarm) -> Failure {
        self.profile.raise(alarm, self.identity.node.as_str())
    }

    fn keep(&self, verified: &Pins) -> Result<(), Failure> {
        self.profile.keep(verified).map_err(|error| match error {
            PinsError::Alarm(alarm) => self.raise(&alarm),
            PinsError::Failure(failure) => failure,
        })
    }
}

/// Asks how the log grew as well: from what was seen, or from its beginning.
fn status_path(pins: &Pins) -> String {
    format!("/v1/agent?log_from={}", pins.log.map_or(0, |log| log.size))
}

fn pin_of(header: &SignedHeader) -> ObjectPin {
    ObjectPin { version: header.body().version, hash: *header.hash() }
}

type Verified = (SignedManifest, Standing, Vec<HeldScope>);

fn verified(identity: &Identity, pins: &Pins, status: &AgentSelf) -> Result<Verified, Alarm> {
    if status.vault_id.0 != identity.vault.0 || status.agent_id.0 != identity.agent.0 {
        return Err(Alarm::new("the answer", "is about another vault or agent"));
    }
    let bytes = status.manifest.as_ref().ok_or_else(|| Alarm::new("the manifest", "was left out"))?;
    let manifest = standing::manifest(identity, pins, &bytes.0)?;
    let standing = standing::standing(identity, manifest.body())?;
    let scopes = match (standing, manifest.body().agent(identity.agent)) {
        (Standing::Active, Some(agent)) => standing::held_scopes(identity, manifest.body(), agent, &status.scope_wraps)?,
        _ => Vec::new(),
    };
    Ok((manifest, standing, scopes))
}

/// Until a person has looked, an alarm stays.
pub fn stopped(profile: &Profile, at: &str, what: &str) -> Failure {
    Failure::new(Kind::IdentityMismatch, format!("stopped by an alarm at {at}: {what}. Nothing is opened until a person has looked"))
        .remedy(format!("tell the vault's owner; when it is settled: clavitor agent --profile {} alarm --clear", profile.name()))
}

/// Finds an item and, if the reference names one, its field.
///
/// # Errors
/// Unknown or ambiguous.
pub fn locate<'a>(items: &'a [Item], reference: &crate::reference::Reference) -> Result<(&'a Item, Option<&'a ItemField>), Failure> {
    let item = find::item(items, reference)?;
    let field = reference.field.as_ref().map(|segment| find::field(item, reference, segment)).transpose()?;
    Ok((item, field))
}
