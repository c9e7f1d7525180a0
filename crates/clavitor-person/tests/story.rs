//! The life of a vault: made, unlocked elsewhere, shared with agents, rotated. A node keeps the bytes and opens nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of a test may stop it")]

mod node;

use clavitor_crypto::{
    EntryId, FieldId, ScopeId, UnlockerId,
    field_kind::{FieldKind, Tier},
    header::{Deleted, Header},
    manifest::{AgentState, Capabilities, Manifest},
    merkle::empty_root,
    record::Envelope,
    signed::{Signed, Unverified},
    token::HostedToken,
};
use clavitor_person::{AgentDouble, AgentTerms, Changes, Draft, Error, FieldDraft, Person, Pin, Seeded, Step, Way, unlock};
use node::{NOW_MS, Node, code, passkey, vault};

const PASSWORD: FieldId = FieldId([1; 16]);
const CARD: FieldId = FieldId([2; 16]);
const USER: FieldId = FieldId([3; 16]);
const TOKEN: FieldId = FieldId([4; 16]);

fn login() -> Draft {
    Draft::new("login", "Example")
        .with(FieldDraft::new(USER, FieldKind::Username, "User", b"ada"))
        .with(FieldDraft::new(PASSWORD, FieldKind::Password, "Password", b"correct horse"))
        .with(FieldDraft::new(CARD, FieldKind::CardNumber, "Card", b"4111111111111111"))
        .with(FieldDraft::new(TOKEN, FieldKind::ApiKey, "Token", b"tier-one").at(Tier::Hosted))
}

fn unlock_with(node: &Node, person: &Person, way: &Way<'_>) -> Result<Person, Step> {
    let id = way.id().unwrap();
    let unlocked = unlock(person.vault(), way, &node.stored(id), None)?;
    Ok(Person::resume(unlocked, node.names.as_deref(), &node.previous(), Box::new(Seeded::new("again"))).unwrap())
}

fn ok<T, E>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|_| panic!("was refused"))
}

#[test]
fn another_browser_opens_every_tier() {
    let (mut person, mut node) = vault("open");
    let (id, changes) = ok(person.add_entry(login(), NOW_MS));
    node.apply(&changes);
    node.apply(&ok(person.add_passkey(&passkey(2), "Second", NOW_MS)));
    node.apply(&ok(person.set_recovery(&code(), NOW_MS)));

    for way in [Way::Passkey(&passkey(1)), Way::Passkey(&passkey(2)), Way::Recovery(&code())] {
        let mut other = ok(unlock_with(&node, &person, &way));
        let loaded = ok(other.load_entry(&node.entry(id, &[ScopeId::ZERO])));
        assert!(ok(other.entry(loaded)).draft() == ok(person.entry(id)).draft());
        assert_eq!(other.names(), person.names());
    }
    assert!(unlock_with(&node, &person, &Way::Passkey(&passkey_like(1, 7))).is_err_and(|step| step == Step::Unlocker));
}

/// The first passkey's credential with another PRF output.
fn passkey_like(credential: u8, prf: u8) -> clavitor_person::PasskeyPrf {
    let mut one = passkey(credential);
    one.prf = passkey(prf).prf;
    one
}

#[test]
fn an_edit_seals_only_what_changed() {
    let (mut person, _) = vault("edit");
    let (id, _) = ok(person.add_entry(login(), NOW_MS));
    let changes = ok(person.edit_entry(id, |draft| draft.fields[1].value = zeroize::Zeroizing::new(b"new".to_vec()), NOW_MS));
    let change = &changes.entries[0];
    assert_eq!(change.records.iter().map(|(field, _)| *field).collect::<Vec<_>>(), [PASSWORD]);
    assert!(change.grants.is_empty());
    let header = ok(person.entry(id)).header().body().clone();
    assert_eq!((header.version, header.field(PASSWORD).unwrap().version, header.field(CARD).unwrap().version), (2, 2, 1));
}

#[test]
fn trash_undo_and_purge_keep_the_chain() {
    let (mut person, _) = vault("trash");
    let (id, _) = ok(person.add_entry(login(), NOW_MS));
    ok(person.edit_entry(id, |draft| draft.deleted = Deleted::Trash, NOW_MS));
    ok(person.edit_entry(id, |draft| draft.deleted = Deleted::Live, NOW_MS));
    ok(person.purge_entry(id, NOW_MS));
    let header = ok(person.entry(id)).header().body().clone();
    assert!(header.fields.is_empty() && header.deleted == Deleted::Purged && header.version == 4);
    assert!(person.edit_entry(id, |draft| draft.deleted = Deleted::Live, NOW_MS).is_err());
}

