//! The log as its owner, an operator and an offline checker see it.

use std::io::Cursor;

use clavitor_crypto::{
    checkpoint::{Checkpoint, origin},
    merkle::{leaf_hash, verify_consistency, verify_inclusion},
    sign::PublicKey,
};
use clavitor_vault::{
    Error,
    audit::{self, Verdict},
    unlock,
};
use proptest::prelude::*;

use crate::house::House;

fn head(house: &House, note: &str) -> Checkpoint {
    Checkpoint::verify(note, &origin(&house.person.vault()), &PublicKey::parse(&house.vault.log_key()).unwrap()).unwrap()
}

/// An export and its signed head.
fn export(house: &House) -> (String, String) {
    let mut lines = Vec::new();
    let exported = house.read(|r, _| audit::export(r, house.person.vault(), &mut lines)).unwrap();
    (String::from_utf8(lines).unwrap(), exported.checkpoint)
}

fn verify(house: &House, lines: &str, head: &str, pin: Option<&str>) -> Verdict {
    audit::verify(&mut Cursor::new(lines), head, &house.vault.log_key(), pin)
}

fn with_events(count: u32) -> House {
    let mut house = House::safe();
    for number in 0..count {
        house.add_login(number);
        house.later(1);
    }
    house
}

#[test]
fn pages_run_from_the_newest_to_the_first() {
    let house = with_events(20);
    let (mut before, mut seqs) = (None, Vec::new());
    loop {
        let page = house.read(|r, owner| audit::page(r, owner, before, 7)).unwrap();
        seqs.extend(page.events.iter().map(|event| event.seq));
        before = page.next;
        if before.is_none() {
            assert_eq!(seqs, (0..page.size).rev().collect::<Vec<_>>());
            break;
        }
    }
    for limit in [0, 1001] {
        assert!(matches!(house.read(|r, owner| audit::page(r, owner, None, limit)), Err(Error::BadRequest(_))));
    }
}

#[test]
fn every_event_and_every_older_head_can_be_proved() {
    let house = with_events(40);
    let size = house.read(|r, owner| audit::page(r, owner, None, 1)).unwrap().size;
    let events = house.read(|r, owner| audit::page(r, owner, None, 1000)).unwrap().events;
    let now = head(&house, &house.read(|r, owner| audit::checkpoint(r, owner, 0)).unwrap().checkpoint);
    assert_eq!(now.size, size);
    for event in &events {
        let (_, proof) = house.read(|r, owner| audit::prove(r, owner, event.seq)).unwrap();
        verify_inclusion(&leaf_hash(&event.bytes), event.seq, size, &proof, &now.root).unwrap();
    }
    let leaves: Vec<_> = events.iter().rev().map(|event| leaf_hash(&event.bytes)).collect();
    for from in 0..=size {
        let proof = house.read(|r, owner| audit::checkpoint(r, owner, from)).unwrap().consistency;
        let old_root = clavitor_crypto::merkle::root(&leaves[..from as usize]);
        verify_consistency(from, size, &old_root, &now.root, &proof).unwrap();
    }
    assert!(matches!(house.read(|r, owner| audit::checkpoint(r, owner, size + 1)), Err(Error::BadRequest(_))));
    assert_eq!(house.read(|r, owner| audit::prove(r, owner, size)).err(), Some(Error::Hidden));
}

#[test]
fn a_log_of_many_levels_is_proved_from_what_is_stored() {
    let mut house = House::safe();
    house.write(|w, owner| (0..700).try_for_each(|_| clavitor_vault::recovery::cancel(w, owner))).unwrap();
    let early = head(&house, &export(&house).1);
    house.write(|w, owner| (0..700).try_for_each(|_| clavitor_vault::recovery::cancel(w, owner))).unwrap();
    house.reopen();
    house.write(clavitor_vault::recovery::cancel).unwrap();
    let now = house.read(|r, owner| audit::checkpoint(r, owner, early.size)).unwrap();
    let late = head(&house, &now.checkpoint);
    assert_eq!(late.size, early.size + 701);
    verify_consistency(early.size, late.size, &early.root, &late.root, &now.consistency).unwrap();
    let (lines, note) = export(&house);
    assert_eq!(verify(&house, &lines, &note, None), Verdict::Ok { events: late.size });
    for seq in [0, 15, 16, 255, 256, 700, late.size - 1] {
        let page = house.read(|r, owner| audit::page(r, owner, Some(seq + 1), 1)).unwrap();
        let (_, proof) = house.read(|r, owner| audit::prove(r, owner, seq)).unwrap();
        verify_inclusion(&leaf_hash(&page.events[0].bytes), seq, late.size, &proof, &late.root).unwrap();
    }
}

