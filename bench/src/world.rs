//! A vault as the figures need it: an owner with two ways in, entries, an enrolled agent and a hosted one. Made through the same operations as any other.

use std::{path::Path, time::SystemTime};

use anyhow::{Context as _, Result, anyhow};
use clavitor_crypto::{
    EntryId, FieldId, VaultId,
    code::Code,
    field_kind::{FieldKind, Tier},
    manifest::{Budget, Capabilities},
    random,
    sign::PublicKey,
};
use clavitor_person::{AgentDouble, AgentTerms, Changes, Draft, FieldDraft, Genesis, HostedAgent, PasskeyPrf, Person};
use clavitor_vault::{Credential, OpenOptions, Vault, agents, change, enrol, setup};

/// Entries are stored this many at a time.
const CHUNK: usize = 200;
const PRF: [u8; 32] = [9; 32];
const CREDENTIAL_ID: &[u8] = b"passkey of the bench";
/// As much as the format allows, so that the figures measure the work and not the refusal.
const BUDGET: Budget = Budget { per_minute: 60_000, per_hour: 600_000 };
const YEAR_S: u64 = 31_536_000;

/// The value of every field of tier 1 that is not descriptive.
pub(crate) const PASSWORD: &str = "correct-horse-battery-staple-42";

/// Everything that the figures work with.
pub(crate) struct World {
    /// The store.
    pub(crate) vault: Vault,
    /// Its owner.
    pub(crate) person: Person,
    /// The owner's session.
    pub(crate) session: String,
    /// Entries with the field of tier 1 and the one of tier 2.
    pub(crate) entries: Vec<(EntryId, FieldId, FieldId)>,
    /// An enrolled agent that may use and see everything.
    pub(crate) agent: AgentDouble,
    /// A hosted agent that may see tier 1.
    pub(crate) hosted: HostedAgent,
}

/// The time, Unix ms.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

impl World {
    /// Makes a vault in an empty folder.
    pub(crate) fn make(folder: &Path, entries: usize) -> Result<Self> {
        let vault = Vault::open(folder, &OpenOptions { ballast_bytes: 0, ..OpenOptions::default() }, now_ms())?;
        let (mut person, session) = owned(&vault, CREDENTIAL_ID)?;

        let second = person.set_recovery(&Code::make_with(&mut random::Os), now_ms())?;
        apply(&vault, &session, second)?;
        let made = fill(&vault, &session, &mut person, entries)?;
        let agent = enrolled(&vault, &session, &mut person)?;
        let (hosted, changes) = person.host(&terms("hosted", Capabilities::TOTP.with(Capabilities::REVEAL)), now_ms())?;
        apply(&vault, &session, changes)?;
        Ok(Self { vault, person, session, entries: made, agent, hosted })
    }
}

/// One more vault on the node, with a passkey of its own, and its owner's session.
pub(crate) fn owned(vault: &Vault, credential_id: &[u8]) -> Result<(Person, String)> {
    owned_at(vault, credential_id, "http://localhost:1984")
}

/// The same, on a node whose address is `home_node`, which is where the vault's agents will look for it.
pub(crate) fn owned_at(vault: &Vault, credential_id: &[u8], home_node: &str) -> Result<(Person, String)> {
    let id = VaultId::make();
    let passkey = PasskeyPrf::new("localhost", credential_id, &PRF).map_err(|_| anyhow!("prf"))?;
    let log_key = PublicKey::parse(&vault.log_key()).map_err(|_| anyhow!("log key"))?;
    let genesis = Genesis { vault: id, name: "bench", home_node, log_key, passkey: &passkey, now_ms: now_ms() };
    let (person, first) = Person::create(&genesis, Box::new(random::Os))?;
    let token = vault.write_wait(now_ms(), setup::make_link)?;
    let first = stored_with(first, credential_id)?;
    let started = vault.write_wait(now_ms(), move |w| setup::claim(w, &token, id, &first))?;
    Ok((person, started.token.to_string()))
}

/// Applies a change of the owner.
pub(crate) fn apply(vault: &Vault, session: &str, changes: Changes) -> Result<()> {
    let credential = Credential::session(session)?;
    let changes = stored(changes)?;
    vault.write_wait(now_ms(), move |w| change::apply(w, &credential, &changes))?;
    Ok(())
}

fn fill(vault: &Vault, session: &str, person: &mut Person, entries: usize) -> Result<Vec<(EntryId, FieldId, FieldId)>> {
    let mut made = Vec::with_capacity(entries);
    let mut changes = Changes::default();
    for number in 0..entries {
        let (draft, tier1, tier2) = draft(number);
        let (id, change) = person.add_entry(draft, now_ms())?;
        changes.entries.extend(change.entries);
        made.push((id, tier1, tier2));
        if changes.entries.len() == CHUNK || number + 1 == entries {
            apply(vault, session, std::mem::take(&mut changes))?;
        }
    }
    Ok(made)
}

