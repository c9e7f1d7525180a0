//! The binary from outside: what it prints where, and its exit codes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on has failed

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

fn clavitor(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clavitor")).args(arguments).env_remove("CLAVITOR_DATA").stdin(Stdio::null()).output().unwrap()
}

fn with_input(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clavitor"));
    let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A node that serves until it is dropped.
struct Serving {
    child: Child,
    link: String,
}

impl Serving {
    fn start(folder: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clavitor"));
        command.args(["serve", "--data", folder, "--bind", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut link = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut link).unwrap();
        Self { child, link: link.trim().to_owned() }
    }

    fn address(&self) -> String {
        let rest = self.link.strip_prefix("http://localhost:").unwrap();
        format!("127.0.0.1:{}", rest.split('/').next().unwrap())
    }

    fn terminate(&mut self) -> Option<i32> {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_description_is_the_committed_one() {
    let printed = clavitor(&["openapi"]);
    assert_eq!(out(&printed), include_str!("../../../web/api/openapi.json"));
    assert_eq!((printed.status.code(), err(&printed)), (Some(0), String::new()));
}

#[test]
fn wrong_usage_has_its_own_exit_code_and_help_is_no_error() {
    assert_eq!(clavitor(&["serve", "--nonsense"]).status.code(), Some(64));
    assert_eq!(clavitor(&[]).status.code(), Some(64));
    let help = clavitor(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(out(&help).contains("Examples:") && out(&help).contains("Exit codes:"));
}

#[test]
fn each_setting_says_where_it_came_from() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clavitor"));
    let checked = command.args(["config", "check", "--bind", "127.0.0.1:7000"]).env("CLAVITOR_DATA", "/srv/vault").output().unwrap();
    let lines = out(&checked);
    assert!(lines.contains("data\t/srv/vault\tenvironment"), "{lines}");
    assert!(lines.contains("bind\t127.0.0.1:7000\tcommand line"));
    assert!(lines.contains("origin\thttp://localhost:7000\tfrom bind"));
    assert!(lines.contains("rp-id\tlocalhost\tfrom origin"));
    assert!(lines.contains("anonymous-requests-per-minute\t240\tdefault") && lines.contains("trusted-proxy\tnone\tdefault"), "{lines}");
    assert_eq!(checked.status.code(), Some(0));
    let proxied = ["config", "check", "--trusted-proxy", "127.0.0.1", "--trusted-proxy", "::1", "--anonymous-requests-per-minute", "900"];
    let lines = out(&clavitor(&proxied));
    assert!(lines.contains("trusted-proxy\t127.0.0.1,::1\tcommand line"), "{lines}");
    assert!(lines.contains("anonymous-requests-per-minute\t900\tcommand line"), "{lines}");
    assert_eq!(clavitor(&["config", "check", "--trusted-proxy", "proxy.example"]).status.code(), Some(64));
    for misfit in [["--origin", "http://192.0.2.1:1984"], ["--rp-id", "example.com"], ["--origin", "nonsense"]] {
        let refused = clavitor(&["config", "check", misfit[0], misfit[1]]);
        assert_eq!(refused.status.code(), Some(1), "{misfit:?}: {}", out(&refused));
        assert!(!err(&refused).is_empty());
    }
}

#[test]
fn a_monitors_address_and_a_token_are_shown_nowhere_and_a_misfit_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let kuma = "https://kuma.example/api/push/needle-0123456789";
    let (url, token) = (file("url", kuma, 0o600), file("token", "needle-0123456789\n", 0o600));
    let host = ["--telemetry-host", "https://hq.example", "--telemetry-token-file", token.as_str(), "--metrics-token-file", token.as_str()];
    for monitor in [["--kuma-url", kuma], ["--kuma-url-file", url.as_str()]] {
        let checked = clavitor(&[&["config", "check"], &monitor[..], &host[..]].concat());
        assert_eq!(checked.status.code(), Some(0), "{}", err(&checked));
        assert!(out(&checked).contains("kuma-url\t") && out(&checked).contains("telemetry-host\thttps://hq.example\tcommand line"));
        assert!(!out(&checked).contains("needle") && !err(&checked).contains("needle"), "{}", out(&checked));
    }
    let open = file("open", "needle-0123456789", 0o644);
    for (misfit, words) in [
        (vec!["--kuma-url", "needle-0123456789"], "is not one"),
        (vec!["--kuma-url-file", open.as_str()], "chmod 600"),
        (vec!["--metrics-token-file", open.as_str()], "chmod 600"),
        (vec!["--telemetry-host", "http://hq.example", "--telemetry-token-file", token.as_str()], "use https"),
    ] {
        let refused = clavitor(&[&["config", "check"], &misfit[..]].concat());
        assert_eq!(refused.status.code(), Some(1), "{misfit:?}");
        assert!(err(&refused).contains(words) && !err(&refused).contains("needle"), "{}", err(&refused));
    }
    let alone = clavitor(&["config", "check", "--telemetry-host", "https://hq.example"]);
    assert!(alone.status.code() == Some(1) && err(&alone).contains("--telemetry-token-file"), "a host needs its token: {}", err(&alone));
}

#[test]
fn secrets_that_a_service_manager_hands_over_are_found_by_name_and_a_flag_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let check = |flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clavitor"));
        command.args(["config", "check"]).args(flags).env("CREDENTIALS_DIRECTORY", folder.path()).output().unwrap()
    };
    let of = |output: &Output, name: &str| {
        let start = format!("{name}\t");
        out(output).lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default().to_owned()
    };
    let none = check(&[]);
    assert_eq!(none.status.code(), Some(0), "{}", err(&none));
    assert_eq!(of(&none, "metrics-token-file"), "none\tdefault");
    let named = ["--domain", "vault.example.com", "--acme-agree-tos", "--acme-eab-kid", "kid-1"];
    assert!(err(&check(&named)).contains("--acme-eab-key-file"));

    for (name, text) in [
        ("clavitor.metrics-token", "needle-0123456789\n"),
        ("clavitor.telemetry-token", "needle-0123456789\n"),
        ("clavitor.kuma-url", "https://kuma.example/api/push/needle-0123456789\n"),
        ("clavitor.acme-eab-key", "AQID_w\n"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o400)).unwrap();
    }
    let given = |name: &str| format!("{}/clavitor.{name}\tcredential", folder.path().display());
    let found = check(&[&named[..], &["--telemetry-host", "https://hq.example"]].concat());
    assert_eq!(found.status.code(), Some(0), "{}", err(&found));
    assert_eq!(of(&found, "metrics-token-file"), given("metrics-token"));
    assert_eq!(of(&found, "telemetry-token-file"), given("telemetry-token"));
    assert_eq!(of(&found, "kuma-url"), given("kuma-url"));
    assert_eq!(of(&found, "acme-eab-key-file"), given("acme-eab-key"));
    assert!(!out(&found).contains("needle"), "{}", out(&found));

    let own = check(&["--kuma-url", "https://kuma.example/api/push/own-0123456789"]);
    assert_eq!(of(&own, "kuma-url"), "set, not shown\tcommand line");
}

