//! The shelf holds what was looked at until something changes, and no more than its limit.

use super::*;

const KEY: Key = Key::Agent(AgentId([1; 16]));

fn look(shelf: &Shelf) -> Option<Vec<u8>> {
    shelf.view().unwrap().get(KEY)
}

fn put(shelf: &Shelf, item: &Vec<u8>) -> bool {
    let view = shelf.view().unwrap();
    view.put(KEY, item);
    view.ends_well()
}

#[test]
fn what_a_look_found_is_there_for_the_next_until_something_changes() {
    let shelf = Shelf::default();
    assert!(put(&shelf, &vec![7]));
    assert_eq!(look(&shelf), Some(vec![7]));
    shelf.shut();
    assert!(shelf.view().is_none());
    shelf.reopen();
    assert_eq!(look(&shelf), None);
}

#[test]
fn a_look_during_which_something_changed_leaves_nothing_and_takes_nothing() {
    let shelf = Shelf::default();
    let before = shelf.view().unwrap();
    before.put(KEY, &vec![7]);
    shelf.shut();
    shelf.reopen();
    assert!(put(&shelf, &vec![8]));
    assert_eq!(before.get::<Vec<u8>>(KEY), None);
    assert!(!before.ends_well());
    assert_eq!(look(&shelf), Some(vec![8]));
    let beginning = shelf.view().unwrap();
    assert_eq!(beginning.get::<Vec<u8>>(KEY), Some(vec![8]));
    shelf.shut();
    assert!(!beginning.ends_well());
}

#[test]
fn its_memory_is_bounded() {
    let shelf = Shelf::default();
    assert!(put(&shelf, &vec![0; ITEM_BYTES_MAX]));
    assert_eq!(look(&shelf), None);
    for number in 0..1_000_u64 {
        let view = shelf.view().unwrap();
        view.put(Key::Record(VaultId::ZERO, EntryId::ZERO, FieldId::ZERO, number), &vec![0; ITEM_BYTES_MAX / 2]);
        assert!(view.ends_well());
        assert!(shelf.kept().bytes <= KEPT_BYTES_MAX);
    }
    assert!(shelf.kept().items.len() > 100);
}
