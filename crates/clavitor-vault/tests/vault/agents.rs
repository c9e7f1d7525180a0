//! Agents from invitation to removal, as their owner governs them and as they see themselves.

use clavitor_crypto::{AgentId, header::Header, signed::Unverified};
use clavitor_person::AgentTerms;
use clavitor_vault::{Credential, Error, agents};

use crate::house::{Enrolled, House, PASSWORD, convert, entry_change, login, proof, stored, wait};

fn me(house: &House, credential: &Credential) -> Result<agents::AgentSelf, Error> {
    house.vault.read(house.now_ms, |r| agents::me(r, credential, None))
}

fn list(house: &House, agent: &Enrolled) -> Result<Vec<clavitor_vault::EntrySummary>, Error> {
    wait(|done| agents::entries(&house.vault, house.now_ms, &agent.credential, done))
}

#[test]
fn an_invited_agent_may_only_ask_how_it_stands() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let (double, changes) = house.invite(&house.terms());
    house.apply(changes).unwrap();
    assert_eq!(me(&house, &proof(&double)).err(), Some(Error::Unauthenticated), "before it has sent keys");
    house.answer(&double).unwrap();
    let invited = Enrolled { credential: proof(&double), double };
    assert!(!me(&house, &invited.credential).unwrap().active);
    assert!(matches!(list(&house, &invited), Err(Error::Forbidden(_))));
    assert!(matches!(house.release(&invited, id, PASSWORD), Err(Error::Forbidden(_))));
}

#[test]
fn an_enrolment_string_works_once_for_15_minutes_and_for_its_agent() {
    let mut house = House::safe();
    let (double, changes) = house.invite(&house.terms());
    house.apply(changes).unwrap();
    let (stranger, _) = house.invite(&house.terms());
    assert_eq!(house.answer(&stranger), Err(Error::Gone), "never sent to the node");
    house.answer(&double).unwrap();
    assert_eq!(house.answer(&double), Err(Error::Gone), "used");

    let mut house = House::safe();
    let (late, changes) = house.invite(&house.terms());
    house.apply(changes).unwrap();
    house.later(900_000);
    assert_eq!(house.answer(&late), Err(Error::Gone), "expired");
}

#[test]
fn keys_that_the_agent_did_not_send_are_refused() {
    let mut house = House::safe();
    let (double, changes) = house.invite(&house.terms());
    house.apply(changes).unwrap();
    let answer = crate::house::answer_of(&double);
    let early = house.person.admit(double.id(), &answer.ed25519, &answer.x25519, &answer.mac, house.now_ms).unwrap();
    assert!(matches!(house.apply(early.clone()), Err(Error::NotValid(message)) if message.contains("not the ones it sent")));
    house.answer(&double).unwrap();
    let status = &house.read(agents::list).unwrap()[0];
    assert_eq!(status.enrolment.as_ref().unwrap().answer, Some(answer));
    let mut unwrapped = convert(early.clone());
    unwrapped.scope_wraps.clear();
    assert!(matches!(house.apply_change(unwrapped), Err(Error::NotValid(message)) if message.contains("lacks the key")));
    house.apply(early).unwrap();
    assert!(me(&house, &proof(&double)).unwrap().active);
    assert_eq!(house.read(agents::list).unwrap()[0].enrolment, None);
}

#[test]
fn an_agent_lists_the_live_entries_of_its_scopes_only() {
    let mut house = House::safe();
    let scope = house.add_scope("work");
    let inside = house.add(login(1).in_scope(scope)).unwrap();
    house.add_login(2);
    let trashed = house.add(login(3).in_scope(scope)).unwrap();
    let changes = house.person.edit_entry(trashed, |draft| draft.deleted = clavitor_crypto::header::Deleted::Trash, house.now_ms).unwrap();
    house.apply(changes).unwrap();
    let terms = AgentTerms::new("worker", scope, house.now_ms / 1000 + 1000);
    let agent = house.enrol(&terms);
    let listed = list(&house, &agent).unwrap();
    assert_eq!(listed.iter().map(|entry| entry.entry_id).collect::<Vec<_>>(), [inside]);
    assert!(listed[0].grants.iter().all(|grant| grant.scope_id == scope && grant.tier == 1));
    assert!(house.actions().iter().any(|action| action == "agent entry.list ok"));
    let whole = house.enrol(&house.terms());
    assert_eq!(list(&house, &whole).unwrap().len(), 2);
}

