//! The agent's binary against the real node, over a socket: enrolment, confirmation by the owner, use, budget, log.

use clavitor_crypto::{
    FieldId,
    field_kind::{FieldKind, Tier},
    manifest::Capabilities,
};
use clavitor_person::{AgentTerms, Draft};
use serde_json::{Value, json};

use crate::support::{Fields, Machine, NOW_MS, Out, Owner, PASSWORD, RealNode, TOKEN, field};

const SEED: &str = "otpauth://totp/GitHub:me?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// A node with its owner, one scope with `items` entries in it, and an enrolled agent.
fn household(capabilities: Capabilities, items: usize) -> (RealNode, Owner, Machine, clavitor_crypto::AgentId) {
    let node = RealNode::start();
    let mut owner = Owner::claim(&node);
    let (scope, changes) = owner.person.add_scope("Coding", NOW_MS).unwrap();
    owner.store(&node, changes);
    for number in 0..items {
        let title = if number == 0 { "GitHub".to_owned() } else { format!("Item {number}") };
        let draft = Draft::new("login", &title)
            .with(field(Fields::USERNAME, FieldKind::Username, "username", "octocat"))
            .with(field(Fields::PASSWORD, FieldKind::Password, "password", PASSWORD))
            .with(field(Fields::SEED, FieldKind::Totp, "one-time code", SEED))
            .with(field(Fields::TOKEN, FieldKind::ApiKey, "token", TOKEN).at(Tier::Hosted))
            .with(field(Fields::CARD, FieldKind::CardNumber, "card", "4111111111111111"))
            .in_scope(scope);
        let (_, changes) = owner.person.add_entry(draft, NOW_MS).unwrap();
        owner.store(&node, changes);
    }
    let private = Draft::new("note", "Diary").with(field(FieldId([1; 16]), FieldKind::Note, "note", "dear diary"));
    let (_, changes) = owner.person.add_entry(private, NOW_MS).unwrap();
    owner.store(&node, changes);

    let machine = Machine::new();
    let until_s = clavitor_server::system_clock()() / 1000 + 3600;
    let (invitation, changes) = owner.person.invite(&AgentTerms::new("Coder", scope, until_s).allowing(capabilities), NOW_MS).unwrap();
    owner.store(&node, changes);
    let out = machine.agent_with(invitation.text.as_bytes(), &["enroll", "-"]);
    assert_eq!(out.code, 0, "{out:?}");
    assert_eq!(machine.agent(&["list"]).code, 7, "the owner has not confirmed yet");
    owner.confirm(&node, invitation.agent);
    (node, owner, machine, invitation.agent)
}

fn usual() -> Capabilities {
    Capabilities::USE.with(Capabilities::TOTP)
}

fn details(audit: &Value) -> Vec<String> {
    audit["events"].as_array().unwrap().iter().filter_map(|event| event["detail"].as_str().map(str::to_owned)).collect()
}

fn ok(out: Out) -> Out {
    assert_eq!(out.code, 0, "{out:?}");
    out
}

#[test]
fn from_an_enrolment_string_to_a_program_with_a_credential() {
    let (node, owner, machine, agent) = household(usual(), 1);
    assert_eq!(ok(machine.agent(&["status", "--json"])).json()["state"], "active");
    let list = ok(machine.agent(&["list", "--json"]));
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 1, "the diary is not in the scope");
    for value in [PASSWORD, TOKEN, "GEZDGNBV", "41111111", "diary"] {
        assert!(!list.all().contains(value), "{value}");
    }

    let masked =
        ok(machine.agent(&["run", "--env", "PW=clv://-/GitHub/password", "--reason", "opens a pull request", "--", "printenv", "PW"]));
    assert_eq!(masked.out, "[masked PW]\n");
    let plain = ok(machine.agent(&[
        "run",
        "--no-mask",
        "--env",
        "PW=clv://-/GitHub/password",
        "--env",
        "T=clv://-/GitHub/token",
        "--",
        "printenv",
        "PW",
        "T",
    ]));
    assert_eq!(plain.out, format!("{PASSWORD}\n{TOKEN}\n"));
    assert_eq!(ok(machine.agent(&["totp", "clv://-/GitHub"])).out.trim().len(), 6);

    let denied = machine.agent(&["get", "clv://-/GitHub/password", "--reveal", "--json"]);
    assert_eq!((denied.code, &denied.json()["allowed_modes"]), (6, &json!(["use"])));
    assert_eq!(machine.agent(&["get", "clv://-/GitHub/card", "--reveal"]).code, 11);
    assert_eq!(machine.agent(&["get", "clv://-/Diary/note", "--reveal"]).code, 4);

    let reasons = details(&owner.read(&node, "/v1/audit?limit=1000"));
    assert!(reasons.iter().any(|reason| reason.contains("discloses to the child process printenv. opens a pull request")), "{reasons:?}");
    let learnt = owner.read(&node, &format!("/v1/agents/{agent}/learnt"));
    assert_eq!(learnt["fields"].as_array().unwrap().len(), 3, "{learnt}");
}

