//! What a change must not do: one fault each, all refused, nothing kept.

use clavitor_crypto::{EntryId, ScopeId, UnlockerId};
use clavitor_person::Changes;
use clavitor_vault::{
    Applied, Change, Credential, Error,
    change::{self, EntryGrant},
    unlock,
};

use crate::house::{House, PASSWORD, convert, login, passkey, stored, with_card, with_passkey};

/// Breaks a valid change and expects the refusal to name the fault.
fn refused(house: &House, changes: &Changes, fault: &str, break_it: impl FnOnce(&mut Change)) {
    let mut change = convert(changes.clone());
    break_it(&mut change);
    match house.apply_change(change) {
        Err(Error::NotValid(message) | Error::BadRequest(message)) => assert!(message.contains(fault), "{message:?} instead of {fault:?}"),
        other => panic!("{other:?} instead of {fault:?}"),
    }
}

const WITHOUT_NEW_KEY: &str = "grants are sealed again only with a manifest that gives their scope or the vault a new key";

fn not_valid(message: &'static str) -> Result<Applied, Error> {
    Err(Error::NotValid(message))
}

fn flip(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

#[test]
fn a_new_entry_with_one_fault() {
    let mut house = House::safe();
    let scope = house.add_scope("work");
    let changes = house.person.add_entry(with_card(login(1)).in_scope(scope), house.now_ms).unwrap().1;
    refused(&house, &changes, "well-formed", |change| change.entries[0].header.truncate(70));
    refused(&house, &changes, "not signed by its author", |change| change.entries[0].header[3] ^= 1);
    refused(&house, &changes, "not the one that the header names", |change| change.entries[0].records[0].record[40] ^= 1);
    refused(&house, &changes, "of the kind and key", |change| change.entries[0].records[1].record[2] = 0x03);
    refused(&house, &changes, "of the kind and key", |change| change.entries[0].records[1].record[7] = 9);
    refused(&house, &changes, "sealed in this version", |change| drop(change.entries[0].records.pop()));
    refused(&house, &changes, "is missing", |change| change.entries[0].records[0].field_id = PASSWORD);
    refused(&house, &changes, "has no grant", |change| drop(change.entries[0].grants.pop()));
    refused(&house, &changes, "scope key in force", |change| change.entries[0].grants[0].record[7] = 9);
    refused(&house, &changes, "scope key in force", |change| change.entries[0].grants[0].tier = 2);
    refused(&house, &changes, "for no scope, tier and entry key", |change| change.entries[0].grants[0].tier = 3);
    refused(&house, &changes, "for no scope, tier and entry key", |change| change.entries[0].grants[0].ek_epoch = 2);
    refused(&house, &changes, "for no scope, tier and entry key", |change| change.entries[0].grants[0].scope_id = ScopeId([3; 16]));
    house.apply(changes).unwrap();
}

#[test]
fn a_version_that_does_not_follow_the_stored_one() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let changes = house.person.edit_entry(id, |draft| draft.title = "next".to_owned(), house.now_ms).unwrap();
    let good = house.person.entry(id).unwrap().header().body().clone();
    let with = |fault: &str, edit: &dyn Fn(&mut clavitor_crypto::header::Header)| {
        let mut body = good.clone();
        edit(&mut body);
        let header = clavitor_crypto::signed::Signed::sign(body, house.person.usk()).unwrap();
        refused(&house, &changes, fault, |change| change.entries[0].header = header.bytes().to_vec());
    };
    with("does not follow", &|header| header.previous = [1; 32]);
    with("does not follow", &|header| header.fields[1].hash = [1; 32]);
    with("vault key that is not in force", &|header| header.vault_epoch = 2);
    with("signed by the vault's key", &|header| header.author = clavitor_crypto::AgentId([1; 16]));
    with("sealed in this version", &|header| header.fields[1].version = 2);
    house.apply(changes).unwrap();
}

