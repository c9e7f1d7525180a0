//! A vault with its owner, and the agents that tests let in.

use std::path::{Path, PathBuf};

use clavitor_crypto::{
    AgentId, EntryId, FieldId, ScopeId, UnlockerId, VaultId,
    code::Code,
    field_kind::{FieldKind, Tier},
    manifest::Capabilities,
    random::Os,
    sign::PublicKey,
};
use clavitor_person::{AgentDouble, AgentTerms, Changes, Draft, FieldDraft, Genesis, PasskeyPrf, Person, Seeded, Stored, StoredEntry, Way};
use clavitor_vault::{
    Applied, Change, Credential, EntryDetail, Error, OpenOptions, Result, Vault,
    agents::EnrolmentAnswer,
    change::{EntryChange, EntryGrant, FieldRecord, Grant, NewEnrolment, NewHostedToken, NewPasskey, ScopeWrap, UnlockerChange},
    enrol::{self, EnrolRequest},
    release::{self, ReleaseRequest},
    session, setup, unlock,
};
use tempfile::TempDir;

/// Far from zero, and a whole second.
pub(crate) const START_MS: u64 = 1_790_000_000_000;
pub(crate) const RP_ID: &str = "localhost";

pub(crate) fn options() -> OpenOptions {
    OpenOptions { rp_id: RP_ID.to_owned(), ballast_bytes: 0, ..OpenOptions::default() }
}

