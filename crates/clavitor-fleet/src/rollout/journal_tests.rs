//! A journal comes back as it was, torn or not; anything else is refused with words.

use super::*;
use crate::rollout::{Candidate, Limits, Report, Wish};

fn name(text: &str) -> NodeName {
    text.parse().unwrap()
}

fn plan() -> Plan {
    let closure = format!("/nix/store/{}-nixos-system", "0".repeat(32));
    let candidate = |node: &str| Candidate { node: name(node), closure: closure.clone(), is_hub: false };
    Plan::new(Wish {
        id: "20261122T210000Z-0.2.0".into(),
        version: "0.2.0".into(),
        candidates: vec![candidate("tokyo"), candidate("seoul")],
        pairs: Vec::new(),
        bystanders: Vec::new(),
        hub_in_use: None,
        sizes: vec![1],
        limits: Limits::default(),
    })
    .unwrap()
}

/// Two nodes, up to the first answer of the first.
fn written(folder: &Path) -> State {
    let mut journal = Journal::create(folder, &plan(), 1).unwrap();
    let mut state = State::new(plan());
    let answer = |command, report| Input::Answered { node: name("tokyo"), command, report };
    let gate = Input::Answered { node: name("seoul"), command: Command::Serving, report: Report::Done };
    for (at_ms, input) in [(2, Input::Approved), (3, gate), (4, answer(Command::Preflight, Report::Done))] {
        journal.write(at_ms, Entry::Happened(input.clone())).unwrap();
        let (next, outputs) = step(state, at_ms, input);
        state = next;
        for output in outputs {
            if let Output::Ask { node, command } = output {
                journal.write(at_ms, Entry::Asks { node, command }).unwrap();
            }
        }
    }
    state
}

fn text(folder: &Path) -> Vec<u8> {
    fs::read(path_of(folder, plan().id())).unwrap()
}

#[test]
fn it_comes_back_as_it_was_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let state = written(folder.path());
    assert_eq!(newest(folder.path()).unwrap().as_deref(), Some(plan().id()));
    let (mut journal, found) = Journal::reopen(folder.path(), plan().id()).unwrap();
    assert_eq!((&found.state, found.at_ms, found.is_torn), (&state, 4, false));
    journal.write(9, Entry::Happened(Input::Interrupted)).unwrap();
    let again = read(journal.path()).unwrap();
    assert_eq!((again.at_ms, again.lines), (9, found.lines + 1));
}

#[test]
fn cut_anywhere_it_is_what_the_whole_lines_say() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let whole = text(folder.path());
    let first_end = whole.iter().position(|byte| *byte == b'\n').unwrap();
    for length in 0..whole.len() {
        let found = replay(&whole[..length]);
        assert_eq!(found.is_ok(), length > first_end, "{length}");
        assert!(found.is_err() || found.unwrap().is_torn == (whole[length - 1] != b'\n'));
    }
}

#[test]
fn a_torn_line_is_cut_away_before_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let path = path_of(folder.path(), plan().id());
    let whole = text(folder.path());
    fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    let (mut journal, found) = Journal::reopen(folder.path(), plan().id()).unwrap();
    assert!(found.is_torn);
    journal.write(9, Entry::Happened(Input::Resumed)).unwrap();
    assert!(!read(&path).unwrap().is_torn);
}

#[test]
fn any_changed_byte_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let whole = text(folder.path());
    for place in 0..whole.len() - 1 {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        assert!(replay(&changed).is_err(), "byte {place}");
    }
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let without_second = [lines[0], &lines[2..].concat()].concat();
    assert!(replay(&without_second).unwrap_err().1.contains("missing"));
}

#[test]
fn what_does_not_follow_is_refused_even_with_a_good_checksum() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(folder.path(), &plan(), 1).unwrap();
    journal.write(2, Entry::Happened(Input::Approved)).unwrap();
    journal.write(2, Entry::Asks { node: name("tokyo"), command: Command::Switch }).unwrap();
    let error = read(journal.path()).unwrap_err().to_string();
    assert!(error.contains("line 3") && error.contains("does not follow"), "{error}");
    assert!(Journal::create(folder.path(), &plan(), 1).is_err());
    assert!(matches!(Journal::reopen(folder.path(), "none"), Err(JournalError::NoSuch(id)) if id == "none"));
}
