//! The verbs that use a credential: get, totp, run, inject, set.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Stdio};

use clavitor_crypto::manifest::Capabilities;
use serde_json::json;

use super::{enrolled, refused, usual};
use crate::support::{Fields, NOW_MS, Node, PASSWORD, TOKEN};

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
fn totp_prints_a_code_and_never_the_seed() {
    let (node, machine) = enrolled(usual());
    let out = machine.agent(&["totp", "clv://-/GitHub", "--json"]).json();
    let code = out["code"].as_str().unwrap();
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{out}");
    assert_eq!(node.asked("/v1/agent/release")[0]["mode"], "totp");
    let words = machine.agent(&["totp", "clv://-/GitHub/one-time code"]);
    assert_eq!(words.out.trim().len(), 6);
    refused(&machine.agent(&["totp", "clv://-/GitHub/password", "--json"]), 4);
    let (_other, use_only) = enrolled(Capabilities::USE);
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
fn a_reference_asks_only_the_vault_it_names() {
    let (node, machine) = enrolled(usual());
    let second = Node::start();
    let invitation = second.owner(|vault| vault.invite(usual()));
    assert_eq!(machine.agent_with(invitation.text.as_bytes(), &["enroll", "-"]).code, 0);
    second.confirm();
    second.owner(|vault| {
        let edit = |draft: &mut clavitor_person::Draft| draft.fields[1].value = b"of the second vault".to_vec().into();
        let changes = vault.person.edit_entry(vault.github, edit, NOW_MS).unwrap();
        vault.did(changes);
    });
    let (ours, theirs) = ("A=clv://home-vault/GitHub/password", "B=clv://home-vault-2/GitHub/password");
    let run =
        ["run", "--no-mask", "--env", ours, "--env", theirs, "--env", "C=clv://home-vault-2/GitHub/token", "--", "printenv", "A", "B"];
    let out = machine.agent(&run);
    assert_eq!(out.out, format!("{PASSWORD}\nof the second vault\n"), "{out:?}");
    let asked: Vec<_> = [&node, &second].map(|node| node.asked("/v1/agent/release")).into_iter().flatten().collect();
    assert_eq!(asked.len(), 2, "one request for each vault");
    assert_eq!(asked[0]["field_ids"], json!([Fields::PASSWORD.to_string()]), "both items are called GitHub, and have a token");
    assert_eq!(asked[1]["field_ids"], json!([Fields::PASSWORD.to_string(), Fields::TOKEN.to_string()]));
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
