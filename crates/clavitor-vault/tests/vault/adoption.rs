//! An agent that loses the right to write, and writes once more before its owner's change arrives.

use clavitor_crypto::{
    AgentId, EntryId, ScopeId,
    header::{Header, SignedHeader},
    manifest::{Capabilities, Manifest},
    signed::{Signed, Unverified},
};
use clavitor_person::{AgentTerms, StoredEntry};
use clavitor_vault::{Change, Error, agents};

use crate::house::{Enrolled, House, PASSWORD, convert, entry_change, login, stored};

fn writer(house: &mut House, scope: ScopeId) -> Enrolled {
    let terms = AgentTerms::new("writer", scope, house.now_ms / 1000 + 1000).allowing(House::all_capabilities());
    house.enrol(&terms)
}

/// The agent stores the next version; returns its header.
fn write(house: &House, agent: &Enrolled, before: &SignedHeader, released: &StoredEntry) -> SignedHeader {
    let entry = agent.double.write(before, released, PASSWORD, b"rolled", house.now_ms).unwrap();
    let key = agent.double.signing_key().public();
    let next = Unverified::<Header>::parse(&entry.header).unwrap().verify(&house.person.vault(), &key).unwrap();
    let (credential, entry) = (agent.credential.clone(), entry_change(entry));
    house.vault.write_wait(house.now_ms, move |w| agents::write(w, &credential, &entry)).unwrap();
    next
}

/// A manifest of the owner, with nothing besides.
fn manifest(house: &mut House, edit: impl FnOnce(&mut Manifest)) -> Change {
    let mut body = house.person.next_manifest(house.now_ms);
    edit(&mut body);
    let signed = Signed::sign(body, house.person.usk()).unwrap();
    Change { manifest: Some(signed.bytes().to_vec()), ..Change::default() }
}

/// The owner lets the agent read and not write any more.
fn narrowed(house: &mut House, id: AgentId) -> Change {
    manifest(house, |body| {
        let agent = body.agents.iter_mut().find(|agent| agent.id == id).unwrap();
        agent.scopes.iter_mut().for_each(|grant| grant.capabilities = Capabilities::USE);
    })
}

/// The owner's own version on top of what stands there.
fn taken_over(house: &mut House, id: EntryId, change: &mut Change) {
    house.person.load_entry(&stored(&house.detail(id).unwrap())).unwrap();
    let own = house.person.edit_entry(id, |_| (), house.now_ms).unwrap();
    change.entries.extend(convert(own).entries);
}

#[test]
fn a_right_to_write_is_not_taken_while_a_version_rests_on_it() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let agent = writer(&mut house, ScopeId::ZERO);
    let released = stored(&house.release(&agent, id, PASSWORD).unwrap());
    let first = house.person.entry(id).unwrap().header().clone();
    let mut change = narrowed(&mut house, agent.double.id());
    write(&house, &agent, &first, &released);
    let events = house.actions().len();
    assert_eq!(house.apply_change(change.clone()), Err(Error::VersionConflict { current: 2 }), "the agent was faster");
    assert_eq!(house.actions().len(), events, "nothing of it is kept");
    taken_over(&mut house, id, &mut change);
    house.apply_change(change).unwrap();
    assert_eq!(&*house.person.entry(id).unwrap().draft().field(PASSWORD).unwrap().value, b"rolled", "what it wrote stays");
}

#[test]
fn a_revocation_that_the_agent_overtook_is_refused_whole() {
    let mut house = House::safe();
    let scope = house.add_scope("work");
    let id = house.add(login(1).in_scope(scope)).unwrap();
    let agent = writer(&mut house, scope);
    let released = stored(&house.release(&agent, id, PASSWORD).unwrap());
    let first = house.person.entry(id).unwrap().header().clone();
    let revocation = house.person.revoke(agent.double.id(), house.now_ms).unwrap();
    write(&house, &agent, &first, &released);
    assert_eq!(house.apply(revocation), Err(Error::VersionConflict { current: 2 }));
    assert!(house.release(&agent, id, PASSWORD).is_ok(), "the agent is still there");
}

#[test]
fn a_version_beneath_another_agents_counts_as_well() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let (below, above) = (writer(&mut house, ScopeId::ZERO), writer(&mut house, ScopeId::ZERO));
    let released = stored(&house.release(&below, id, PASSWORD).unwrap());
    let first = house.person.entry(id).unwrap().header().clone();
    let second = write(&house, &below, &first, &released);
    write(&house, &above, &second, &released);
    let mut change = narrowed(&mut house, below.double.id());
    assert_eq!(house.apply_change(change.clone()), Err(Error::VersionConflict { current: 3 }));
    taken_over(&mut house, id, &mut change);
    house.apply_change(change).unwrap();
}

#[test]
fn a_right_that_another_scope_still_gives_is_not_lost() {
    let mut house = House::safe();
    let (kept, lost) = (house.add_scope("kept"), house.add_scope("lost"));
    let id = house.add(login(1).in_scope(kept).in_scope(lost)).unwrap();
    let mut terms = AgentTerms::new("writer", kept, house.now_ms / 1000 + 1000).allowing(House::all_capabilities());
    terms.scopes.push((lost, House::all_capabilities()));
    let agent = house.enrol(&terms);
    let released = stored(&house.release(&agent, id, PASSWORD).unwrap());
    let first = house.person.entry(id).unwrap().header().clone();
    write(&house, &agent, &first, &released);
    let only = |scope: ScopeId| {
        move |body: &mut Manifest| {
            let grants = body.agents.iter_mut().flat_map(|agent| agent.scopes.iter_mut());
            grants.filter(|grant| grant.scope != scope).for_each(|grant| grant.capabilities = Capabilities::USE);
        }
    };
    let none = manifest(&mut house, only(ScopeId::ZERO));
    assert_eq!(house.apply_change(none), Err(Error::VersionConflict { current: 2 }));
    let one = manifest(&mut house, only(kept));
    house.apply_change(one).unwrap();
}