#[test]
fn completions_and_manual_pages_come_from_the_definition() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(out(&clavitor(&["completions", shell])).contains("clavitor"), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(clavitor(&["man", folder.path().to_str().unwrap()]).status.code(), Some(0));
    assert!(fs::read_to_string(folder.path().join("clavitor-serve.1")).unwrap().contains("data folder"));
}

#[test]
fn a_node_prints_its_setup_link_and_gives_another_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let mut node = Serving::start(data);
    assert!(node.link.contains("/setup#"), "{}", node.link);

    let mut stream = TcpStream::connect(node.address()).unwrap();
    let port = node.address().split_once(':').unwrap().1.to_owned();
    write!(stream, "GET /readyz HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");

    let another = clavitor(&["setup-link", "--data", data]);
    assert_eq!(another.status.code(), Some(0), "{}", err(&another));
    let prefix = node.link.split_once('#').unwrap().0.to_owned();
    assert!(out(&another).starts_with(&prefix), "the running node's own address");
    assert_ne!(out(&another).trim(), node.link);

    let vitals = clavitor(&["vitals", "--data", data]);
    let report: serde_json::Value = serde_json::from_str(&out(&vitals)).unwrap_or_else(|_| panic!("{}{}", out(&vitals), err(&vitals)));
    assert_eq!(
        (report["ready"].as_bool(), report["schema"].as_u64(), report["edition"].as_str()),
        (Some(true), Some(1), Some("community"))
    );
    assert!(report["disk_pct"].is_f64() && report["checks"].as_array().is_some_and(|checks| checks.len() >= 5), "{report}");

    let second = clavitor(&["serve", "--data", data, "--bind", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(err(&second).contains("another process"), "{}", err(&second));

    assert_eq!(node.terminate(), Some(0));
    assert!(!Path::new(data).join("control.sock").exists());
    assert_eq!(clavitor(&["setup-link", "--data", data]).status.code(), Some(0), "and while it does not run");
    let stopped = clavitor(&["vitals", "--data", data]);
    assert!(stopped.status.code() == Some(1) && err(&stopped).contains("only a node that runs"), "{}", err(&stopped));
}

#[test]
fn a_backup_is_taken_live_opens_with_its_code_and_is_restored_beside_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, file) = (path("data"), path("backup.clv"));
    let mut node = Serving::start(&data);
    let early = clavitor(&["backup", "create", "--data", &data, &file]);
    assert_eq!(early.status.code(), Some(1), "there is no code yet");
    let code = clavitor(&["backup", "code", "--data", &data]);
    assert_eq!(code.status.code(), Some(0), "{}", err(&code));
    let code = out(&code);
    let created = clavitor(&["backup", "create", "--data", &data, &file]);
    assert_eq!(created.status.code(), Some(0), "{}", err(&created));
    assert!(out(&created).contains("\"vaults\":0"));
    let over = clavitor(&["backup", "create", "--data", &data, &file]);
    assert_eq!(over.status.code(), Some(1), "a backup never overwrites");
    node.terminate();

    let verified = with_input(&["backup", "verify", &file], &code);
    assert_eq!(verified.status.code(), Some(0), "{}", err(&verified));
    let wrong = code.replace(code.chars().next().unwrap(), if code.starts_with('7') { "8" } else { "7" });
    assert_eq!(with_input(&["backup", "verify", &file], &wrong).status.code(), Some(1));

    let restored = with_input(&["restore", "--data", &data, &file], &code);
    assert_eq!(restored.status.code(), Some(0), "{}", err(&restored));
    let again = Serving::start(&data);
    assert!(again.link.contains("/setup#"));
}

#[test]
fn orders_need_a_vault() {
    let folder = tempfile::tempdir().unwrap();
    let refused = clavitor(&["setup-link", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("there is no vault in"));
    let events = folder.path().join("log.jsonl");
    let export =
        clavitor(&["audit", "export", "--data", folder.path().to_str().unwrap(), "--file", events.to_str().unwrap(), "--head", "h"]);
    assert_eq!(export.status.code(), Some(1));
}

#[test]
fn the_program_says_which_edition_it_is_and_nothing_around_it_makes_it_another() {
    let expected = format!("clavitor {} community\n", env!("CARGO_PKG_VERSION"));
    for word in ["version", "--version", "-V"] {
        let said = clavitor(&[word]);
        assert_eq!((out(&said), said.status.code()), (expected.clone(), Some(0)));
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_clavitor"));
    command.arg("version").env("TELEMETRY_HOST", "https://hq.example").env("TELEMETRY_TOKEN", "token").env("EDITION", "commercial");
    assert_eq!(out(&command.output().unwrap()), expected);
}
