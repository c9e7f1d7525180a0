//! Lies about the past: a fork that hides behind further versions, a log that was rewritten, an item that is hidden.

use serde_json::{Value, json};

use super::{alarmed, blob, lie, listed, manifest_with, trusting};
use crate::support::{Machine, NOW_MS, Node};

/// The owner adds some scopes, each with a manifest of its own.
fn versions(node: &Node, count: usize) {
    for number in 0..count {
        node.owner(|vault| {
            let (_, changes) = vault.person.add_scope(&format!("Scope {number}"), NOW_MS).unwrap();
            vault.did(changes);
        });
    }
}

#[test]
fn what_the_owner_did_in_several_steps_is_followed_step_by_step() {
    let (node, machine) = trusting();
    for steps in [2, 3, 6] {
        versions(&node, steps);
        assert_eq!(machine.agent(&["list"]).code, 0, "{steps} versions");
    }
    assert!(!node.asked("/v1/agent/manifests").is_empty());
    let asked = node.asked("/v1/agent/manifests").len();
    versions(&node, 1);
    assert_eq!(machine.agent(&["list"]).code, 0);
    assert_eq!(node.asked("/v1/agent/manifests").len(), asked, "the next version names the one that was seen");
}

/// The node has shown a manifest that is not in the owner's chain, and hides that behind what came after.
fn forked() -> (Node, Machine) {
    let (node, machine) = trusting();
    versions(&node, 1);
    let other = blob(&manifest_with(&node, None, |body| body.hlc_ms += 1));
    lie(&node, "/v1/agent", move |answer| answer["manifest"] = other.clone());
    assert_eq!(machine.agent(&["list"]).code, 0, "it follows what was seen");
    node.state().lie = None;
    (node, machine)
}

#[test]
fn a_fork_behind_further_versions() {
    for steps in [2, 3, 5] {
        let (node, machine) = forked();
        versions(&node, steps);
        alarmed(&node, &machine, &["list"], "the manifest has two histories");
    }
}

#[test]
fn a_locked_agent_asks_nothing_of_the_past_and_takes_nothing_for_granted_when_it_works_again() {
    let (node, machine) = forked();
    versions(&node, 3);
    node.state().locked = true;
    assert_eq!(machine.agent(&["list"]).code, 9);
    assert_eq!(machine.agent(&["status", "--json"]).json()["state"], "locked");
    assert!(node.asked("/v1/agent/manifests").is_empty());
    node.state().locked = false;
    alarmed(&node, &machine, &["list"], "the manifest has two histories");
}

#[test]
fn manifests_in_between_that_are_not_sent() {
    let (node, machine) = trusting();
    versions(&node, 3);
    lie(&node, "/v1/agent/manifests", |answer| *answer = json!({"manifests": [], "next": null}));
    alarmed(&node, &machine, &["list"], "the manifest has two histories");
}

#[test]
fn manifests_in_between_of_another_history() {
    let (node, machine) = trusting();
    versions(&node, 2);
    let other = blob(&manifest_with(&node, None, |body| body.version -= 1));
    lie(&node, "/v1/agent/manifests", move |answer| answer["manifests"][0] = other.clone());
    alarmed(&node, &machine, &["list"], "the manifest has two histories");
}

#[test]
fn a_log_that_is_shorter_rewritten_or_left_out() {
    let head = |node: &Node, events: u64, word: &[u8]| {
        let mut log = crate::support::Log::default();
        (0..events).for_each(|_| log.append(word));
        let state = node.state();
        json!(log.head(state.vault.person.vault(), &state.vault.log_key, 0))
    };
    type Make = fn(&Node, &dyn Fn(&Node, u64, &[u8]) -> Value) -> Value;
    let cases: [(Make, &str); 4] = [
        (|node, head| head(node, 2, b"a change"), "is shorter than it was"),
        (|node, head| head(node, 40, b"another"), "did not grow from what was seen"),
        (|_, _| Value::Null, "was left out"),
        (|_, _| json!({"checkpoint": "nonsense", "consistency": []}), "is not signed by the log's key"),
    ];
    for (make, what) in cases {
        let (node, machine) = trusting();
        let answer = make(&node, &head);
        lie(&node, "/v1/agent", move |status| status["log"] = answer.clone());
        alarmed(&node, &machine, &["list"], what);
    }
}

#[test]
fn an_item_that_was_used_and_is_hidden_is_named_once() {
    let (node, machine) = trusting();
    let (github, _) = node.github();
    lie(&node, "/v1/agent/entries", move |answer| {
        listed(answer, github);
        let entries = answer["entries"].as_array_mut().unwrap();
        entries.retain(|one| one["entry_id"] != github.to_string());
    });
    let told = machine.agent(&["list"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.contains(&github.to_string()) && told.err.contains("may be hiding it"), "{told:?}");
    assert!(!machine.agent(&["list"]).err.contains("may be hiding it"), "once");
    assert_eq!(machine.agent(&["list", "--json"]).json()["gone"], json!([]));
}

#[test]
fn an_item_that_was_never_used_may_come_and_go() {
    let (node, machine) = trusting();
    lie(&node, "/v1/agent/entries", |answer| {
        let entries = answer["entries"].as_array_mut().unwrap();
        entries.truncate(1);
    });
    let (github, _) = node.github();
    let gone = machine.agent(&["list", "--json"]).json()["gone"].clone();
    assert!(gone == json!([]) || gone == json!([github.to_string()]), "{gone}");
}
