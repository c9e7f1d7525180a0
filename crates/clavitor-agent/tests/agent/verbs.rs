//! Every verb against an honest node: what it prints, where, and with which exit code.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Stdio, time::Duration};

use clavitor_api::{ErrorCode, UseMode};
use clavitor_crypto::manifest::Capabilities;
use hyper::StatusCode;
use serde_json::json;

use crate::support::{Fields, Machine, Node, Out, PASSWORD, TOKEN, refusal};

const USE: Capabilities = Capabilities::USE;

/// The default: use and one-time codes.
fn usual() -> Capabilities {
    USE.with(Capabilities::TOTP)
}

/// A node, and a machine whose agent the owner has confirmed.
fn enrolled(capabilities: Capabilities) -> (Node, Machine) {
    let (node, machine) = (Node::start(), Machine::new());
    let invitation = node.owner(|vault| vault.invite(capabilities));
    let out = machine.agent_with(invitation.text.as_bytes(), &["enroll", "-"]);
    assert_eq!(out.code, 0, "{out:?}");
    node.confirm();
    (node, machine)
}

fn refused(out: &Out, code: i32) -> serde_json::Value {
    assert_eq!(out.code, code, "{out:?}");
    let json = out.json();
    assert_eq!((&json["schema"], &json["exit_code"]), (&json!("clavitor.error/1"), &json!(code)));
    json
}

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
fn a_list_has_names_and_ways_and_no_values() {
    let (node, machine) = enrolled(usual());
    for out in [machine.agent(&["list"]), machine.agent(&["list", "--json"])] {
        assert_eq!(out.code, 0, "{out:?}");
        for value in [PASSWORD, TOKEN, "GEZDGNBV", "4111", "octocat", "dear diary", "Diary", "twin-password"] {
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
fn with_the_capability_a_value_is_printed_exactly() {
    let (node, machine) = enrolled(usual().with(Capabilities::REVEAL));
    assert_eq!(machine.agent(&["get", "clv://-/GitHub/password", "--reveal"]).out, format!("{PASSWORD}\n"));
    assert_eq!(machine.agent(&["get", "clv://-/GitHub/token", "--reveal", "-n"]).out, TOKEN);
    let id = format!("clv://-/{}/{}", node.state().vault.github, Fields::PASSWORD);
    assert_eq!(machine.agent(&["get", &id, "--reveal", "--json", "--reason", "to rotate it"]).json()["value"], PASSWORD);
    let asked = node.asked("/v1/agent/release");
    assert_eq!(asked[2]["mode"], "reveal");
    assert_eq!(asked[2]["reason"], "to rotate it");
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
fn totp_prints_a_code_and_never_the_seed() {
    let (node, machine) = enrolled(usual());
    let out = machine.agent(&["totp", "clv://-/GitHub", "--json"]).json();
    let code = out["code"].as_str().unwrap();
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{out}");
    assert_eq!(node.asked("/v1/agent/release")[0]["mode"], "totp");
    let words = machine.agent(&["totp", "clv://-/GitHub/one-time code"]);
    assert_eq!(words.out.trim().len(), 6);
    refused(&machine.agent(&["totp", "clv://-/GitHub/password", "--json"]), 4);
    let (_other, use_only) = enrolled(USE);
    refused(&use_only.agent(&["totp", "clv://-/GitHub", "--json"]), 6);
}

#[test]
fn run_hands_values_to_the_child_and_masks_its_output() {
    let (node, machine) = enrolled(usual());
    let out = machine.agent(&[
        "run",
        "--env",
        "PW=clv://-/GitHub/password",
        "-e",
        "USER=clv://-/GitHub/username",
        "--reason",
        "a test",
        "--",
        "printenv",
        "PW",
        "USER",
    ]);
    assert_eq!((out.code, out.out.as_str()), (0, "[masked PW]\n[masked USER]\n"), "{out:?}");
    let bare = machine.agent(&["run", "--no-mask", "--env", "PW=clv://-/GitHub/password", "--", "printenv", "PW"]);
    assert_eq!(bare.out, format!("{PASSWORD}\n"));
    let asked = node.asked("/v1/agent/release");
    assert_eq!(asked[0]["mode"], "use");
    assert_eq!(asked[0]["reason"], "discloses to the child process printenv. a test");
}

#[test]
fn fields_of_one_item_are_asked_for_once() {
    let (node, machine) = enrolled(usual());
    let out = machine.agent(&[
        "run",
        "--env",
        "A=clv://-/GitHub/password",
        "--env",
        "B=clv://-/GitHub/token",
        "--env",
        "C=clv://-/GitHub/password",
        "--",
        "sh",
        "-c",
        "test \"$A\" = \"$C\" && test -n \"$B\"",
    ]);
    assert_eq!(out.code, 0, "{out:?}");
    let asked = node.asked("/v1/agent/release");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["field_ids"].as_array().unwrap().len(), 2);
}

#[test]
fn run_takes_files_and_passes_the_rest_of_the_environment() {
    let (_node, machine) = enrolled(usual());
    fs::write(machine.home().join("env"), "# c\nexport TOKEN=\"clv://-/GitHub/token\"\nPLAIN=plain text\n").unwrap();
    let out = machine.agent(&["run", "--no-mask", "--env-file", "env", "--", "sh", "-c", "echo $TOKEN $PLAIN $HOME"]);
    assert_eq!(out.out, format!("{TOKEN} plain text {}\n", machine.home().display()));
}

#[test]
fn a_refused_reference_starts_nothing() {
    let (node, machine) = enrolled(Capabilities::TOTP);
    let marker = machine.home().join("marker");
    let out = machine.agent(&["run", "--env", "A=clv://-/GitHub/password", "--", "touch", marker.to_str().unwrap()]);
    assert_eq!(out.code, 6, "{out:?}");
    assert!(!marker.exists());
    assert!(node.asked("/v1/agent/release").is_empty());
}

#[test]
fn the_exit_code_is_the_childs() {
    let (_node, machine) = enrolled(usual());
    for code in [0, 3, 42] {
        assert_eq!(machine.agent(&["run", "--", "sh", "-c", &format!("exit {code}")]).code, code);
    }
    assert_eq!(machine.agent(&["run", "--env", "A=clv://-/GitHub/token", "--", "sh", "-c", "kill -9 $$"]).code, 137);
    assert_eq!(machine.agent(&["run", "--", "/no/such/program"]).code, 127);
    assert_eq!(machine.agent(&["run", "--", "/etc/hostname"]).code, 126);
    let report = machine.agent(&["run", "--json", "--env", "A=clv://-/GitHub/token", "--", "true"]);
    assert_eq!(report.out, "");
    let report: serde_json::Value = serde_json::from_str(&report.err).unwrap();
    assert_eq!(report["disclosed"], json!([{"name": "A", "reference": "clv://-/GitHub/token"}]));
}

#[test]
fn signals_reach_the_child() {
    let (_node, machine) = enrolled(usual());
    let script = "trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.05; done";
    let arguments = ["run", "--env", "A=clv://-/GitHub/token", "--", "sh", "-c", script];
    let mut child = machine.command(&arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    assert_eq!(line, "ready\n");
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    line.clear();
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    assert_eq!((line.as_str(), child.wait().unwrap().code()), ("caught\n", Some(5)));
}

#[test]
fn dry_run_asks_for_nothing_and_starts_nothing() {
    let (node, machine) = enrolled(usual());
    let out = machine.agent(&["run", "--dry-run", "--json", "--env", "A=clv://-/GitHub/token", "--", "/no/such/program"]);
    assert_eq!((out.code, &out.json()["would_disclose"][0]["name"]), (0, &json!("A")));
    assert!(node.asked("/v1/agent/release").is_empty());
}

#[test]
fn no_value_stands_in_an_argument_list() {
    let (_node, machine) = enrolled(usual());
    let script = "tr '\\0' ' ' < /proc/$PPID/cmdline; tr '\\0' ' ' < /proc/$$/cmdline";
    let out = machine.agent(&["run", "--no-mask", "--env", "A=clv://-/GitHub/password", "--", "sh", "-c", script]);
    assert!(out.out.contains("clv://-/GitHub/password") && !out.out.contains(PASSWORD), "{out:?}");
    let value = machine.agent(&["run", "--env", "A=plain-secret", "--", "true"]);
    assert!(value.code != 0 && !value.all().contains("plain-secret"), "{value:?}");
}

#[test]
fn inject_writes_a_private_file_and_needs_reveal_for_standard_output() {
    let (node, machine) = enrolled(usual());
    let template = b"user={{ clv://-/GitHub/username }}\npass={{clv://-/GitHub/password}} {{ .other }}\n";
    let out = machine.agent_with(template, &["inject", "-o", "conf"]);
    assert_eq!(out.code, 0, "{out:?}");
    let path = machine.home().join("conf");
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("user=octo\u{202e}cat\npass={PASSWORD} {{{{ .other }}}}\n"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert!(node.asked("/v1/agent/release")[0]["reason"].as_str().unwrap().starts_with("discloses to the file conf"));
    assert_eq!(machine.agent_with(template, &["inject", "-o", "conf"]).code, 1, "an existing file is not replaced unasked");
    refused(&machine.agent_with(template, &["inject", "--json"]), 6);
    let (_other, reader) = enrolled(Capabilities::REVEAL);
    assert!(reader.agent_with(template, &["inject"]).out.contains(PASSWORD));
}

#[test]
fn set_stores_a_new_version_signed_by_the_agent() {
    let (node, machine) = enrolled(usual().with(Capabilities::REVEAL).with(Capabilities::WRITE));
    for (field, value) in [("password", "new-password-1"), ("token", "new-token-2"), ("username", "octodog")] {
        let out = machine.agent_with(format!("{value}\n").as_bytes(), &["set", &format!("clv://-/GitHub/{field}"), "--json"]);
        assert_eq!(out.code, 0, "{out:?}");
        let read = machine.agent(&["get", &format!("clv://-/GitHub/{field}"), "--reveal"]);
        assert_eq!(read.out, format!("{value}\n"), "{read:?}");
    }
    let claims = node.github().1.claims();
    assert_eq!(claims.version, 4);
    assert_ne!(claims.author, clavitor_crypto::AgentId::ZERO);
    refused(&machine.agent_with(b"", &["set", "clv://-/GitHub/password", "--json"]), 1);
    let (_other, reader) = enrolled(usual());
    refused(&reader.agent_with(b"x", &["set", "clv://-/GitHub/password", "--json"]), 6);
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
        let changes = vault.person.suspend(agent, true, crate::support::NOW_MS).unwrap();
        vault.did(changes);
    });
    refused(&machine.agent(&["list", "--json"]), 9);
    assert_eq!(machine.agent(&["status", "--json"]).json()["state"], "suspended");
    node.owner(|vault| {
        let changes = vault.person.revoke(agent, crate::support::NOW_MS).unwrap();
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
        let changes = vault.person.revoke(invitation.agent, crate::support::NOW_MS).unwrap();
        vault.did(changes);
    });
    let read = machine.agent(&["get", "clv://-/GitHub/password", "--reveal"]);
    assert_eq!(read.out, format!("{PASSWORD}\n"), "{read:?}");
    let waits = machine.agent_with(b"x", &["set", "clv://-/GitHub/password", "--json"]);
    assert!(refused(&waits, 7)["remedy"].as_str().unwrap().contains("open the vault once"));
    node.owner(|vault| {
        let changes = vault.person.rekey(vault.github, crate::support::NOW_MS).unwrap();
        vault.did(changes);
    });
    assert_eq!(machine.agent(&["get", "clv://-/GitHub/password", "--reveal"]).out, format!("{PASSWORD}\n"));
    assert_eq!(machine.agent_with(b"x1y2", &["set", "clv://-/GitHub/password"]).code, 0);
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

#[test]
fn without_an_agent_it_says_how_to_get_one() {
    let json = refused(&Machine::new().agent(&["list", "--json"]), 3);
    assert!(json["remedy"].as_str().unwrap().contains("clavitor agent enroll -"));
}