#[test]
fn an_entry_of_a_scope_that_is_not_there() {
    let mut house = House::safe();
    let unsent = house.person.add_scope("never sent", house.now_ms).unwrap().0;
    let changes = house.person.add_entry(login(1).in_scope(unsent), house.now_ms).unwrap().1;
    refused(&house, &changes, "scope that the manifest does not list", |_| {});
}

#[test]
fn a_grant_for_an_entry_that_is_not_there() {
    let mut house = House::safe();
    house.add_login(1);
    let changes = house.person.add_entry(login(2), house.now_ms).unwrap().1;
    refused(&house, &changes, "unknown entry", |change| {
        let grant = change.entries.remove(0).grants.remove(0);
        change.grants.push(clavitor_vault::change::EntryGrant { entry_id: EntryId([9; 16]), grant });
    });
}

/// Grants carry no signature, so a stolen session could otherwise put rubbish in the place of every entry key.
#[test]
fn a_grant_in_force_is_never_replaced() {
    let mut house = House::safe();
    let scope = house.add_scope("work");
    let id = house.add(login(1).in_scope(scope)).unwrap();
    let before = stored(&house.detail(id).unwrap());
    let regrants = |house: &House| {
        let again = house.detail(id).unwrap().grants.into_iter().map(|grant| EntryGrant { entry_id: id, grant });
        Change { grants: again.collect(), ..Change::default() }
    };
    assert_eq!(house.apply_change(regrants(&house)), not_valid(WITHOUT_NEW_KEY), "alone");
    let manifest = clavitor_crypto::signed::Signed::sign(house.person.next_manifest(house.now_ms), house.person.usk()).unwrap();
    let with_manifest = Change { manifest: Some(manifest.bytes().to_vec()), ..regrants(&house) };
    assert_eq!(house.apply_change(with_manifest), not_valid(WITHOUT_NEW_KEY), "with a manifest that gives no new key");
    let changes = house.person.edit_entry(id, |draft| draft.title = "next".to_owned(), house.now_ms).unwrap();
    refused(&house, &changes, "is there already", |change| {
        change.entries[0].grants = regrants(&house).grants.into_iter().map(|grant| grant.grant).collect();
    });
    house.later(6 * 60_000);
    assert_eq!(house.apply_change(regrants(&house)), Err(Error::FreshPasskeyNeeded));
    assert_eq!(stored(&house.detail(id).unwrap()).grants, before.grants);
    house.apply(changes).unwrap();
}

#[test]
fn grants_are_sealed_again_with_a_new_scope_key_and_one_line_says_so() {
    let mut house = House::safe();
    let (scope, other) = (house.add_scope("work"), house.add_scope("home"));
    let agent = house.enrol(&clavitor_person::AgentTerms::new("builder", scope, house.now_ms / 1000 + 86_400));
    let id = house.add(login(1).in_scope(scope).in_scope(other)).unwrap();
    house.add(login(2).in_scope(scope)).unwrap();
    let changes = house.person.revoke(agent.double.id(), house.now_ms).unwrap();
    refused(&house, &changes, WITHOUT_NEW_KEY, |change| {
        let grants = house.detail(id).unwrap().grants.into_iter().filter(|grant| grant.scope_id == ScopeId::ZERO);
        change.grants.extend(grants.map(|grant| EntryGrant { entry_id: id, grant }));
    });
    refused(&house, &changes, "is there already", |change| change.grants.push(change.grants[0].clone()));
    house.apply(changes).unwrap();
    let lines = house.actions().iter().filter(|action| *action == "person entry.regrant ok").count();
    assert_eq!(lines, 1, "however many grants there are");
    house.open(id);
    let changes = house.person.rekey(id, house.now_ms).unwrap();
    house.apply(changes).unwrap();
    house.open(id);
}

