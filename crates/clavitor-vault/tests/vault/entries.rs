//! Entries as their owner writes and reads them.

use std::cell::Cell;

use clavitor_crypto::{EntryId, header::Deleted, header::Header, signed::Unverified};
use clavitor_vault::{
    Credential, Error,
    entries::{self, EntryDetail},
};

use crate::house::{CARD, House, PASSWORD, convert, login, stored, with_card};

fn claims(header: &[u8]) -> Header {
    Unverified::<Header>::parse(header).unwrap().claims().clone()
}

#[test]
fn what_the_owner_stores_opens_again() {
    let mut house = House::safe();
    let id = house.add(with_card(login(1))).unwrap();
    let detail = house.detail(id).unwrap();
    assert_eq!(detail.records.len(), 3, "summary, password, card");
    assert_eq!(house.person.load_entry(&stored(&detail)).unwrap(), id);
    let entry = house.person.entry(id).unwrap();
    assert_eq!(&*entry.draft().field(PASSWORD).unwrap().value, b"secret 1");
    assert_eq!(&*entry.draft().field(CARD).unwrap().value, b"4111111111111111");
}

#[test]
fn pages_hold_every_entry_once_in_order() {
    let mut house = House::safe();
    let mut ids: Vec<_> = (0..25).map(|number| house.add_login(number)).collect();
    ids.sort_unstable();
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = house.read(|r, owner| entries::page(r, owner, after, 10)).unwrap();
        assert_eq!(page.total, 25);
        for entry in &page.entries {
            assert!(entry.summary.is_some());
            assert_eq!(entry.grants.len(), 1);
            assert_eq!((entry.grants[0].tier, claims(&entry.header).entry), (1, entry.entry_id));
        }
        seen.extend(page.entries.iter().map(|entry| entry.entry_id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ids);
    for limit in [0, 1001] {
        assert!(matches!(house.read(|r, owner| entries::page(r, owner, None, limit)), Err(Error::BadRequest(_))));
    }
}

#[test]
fn every_version_stays_readable() {
    let mut house = House::safe();
    let id = house.add_login(1);
    for number in 2..5 {
        let value = format!("secret {number}").into_bytes();
        let edit = |draft: &mut clavitor_person::Draft| *draft.fields[1].value = value;
        let changes = house.person.edit_entry(id, edit, house.now_ms).unwrap();
        house.apply(changes).unwrap();
    }
    let history = house.read(|r, owner| entries::history(r, owner, id)).unwrap();
    assert_eq!(history.iter().map(|one| claims(&one.header).version).collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert!(history[1..].iter().all(|older| older.grants.is_empty()));
    for (older, number) in history.iter().zip([4, 3, 2, 1]) {
        let mut version = stored(older);
        version.grants = stored(&history[0]).grants;
        house.person.load_entry(&version).unwrap();
        let value = house.person.entry(id).unwrap().draft().field(PASSWORD).unwrap().value.clone();
        assert_eq!(*value, format!("secret {number}").into_bytes());
    }
}

#[test]
fn the_trash_gives_back_and_a_purge_takes_everything_but_the_header() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let place = |house: &mut House, place| {
        let changes = house.person.edit_entry(id, |draft| draft.deleted = place, house.now_ms).unwrap();
        house.apply(changes).unwrap();
    };
    place(&mut house, Deleted::Trash);
    place(&mut house, Deleted::Live);
    assert_eq!(house.detail(id).unwrap().records.len(), 2);
    place(&mut house, Deleted::Trash);

    let changes = house.person.purge_entry(id, house.now_ms).unwrap();
    house.later(6 * 60_000);
    assert_eq!(house.apply(changes.clone()), Err(Error::FreshPasskeyNeeded));
    house.sign_in();
    house.apply(changes).unwrap();
    let detail = house.detail(id).unwrap();
    assert!(detail.records.is_empty() && detail.grants.is_empty());
    assert_eq!(claims(&detail.header).deleted, Deleted::Purged);
    assert_eq!(house.read(|r, owner| entries::history(r, owner, id)).unwrap().len(), 1, "older headers name origins, and go too");
    let page = house.read(|r, owner| entries::page(r, owner, None, 10)).unwrap();
    assert_eq!((page.total, page.entries[0].summary.is_none()), (1, true));
    let actions = house.actions();
    for action in ["person entry.trash ok", "person entry.restore ok", "person entry.purge ok"] {
        assert!(actions.iter().any(|found| found == action), "{action}");
    }
}

#[test]
fn unknown_entries_are_hidden() {
    let house = House::new();
    let id = EntryId([7; 16]);
    assert_eq!(house.detail(id).err(), Some(Error::Hidden));
    assert_eq!(house.read(|r, owner| entries::history(r, owner, id)).err(), Some(Error::Hidden));
}

#[test]
fn another_vaults_entry_is_as_unknown_as_none() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let (dir, vault) = (tempfile::tempdir().unwrap(), house.vault.clone());
    let neighbour = House::in_vault_with(dir.into(), vault, 2);
    let asked = |id| neighbour.vault.read(neighbour.now_ms, |r| entries::detail(r, &neighbour.owner, id)).err();
    assert_eq!(asked(id), Some(Error::Hidden));
    assert_eq!(asked(id), asked(EntryId([7; 16])));
    let changes = house.person.edit_entry(id, |draft| draft.title = "mine".to_owned(), house.now_ms).unwrap();
    assert!(matches!(neighbour.apply(changes), Err(Error::NotValid(_))));
}