/// A folder that goes away with the test, or one that stays for the next process.
pub(crate) struct Dir(PathBuf, #[expect(dead_code, reason = "removes the folder when dropped")] Option<TempDir>);

impl Dir {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn stays(dir: &Path) -> Self {
        Self(dir.to_owned(), None)
    }
}

impl From<TempDir> for Dir {
    fn from(dir: TempDir) -> Self {
        Self(dir.path().to_owned(), Some(dir))
    }
}

/// A vault, its owner signed in, and a clock.
pub(crate) struct House {
    pub(crate) dir: Dir,
    pub(crate) vault: Vault,
    pub(crate) person: Person,
    pub(crate) owner: Credential,
    pub(crate) passkey: PasskeyPrf,
    pub(crate) now_ms: u64,
}

pub(crate) fn passkey(number: u8) -> PasskeyPrf {
    PasskeyPrf::new(RP_ID, &[number; 20], &[number; 32]).unwrap()
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(options())
    }

    pub(crate) fn with(options: OpenOptions) -> Self {
        let dir = TempDir::new().unwrap();
        let vault = Vault::open(&dir.path().join("data"), &options, START_MS).unwrap();
        Self::in_vault(dir.into(), vault)
    }

    /// A vault in a folder that stays.
    pub(crate) fn at(dir: &Path) -> Self {
        Self::at_with(dir, VaultId::make())
    }

    pub(crate) fn at_with(dir: &Path, vault_id: VaultId) -> Self {
        let vault = Vault::open(&dir.join("data"), &options(), START_MS).unwrap();
        Self::made(Dir::stays(dir), vault, passkey(1), vault_id)
    }

    /// The owner comes back to a vault that another process left in a folder: signs in, unlocks, takes everything up.
    pub(crate) fn back_at(dir: &Path, options: &OpenOptions, vault_id: VaultId, now_ms: u64) -> Self {
        let vault = Vault::open(&dir.join("data"), options, now_ms).unwrap();
        let passkey = passkey(1);
        let unlocker_id = UnlockerId::of_passkey(RP_ID, &passkey.credential_id).unwrap();
        let used = session::UsedPasskey { vault_id, unlocker_id, state: "{}".to_owned(), synced: true };
        let started = vault.write_wait(now_ms, move |w| session::start(w, &Credential::Anonymous, &used)).unwrap();
        let owner = Credential::session(&started.token).unwrap();
        let state = vault.read(now_ms, |r| unlock::state(r, &owner)).unwrap();
        let stored =
            Stored { record: &state.unlocker.record, usk: &state.usk, manifest: &state.manifest, sealed_vmk: &state.unlocker.sealed_vmk };
        let unlocked = clavitor_person::unlock(vault_id, &Way::Passkey(&passkey), &stored, None).unwrap();
        let previous: Vec<&[u8]> = state.previous_vmks.iter().map(Vec::as_slice).collect();
        let person = Person::resume(unlocked, state.names.as_deref(), &previous, Box::new(Os)).unwrap();
        Self { dir: Dir::stays(dir), vault, person, owner, passkey, now_ms }
    }

    /// Opens an entry as its owner; fails unless every record and grant of it opens.
    pub(crate) fn open(&mut self, id: EntryId) {
        let detail = self.detail(id).unwrap();
        assert_eq!(self.person.load_entry(&stored(&detail)).unwrap(), id);
    }

    pub(crate) fn in_vault(dir: Dir, vault: Vault) -> Self {
        Self::in_vault_with(dir, vault, 1)
    }

    /// Another owner on the same node, with passkey `number`.
    pub(crate) fn in_vault_with(dir: Dir, vault: Vault, number: u8) -> Self {
        Self::made(dir, vault, passkey(number), VaultId::make())
    }

    fn made(dir: Dir, vault: Vault, passkey: PasskeyPrf, vault_id: VaultId) -> Self {
        let (person, changes) = create(&vault, vault_id, &passkey);
        let token = vault.write_wait(START_MS, setup::make_link).unwrap();
        let change = with_passkey(convert(changes), &passkey);
        let vault_id = person.vault();
        let started = vault.write_wait(START_MS, move |w| setup::claim(w, &token, vault_id, &change)).unwrap();
        let owner = Credential::session(&started.token).unwrap();
        Self { dir, vault, person, owner, passkey, now_ms: START_MS }
    }

    /// With a recovery code, so that it may hold anything.
    pub(crate) fn safe() -> Self {
        let mut house = Self::new();
        house.add_recovery();
        house
    }

    pub(crate) fn add_recovery(&mut self) -> Code {
        let code = Code::make_with(&mut Os);
        let changes = self.person.set_recovery(&code, self.now_ms).unwrap();
        self.apply(changes).unwrap();
        code
    }

    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    /// The node stops and starts again.
    pub(crate) fn reopen(&mut self) {
        self.vault.close();
        self.vault = Vault::open(&self.data(), &options(), self.now_ms).unwrap();
    }

    pub(crate) fn later(&mut self, ms: u64) -> &mut Self {
        self.now_ms += ms;
        self
    }

    /// The owner uses the passkey again.
    pub(crate) fn sign_in(&mut self) {
        let used = self.used_passkey();
        let old = self.owner.clone();
        let started = self.vault.write_wait(self.now_ms, move |w| session::start(w, &old, &used)).unwrap();
        self.owner = Credential::session(&started.token).unwrap();
    }

    pub(crate) fn used_passkey(&self) -> session::UsedPasskey {
        let unlocker_id = UnlockerId::of_passkey(RP_ID, &self.passkey.credential_id).unwrap();
        session::UsedPasskey { vault_id: self.person.vault(), unlocker_id, state: "{}".to_owned(), synced: true }
    }

    pub(crate) fn apply(&self, changes: Changes) -> Result<Applied> {
        self.apply_change(convert(changes))
    }

    pub(crate) fn apply_change(&self, change: Change) -> Result<Applied> {
        let owner = self.owner.clone();
        self.vault.write_wait(self.now_ms, move |w| clavitor_vault::change::apply(w, &owner, &change))
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&clavitor_vault::Read<'_>, &Credential) -> Result<T>) -> Result<T> {
        self.vault.read(self.now_ms, |r| read(r, &self.owner))
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&clavitor_vault::Write<'_>, &Credential) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let owner = self.owner.clone();
        self.vault.write_wait(self.now_ms, move |w| write(w, &owner))
    }

    pub(crate) fn detail(&self, id: EntryId) -> Result<EntryDetail> {
        self.read(|r, owner| clavitor_vault::entries::detail(r, owner, id))
    }

    pub(crate) fn add(&mut self, draft: Draft) -> Result<EntryId> {
        let (id, changes) = self.person.add_entry(draft, self.now_ms).unwrap();
        self.apply(changes).map(|_| id)
    }

    pub(crate) fn add_login(&mut self, number: u32) -> EntryId {
        self.add(login(number)).unwrap()
    }

    pub(crate) fn add_scope(&mut self, name: &str) -> ScopeId {
        let (scope, changes) = self.person.add_scope(name, self.now_ms).unwrap();
        self.apply(changes).unwrap();
        scope
    }

    /// Invites, enrols and confirms an agent.
    pub(crate) fn enrol(&mut self, terms: &AgentTerms) -> Enrolled {
        let (double, changes) = self.invite(terms);
        self.apply(changes).unwrap();
        self.enrol_invited(double)
    }

    pub(crate) fn invite(&mut self, terms: &AgentTerms) -> (AgentDouble, Changes) {
        let (invitation, changes) = self.person.invite(terms, self.now_ms).unwrap();
        (AgentDouble::invited(&invitation.text, &mut Os).unwrap(), changes)
    }

    pub(crate) fn enrol_invited(&mut self, mut double: AgentDouble) -> Enrolled {
        let answer = answer_of(&double);
        let grant = self.answer(&double).unwrap();
        double.accept(&grant).unwrap();
        let changes = self.person.admit(double.id(), &answer.ed25519, &answer.x25519, &answer.mac, self.now_ms).unwrap();
        self.apply(changes).unwrap();
        Enrolled { credential: proof(&double), double }
    }

    pub(crate) fn answer(&self, double: &AgentDouble) -> Result<Vec<u8>> {
        let request = EnrolRequest { vault_id: double.vault(), agent_id: double.id(), auth: double.auth(), answer: answer_of(double) };
        self.vault.write_wait(self.now_ms, move |w| enrol::answer(w, &request))
    }

    /// Makes a hosted agent and its credential.
    pub(crate) fn host(&mut self, terms: &AgentTerms) -> (AgentId, Credential) {
        let (hosted, changes) = self.person.host(terms, self.now_ms).unwrap();
        self.apply(changes).unwrap();
        (hosted.agent, Credential::hosted(&hosted.token).unwrap())
    }

    pub(crate) fn release(&self, agent: &Enrolled, entry_id: EntryId, field_id: FieldId) -> Result<EntryDetail> {
        self.release_as(agent, entry_id, field_id, clavitor_vault::UseMode::Use)
    }

    pub(crate) fn release_as(
        &self,
        agent: &Enrolled,
        entry_id: EntryId,
        field_id: FieldId,
        mode: clavitor_vault::UseMode,
    ) -> Result<EntryDetail> {
        let request = ReleaseRequest { entry_id, field_ids: vec![field_id], mode, reason: Some("a test asks".to_owned()) };
        wait(|done| release::fields(&self.vault, self.now_ms, &agent.credential, request, done))
    }

    pub(crate) fn terms(&self) -> AgentTerms {
        AgentTerms::new("builder", ScopeId::ZERO, self.now_ms / 1000 + 90 * 86_400)
    }

    pub(crate) fn all_capabilities() -> Capabilities {
        Capabilities::USE.with(Capabilities::TOTP).with(Capabilities::REVEAL).with(Capabilities::WRITE)
    }

    /// What happened, oldest first.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.actions_as(&self.owner)
    }

    pub(crate) fn actions_as(&self, person: &Credential) -> Vec<String> {
        let page = self.vault.read(self.now_ms, |r| clavitor_vault::audit::page(r, person, None, 1000)).unwrap();
        page.events.iter().rev().map(|event| format!("{} {} {}", event.actor_kind, event.action, event.outcome)).collect()
    }
}

