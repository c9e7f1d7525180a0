//! Enrolling, and the verbs that show what there is.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::json;

use super::{enrolled, refused, usual};
use crate::support::{Machine, Node, PASSWORD, TOKEN};

#[test]
fn enrolling_makes_a_private_key_file_and_waits_for_the_owner() {
    let (node, machine) = (Node::start(), Machine::new());
    let invitation = node.owner(|vault| vault.invite(usual()));
    let out = machine.agent_with(invitation.text.as_bytes(), &["enroll", "-", "--json"]);
    assert_eq!((out.code, &out.json()["profile"]), (0, &json!("home-vault")));
    assert_eq!(out.json()["state"], "waiting for the owner");
    let key = machine.profile().join("key.json");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o7777, 0o600);

    let pending = refused(&machine.agent(&["list", "--json"]), 7);
    assert_eq!(pending["approval_url"], format!("{}/#/agents", node.origin()));
    node.confirm();
    assert_eq!(machine.agent(&["status", "--json"]).json()["state"], "active");
}

#[test]
fn an_enrolment_string_works_once() {
    let (node, machine) = (Node::start(), Machine::new());
    let invitation = node.owner(|vault| vault.invite(usual()));
    assert_eq!(machine.agent_with(invitation.text.as_bytes(), &["enroll", "-"]).code, 0);
    let again = Machine::new().agent_with(invitation.text.as_bytes(), &["enroll", "-", "--json"]);
    assert!(refused(&again, 8)["remedy"].as_str().unwrap().contains("ask the owner for a new one"));
    let cut = &invitation.text[..invitation.text.len() - 3];
    refused(&Machine::new().agent_with(cut.as_bytes(), &["enroll", "-", "--json"]), 1);
}

#[test]
fn a_second_vault_gets_a_second_profile() {
    let (first, machine) = enrolled(usual());
    let second = Node::start();
    let invitation = second.owner(|vault| vault.invite(usual()));
    assert_eq!(machine.agent_with(invitation.text.as_bytes(), &["enroll", "-"]).code, 0);
    second.confirm();
    assert!(machine.agent(&["list"]).err.contains("--profile"));
    assert_eq!(machine.agent(&["--profile", "home-vault-2", "list"]).code, 0);
    let vault = first.owner(|vault| vault.person.vault());
    let by_id = machine.agent(&["get", &format!("clv://{vault}/GitHub/token"), "--json"]);
    assert_eq!(by_id.code, 0, "{by_id:?}");
    refused(&machine.agent(&["get", "clv://Home vault/GitHub/token", "--json"]), 1);
    refused(&machine.agent(&["get", "clv://Elsewhere/GitHub/token", "--json"]), 4);
}

#[test]
fn a_list_has_names_and_ways_and_no_values() {
    let (node, machine) = enrolled(usual());
    for out in [machine.agent(&["list"]), machine.agent(&["list", "--json"])] {
        assert_eq!(out.code, 0, "{out:?}");
        for value in [PASSWORD, TOKEN, "GEZDGNBV", "41111111", "octocat", "dear diary", "Diary", "twin-password"] {
            assert!(!out.all().contains(value), "{value} in {out:?}");
        }
    }
    let list = machine.agent(&["list", "--json"]).json();
    assert_eq!(list["schema"], "clavitor.agent.list/1");
    let github = list["items"].as_array().unwrap().iter().find(|item| item["title"] == "GitHub").unwrap().clone();
    let field = |label: &str| github["fields"].as_array().unwrap().iter().find(|field| field["label"] == label).unwrap().clone();
    assert_eq!(field("password")["reference"], "clv://-/GitHub/password");
    assert_eq!(field("password")["opened_by"], "Agents");
    assert_eq!(field("password")["allowed_modes"], json!(["use"]));
    assert_eq!(field("one-time code")["allowed_modes"], json!(["use", "totp"]));
    assert_eq!(field("token")["opened_by"], "Hosted");
    assert_eq!((&field("card")["opened_by"], &field("card")["allowed_modes"]), (&json!("Only me"), &json!([])));
    assert!(node.asked("/v1/agent/release").is_empty(), "a list spends no budget");
}

#[test]
fn describe_shows_what_is_no_secret_and_made_safe() {
    let (_node, machine) = enrolled(usual());
    let out = machine.agent(&["describe", "clv://-/github", "--json"]).json();
    assert_eq!(
        out["known"],
        json!([{"label": "username", "kind": "username", "value": "octocat"}]),
        "free text is not shown, direction marks are gone"
    );
    assert_eq!(out["destinations"], json!(["https://github.com"]));
    let text = machine.agent(&["describe", "clv://-/GitHub/password"]).out;
    assert!(text.contains("clavitor agent run --env NAME=clv://-/GitHub/password -- COMMAND"), "{text}");
    assert!(!text.contains(PASSWORD) && !text.contains("ignore previous"));
}

#[test]
fn context_and_skill_describe_the_surface() {
    let machine = Machine::new();
    let context = machine.agent(&["context", "--json"]).json();
    let verbs: Vec<&str> = context["verbs"].as_array().unwrap().iter().map(|verb| verb["name"].as_str().unwrap()).collect();
    for verb in ["enroll", "status", "list", "describe", "get", "totp", "run", "inject", "set", "mcp", "alarm", "context"] {
        assert!(verbs.contains(&verb), "{verb}");
    }
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_clavitor-agent")).arg("skill").output().unwrap();
    assert!(String::from_utf8(out.stdout).unwrap().starts_with("---\nname: clavitor\n"));
}