#[test]
fn a_tier_below_the_lowest_cannot_be_signed() {
    let (mut person, _) = vault("lowest");
    let draft = Draft::new("card", "Card").with(FieldDraft::new(CARD, FieldKind::CardNumber, "Card", b"4111").at(Tier::Agents));
    assert!(person.add_entry(draft, NOW_MS).is_err_and(|error| matches!(error, Error::Signed(_))));
}

/// Enrols an agent in `scope` and gives back its double, admitted.
fn enrol(person: &mut Person, node: &mut Node, scope: ScopeId, capabilities: Capabilities) -> AgentDouble {
    let terms = AgentTerms::new("Builder", scope, 2_000_000_000).allowing(capabilities);
    let (invitation, changes) = ok(person.invite(&terms, NOW_MS));
    node.apply(&changes);
    let mut agent = ok(AgentDouble::invited(&invitation.text, &mut Seeded::new("agent")));
    let manifest = ok(agent.accept(&node.enrolments[&invitation.agent]));
    assert_eq!(manifest.body().agent(agent.id()).map(|listed| listed.state), Some(AgentState::Invited));
    let (ed25519, x25519) = (agent.signing_key().public(), ok(agent.x25519()));
    let wrong = [0; 32];
    assert!(person.admit(agent.id(), ed25519.as_bytes(), &x25519.0, &wrong, NOW_MS).is_err());
    let changes = ok(person.admit(agent.id(), ed25519.as_bytes(), &x25519.0, &ok(agent.mac()), NOW_MS));
    node.apply(&changes);
    agent
}

#[test]
fn an_enrolled_agent_opens_tier_2_and_never_tier_3() {
    let (mut person, mut node) = vault("agent");
    let (scope, changes) = ok(person.add_scope("Work", NOW_MS));
    node.apply(&changes);
    let (id, changes) = ok(person.add_entry(login().in_scope(scope), NOW_MS));
    node.apply(&changes);
    let (outside, changes) = ok(person.add_entry(login(), NOW_MS));
    node.apply(&changes);
    let mut agent = enrol(&mut person, &mut node, scope, Capabilities::WRITE);

    let stored = node.entry(id, &[scope]);
    assert_eq!(&*ok(agent.open_field(&stored, PASSWORD)), b"correct horse");
    assert_eq!(&*ok(agent.open_field(&stored, TOKEN)), b"tier-one");
    assert!(agent.open_field(&stored, CARD).is_err());
    // Everything the node has does not help with an entry outside the scope.
    assert!(agent.open_field(&node.entry(outside, &[scope, ScopeId::ZERO]), PASSWORD).is_err());

    let (epoch, wrap) = node.wraps[&(agent.id(), scope)].clone();
    ok(agent.accept_scope(scope, epoch, &wrap));
    assert!(agent.accept_scope(ScopeId::ZERO, epoch, &wrap).is_err());
    assert_eq!(&*ok(agent.open_field(&stored, PASSWORD)), b"correct horse");

    let written = ok(agent.write(ok(person.entry(id)).header(), &stored, PASSWORD, b"rotated", NOW_MS));
    node.apply(&Changes { entries: vec![written], ..Changes::default() });
    ok(person.load_entry(&node.entry(id, &[ScopeId::ZERO])));
    assert_eq!(&**ok(person.entry(id)).draft().field(PASSWORD).unwrap().value, b"rotated");
    assert_eq!(&**ok(person.entry(id)).draft().field(CARD).unwrap().value, b"4111111111111111");
}

#[test]
fn a_revoked_agent_opens_nothing_new() {
    let (mut person, mut node) = vault("revoke");
    let (scope, changes) = ok(person.add_scope("Work", NOW_MS));
    node.apply(&changes);
    let (id, changes) = ok(person.add_entry(login().in_scope(scope), NOW_MS));
    node.apply(&changes);
    let revoked = enrol(&mut person, &mut node, scope, Capabilities::USE);
    let mut staying = enrol(&mut person, &mut node, scope, Capabilities::USE);
    let (hosted, changes) = ok(person.host(&AgentTerms::new("Job", scope, 2_000_000_000), NOW_MS));
    node.apply(&changes);

    let changes = ok(person.revoke(revoked.id(), NOW_MS));
    assert_eq!(changes.scope_wraps.iter().map(|wrap| wrap.agent).collect::<Vec<_>>(), [staying.id()]);
    node.apply(&changes);
    let manifest = person.manifest().body();
    assert!(manifest.agent(revoked.id()).is_none() && manifest.agent(hosted.agent).is_none());

    let stored = node.entry(id, &[scope]);
    assert!(revoked.open_field(&stored, PASSWORD).is_err());
    let (epoch, wrap) = node.wraps[&(staying.id(), scope)].clone();
    ok(staying.accept_scope(scope, epoch, &wrap));
    assert_eq!(&*ok(staying.open_field(&stored, PASSWORD)), b"correct horse");

    let changes = ok(person.rekey(id, NOW_MS));
    assert_eq!(ok(person.entry(id)).header().body().ek_epoch, 2);
    assert_eq!(changes.entries[0].records.len(), 3, "summary, tier 1 and tier 2, not tier 3");
    node.apply(&changes);
    assert_eq!(&*ok(staying.open_field(&node.entry(id, &[scope]), PASSWORD)), b"correct horse");
    assert!(ok(person.rekey(id, NOW_MS)) == Changes::default());
}

