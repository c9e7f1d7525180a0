//! A node that lies. Every case ends in one alarm, exit code 5, nothing opened, and a profile that stays stopped until a person has looked.

use clavitor_api::{Blob, Id};
use clavitor_crypto::{
    AgentId, EntryId,
    field_kind::Tier,
    hash::sha256,
    header::{Deleted, Header},
    manifest::{Capabilities, Manifest},
    random::Os,
    sign::SigningKey,
    signed::Signed,
};
use serde_json::{Value, json};

use crate::support::{Fields, Machine, NOW_MS, Node, PASSWORD, TOKEN};

const READ: [&str; 3] = ["get", "clv://-/GitHub/password", "--reveal"];

fn everything() -> Capabilities {
    Capabilities::from_bits(15).unwrap()
}

/// An agent that has read everything honestly once, so that it has pins.
fn trusting() -> (Node, Machine) {
    let (node, machine) = (Node::start(), Machine::new());
    let invitation = node.owner(|vault| vault.invite(everything()));
    assert_eq!(machine.agent_with(invitation.text.as_bytes(), &["enroll", "-"]).code, 0);
    node.confirm();
    assert_eq!(machine.agent(&READ).out, format!("{PASSWORD}\n"));
    (node, machine)
}

/// One alarm, no value, and no way on: not by another verb, and not when the node is honest again.
fn alarmed(node: &Node, machine: &Machine, arguments: &[&str], what: &str) {
    let out = machine.agent(arguments);
    assert_eq!(out.code, 5, "{out:?}");
    assert_eq!(out.err.matches("ALARM").count(), 1, "{out:?}");
    assert!(out.err.contains(what), "expected {what:?} in {out:?}");
    for value in [PASSWORD, TOKEN, "twin-password", "evil"] {
        assert!(!out.all().contains(value), "{out:?}");
    }
    node.state().lie = None;
    let before = node.state().asked.len();
    let marker = machine.home().join("marker");
    let refused = [
        machine.agent(&READ),
        machine.agent(&["list"]),
        machine.agent(&["run", "--env", "A=clv://-/GitHub/token", "--", "touch", marker.to_str().unwrap()]),
        machine.agent_with(b"new", &["set", "clv://-/GitHub/password"]),
        machine.agent(&["alarm", "--clear"]),
    ];
    assert_eq!(refused.map(|out| out.code), [5, 5, 5, 5, 6]);
    assert!(!marker.exists());
    assert_eq!(node.state().asked.len(), before, "nothing is asked or sealed after an alarm");
    assert!(machine.agent(&["alarm", "--json"]).json()["incident"]["what"].as_str().unwrap().contains(what));
}

/// Answers for one path are changed.
fn lie(node: &Node, on: &'static str, change: impl Fn(&mut Value) + Send + Sync + 'static) {
    node.lies(move |path, answer| {
        if path == on {
            change(answer);
        }
    });
}

/// The GitHub entry in a list.
fn listed(answer: &mut Value, entry: EntryId) -> &mut Value {
    let entries = answer["entries"].as_array_mut().unwrap();
    entries.iter_mut().find(|one| one["entry_id"] == entry.to_string()).unwrap()
}

fn blob(bytes: &[u8]) -> Value {
    json!(Blob(bytes.to_vec()))
}

/// One bit of a base64url member is turned, somewhere in the middle.
fn spoil(value: &mut Value) {
    let mut bytes: Blob = serde_json::from_value(value.clone()).unwrap();
    let middle = bytes.0.len() / 2;
    bytes.0[middle] ^= 1;
    *value = json!(bytes);
}

fn header_with(node: &Node, key: Option<&SigningKey>, change: impl FnOnce(&mut Header)) -> Vec<u8> {
    let state = node.state();
    let mut header = state.entries[&state.vault.github].claims();
    change(&mut header);
    Signed::sign(header, key.unwrap_or(state.vault.person.usk())).unwrap().bytes().to_vec()
}

fn manifest_with(node: &Node, key: Option<&SigningKey>, change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    let state = node.state();
    let mut body = state.vault.person.manifest().body().clone();
    change(&mut body);
    Signed::sign(body, key.unwrap_or(state.vault.person.usk())).unwrap().bytes().to_vec()
}

fn stranger() -> SigningKey {
    SigningKey::make_with(&mut Os).unwrap()
}

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
fn an_injected_entry() {
    let (node, machine) = trusting();
    let github = node.state().vault.github;
    lie(&node, "/v1/agent/entries", move |answer| {
        let mut forged = listed(answer, github).clone();
        forged["entry_id"] = json!(Id([9; 16]));
        answer["entries"].as_array_mut().unwrap().push(forged);
    });
    alarmed(&node, &machine, &["list"], "entry 09090909090909090909090909090909");
}

#[test]
fn a_header_signed_by_a_stranger() {
    let (node, machine) = trusting();
    let github = node.state().vault.github;
    let forged = blob(&header_with(&node, Some(&stranger()), |header| header.destinations = vec!["https://evil.example".into()]));
    lie(&node, "/v1/agent/entries", move |answer| listed(answer, github)["header"] = forged.clone());
    alarmed(&node, &machine, &["list"], "is not signed by the expected key");
}

