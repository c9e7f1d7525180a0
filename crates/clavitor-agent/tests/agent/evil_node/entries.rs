//! Lies about entries and their records.

use clavitor_api::{Blob, Id};
use clavitor_crypto::{
    field_kind::Tier,
    hash::sha256,
    header::{Deleted, Header},
    manifest::Capabilities,
};
use serde_json::json;

use super::{READ, alarmed, another, blob, header_with, lie, listed, spoil, stranger, trusting};
use crate::support::{Fields, NOW_MS, PASSWORD};

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
    let (_, second, signing) = another(&node, Capabilities::USE);
    let github = node.state().vault.github;
    let hash = sha256(&[&node.state().entries[&github].header[64..]]);
    let forged = blob(&header_with(&node, Some(&signing), |header| {
        header.version += 1;
        header.previous = hash;
        header.author = second;
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
fn a_changed_address_that_was_sealed_with_the_right_key() {
    let (node, machine) = trusting();
    let (github, honest) = node.github();
    node.owner(|vault| {
        let changes = vault.person.edit_entry(vault.github, |draft| draft.title = "evil".into(), NOW_MS).unwrap();
        vault.did(changes);
    });
    let mut mixed = node.github().1;
    mixed.header = honest.header;
    node.state().entries.insert(github, mixed);
    alarmed(&node, &machine, &["list"], "is not the record that was signed");
}

#[test]
fn a_rollback_of_everything_at_once() {
    let (node, machine) = trusting();
    let me = node.state().vault.person.manifest().body().agents[0].id;
    let old = serde_json::to_value(node.state().agent_self(me)).unwrap();
    let (github, entry) = node.github();
    node.owner(|vault| {
        let (_, changes) = vault.person.add_scope("Later", NOW_MS).unwrap();
        vault.did(changes);
        let changes = vault.person.edit_entry(vault.github, |draft| draft.title = "Hub".into(), NOW_MS).unwrap();
        vault.did(changes);
    });
    assert_eq!(machine.agent(&["list"]).code, 0);
    node.state().entries.insert(github, entry);
    lie(&node, "/v1/agent", move |answer| *answer = old.clone());
    alarmed(&node, &machine, &["list"], "the manifest was rolled back");
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