#[test]
fn what_a_revoked_agent_wrote_is_signed_by_the_owner() {
    let (mut person, mut node) = vault("authored");
    let (scope, changes) = ok(person.add_scope("Work", NOW_MS));
    node.apply(&changes);
    let (id, changes) = ok(person.add_entry(login().in_scope(scope), NOW_MS));
    node.apply(&changes);
    let agent = enrol(&mut person, &mut node, scope, Capabilities::WRITE);
    let written = ok(agent.write(ok(person.entry(id)).header(), &node.entry(id, &[scope]), PASSWORD, b"rotated", NOW_MS));
    node.apply(&Changes { entries: vec![written], ..Changes::default() });
    ok(person.load_entry(&node.entry(id, &[ScopeId::ZERO])));

    let changes = ok(person.revoke(agent.id(), NOW_MS));
    assert_eq!(changes.entries.iter().map(|change| change.entry).collect::<Vec<_>>(), [id]);
    node.apply(&changes);
    let mut other = ok(unlock_with(&node, &person, &Way::Passkey(&passkey(1))));
    ok(other.load_entry(&node.entry(id, &[ScopeId::ZERO])));
    assert_eq!(&**ok(other.entry(id)).draft().field(PASSWORD).unwrap().value, b"rotated");
}

/// An entry whose key was renewed for one scope must be renewed again when an agent of another scope goes.
#[test]
fn overlapping_scopes_do_not_leave_a_known_entry_key() {
    let (mut person, mut node) = vault("overlap");
    let (scope, changes) = ok(person.add_scope("Work", NOW_MS));
    node.apply(&changes);
    let (id, changes) = ok(person.add_entry(login().in_scope(scope), NOW_MS));
    node.apply(&changes);
    let narrow = enrol(&mut person, &mut node, scope, Capabilities::USE);
    let wide = enrol(&mut person, &mut node, ScopeId::ZERO, Capabilities::USE);
    for agent in [narrow, wide] {
        node.apply(&ok(person.revoke(agent.id(), NOW_MS)));
        let before = ok(person.entry(id)).header().body().ek_epoch;
        node.apply(&ok(person.rekey(id, NOW_MS)));
        assert!(ok(person.entry(id)).header().body().ek_epoch > before);
        assert!(agent.open_field(&node.entry(id, &[scope, ScopeId::ZERO]), PASSWORD).is_err());
    }
}

#[test]
fn a_hosted_token_opens_tier_1_of_its_scope() {
    let (mut person, mut node) = vault("hosted");
    let (scope, changes) = ok(person.add_scope("Work", NOW_MS));
    node.apply(&changes);
    let (id, changes) = ok(person.add_entry(login().in_scope(scope), NOW_MS));
    node.apply(&changes);
    let (hosted, changes) = ok(person.host(&AgentTerms::new("Job", scope, 2_000_000_000), NOW_MS));
    node.apply(&changes);

    let token = ok(HostedToken::parse(&hosted.token));
    assert_eq!(changes.hosted_tokens[0].auth_hash, token.auth_hash(&person.vault()));
    let (_, record) = &node.tokens[&hosted.agent][0];
    let key = ok(token.open_scope(person.vault(), scope, 1, record));
    let stored = node.entry(id, &[scope]);
    let grant = |tier: u8| &stored.grants.iter().find(|grant| grant.tier == tier).unwrap().record;
    let entry_key = ok(key.open_grant(id, 1, grant(1)));
    let record = |field: FieldId| &stored.records.iter().find(|(id, _)| *id == field).unwrap().1;
    assert_eq!(&*ok(entry_key.open_field(TOKEN, 1, record(TOKEN))), b"tier-one");
    assert!(ok(ok(entry_key.open_field(FieldId::ZERO, 1, record(FieldId::ZERO))).text()).contains("\"value\":\"ada\""));
    assert!(key.open_grant(id, 1, grant(2)).is_err());
    assert!(entry_key.open_field(PASSWORD, 1, record(PASSWORD)).is_err());
    assert!(token.open_scope(person.vault(), ScopeId::ZERO, 1, &node.tokens[&hosted.agent][0].1).is_err());
}