/// An agent that was let in.
pub(crate) struct Enrolled {
    pub(crate) double: AgentDouble,
    pub(crate) credential: Credential,
}

/// What the server makes of a DPoP proof.
pub(crate) fn proof(double: &AgentDouble) -> Credential {
    let message = b"header.claims";
    let signature = double.signing_key().sign_bytes(message);
    Credential::agent(double.id(), *double.signing_key().public().as_bytes(), message, &signature).unwrap()
}

pub(crate) fn answer_of(double: &AgentDouble) -> EnrolmentAnswer {
    EnrolmentAnswer { ed25519: *double.signing_key().public().as_bytes(), x25519: double.x25519().unwrap().0, mac: double.mac().unwrap() }
}

pub(crate) fn wait<T: Send + 'static>(ask: impl FnOnce(Box<dyn FnOnce(Result<T>) + Send>)) -> Result<T> {
    let (answer, answered) = std::sync::mpsc::channel();
    ask(Box::new(move |result| answer.send(result).unwrap()));
    answered.recv().unwrap_or(Err(Error::Unavailable("no answer")))
}

pub(crate) fn create(vault: &Vault, vault_id: VaultId, passkey: &PasskeyPrf) -> (Person, Changes) {
    let log_key = PublicKey::parse(&vault.log_key()).unwrap();
    let genesis = Genesis { vault: vault_id, name: "Home", home_node: "http://localhost:1984", log_key, passkey, now_ms: START_MS };
    Person::create(&genesis, Box::new(Seeded::new(&vault_id.to_string()))).unwrap()
}

