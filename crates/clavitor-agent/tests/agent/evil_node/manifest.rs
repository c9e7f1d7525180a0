//! Lies about the vault and about this agent.

use clavitor_api::Id;
use serde_json::{Value, json};

use super::{alarmed, blob, everything, lie, manifest_with, spoil, stranger, trusting};
use crate::support::{Machine, NOW_MS, Node};

#[test]
fn a_forged_manifest() {
    let (node, machine) = trusting();
    let forged = blob(&manifest_with(&node, Some(&stranger()), |body| body.version += 1));
    lie(&node, "/v1/agent", move |answer| answer["manifest"] = forged.clone());
    alarmed(&node, &machine, &["list"], "the manifest is not signed by the expected key");
}

#[test]
fn a_manifest_with_another_signing_key_in_it() {
    let (node, machine) = trusting();
    let key = stranger();
    let swapped = blob(&manifest_with(&node, None, |body| {
        body.version += 1;
        body.usk = key.public();
    }));
    lie(&node, "/v1/agent", move |answer| answer["manifest"] = swapped.clone());
    alarmed(&node, &machine, &["list"], "another signing key");
}

#[test]
fn an_older_manifest() {
    let (node, machine) = trusting();
    let old = blob(node.state().vault.person.manifest().bytes());
    node.owner(|vault| {
        let (_, changes) = vault.person.add_scope("Later", NOW_MS).unwrap();
        vault.did(changes);
    });
    assert_eq!(machine.agent(&["list"]).code, 0);
    lie(&node, "/v1/agent", move |answer| answer["manifest"] = old.clone());
    alarmed(&node, &machine, &["list"], "the manifest was rolled back");
}

#[test]
fn two_manifests_of_one_version() {
    let (node, machine) = trusting();
    let other = blob(&manifest_with(&node, None, |body| body.hlc_ms += 1));
    lie(&node, "/v1/agent", move |answer| answer["manifest"] = other.clone());
    alarmed(&node, &machine, &["list"], "the manifest has two histories");
}

#[test]
fn a_next_manifest_that_does_not_continue_the_pinned_one() {
    let (node, machine) = trusting();
    let fork = blob(&manifest_with(&node, None, |body| {
        body.version += 1;
        body.previous = [9; 32];
    }));
    lie(&node, "/v1/agent", move |answer| answer["manifest"] = fork.clone());
    alarmed(&node, &machine, &["list"], "the manifest has two histories");
}

#[test]
fn a_manifest_that_is_left_out() {
    let (node, machine) = trusting();
    lie(&node, "/v1/agent", |answer| answer["manifest"] = Value::Null);
    alarmed(&node, &machine, &["list"], "the manifest was left out");
}

#[test]
fn the_manifest_of_another_vault() {
    let (node, machine) = trusting();
    let other = Node::start();
    let elsewhere = blob(other.state().vault.person.manifest().bytes());
    lie(&node, "/v1/agent", move |answer| answer["manifest"] = elsewhere.clone());
    alarmed(&node, &machine, &["list"], "the manifest is not signed by the expected key");
}

#[test]
fn other_keys_of_this_agent_in_the_manifest() {
    let (node, machine) = trusting();
    let key = stranger();
    // Two versions ahead there is no pin to contradict it; the keys themselves do.
    let substituted = blob(&manifest_with(&node, None, |body| {
        body.version += 2;
        body.agents[0].keys.as_mut().unwrap().ed25519 = key.public();
    }));
    lie(&node, "/v1/agent", move |answer| answer["manifest"] = substituted.clone());
    alarmed(&node, &machine, &["list"], "other keys for this agent");
}

#[test]
fn scope_keys_that_the_owner_did_not_seal() {
    let (node, machine) = trusting();
    lie(&node, "/v1/agent", |answer| spoil(&mut answer["scope_wraps"][0]["wrap"]));
    alarmed(&node, &machine, &["list"], "the key of scope");
}

#[test]
fn scope_keys_of_another_agent_or_epoch() {
    for member in ["agent_id", "scope_epoch"] {
        let (node, machine) = trusting();
        lie(&node, "/v1/agent", move |answer| {
            answer["scope_wraps"][0][member] = if member == "agent_id" { json!(Id([9; 16])) } else { json!(2) };
        });
        alarmed(&node, &machine, &["list"], "the key of scope");
    }
}

#[test]
fn an_answer_about_another_agent() {
    let (node, machine) = trusting();
    lie(&node, "/v1/agent", |answer| answer["agent_id"] = json!(Id([9; 16])));
    alarmed(&node, &machine, &["status"], "about another vault or agent");
}

#[test]
fn enrolment_with_a_grant_that_the_owner_did_not_seal() {
    let (node, machine) = (Node::start(), Machine::new());
    let first = node.owner(|vault| vault.invite(everything()));
    let second = node.owner(|vault| vault.invite(everything()));
    let grant = {
        let other = Machine::new();
        let taken = std::sync::Arc::new(std::sync::Mutex::new(Value::Null));
        let keep = taken.clone();
        node.lies(move |path, answer| {
            if path == "/v1/enrol" {
                *keep.lock().unwrap() = answer["grant"].clone();
            }
        });
        assert_eq!(other.agent_with(second.text.as_bytes(), &["enroll", "-"]).code, 0);
        taken.lock().unwrap().clone()
    };
    lie(&node, "/v1/enrol", move |answer| answer["grant"] = grant.clone());
    let out = machine.agent_with(first.text.as_bytes(), &["enroll", "-"]);
    assert_eq!(out.code, 5, "{out:?}");
    assert!(out.err.contains("ALARM") && !machine.profile().exists(), "{out:?}");
}