#[test]
fn what_an_owner_was_told_is_told_again_until_something_changes_and_to_nobody_else() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let written = Cell::new(0);
    let ask = |house: &House, owner: &Credential| {
        let write = |entry: EntryDetail| {
            written.set(written.get() + 1);
            Ok(entry.header)
        };
        house.vault.look(house.now_ms, |r| entries::told(r, owner, id, write))
    };
    let first = ask(&house, &house.owner).unwrap();
    assert_eq!(first[..], house.detail(id).unwrap().header);
    assert_eq!((ask(&house, &house.owner).unwrap(), written.get()), (first.clone(), 1));
    let neighbour = House::in_vault_with(tempfile::tempdir().unwrap().into(), house.vault.clone(), 2);
    ask(&house, &house.owner).unwrap();
    assert_eq!(ask(&house, &neighbour.owner).err(), Some(Error::Hidden));
    let before = written.get();
    let changes = house.person.edit_entry(id, |draft| draft.title = "new".to_owned(), house.now_ms).unwrap();
    house.apply(changes).unwrap();
    let second = ask(&house, &house.owner).unwrap();
    assert_eq!((second == first, written.get()), (false, before + 1));
    house.write(clavitor_vault::session::end).unwrap();
    assert_eq!(ask(&house, &house.owner).err(), Some(Error::Unauthenticated));
}

#[test]
fn a_second_writer_is_told_which_version_is_there() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let late = house.person.edit_entry(id, |draft| draft.title = "late".to_owned(), house.now_ms).unwrap();
    let detail = house.detail(id).unwrap();
    house.person.load_entry(&stored(&detail)).unwrap();
    let early = house.person.edit_entry(id, |draft| draft.title = "early".to_owned(), house.now_ms).unwrap();
    house.apply(early).unwrap();
    assert_eq!(house.apply(late), Err(Error::VersionConflict { current: 2 }));
}

#[test]
fn export_needs_a_fresh_passkey_and_gives_everything_but_the_purged() {
    let mut house = House::safe();
    let ids: Vec<_> = (0..60).map(|number| house.add_login(number)).collect();
    let purge = house.person.purge_entry(ids[0], house.now_ms).unwrap();
    house.apply(purge).unwrap();
    let (mut after, mut exported) = (None, 0);
    loop {
        let page = house.write(move |w, owner| entries::export(w, owner, after)).unwrap();
        exported += page.entries.len();
        for entry in &page.entries {
            house.person.load_entry(&stored(entry)).unwrap();
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(exported, 59);
    house.later(6 * 60_000);
    assert_eq!(house.write(|w, owner| entries::export(w, owner, None)).err(), Some(Error::FreshPasskeyNeeded));
    assert!(house.actions().iter().any(|action| action == "person vault.export ok"));
}

#[test]
fn one_way_in_carries_ten_entries_and_no_card() {
    let mut house = House::new();
    let card = house.person.add_entry(with_card(login(0)), house.now_ms).unwrap().1;
    assert_eq!(house.apply(card), Err(Error::SecondWayInNeeded));
    for number in 0..10 {
        house.add_login(number);
    }
    let eleventh = house.person.add_entry(login(11), house.now_ms).unwrap().1;
    assert_eq!(house.apply(eleventh.clone()), Err(Error::SecondWayInNeeded));
    house.add_recovery();
    house.apply(eleventh).unwrap();
}

#[test]
fn a_change_is_applied_whole_or_not_at_all() {
    let mut house = House::safe();
    let (_, first) = house.person.add_entry(login(1), house.now_ms).unwrap();
    let (_, second) = house.person.add_entry(login(2), house.now_ms).unwrap();
    let mut change = convert(first);
    let mut broken = convert(second);
    broken.entries[0].records[1].record[80] ^= 1;
    change.entries.append(&mut broken.entries);
    let actions = house.actions();
    assert!(matches!(house.apply_change(change), Err(Error::NotValid(_))));
    assert_eq!(house.read(|r, owner| entries::page(r, owner, None, 10)).unwrap().total, 0);
    assert_eq!(house.actions(), actions, "and nothing is logged that did not happen");
}