#[test]
fn only_the_owner_governs_and_unlocking_needs_a_fresh_passkey() {
    let mut house = House::safe();
    let agent = house.enrol(&house.terms());
    let id = agent.double.id();
    house.write(move |w, owner| agents::lock(w, owner, id)).unwrap();
    assert!(me(&house, &agent.credential).unwrap().locked);
    assert_eq!(list(&house, &agent).err(), Some(Error::AgentLocked));
    house.later(6 * 60_000);
    assert_eq!(house.write(move |w, owner| agents::unlock(w, owner, id)), Err(Error::FreshPasskeyNeeded));
    let own = agent.credential.clone();
    assert_eq!(house.vault.write_wait(house.now_ms, move |w| agents::unlock(w, &own, id)), Err(Error::Unauthenticated));
    house.sign_in();
    house.write(move |w, owner| agents::unlock(w, owner, id)).unwrap();
    assert!(list(&house, &agent).is_ok());
    let unknown = AgentId([3; 16]);
    assert_eq!(house.write(move |w, owner| agents::lock(w, owner, unknown)), Err(Error::Hidden));
    assert_eq!(house.read(|r, owner| agents::learnt(r, owner, unknown)).err(), Some(Error::Hidden));
}

#[test]
fn an_agent_stops_when_its_time_is_over_or_it_is_suspended() {
    let mut house = House::safe();
    house.add_login(1);
    let terms = AgentTerms::new("short", clavitor_crypto::ScopeId::ZERO, house.now_ms / 1000 + 60);
    let agent = house.enrol(&terms);
    let changes = house.person.suspend(agent.double.id(), true, house.now_ms).unwrap();
    house.apply(changes).unwrap();
    assert!(matches!(list(&house, &agent), Err(Error::Forbidden(denial)) if denial.message.contains("suspended")));
    let changes = house.person.suspend(agent.double.id(), false, house.now_ms).unwrap();
    house.apply(changes).unwrap();
    assert!(list(&house, &agent).is_ok());
    house.later(60_000);
    assert!(matches!(list(&house, &agent), Err(Error::Forbidden(denial)) if denial.message.contains("time is over")));
}

#[test]
fn a_removed_agent_is_nobody_and_its_scopes_have_new_keys() {
    let mut house = House::safe();
    let scope = house.add_scope("work");
    let id = house.add(login(1).in_scope(scope)).unwrap();
    let terms = AgentTerms::new("worker", scope, house.now_ms / 1000 + 1000);
    let (gone, stays) = (house.enrol(&terms), house.enrol(&terms));
    house.release(&gone, id, PASSWORD).unwrap();

    let mut body = house.person.next_manifest(house.now_ms);
    body.agents.retain(|agent| agent.id != gone.double.id());
    let unrotated = clavitor_crypto::signed::Signed::sign(body, house.person.usk()).unwrap();
    let unrotated = clavitor_vault::Change { manifest: Some(unrotated.bytes().to_vec()), ..Default::default() };
    assert!(matches!(house.apply_change(unrotated), Err(Error::NotValid(message)) if message.contains("need new keys")));

    let changes = house.person.revoke(gone.double.id(), house.now_ms).unwrap();
    let mut partial = convert(changes.clone());
    partial.grants.clear();
    assert!(matches!(house.apply_change(partial), Err(Error::NotValid(message)) if message.contains("scope key")));
    house.apply(changes).unwrap();
    assert_eq!(me(&house, &gone.credential).err(), Some(Error::Unauthenticated));
    assert_eq!(house.release(&gone, id, PASSWORD).err(), Some(Error::Unauthenticated));
    let mut stays = stays;
    for wrap in me(&house, &stays.credential).unwrap().scope_wraps {
        stays.double.accept_scope(wrap.scope_id, wrap.scope_epoch, &wrap.wrap).unwrap();
    }
    let released = house.release(&stays, id, PASSWORD).unwrap();
    assert_eq!(&*stays.double.open_field(&stored(&released), PASSWORD).unwrap(), b"secret 1");
    let (removed, owner) = (gone.double.id(), house.owner.clone());
    assert_eq!(house.vault.read(house.now_ms, |r| agents::learnt(r, &owner, removed)).unwrap().len(), 1, "what it learnt stays known");
}