#[test]
fn an_entry_joins_a_scope_with_grants_of_its_own() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let scope = house.add_scope("work");
    let changes = house.person.edit_entry(id, |draft| draft.scopes = vec![scope], house.now_ms).unwrap();
    assert!(changes.entries[0].grants.iter().all(|grant| grant.scope == scope));
    house.apply(changes).unwrap();
    assert!(!house.actions().iter().any(|action| action.contains("regrant")));
    house.open(id);
}

/// A clock that was wrong once must not keep every later manifest out.
#[test]
fn a_vault_whose_clock_ran_ahead_is_not_frozen() {
    let mut house = House::safe();
    let sign = |house: &House, hlc_ms| {
        let body = clavitor_crypto::manifest::Manifest { hlc_ms, ..house.person.next_manifest(0) };
        clavitor_crypto::signed::Signed::sign(body, house.person.usk()).unwrap().bytes().to_vec()
    };
    let scope = house.person.add_scope("work", house.now_ms + 60_000).unwrap().1;
    let ahead_ms = house.person.manifest().body().hlc_ms;
    house.apply(scope).unwrap();
    house.now_ms -= 600_000;
    let apply = |hlc_ms| house.apply_change(Change { manifest: Some(sign(&house, hlc_ms)), ..Change::default() });
    assert_eq!(apply(ahead_ms + 1), not_valid("the manifest's time is ahead of the node's"), "not further");
    assert!(apply(ahead_ms).is_ok());
}

#[test]
fn a_manifest_with_one_fault() {
    let mut house = House::safe();
    let next = |house: &House| house.person.next_manifest(house.now_ms);
    let sign = |house: &House, body| clavitor_crypto::signed::Signed::sign(body, house.person.usk()).unwrap().bytes().to_vec();
    let good = Changes { manifest: Some(sign(&house, next(&house))), ..Changes::default() };
    refused(&house, &good, "not signed", |change| flip(change.manifest.as_mut().unwrap()));
    let with = |fault: &str, edit: &dyn Fn(&mut clavitor_crypto::manifest::Manifest)| {
        let mut body = next(&house);
        edit(&mut body);
        refused(&house, &Changes { manifest: Some(sign(&house, body)), ..Changes::default() }, fault, |_| {});
    };
    with("does not follow", &|body| body.version += 1);
    with("does not follow", &|body| body.previous = [1; 32]);
    with("does not follow", &|body| body.hlc_ms -= 1);
    with("ahead of the node's", &|body| body.hlc_ms += 120_000);
    with("longer log", &|body| body.log_pin.size = 100_000);
    with("another log", &|body| (body.log_pin.size, body.log_pin.root) = (1, [1; 32]));
    with("go together", &|body| body.recovery.auth_hash = [0; 32]);
    with("90 days", &|body| body.recovery.delay_s = 100 * 86_400);
    with("new vault key", &|body| body.unlockers.truncate(1));
    with("names comes with", &|body| body.names.version += 1);
    with("comes with the first change and with a new vault key", &|body| body.vault_epoch += 1);
    house.later(1000);
    house.apply(good).unwrap();
    let stale = house.person.next_manifest(house.now_ms);
    let stale = Changes { manifest: Some(sign(&house, stale)), ..Changes::default() };
    assert_eq!(house.apply(stale), Err(Error::VersionConflict { current: 3 }));
}

#[test]
fn keys_that_no_change_asks_for() {
    let mut house = House::safe();
    let changes = house.person.add_entry(login(1), house.now_ms).unwrap().1;
    refused(&house, &changes, "usk comes with", |change| change.usk = Some(vec![0; 100]));
    refused(&house, &changes, "previous_vmk comes with", |change| change.previous_vmk = Some(vec![0; 100]));
    refused(&house, &changes, "names comes with", |change| change.names = Some(vec![0; 100]));
}