#[test]
fn removing_a_passkey_rotates_the_vault_key() {
    let (mut person, mut node) = vault("rotate");
    node.apply(&ok(person.add_passkey(&passkey(2), "Second", NOW_MS)));
    node.apply(&ok(person.set_recovery(&code(), NOW_MS)));
    let (card, changes) = ok(person.add_entry(login(), NOW_MS));
    node.apply(&changes);
    let note = Draft::new("note", "Note").with(FieldDraft::new(PASSWORD, FieldKind::Note, "Note", b"text"));
    let (note, changes) = ok(person.add_entry(note, NOW_MS));
    node.apply(&changes);
    let old_vmk = person.keys().vmk().clone();
    let old_card = node.entry(card, &[ScopeId::ZERO]);

    let removed = ok(Way::Passkey(&passkey(1)).id());
    let changes = ok(person.remove_unlocker(removed, NOW_MS));
    assert_eq!(changes.entries.iter().map(|change| change.entry).collect::<Vec<_>>(), [card]);
    assert!(changes.unlockers.iter().all(|unlocker| unlocker.id != removed && unlocker.record.is_none()));
    node.apply(&changes);
    assert!(!person.keys().vmk().same(&old_vmk));
    assert_eq!(unlock_with(&node, &person, &Way::Passkey(&passkey(1))).err(), Some(Step::Listed));

    for way in [Way::Passkey(&passkey(2)), Way::Recovery(&code())] {
        let mut other = ok(unlock_with(&node, &person, &way));
        for id in [card, note] {
            ok(other.load_entry(&node.entry(id, &[ScopeId::ZERO])));
            assert!(ok(other.entry(id)).draft() == ok(person.entry(id)).draft());
        }
        // The history: the old header with its records opens with the chain of older keys and the grants of today.
        let mut history = old_card.clone();
        history.grants = node.entry(card, &[ScopeId::ZERO]).grants;
        ok(other.load_entry(&history));
        assert_eq!(&**ok(other.entry(card)).draft().field(CARD).unwrap().value, b"4111111111111111");
    }
}

#[test]
fn a_second_rotation_keeps_the_whole_chain() {
    let (mut person, mut node) = vault("twice");
    let first = passkey(1);
    for number in [2, 3] {
        node.apply(&ok(person.add_passkey(&passkey(number), "More", NOW_MS)));
        node.apply(&ok(person.remove_unlocker(ok(Way::Passkey(&passkey(number)).id()), NOW_MS)));
    }
    assert_eq!(node.previous.len(), 2);
    let other = ok(unlock_with(&node, &person, &Way::Passkey(&first)));
    assert_eq!(other.keys().epoch(), 3);
    assert!(other.keys().vmk().same(person.keys().vmk()));
}

#[test]
fn an_older_manifest_is_refused_by_its_pin() {
    let (mut person, mut node) = vault("pin");
    let old = node.manifest.clone();
    node.apply(&ok(person.pin_log(0, empty_root(), NOW_MS + 1)));
    let pin = Pin { version: 2, hash: *person.manifest().hash() };
    let (key, id) = (passkey(1), ok(Way::Passkey(&passkey(1)).id()));
    assert!(unlock(person.vault(), &Way::Passkey(&key), &node.stored(id), Some(pin)).is_ok());
    node.manifest = old;
    assert_eq!(unlock(person.vault(), &Way::Passkey(&key), &node.stored(id), Some(pin)).err(), Some(Step::Pin));
}

#[test]
fn what_the_node_stores_has_the_right_kinds_and_no_value() {
    let (mut person, mut node) = vault("kinds");
    let (id, changes) = ok(person.add_entry(login(), NOW_MS));
    node.apply(&changes);
    let kind = |record: &[u8]| ok(Envelope::parse(record)).kind;
    let records = &node.records[&id];
    assert_eq!([FieldId::ZERO, PASSWORD, CARD, TOKEN].map(|field| kind(&records[&field])), [1, 2, 3, 1]);
    assert_eq!(kind(&node.usk), 0x13);
    assert_eq!(kind(node.names.as_ref().unwrap()), 3);
    assert_eq!(kind(&node.unlockers.values().next().unwrap().0), 0x10);
    assert!(node.grants.iter().all(|(&(.., tier, _), record)| kind(record) == 0x10 + tier));
    assert!(!records.contains_key(&USER), "a descriptive field stands in the summary");
    let all: Vec<u8> = records.values().chain([&node.headers[&id], &node.manifest]).flatten().copied().collect();
    assert!(!all.windows(8).any(|part| part == b"41111111" || part == b"correct "));
}

#[test]
fn headers_and_manifests_do_not_verify_as_each_other() {
    let (person, node) = vault("cross");
    let usk = person.usk().public();
    assert!(Signed::<Manifest>::verify(&node.manifest, &person.vault(), &usk).is_ok());
    assert!(Unverified::<Header>::parse(&node.manifest).is_err());
    assert!(node.unlockers.keys().all(|id| *id != UnlockerId::of_recovery()));
    assert!(person.entry(EntryId::ZERO).is_err());
}