/// A login as people have them: two descriptive values in the summary, one password for each tier below the highest.
pub(crate) fn draft(number: usize) -> (Draft, FieldId, FieldId) {
    let (tier1, tier2) = (FieldId::make(), FieldId::make());
    let draft = Draft::new("login", &format!("Service number {number}"))
        .with(FieldDraft::new(FieldId::make(), FieldKind::Username, "Username", format!("user{number}@example.com").as_bytes()))
        .with(FieldDraft::new(FieldId::make(), FieldKind::Url, "URL", format!("https://service{number}.example.com").as_bytes()))
        .with(FieldDraft::new(tier1, FieldKind::Password, "Shared password", PASSWORD.as_bytes()).at(Tier::Hosted))
        .with(FieldDraft::new(tier2, FieldKind::Password, "Password", PASSWORD.as_bytes()));
    (draft, tier1, tier2)
}

fn terms(name: &str, capabilities: Capabilities) -> AgentTerms {
    let mut terms = AgentTerms::new(name, clavitor_crypto::ScopeId::ZERO, now_ms() / 1000 + YEAR_S).allowing(capabilities);
    terms.budget = BUDGET;
    terms
}

fn enrolled(vault: &Vault, session: &str, person: &mut Person) -> Result<AgentDouble> {
    let (invitation, changes) = person.invite(&terms("enrolled", Capabilities::USE.with(Capabilities::REVEAL)), now_ms())?;
    apply(vault, session, changes)?;
    let agent = AgentDouble::invited(&invitation.text, &mut random::Os)?;
    let answer = agents::EnrolmentAnswer {
        ed25519: *agent.signing_key().public().as_bytes(),
        x25519: agent.x25519().map_err(|_| anyhow!("x25519"))?.0,
        mac: agent.mac().map_err(|_| anyhow!("mac"))?,
    };
    let request = enrol::EnrolRequest { vault_id: agent.vault(), agent_id: agent.id(), auth: agent.auth(), answer };
    vault.write_wait(now_ms(), move |w| enrol::answer(w, &request)).context("enrolment")?;
    let admitted = person.admit(agent.id(), &answer.ed25519, &answer.x25519, &answer.mac, now_ms())?;
    apply(vault, session, admitted)?;
    Ok(agent)
}

/// The same change in the vault's words.
pub(crate) fn stored(changes: Changes) -> Result<change::Change> {
    stored_with(changes, CREDENTIAL_ID)
}

fn stored_with(changes: Changes, credential_id: &[u8]) -> Result<change::Change> {
    let unlockers = changes.unlockers.into_iter().map(|unlocker| {
        let passkey = unlocker.id == passkey_id(credential_id)? && unlocker.record.is_some();
        let passkey = passkey.then(|| change::NewPasskey { credential_id: credential_id.to_vec(), state: "bench".into(), synced: false });
        Ok(change::UnlockerChange { id: unlocker.id, record: unlocker.record, sealed_vmk: unlocker.sealed_vmk, passkey })
    });
    Ok(change::Change {
        manifest: changes.manifest,
        names: changes.names,
        usk: changes.usk,
        previous_vmk: changes.previous_vmk,
        unlockers: unlockers.collect::<Result<_>>()?,
        scope_wraps: changes.scope_wraps.into_iter().map(scope_wrap).collect(),
        enrolments: changes.enrolments.into_iter().map(enrolment).collect(),
        hosted_tokens: changes.hosted_tokens.into_iter().map(hosted_token).collect(),
        entries: changes.entries.into_iter().map(entry).collect(),
        grants: changes.grants.into_iter().map(|(entry_id, one)| change::EntryGrant { entry_id, grant: grant(one) }).collect(),
    })
}

/// The way in that this passkey is.
pub(crate) fn passkey_id(credential_id: &[u8]) -> Result<clavitor_crypto::UnlockerId> {
    clavitor_crypto::UnlockerId::of_passkey("localhost", credential_id).map_err(|_| anyhow!("unlocker id"))
}

fn scope_wrap(wrap: clavitor_person::ScopeWrapChange) -> change::ScopeWrap {
    change::ScopeWrap { agent_id: wrap.agent, scope_id: wrap.scope, scope_epoch: wrap.scope_epoch, wrap: wrap.wrap }
}

fn enrolment(enrolment: clavitor_person::EnrolmentChange) -> change::NewEnrolment {
    change::NewEnrolment { agent_id: enrolment.agent, auth_hash: enrolment.auth_hash, grant: enrolment.grant, valid_s: 900 }
}

fn hosted_token(token: clavitor_person::HostedTokenChange) -> change::NewHostedToken {
    change::NewHostedToken { agent_id: token.agent, auth_hash: token.auth_hash, grants: token.grants }
}

fn entry(entry: clavitor_person::EntryChange) -> change::EntryChange {
    let records = entry.records.into_iter().map(|(field_id, record)| change::FieldRecord { field_id, record }).collect();
    change::EntryChange { header: entry.header, records, grants: entry.grants.into_iter().map(grant).collect() }
}

fn grant(grant: clavitor_person::Grant) -> change::Grant {
    change::Grant { scope_id: grant.scope, tier: grant.tier, ek_epoch: grant.ek_epoch, record: grant.record }
}
