//! What is refused: in which words, with which exit code, and what it costs.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use clavitor_api::{ErrorCode, UseMode};
use clavitor_crypto::manifest::Capabilities;
use hyper::StatusCode;
use serde_json::json;

use super::{enrolled, refused, usual};
use crate::support::{Machine, NOW_MS, PASSWORD, refusal};

#[test]
fn a_key_file_that_others_can_read_is_refused_by_every_verb() {
    let (node, machine) = enrolled(usual());
    let before = node.state().asked.len();
    for file in ["key.json", "pins.json"] {
        let path = machine.profile().join(file);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        for verb in [
            vec!["status"],
            vec!["list"],
            vec!["get", "clv://-/GitHub/token"],
            vec!["totp", "clv://-/GitHub"],
            vec!["run", "--env", "A=clv://-/GitHub/token", "--", "true"],
        ] {
            let out = machine.agent(&verb);
            assert_eq!(out.code, 5, "{verb:?} {out:?}");
            assert!(out.err.contains("chmod 600"), "{out:?}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert_eq!(node.state().asked.len(), before, "nothing was asked with a key that leaked");
}

#[test]
fn get_says_what_it_is_and_a_refused_reveal_says_exists_how_and_what_next() {
    let (node, machine) = enrolled(usual());
    let out = machine.agent(&["get", "clv://-/GitHub/password", "--json"]).json();
    assert_eq!((&out["exists"], &out["revealed"]), (&json!(true), &json!(false)));
    let denied = refused(&machine.agent(&["get", "clv://-/GitHub/password", "--reveal", "--json"]), 6);
    assert_eq!((&denied["exists"], &denied["allowed_modes"]), (&json!(true), &json!(["use"])));
    assert!(denied["remedy"].as_str().unwrap().contains("clavitor agent run"));
    let words = machine.agent(&["get", "clv://-/GitHub/password", "--reveal"]);
    assert_eq!((words.code, words.out.as_str()), (6, ""), "data on stdout, words on stderr");
    assert!(words.err.contains("exists") && words.err.contains("hand it to a program you run"), "{words:?}");
    assert!(node.asked("/v1/agent/release").is_empty(), "what is known to be refused is not asked for");
}

#[test]
fn a_field_only_the_person_opens_is_never_asked_for() {
    let (node, machine) = enrolled(usual().with(Capabilities::REVEAL).with(Capabilities::WRITE));
    for arguments in
        [vec!["get", "clv://-/GitHub/card", "--reveal", "--json"], vec!["run", "--json", "--env", "C=clv://-/GitHub/card", "--", "true"]]
    {
        let out = machine.agent(&arguments);
        assert_eq!(out.code, 11, "{out:?}");
        assert!(out.all().contains("only the person can open"), "{out:?}");
    }
    let out = machine.agent_with(b"4000", &["set", "clv://-/GitHub/card"]);
    assert_eq!(out.code, 11);
    assert!(node.asked("/v1/agent/release").is_empty());
}

#[test]
fn unknown_and_not_for_this_agent_are_the_same() {
    let (node, machine) = enrolled(usual());
    let private = node.state().vault.private;
    let unknown = machine.agent(&["get", "clv://-/Nothing/x"]);
    let hidden = machine.agent(&["get", "clv://-/Diary/x"]);
    let hidden_id = machine.agent(&["get", &format!("clv://-/{private}/x")]);
    assert_eq!((unknown.code, hidden.code, hidden_id.code), (4, 4, 4));
    assert_eq!(unknown.err.replace("Nothing", "Diary"), hidden.err);
    assert!(machine.agent(&["get", "clv://-/GitHub/nothing"]).code == 4);
}

#[test]
fn an_ambiguous_name_lists_ids() {
    let (_node, machine) = enrolled(usual());
    let out = machine.agent(&["get", "clv://-/mail/password", "--json"]);
    let json = refused(&out, 1);
    let ids: Vec<String> = machine.agent(&["list", "--json"]).json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["title"] == "Mail")
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.iter().all(|id| json["message"].as_str().unwrap().contains(id)), "{json}");
    assert_eq!(machine.agent(&["get", &format!("clv://-/{}/password", ids[0])]).code, 0);
}

#[test]
fn what_the_node_refuses_becomes_the_exit_code_of_the_table() {
    let (node, machine) = enrolled(usual());
    let cases = [
        (StatusCode::FORBIDDEN, ErrorCode::Forbidden, 6),
        (StatusCode::FORBIDDEN, ErrorCode::TierTooHigh, 11),
        (StatusCode::FORBIDDEN, ErrorCode::AgentLocked, 9),
        (StatusCode::NOT_FOUND, ErrorCode::NotFound, 4),
        (StatusCode::TOO_MANY_REQUESTS, ErrorCode::BudgetExceeded, 10),
        (StatusCode::UNAUTHORIZED, ErrorCode::Unauthenticated, 3),
        (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Unavailable, 2),
        (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, 1),
    ];
    for (status, code, exit) in cases {
        let mut body = refusal(code, "the node says no");
        body.retry_after_s = Some(17);
        body.allowed_modes = vec![UseMode::Totp];
        node.state().refuse = Some(Box::new((status, body)));
        let json = refused(&machine.agent(&["totp", "clv://-/GitHub", "--json"]), exit);
        assert_eq!(json["retry_after_s"], 17);
        let marker = machine.home().join("marker");
        let out = machine.agent(&["run", "--env", "A=clv://-/GitHub/token", "--", "touch", marker.to_str().unwrap()]);
        assert_eq!(out.code, exit, "{out:?}");
        assert!(!marker.exists());
    }
}

#[test]
fn a_clock_that_is_off_names_both_times() {
    let (node, machine) = enrolled(usual());
    let mut body = refusal(ErrorCode::ClockSkew, "no");
    body.now_ms = Some(1_000_000_000_000);
    node.state().refuse = Some(Box::new((StatusCode::UNAUTHORIZED, body)));
    let json = refused(&machine.agent(&["totp", "clv://-/GitHub", "--json"]), 3);
    let message = json["message"].as_str().unwrap();
    assert!(message.contains("2001-09-09T01:46:40Z") && message.contains("this machine says 20"), "{message}");
}

#[test]
fn a_node_that_is_not_there_is_exit_code_two() {
    let (node, machine) = enrolled(usual());
    drop(node);
    // The listener goes away with its runtime, a moment later.
    let gone = (0..50).find_map(|_| {
        let out = machine.agent(&["list", "--json"]);
        std::thread::sleep(Duration::from_millis(20));
        (out.code != 0).then_some(out)
    });
    assert!(refused(&gone.unwrap(), 2)["message"].as_str().unwrap().contains("cannot reach http://127.0.0.1:"));
}

#[test]
fn suspended_removed_and_revoked_agents_are_told_so() {
    let (node, machine) = enrolled(usual());
    let agent = node.state().vault.person.manifest().body().agents[0].id;
    node.owner(|vault| {
        let changes = vault.person.suspend(agent, true, NOW_MS).unwrap();
        vault.did(changes);
    });
    refused(&machine.agent(&["list", "--json"]), 9);
    assert_eq!(machine.agent(&["status", "--json"]).json()["state"], "suspended");
    node.state().locked = true;
    refused(&machine.agent(&["list", "--json"]), 9);
    assert_eq!(machine.agent(&["status", "--json"]).json()["state"], "locked");
    node.state().locked = false;
    node.owner(|vault| {
        let changes = vault.person.revoke(agent, NOW_MS).unwrap();
        vault.did(changes);
    });
    refused(&machine.agent(&["list", "--json"]), 3);
}

#[test]
fn after_rotation_the_new_keys_open_and_nothing_alarms() {
    let (node, machine) = enrolled(usual().with(Capabilities::REVEAL).with(Capabilities::WRITE));
    let other = Machine::new();
    let invitation = node.owner(|vault| vault.invite(usual()));
    assert_eq!(other.agent_with(invitation.text.as_bytes(), &["enroll", "-"]).code, 0);
    node.confirm();
    assert_eq!(machine.agent(&["list"]).code, 0);
    node.owner(|vault| {
        let changes = vault.person.revoke(invitation.agent, NOW_MS).unwrap();
        vault.did(changes);
    });
    let read = machine.agent(&["get", "clv://-/GitHub/password", "--reveal"]);
    assert_eq!(read.out, format!("{PASSWORD}\n"), "{read:?}");
    let waits = machine.agent_with(b"x", &["set", "clv://-/GitHub/password", "--json"]);
    assert!(refused(&waits, 7)["remedy"].as_str().unwrap().contains("open the vault once"));
    node.owner(|vault| {
        let changes = vault.person.rekey(vault.github, NOW_MS).unwrap();
        vault.did(changes);
    });
    assert_eq!(machine.agent(&["get", "clv://-/GitHub/password", "--reveal"]).out, format!("{PASSWORD}\n"));
    assert_eq!(machine.agent_with(b"x1y2", &["set", "clv://-/GitHub/password"]).code, 0);
}

#[test]
fn without_an_agent_it_says_how_to_get_one() {
    let json = refused(&Machine::new().agent(&["list", "--json"]), 3);
    assert!(json["remedy"].as_str().unwrap().contains("clavitor agent enroll -"));
}