#[test]
fn a_passkey_with_one_fault() {
    let mut house = House::new();
    let second = passkey(2);
    let changes = house.person.add_passkey(&second, "second", house.now_ms).unwrap();
    let given = |change: &mut Change| *change = with_passkey(std::mem::take(change), &second);
    refused(&house, &changes, "comes with its registration", |_| {});
    refused(&house, &changes, "not that of its passkey", |change| {
        given(change);
        change.unlockers[0].passkey.as_mut().unwrap().credential_id = vec![3; 20];
    });
    refused(&house, &changes, "not signed for its unlocker", |change| {
        given(change);
        flip(&mut change.unlockers[0].sealed_vmk);
    });
    refused(&house, &changes, "needs its record", |change| {
        given(change);
        change.unlockers[0].record = None;
    });
    refused(&house, &changes, "not record 0x10", |change| {
        given(change);
        change.unlockers[0].record.as_mut().unwrap()[2] = 0x13;
    });
    refused(&house, &changes, "twice", |change| {
        given(change);
        let again = change.unlockers[0].clone();
        change.unlockers.push(again);
    });
    refused(&house, &changes, "that the manifest does not list", |change| {
        given(change);
        change.unlockers[0].id = UnlockerId([4; 32]);
    });
    refused(&house, &changes, "does not bring", |change| change.unlockers.clear());
    house.apply_change(with_passkey(convert(changes), &second)).unwrap();
    assert_eq!(house.read(unlock::unlockers).unwrap().len(), 2);
}

#[test]
fn a_change_of_ways_in_needs_a_fresh_passkey() {
    let mut house = House::new();
    let second = passkey(2);
    let changes = with_passkey(convert(house.person.add_passkey(&second, "second", house.now_ms).unwrap()), &second);
    house.later(6 * 60_000);
    assert_eq!(house.apply_change(changes.clone()), Err(Error::FreshPasskeyNeeded));
    let (_, entry) = house.person.add_entry(login(1), house.now_ms).unwrap();
    house.apply(entry).unwrap();
    house.sign_in();
    house.apply_change(changes).unwrap();
}

#[test]
fn removing_a_passkey_rotates_the_vault_and_ends_its_sessions() {
    let mut house = House::safe();
    let second = passkey(2);
    let added = house.person.add_passkey(&second, "second", house.now_ms).unwrap();
    house.apply_change(with_passkey(convert(added), &second)).unwrap();
    let scope = house.add_scope("work");
    let card = house.add(with_card(login(1)).in_scope(scope)).unwrap();
    let plain = house.add_login(2);

    let first = std::mem::replace(&mut house.passkey, second);
    let old = house.owner.clone();
    house.sign_in();
    house.now_ms += 1;
    let id = UnlockerId::of_passkey("localhost", &first.credential_id).unwrap();
    let changes = house.person.remove_unlocker(id, house.now_ms).unwrap();
    let mut partial = convert(changes.clone());
    partial.entries.clear();
    assert!(matches!(house.apply_change(partial), Err(Error::NotValid(message)) if message.contains("tier 3")));
    let mut partial = convert(changes.clone());
    partial.grants.clear();
    assert!(matches!(house.apply_change(partial), Err(Error::NotValid(message)) if message.contains("scope key")));
    let mut partial = convert(changes.clone());
    partial.unlockers.pop();
    assert!(matches!(house.apply_change(partial), Err(Error::NotValid(_))));
    house.apply(changes).unwrap();

    assert_eq!(house.vault.read(house.now_ms, |r| unlock::state(r, &old)).err(), Some(Error::Unauthenticated));
    let state = house.read(unlock::state).unwrap();
    assert_eq!(state.previous_vmks.len(), 1);
    for id in [card, plain] {
        let detail = house.detail(id).unwrap();
        house.person.load_entry(&crate::house::stored(&detail)).unwrap();
    }
    let history = house.read(|r, owner| clavitor_vault::entries::history(r, owner, card)).unwrap();
    let mut older = crate::house::stored(&history[1]);
    older.grants = crate::house::stored(&history[0]).grants;
    house.person.load_entry(&older).unwrap();
    assert_eq!(&*house.person.entry(card).unwrap().draft().fields[2].value, b"4111111111111111");
}