#[test]
fn an_id_is_never_given_to_a_second_agent() {
    let mut house = House::safe();
    let agent = house.enrol(&house.terms());
    let changes = house.person.revoke(agent.double.id(), house.now_ms).unwrap();
    house.apply(changes).unwrap();
    let mut body = house.person.next_manifest(house.now_ms);
    let keys = None;
    body.agents.push(clavitor_crypto::manifest::Agent {
        id: agent.double.id(),
        kind: clavitor_crypto::manifest::AgentKind::Enrolled,
        keys,
        scopes: Vec::new(),
        budget: clavitor_crypto::manifest::Budget { per_minute: 3, per_hour: 10 },
        not_after_s: 0,
        state: clavitor_crypto::manifest::AgentState::Invited,
    });
    let again = clavitor_crypto::signed::Signed::sign(body, house.person.usk()).unwrap();
    let change = clavitor_vault::Change { manifest: Some(again.bytes().to_vec()), ..Default::default() };
    assert!(matches!(house.apply_change(change), Err(Error::NotValid(message)) if message.contains("used before")));
}

#[test]
fn an_agent_with_write_stores_a_version_and_nothing_wider() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let reader = house.enrol(&house.terms());
    let writer = house.enrol(&house.terms().allowing(House::all_capabilities()));
    let released = house.release(&writer, id, PASSWORD).unwrap();
    let before = house.person.entry(id).unwrap().header().clone();
    let write = |house: &House, agent: &Enrolled, signer: &Enrolled| {
        let entry = signer.double.write(&before, &stored(&released), PASSWORD, b"rolled", house.now_ms).unwrap();
        let (credential, entry) = (agent.credential.clone(), entry_change(entry));
        house.vault.write_wait(house.now_ms, move |w| agents::write(w, &credential, &entry))
    };
    assert!(matches!(write(&house, &reader, &reader), Err(Error::Forbidden(_))));
    assert!(matches!(write(&house, &writer, &reader), Err(Error::NotValid(_))), "signed by another");
    write(&house, &writer, &writer).unwrap();
    assert_eq!(write(&house, &writer, &writer).err(), Some(Error::VersionConflict { current: 2 }));
    house.person.load_entry(&stored(&house.detail(id).unwrap())).unwrap();
    assert_eq!(&*house.person.entry(id).unwrap().draft().field(PASSWORD).unwrap().value, b"rolled");
    let changes = house.person.edit_entry(id, |draft| draft.title = "mine again".to_owned(), house.now_ms).unwrap();
    house.apply(changes).unwrap();
    let mut wide = writer.double.write(house.person.entry(id).unwrap().header(), &stored(&released), PASSWORD, b"x", house.now_ms).unwrap();
    wide.grants = stored(&released).grants;
    let (credential, wide) = (writer.credential.clone(), entry_change(wide));
    assert!(matches!(house.vault.write_wait(house.now_ms, move |w| agents::write(w, &credential, &wide)), Err(Error::NotValid(_))));
}