#[test]
fn the_manifest_pins_the_log_and_unlocking_connects_to_the_pin() {
    let mut house = with_events(3);
    let pinned = head(&house, &house.read(unlock::state).unwrap().checkpoint);
    let changes = house.person.pin_log(pinned.size, pinned.root, house.now_ms).unwrap();
    house.apply(changes).unwrap();
    house.add_login(99);
    let state = house.read(unlock::state).unwrap();
    let now = head(&house, &state.checkpoint);
    assert!(now.size > pinned.size);
    verify_consistency(pinned.size, now.size, &pinned.root, &now.root, &state.consistency).unwrap();
}

#[test]
fn an_export_verifies_and_survives_a_restart() {
    let mut house = with_events(5);
    let (lines, note) = export(&house);
    let events = lines.lines().count() as u64;
    assert_eq!(verify(&house, &lines, &note, None), Verdict::Ok { events });
    house.reopen();
    house.add_login(77);
    let (more, newer) = export(&house);
    assert!(more.starts_with(&lines));
    assert_eq!(verify(&house, &more, &newer, Some(&note)).exit_code(), 0);
    assert_eq!(verify(&house, &more, &newer, Some(&newer)).exit_code(), 0);
    assert_eq!(verify(&house, &lines, &note, Some(&newer)), Verdict::Rollback);
}

#[test]
fn each_fault_in_an_export_has_its_verdict() {
    let house = with_events(5);
    let (lines, note) = export(&house);
    let all: Vec<&str> = lines.lines().collect();
    let joined = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let code = |lines: &str, note: &str| verify(&house, lines, note, None).exit_code();
    assert_eq!(code(&joined(&all[..all.len() - 1]), &note), 2, "cut off");
    assert_eq!(code(&joined(&all[1..]), &note), 2, "the first is missing");
    let mut swapped = all.clone();
    swapped.swap(1, 2);
    assert_eq!(code(&joined(&swapped), &note), 2);
    assert_eq!(code("", &note), 2);
    assert_eq!(code("not json\n", &note), 2);
    assert_eq!(code(&"x".repeat(100_000), &note), 2);
    let neighbour = House::new();
    assert_eq!(code(&export(&neighbour).0, &note), 2, "another vault's events");
    assert_eq!(code(&lines, &export(&neighbour).1), 3, "another node's head");
    assert_eq!(code(&lines, &note.replace(&format!("\n{}\n", all.len()), "\n1\n")), 3, "a head with another size");
    assert_eq!(code(&lines, ""), 3);
    let forked = with_events(4);
    assert_eq!(verify(&house, &lines, &note, Some(&export(&forked).1)).exit_code(), 3, "a pin that the log's key did not sign");
    assert_eq!(house.read(|r, _| audit::export(r, clavitor_crypto::VaultId([1; 16]), &mut Vec::new())).err(), Some(Error::Hidden));
}

#[test]
fn a_rewritten_log_does_not_match_a_head_that_was_kept() {
    let mut house = with_events(5);
    let (_, kept) = export(&house);
    house.vault.close();
    // The thief of the node rewrites history and signs it with the key that lies beside it.
    let file = rusqlite::Connection::open(house.data().join("clavitor.db")).unwrap();
    file.execute("DELETE FROM audit_event WHERE seq >= 3", []).unwrap();
    file.execute("DELETE FROM audit_node", []).unwrap();
    drop(file);
    house.reopen();
    for number in 50..60 {
        house.add_login(number);
    }
    let (lines, note) = export(&house);
    assert_eq!(verify(&house, &lines, &note, None).exit_code(), 0, "by itself it looks fine");
    assert_eq!(verify(&house, &lines, &note, Some(&kept)), Verdict::Rollback);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever single byte of an export's events changes, the check finds it.
    #[test]
    fn any_changed_byte_is_found(line in 0usize..6, at in 0usize..2000, by in 1u8..255) {
        let house = with_events(2);
        let (lines, note) = export(&house);
        let mut all: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let count = all.len();
        let text = all[line % count]["bytes"].as_str().unwrap().to_owned();
        let mut bytes = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
        let place = at % bytes.len();
        bytes[place] ^= by;
        all[line % count]["bytes"] = data_encoding::BASE64URL_NOPAD.encode(&bytes).into();
        let lines: String = all.iter().map(|line| format!("{line}\n")).collect();
        prop_assert_eq!(verify(&house, &lines, &note, None).exit_code(), 2);
    }
}