#[test]
fn a_setup_change_must_hold_a_passkey() {
    let house = House::new();
    let token = house.vault.write_wait(house.now_ms, clavitor_vault::setup::make_link).unwrap();
    let passkey = passkey(3);
    let (person, changes) = crate::house::create(&house.vault, clavitor_crypto::VaultId::make(), &passkey);
    let vault_id = person.vault();
    let claim = |change: Change| {
        let token = token.clone();
        house.vault.write_wait(house.now_ms, move |w| clavitor_vault::setup::claim(w, &token, vault_id, &change)).err()
    };
    assert!(matches!(claim(convert(changes.clone())), Some(Error::BadRequest(_))));
    let mut no_manifest = with_passkey(convert(changes.clone()), &passkey);
    no_manifest.manifest = None;
    assert!(matches!(claim(no_manifest), Some(Error::BadRequest(_))));
    assert_eq!(claim(with_passkey(convert(changes), &passkey)), None, "a second vault lives beside the first");
}

#[test]
fn nobody_else_changes_a_vault() {
    let mut house = House::safe();
    let changes = convert(house.person.add_entry(login(1), house.now_ms).unwrap().1);
    let agent = house.enrol(&house.terms());
    for stranger in [Credential::Anonymous, agent.credential] {
        let changes = changes.clone();
        let refused = house.vault.write_wait(house.now_ms, move |w| clavitor_vault::change::apply(w, &stranger, &changes));
        assert_eq!(refused.err(), Some(Error::Unauthenticated));
    }
}

#[test]
fn a_change_whose_signatures_were_checked_beforehand_ends_like_any_other() {
    let mut house = House::safe();
    house.add_login(1);
    let send = |house: &House, change: Change| {
        let (prepared, owner) = (change::prepare(&house.vault, change), house.owner.clone());
        house.vault.write_wait(house.now_ms, move |w| change::apply_prepared(w, &owner, &prepared))
    };
    let (id, changes) = house.person.add_entry(login(2), house.now_ms).unwrap();
    let good = convert(changes);
    let mut forged = good.clone();
    forged.entries[0].header[3] ^= 1;
    assert_eq!(send(&house, forged), Err(Error::NotValid("an entry's header is not signed by its author")));
    let mut other = good.clone();
    let last = other.entries[0].records[0].record.len() - 1;
    other.entries[0].records[0].record[last] ^= 1;
    assert_eq!(send(&house, other), Err(Error::NotValid("a record is not the one that the header names")));
    let mut cut = good.clone();
    cut.entries[0].header.truncate(70);
    assert_eq!(send(&house, cut), Err(Error::NotValid("an entry's header is not well-formed")));
    let mut less = good.clone();
    less.entries[0].records.pop();
    assert!(matches!(send(&house, less), Err(Error::NotValid(_))));
    assert!(send(&house, good.clone()).is_ok());
    assert!(house.detail(id).is_ok());
    assert!(matches!(send(&house, good), Err(Error::VersionConflict { current: 1 })));
}

#[test]
fn a_signature_of_another_vaults_key_is_no_signature() {
    let (mut mine, mut theirs) = (House::safe(), House::safe());
    mine.add_login(1);
    theirs.add_login(1);
    let (_, changes) = theirs.person.add_entry(login(2), theirs.now_ms).unwrap();
    let (prepared, owner) = (change::prepare(&theirs.vault, convert(changes)), mine.owner.clone());
    let refused = mine.vault.write_wait(mine.now_ms, move |w| change::apply_prepared(w, &owner, &prepared));
    assert_eq!(refused, Err(Error::NotValid("an entry's header is not signed by its author")));
}