#[test]
fn with_reveal_and_write_a_value_is_read_and_replaced() {
    let (node, owner, machine, _) = household(Capabilities::from_bits(15).unwrap(), 1);
    assert_eq!(ok(machine.agent(&["get", "clv://-/GitHub/password", "--reveal"])).out, format!("{PASSWORD}\n"));
    for (name, value) in [("password", "second-value"), ("token", "tok_second"), ("username", "octodog")] {
        let stored = ok(machine.agent_with(value.as_bytes(), &["set", &format!("clv://-/GitHub/{name}"), "--json"]));
        assert_eq!(stored.json()["schema"], "clavitor.agent.done/1");
        assert_eq!(ok(machine.agent(&["get", &format!("clv://-/GitHub/{name}"), "--reveal"])).out, format!("{value}\n"));
    }
    let page = owner.read(&node, "/v1/entries?limit=10");
    assert_eq!(page["total"], 2);
}

#[test]
fn what_one_agent_wrote_another_reads() {
    let (node, mut owner, writer, agent) = household(Capabilities::from_bits(15).unwrap(), 1);
    let reader = Machine::new();
    let terms = owner.person.manifest().body().agent(agent).unwrap().clone();
    let terms = AgentTerms::new("Reader", terms.scopes[0].scope, terms.not_after_s).allowing(Capabilities::USE.with(Capabilities::REVEAL));
    let (invitation, changes) = owner.person.invite(&terms, NOW_MS).unwrap();
    owner.store(&node, changes);
    ok(reader.agent_with(invitation.text.as_bytes(), &["enroll", "-"]));
    owner.confirm(&node, invitation.agent);
    for value in ["second-value", "third-value", "fourth-value"] {
        ok(writer.agent_with(value.as_bytes(), &["set", "clv://-/GitHub/password"]));
        if value != "second-value" {
            assert_eq!(ok(reader.agent(&["get", "clv://-/GitHub/password", "--reveal"])).out, format!("{value}\n"));
        }
    }
}

#[test]
fn the_harvest_budget_ends_in_exit_code_ten_and_a_lock_in_nine() {
    let (node, owner, machine, agent) = household(usual(), 6);
    let read = |number: usize| machine.agent(&["run", "--json", "--env", &format!("A=clv://-/Item {number}/password"), "--", "true"]);
    for number in 1..=3 {
        ok(read(number));
    }
    let breach = read(4);
    assert_eq!(breach.code, 10, "{breach:?}");
    let told: Value = serde_json::from_str(&breach.err).unwrap();
    assert!(told["retry_after_s"].as_u64().unwrap() > 0, "{told}");
    assert_eq!(read(1).code, 10, "while it cools down nothing is released, not even what was");
    owner.lock(&node, agent);
    let locked = read(1);
    assert_eq!(locked.code, 9, "{locked:?}");
    assert_eq!(machine.agent(&["status", "--json"]).json()["state"], "locked");
}

#[test]
fn a_second_breach_within_two_hours_locks_the_agent_until_its_owner_says_otherwise() {
    let (node, _owner, machine, _) = household(usual(), 8);
    let read = |number: usize| machine.agent(&["run", "--json", "--env", &format!("A=clv://-/Item {number}/password"), "--", "true"]);
    let pass = |minutes| {
        node.later(minutes);
        machine.later(minutes);
    };
    (1..=3).for_each(|number| drop(ok(read(number))));
    assert_eq!(read(4).code, 10, "the first breach cools it down");
    pass(16);
    (1..=3).for_each(|number| drop(ok(read(number))));
    let second = read(4);
    assert_eq!(second.code, 9, "the second locks it: {second:?}");
    pass(30);
    assert_eq!(machine.agent(&["status", "--json"]).json()["state"], "locked", "time alone does not help");
    assert_eq!(read(1).code, 9);
}

#[test]
fn a_revoked_agent_is_shut_out() {
    let (node, mut owner, machine, agent) = household(usual(), 1);
    ok(machine.agent(&["list"]));
    let changes = owner.person.revoke(agent, NOW_MS).unwrap();
    owner.store(&node, changes);
    let out = machine.agent(&["run", "--env", "A=clv://-/GitHub/password", "--", "true"]);
    assert_eq!(out.code, 3, "{out:?}");
}
