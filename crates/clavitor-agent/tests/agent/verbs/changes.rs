//! A vault that changes while it is read: no alarm, unless what changed cannot be proved.

use std::sync::atomic::{AtomicUsize, Ordering};

use clavitor_crypto::manifest::Capabilities;

use super::{enrolled, refused, usual};
use crate::support::{Machine, NOW_MS, Node, PASSWORD};

/// The node as it was before the owner revoked another agent, and so rotated the scope: its answer about this agent.
fn before_a_rotation() -> (Node, Machine, serde_json::Value) {
    let (node, machine) = enrolled(usual().with(Capabilities::REVEAL));
    let other = node.owner(|vault| vault.invite(usual()));
    assert_eq!(Machine::new().agent_with(other.text.as_bytes(), &["enroll", "-"]).code, 0);
    node.confirm();
    assert_eq!(machine.agent(&["list"]).code, 0);
    let me = node.state().vault.person.manifest().body().agents.iter().map(|agent| agent.id).find(|id| *id != other.agent).unwrap();
    let before = serde_json::to_value(node.state().agent_self(me)).unwrap();
    node.owner(|vault| {
        let changes = vault.person.revoke(other.agent, NOW_MS).unwrap();
        vault.did(changes);
    });
    (node, machine, before)
}

/// The answer of before, with the log as it is now.
fn held_back(answer: &mut serde_json::Value, before: &serde_json::Value) {
    let log = answer["log"].take();
    *answer = before.clone();
    answer["log"] = log;
}

#[test]
fn a_rotation_between_two_answers_is_read_again() {
    let (node, machine, before) = before_a_rotation();
    let asked = AtomicUsize::new(0);
    node.lies(move |path, answer| {
        if path == "/v1/agent" && asked.fetch_add(1, Ordering::SeqCst) == 0 {
            held_back(answer, &before);
        }
    });
    let out = machine.agent(&["get", "clv://-/GitHub/password", "--reveal"]);
    assert_eq!(out.out, format!("{PASSWORD}\n"), "{out:?}");
}

#[test]
fn a_rotation_whose_manifest_is_held_back_is_an_alarm() {
    let (node, machine, before) = before_a_rotation();
    node.lies(move |path, answer| {
        if path == "/v1/agent" {
            held_back(answer, &before);
        }
    });
    let out = machine.agent(&["list", "--json"]);
    assert!(refused(&out, 5)["message"].as_str().unwrap().contains("later scope key than the manifest"));
}

#[test]
fn many_processes_at_once_agree_while_the_owner_edits() {
    let (node, machine) = enrolled(usual().with(Capabilities::REVEAL));
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| (0..4).map(|_| machine.agent(&["get", "clv://-/GitHub/password", "--reveal"])).collect::<Vec<_>>()))
            .collect();
        for number in 0..20 {
            node.owner(|vault| {
                let edit = |draft: &mut clavitor_person::Draft| draft.fields[1].value = format!("password-{number}").into_bytes().into();
                let changes = vault.person.edit_entry(vault.github, edit, NOW_MS).unwrap();
                vault.did(changes);
            });
        }
        for out in readers.into_iter().flat_map(|reader| reader.join().unwrap()) {
            assert_eq!(out.code, 0, "{out:?}");
        }
    });
    assert_eq!(machine.agent(&["get", "clv://-/GitHub/password", "--reveal"]).out, "password-19\n");
}