#[test]
fn a_header_signed_by_an_agent_that_may_not_write() {
    let (node, machine) = trusting();
    let second = Machine::new();
    let invitation = node.owner(|vault| vault.invite(Capabilities::USE));
    assert_eq!(second.agent_with(invitation.text.as_bytes(), &["enroll", "-"]).code, 0);
    node.confirm();
    let key: Value = serde_json::from_slice(&std::fs::read(second.profile().join("key.json")).unwrap()).unwrap();
    let seed: Blob = serde_json::from_value(key["ed25519_seed"].clone()).unwrap();
    let signing = SigningKey::from_seed(clavitor_crypto::Secret::from_slice(&seed.0).unwrap()).unwrap();
    let github = node.state().vault.github;
    let hash = sha256(&[&node.state().entries[&github].header[64..]]);
    let forged = blob(&header_with(&node, Some(&signing), |header| {
        header.version += 1;
        header.previous = hash;
        header.author = AgentId(invitation.agent.0);
    }));
    lie(&node, "/v1/agent/entries", move |answer| listed(answer, github)["header"] = forged.clone());
    alarmed(&node, &machine, &["list"], "signed by an agent that may not write it");
}

#[test]
fn an_older_entry_with_its_older_records() {
    let (node, machine) = trusting();
    let (github, old) = node.github();
    node.owner(|vault| {
        let edit = |draft: &mut clavitor_person::Draft| draft.fields[1].value = b"second-password".to_vec().into();
        let changes = vault.person.edit_entry(vault.github, edit, NOW_MS).unwrap();
        vault.did(changes);
    });
    assert_eq!(machine.agent(&READ).out, "second-password\n");
    node.state().entries.insert(github, old);
    alarmed(&node, &machine, &READ, "was rolled back: version 1 was sent, version 2 was verified before");
}

#[test]
fn an_older_entry_between_list_and_release() {
    let (node, machine) = trusting();
    let old = blob(&node.github().1.header);
    node.owner(|vault| {
        let edit = |draft: &mut clavitor_person::Draft| draft.fields[1].value = b"second-password".to_vec().into();
        let changes = vault.person.edit_entry(vault.github, edit, NOW_MS).unwrap();
        vault.did(changes);
    });
    lie(&node, "/v1/agent/release", move |answer| answer["entry"]["header"] = old.clone());
    alarmed(&node, &machine, &READ, "was rolled back");
}

#[test]
fn two_headers_of_one_version() {
    let (node, machine) = trusting();
    let github = node.state().vault.github;
    let other = blob(&header_with(&node, None, |header| header.hlc_ms += 1));
    lie(&node, "/v1/agent/entries", move |answer| listed(answer, github)["header"] = other.clone());
    alarmed(&node, &machine, &["list"], "has two histories");
}

#[test]
fn the_record_of_another_field_or_version() {
    let (node, machine) = trusting();
    let wrong = {
        let state = node.state();
        blob(&state.entries[&state.vault.github].records[&Fields::SEED])
    };
    lie(&node, "/v1/agent/release", move |answer| answer["entry"]["records"][0]["record"] = wrong.clone());
    alarmed(&node, &machine, &READ, "is not the record that was signed");
}

#[test]
fn the_summary_of_another_entry() {
    let (node, machine) = trusting();
    let github = node.state().vault.github;
    lie(&node, "/v1/agent/entries", move |answer| {
        let other =
            answer["entries"].as_array().unwrap().iter().find(|one| one["entry_id"] != github.to_string()).unwrap()["summary"].clone();
        listed(answer, github)["summary"] = other;
    });
    alarmed(&node, &machine, &["list"], "the summary of entry");
}

#[test]
fn spoiled_records_summaries_and_grants() {
    for (path, pointer) in [
        ("/v1/agent/release", "/entry/records/0/record"),
        ("/v1/agent/release", "/entry/grants/0/record"),
        ("/v1/agent/entries", "/entries/0/summary"),
        ("/v1/agent/entries", "/entries/0/grants/0/record"),
        ("/v1/agent/entries", "/entries/0/header"),
    ] {
        let (node, machine) = trusting();
        lie(&node, path, move |answer| spoil(answer.pointer_mut(pointer).unwrap()));
        alarmed(&node, &machine, &READ, "entry");
    }
}

#[test]
fn a_record_cut_short_or_left_out() {
    let (node, machine) = trusting();
    lie(&node, "/v1/agent/release", |answer| answer["entry"]["records"] = json!([]));
    alarmed(&node, &machine, &READ, "was left out");
    let (node, machine) = trusting();
    lie(&node, "/v1/agent/release", |answer| {
        let mut record: Blob = serde_json::from_value(answer["entry"]["records"][0]["record"].clone()).unwrap();
        record.0.truncate(80);
        answer["entry"]["records"][0]["record"] = json!(record);
    });
    alarmed(&node, &machine, &READ, "is not the record that was signed");
}