pub(crate) const PASSWORD: FieldId = FieldId([5; 16]);
pub(crate) const API_KEY: FieldId = FieldId([6; 16]);
pub(crate) const TOTP: FieldId = FieldId([7; 16]);
pub(crate) const USERNAME: FieldId = FieldId([1; 16]);
pub(crate) const CARD: FieldId = FieldId([12; 16]);

/// A login with a user name in the summary and a password at tier 2.
pub(crate) fn login(number: u32) -> Draft {
    Draft::new("login", &format!("Login {number}"))
        .with(FieldDraft::new(USERNAME, FieldKind::Username, "user name", b"ada"))
        .with(FieldDraft::new(PASSWORD, FieldKind::Password, "password", format!("secret {number}").as_bytes()))
}

/// The same with an API key and a code seed that the owner marked Hosted.
pub(crate) fn hosted_login(number: u32) -> Draft {
    login(number)
        .with(FieldDraft::new(API_KEY, FieldKind::ApiKey, "key", format!("key {number}").as_bytes()).at(Tier::Hosted))
        .with(FieldDraft::new(TOTP, FieldKind::Totp, "code", b"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").at(Tier::Hosted))
}

/// The same with a card number, which only the owner opens.
pub(crate) fn with_card(draft: Draft) -> Draft {
    draft.with(FieldDraft::new(CARD, FieldKind::CardNumber, "card", b"4111111111111111"))
}

pub(crate) fn with_passkey(mut change: Change, passkey: &PasskeyPrf) -> Change {
    let id = UnlockerId::of_passkey(RP_ID, &passkey.credential_id).unwrap();
    let unlocker = change.unlockers.iter_mut().find(|unlocker| unlocker.id == id).unwrap();
    unlocker.passkey = Some(NewPasskey { credential_id: passkey.credential_id.clone(), state: "{}".to_owned(), synced: false });
    change
}

pub(crate) fn grant(grant: clavitor_person::Grant) -> Grant {
    Grant { scope_id: grant.scope, tier: grant.tier, ek_epoch: grant.ek_epoch, record: grant.record }
}

pub(crate) fn entry_change(entry: clavitor_person::EntryChange) -> EntryChange {
    let record = |(field_id, record)| FieldRecord { field_id, record };
    EntryChange {
        header: entry.header,
        records: entry.records.into_iter().map(record).collect(),
        grants: entry.grants.into_iter().map(grant).collect(),
    }
}

pub(crate) fn convert(changes: Changes) -> Change {
    let unlocker =
        |one: clavitor_person::UnlockerChange| UnlockerChange { id: one.id, record: one.record, sealed_vmk: one.sealed_vmk, passkey: None };
    let wrap = |one: clavitor_person::ScopeWrapChange| ScopeWrap {
        agent_id: one.agent,
        scope_id: one.scope,
        scope_epoch: one.scope_epoch,
        wrap: one.wrap,
    };
    let enrolment = |one: clavitor_person::EnrolmentChange| NewEnrolment {
        agent_id: one.agent,
        auth_hash: one.auth_hash,
        grant: one.grant,
        valid_s: 900,
    };
    let token =
        |one: clavitor_person::HostedTokenChange| NewHostedToken { agent_id: one.agent, auth_hash: one.auth_hash, grants: one.grants };
    Change {
        manifest: changes.manifest,
        names: changes.names,
        usk: changes.usk,
        previous_vmk: changes.previous_vmk,
        unlockers: changes.unlockers.into_iter().map(unlocker).collect(),
        scope_wraps: changes.scope_wraps.into_iter().map(wrap).collect(),
        enrolments: changes.enrolments.into_iter().map(enrolment).collect(),
        hosted_tokens: changes.hosted_tokens.into_iter().map(token).collect(),
        entries: changes.entries.into_iter().map(entry_change).collect(),
        grants: changes.grants.into_iter().map(|(entry_id, one)| EntryGrant { entry_id, grant: grant(one) }).collect(),
    }
}

pub(crate) fn stored(detail: &EntryDetail) -> StoredEntry {
    let grant =
        |one: &Grant| clavitor_person::Grant { scope: one.scope_id, tier: one.tier, ek_epoch: one.ek_epoch, record: one.record.clone() };
    StoredEntry {
        header: detail.header.clone(),
        records: detail.records.iter().map(|one| (one.field_id, one.record.clone())).collect(),
        grants: detail.grants.iter().map(grant).collect(),
    }
}