#[test]
fn agents_get_the_versions_beneath_another_agents_down_to_the_owners() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let reader = house.enrol(&house.terms());
    let writer = house.enrol(&house.terms().allowing(House::all_capabilities()));
    let released = stored(&house.release(&writer, id, PASSWORD).unwrap());
    let key = house.person.manifest().body().agent(writer.double.id()).unwrap().keys.unwrap().ed25519;
    let mut before = house.person.entry(id).unwrap().header().clone();
    let mut beneath = Vec::new();
    let mut write = |house: &House| {
        let entry = writer.double.write(&before, &released, PASSWORD, b"rolled", house.now_ms).unwrap();
        let next = Unverified::<Header>::parse(&entry.header).unwrap().verify(&house.person.vault(), &key).unwrap();
        let (credential, entry) = (writer.credential.clone(), entry_change(entry));
        house.vault.write_wait(house.now_ms, move |w| agents::write(w, &credential, &entry))?;
        beneath.insert(0, std::mem::replace(&mut before, next).bytes().to_vec());
        Ok::<_, Error>(beneath.clone())
    };
    assert!(house.release(&reader, id, PASSWORD).unwrap().chain.is_empty(), "the owner's own needs nothing beneath it");
    for _ in 0..2 {
        let chain = write(&house).unwrap();
        assert_eq!(house.release(&reader, id, PASSWORD).unwrap().chain, chain);
        assert_eq!(list(&house, &reader).unwrap()[0].chain, chain);
        assert!(house.detail(id).unwrap().chain.is_empty(), "a person has the history");
    }
    for _ in 2..256 {
        write(&house).unwrap();
    }
    assert!(matches!(write(&house), Err(Error::NotValid(message)) if message.contains("the owner saves")));
    let chain = house.release(&reader, id, PASSWORD).unwrap().chain;
    let last = Unverified::<Header>::parse(chain.last().unwrap()).unwrap();
    assert_eq!((chain.len(), last.claims().version, last.claims().author), (256, 1, AgentId::ZERO));
    house.person.load_entry(&stored(&house.detail(id).unwrap())).unwrap();
    let changes = house.person.edit_entry(id, |draft| draft.title = "mine again".to_owned(), house.now_ms).unwrap();
    house.apply(changes).unwrap();
    assert!(house.release(&reader, id, PASSWORD).unwrap().chain.is_empty());
}

#[test]
fn a_proof_with_another_key_is_nobody() {
    let mut house = House::safe();
    let agent = house.enrol(&house.terms());
    let other = house.enrol(&house.terms());
    let key = other.double.signing_key();
    let signature = key.sign_bytes(b"claims");
    let forged = Credential::agent(agent.double.id(), *key.public().as_bytes(), b"claims", &signature).unwrap();
    assert_eq!(me(&house, &forged).err(), Some(Error::Unauthenticated));
    assert!(Credential::agent(agent.double.id(), *key.public().as_bytes(), b"other claims", &signature).is_err());
}

#[test]
fn lists_have_a_pace_and_cost_no_budget() {
    let mut house = House::safe();
    house.add_login(1);
    let agent = house.enrol(&house.terms());
    let (_, token) = house.host(&house.terms());
    let hosted = |house: &House| wait(|done| clavitor_vault::hosted::list(&house.vault, house.now_ms, &token, done)).map(|list| list.len());
    for _ in 0..20 {
        assert_eq!(list(&house, &agent).map(|list| list.len()), Ok(1));
        assert_eq!(hosted(&house), Ok(1));
    }
    let written = house.actions().len();
    assert_eq!(list(&house, &agent).err(), Some(Error::RateLimited { retry_after_s: 2 }));
    assert_eq!(hosted(&house), Err(Error::RateLimited { retry_after_s: 2 }));
    assert_eq!(house.actions().len(), written, "a list that is not given is not logged");
    assert_eq!(me(&house, &agent.credential).unwrap().hour.used, 0);
    house.later(2_000);
    assert!(list(&house, &agent).is_ok());
}