#[test]
fn another_entry_in_place_of_the_one_asked_for() {
    let (node, machine) = trusting();
    lie(&node, "/v1/agent/release", |answer| answer["entry"]["entry_id"] = json!(Id([9; 16])));
    alarmed(&node, &machine, &READ, "answered with another entry");
    let (node, machine) = trusting();
    let diary = {
        let state = node.state();
        blob(&state.entries[&state.vault.private].header)
    };
    lie(&node, "/v1/agent/release", move |answer| answer["entry"]["header"] = diary.clone());
    alarmed(&node, &machine, &READ, "answered with another entry");
}

#[test]
fn an_entry_listed_twice() {
    let (node, machine) = trusting();
    lie(&node, "/v1/agent/entries", |answer| {
        let first = answer["entries"][0].clone();
        answer["entries"].as_array_mut().unwrap().push(first);
    });
    alarmed(&node, &machine, &["list"], "was listed twice");
}

#[test]
fn a_lowered_tier_needs_the_owners_signature() {
    let (node, machine) = trusting();
    let github = node.state().vault.github;
    let lowered = blob(&header_with(&node, Some(&stranger()), |header| {
        header.version += 1;
        header.previous = [9; 32];
        header.fields.iter_mut().filter(|field| field.id == Fields::PASSWORD).for_each(|field| field.tier = Tier::Hosted);
    }));
    lie(&node, "/v1/agent/entries", move |answer| listed(answer, github)["header"] = lowered.clone());
    alarmed(&node, &machine, &["list"], "is not signed by the expected key");
}

#[test]
fn a_tombstone_needs_the_owners_signature() {
    let (node, machine) = trusting();
    let github = node.state().vault.github;
    let forged = blob(&header_with(&node, Some(&stranger()), |header| {
        header.version += 1;
        header.previous = [9; 32];
        header.deleted = Deleted::Trash;
    }));
    lie(&node, "/v1/agent/entries", move |answer| listed(answer, github)["header"] = forged.clone());
    alarmed(&node, &machine, &["list"], "is not signed by the expected key");
}

#[test]
fn a_card_number_sent_against_its_tier_stays_shut() {
    let (node, machine) = trusting();
    let card = {
        let state = node.state();
        state.entries[&state.vault.github].records[&Fields::CARD].clone()
    };
    lie(&node, "/v1/agent/release", move |answer| {
        answer["entry"]["records"].as_array_mut().unwrap().push(json!({"field_id": Id(Fields::CARD.0), "record": Blob(card.clone())}));
    });
    let out = machine.agent(&READ);
    assert_eq!(out.out, format!("{PASSWORD}\n"), "what was asked for is good; what was not is never looked at");
    assert_eq!(machine.agent(&["get", "clv://-/GitHub/card", "--reveal"]).code, 11);
}

#[test]
fn the_owner_may_raise_a_tier_between_list_and_release() {
    let (node, machine) = trusting();
    let raised = {
        let mut state = node.state();
        let hash = *state.entries[&state.vault.github].signed(&state.vault).hash();
        let github = state.vault.github;
        let changes = state.vault.person.edit_entry(github, |draft| draft.fields[1].tier = Tier::OnlyMe, NOW_MS).unwrap();
        assert_eq!(clavitor_crypto::signed::Unverified::<Header>::parse(&changes.entries[0].header).unwrap().claims().previous, hash);
        let record = changes.entries[0].records.iter().find(|(id, _)| *id == Fields::PASSWORD).unwrap().1.clone();
        (blob(&changes.entries[0].header), blob(&record))
    };
    lie(&node, "/v1/agent/release", move |answer| {
        answer["entry"]["header"] = raised.0.clone();
        answer["entry"]["records"][0]["record"] = raised.1.clone();
    });
    let out = machine.agent(&READ);
    assert_eq!(out.code, 5, "{out:?}");
    assert!(!out.all().contains(PASSWORD));
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

#[test]
fn nonsense_is_an_error_and_no_panic() {
    for nonsense in [json!(null), json!([]), json!({"entries": 7}), json!("x"), json!({"entry": {}})] {
        let (node, machine) = trusting();
        for path in ["/v1/agent", "/v1/agent/entries", "/v1/agent/release"] {
            let nonsense = nonsense.clone();
            lie(&node, path, move |answer| *answer = nonsense.clone());
            let out = machine.agent(&READ);
            assert_eq!(out.code, 1, "{out:?}");
            assert!(!out.all().contains("panicked"), "{out:?}");
        }
    }
}

#[test]
fn hiding_an_entry_is_a_denial_and_bringing_it_back_older_an_alarm() {
    let (node, machine) = trusting();
    let github = node.state().vault.github;
    lie(&node, "/v1/agent/entries", move |answer| {
        answer["entries"].as_array_mut().unwrap().retain(|one| one["entry_id"] != github.to_string());
    });
    assert_eq!(machine.agent(&READ).code, 4);
    let forged = blob(&header_with(&node, None, |header| header.hlc_ms += 1));
    lie(&node, "/v1/agent/entries", move |answer| listed(answer, github)["header"] = forged.clone());
    alarmed(&node, &machine, &READ, "has two histories");
}
