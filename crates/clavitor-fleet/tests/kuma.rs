//! `kuma sync` against a real Socket.IO server with a recorder behind it that handles events as Uptime Kuma 2 does. It is a recorder: a genuine Kuma is not
//! among the packages that tests may install.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on has failed

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

const PASSWORD: &str = "a needle in no hay";

struct Kuma {
    recorder: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Kuma {
    fn drop(&mut self) {
        let _ = self.recorder.kill();
        let _ = self.recorder.wait();
    }
}

/// The server's packages, installed once from its lock file.
fn recorder_folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kuma");
    let held = fs::File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("kuma-recorder.lock")).unwrap();
    held.lock().unwrap();
    if !folder.join("node_modules/socket.io/package.json").exists() {
        let npm = Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder).output().unwrap();
        assert!(npm.status.success(), "{}", String::from_utf8_lossy(&npm.stderr));
    }
    folder
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl Kuma {
    fn start(more: &[&str]) -> Self {
        let mut recorder = Command::new("node")
            .arg(recorder_folder().join("recorder.mjs"))
            .args(["fleet", PASSWORD])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(recorder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let kuma = Self { recorder, port: line.trim().parse().unwrap(), folder: tempfile::tempdir().unwrap() };
        kuma.write_password(PASSWORD);
        kuma.activate(&["tokyo", "seoul"]);
        kuma
    }

    fn write_password(&self, password: &str) {
        let file = self.folder.path().join("password");
        fs::write(&file, format!("{password}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The shipped inventory with these nodes in service.
    fn activate(&self, nodes: &[&str]) {
        let mut inventory = clavitor_fleet::inventory::SHIPPED.parse::<toml_edit::DocumentMut>().unwrap();
        for (name, node) in inventory["node"].as_table_like_mut().unwrap().iter_mut() {
            let state = if nodes.contains(&name.get()) { "active" } else { "planned" };
            node.as_table_like_mut().unwrap().insert("state", toml_edit::value(state));
        }
        fs::write(self.folder.path().join("fleet.toml"), inventory.to_string()).unwrap();
    }

    fn sync(&self, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_clavitor-fleet"))
            .args(["--json", "kuma", "sync", "--user", "fleet", "--password-file", "password"])
            .args(["--url", &format!("http://127.0.0.1:{}", self.port)])
            .args(more)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn done(&self, more: &[&str]) -> Value {
        let output = self.sync(more);
        assert!(output.status.success(), "{}", words(&output));
        assert!(!words(&output).contains(PASSWORD) && !words(&output).contains("/api/push/"), "{}", words(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn get(&self, path: &str) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nhost: recorder\r\n\r\n").unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        serde_json::from_str(said.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    fn writes(&self) -> usize {
        let calls = self.get("/recorder/forget");
        calls.as_array().unwrap().iter().filter(|call| !call.as_str().unwrap().starts_with("get")).count()
    }

    fn monitors(&self) -> Vec<Value> {
        self.get("/recorder")["monitors"].as_array().unwrap().clone()
    }
}

fn list<'a>(answer: &'a Value, member: &str) -> Vec<&'a str> {
    answer[member].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

#[test]
fn each_active_node_gets_two_monitors_once_and_its_addresses_work() {
    let kuma = Kuma::start(&[]);
    assert_eq!(list(&kuma.done(&["--dry-run"]), "changes").len(), 4);
    assert_eq!((kuma.writes(), kuma.monitors().len()), (0, 0));

    let answer = kuma.done(&["--sev1-notify", "pager"]);
    assert_eq!((list(&answer, "changes").len(), list(&answer, "secrets").len()), (4, 2));
    let monitors = kuma.monitors();
    let seen: Vec<_> =
        monitors.iter().map(|one| (one["name"].as_str().unwrap(), one["interval"].as_u64(), one["maxretries"].as_u64())).collect();
    assert_eq!(seen[0], ("seoul SEV2: two beats missing", Some(65), Some(0)));
    assert_eq!(seen[3], ("tokyo SEV1: silent for minutes, wake somebody", Some(300), Some(0)));
    assert_eq!((&monitors[3]["notificationIDList"]["2"], &monitors[3]["tags"][0]["value"]), (&Value::from(true), &Value::from("tokyo")));
    assert!(kuma.writes() > 0);

    assert_eq!(list(&kuma.done(&["--sev1-notify", "pager"]), "changes"), Vec::<&str>::new());
    assert_eq!(kuma.writes(), 0, "a second sync changes nothing");

    let secret = kuma.folder.path().join(".fleet/secrets/kuma-tokyo");
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    let line = fs::read_to_string(secret).unwrap();
    let addresses: Vec<&str> = line.trim().split(',').collect();
    assert_eq!(addresses.len(), 2);
    for address in addresses {
        let path = address.strip_prefix(&format!("http://127.0.0.1:{}", kuma.port)).unwrap();
        assert_eq!(kuma.get(&format!("{path}?status=up&msg=OK&ping="))["ok"], true);
    }
    let beats = kuma.get("/recorder")["beats"].clone();
    assert!(beats.as_array().unwrap().iter().all(|beat| beat["monitor"].as_str().unwrap().starts_with("tokyo")), "{beats}");
}

#[test]
fn what_was_changed_by_hand_is_mended_and_only_ours_is_pruned() {
    let kuma = Kuma::start(&[]);
    kuma.done(&[]);
    kuma.get("/recorder/set?id=1&member=interval&value=100");
    kuma.get("/recorder/set?id=1&member=parent&value=7");
    kuma.get("/recorder/set?id=2&member=active&value=false");
    kuma.get("/recorder/set?id=3&member=description&value=%22mine%22");
    let shown = kuma.done(&["--dry-run"]);
    let changes = list(&shown, "changes");
    assert!(
        changes.len() == 2 && changes[0].contains("interval: 100 -> 65") && changes[1].starts_with("add     tokyo SEV2"),
        "{changes:?}"
    );
    assert_eq!(list(&shown, "paused"), ["seoul SEV1: silent for minutes, wake somebody"]);
    let token = kuma.monitors()[0]["pushToken"].clone();
    kuma.done(&[]);
    let mended = kuma.monitors()[0].clone();
    assert_eq!(
        (&mended["interval"], &mended["parent"], &mended["pushToken"]),
        (&Value::from(65), &Value::from(7), &token),
        "the rest stays"
    );

    kuma.activate(&["seoul"]);
    assert_eq!(list(&kuma.done(&[]), "surplus").len(), 2);
    assert_eq!(kuma.monitors().len(), 5);
    assert_eq!(list(&kuma.done(&["--prune"]), "changes").len(), 2);
    let left: Vec<u64> = kuma.monitors().iter().map(|one| one["id"].as_u64().unwrap()).collect();
    assert_eq!(left, [1, 2, 3], "somebody's own monitor is left alone");
}

#[test]
fn a_sync_that_broke_off_is_finished_by_the_next_one_wherever_it_broke() {
    let kuma = Kuma::start(&[]);
    for (event, after) in [("addTag", 0), ("addMonitorTag", 0), ("addMonitorTag", 1), ("add", 0), ("getTags", 1)] {
        kuma.get(&format!("/recorder/fail?event={event}&after={after}"));
        let output = kuma.sync(&[]);
        assert!(output.status.code() == Some(4) && words(&output).contains("database is locked"), "{event}: {}", words(&output));
        assert!(words(&output).contains("then the same again"), "{}", words(&output));
    }
    kuma.done(&[]);
    let monitors = kuma.monitors();
    assert_eq!(monitors.len(), 4, "nothing is there twice");
    for monitor in &monitors {
        let labels: Vec<_> = monitor["tags"].as_array().unwrap().iter().map(|tag| (&tag["name"], &tag["value"])).collect();
        let name: Vec<&str> = monitor["name"].as_str().unwrap().split([' ', ':']).collect();
        assert_eq!(labels, [(&Value::from(name[1]), &Value::from(name[0]))], "{monitor}");
    }
    kuma.writes();
    kuma.done(&[]);
    assert_eq!(kuma.writes(), 0, "and then there is nothing left to do");

    kuma.get("/recorder/set?id=2&member=tags&value=[]");
    kuma.get("/recorder/set?id=3&member=pushToken&value=null");
    let shown = kuma.done(&["--dry-run"]);
    let changes = list(&shown, "changes");
    assert!(
        changes.len() == 2 && changes[0].starts_with("label   seoul SEV1") && changes[1].contains("no address to push to"),
        "{changes:?}"
    );
    kuma.done(&[]);
    assert_eq!((kuma.writes() > 0, list(&kuma.done(&[]), "changes").len()), (true, 0));
    let secret = fs::read_to_string(kuma.folder.path().join(".fleet/secrets/kuma-tokyo")).unwrap();
    assert!(secret.contains(kuma.monitors()[2]["pushToken"].as_str().unwrap()), "the node is given the address that is");
}

#[test]
fn refusals_say_what_to_do_and_never_the_password() {
    let kuma = Kuma::start(&["123456"]);
    let refused = |more: &[&str], code: i32, says: &str| {
        let output = kuma.sync(more);
        assert_eq!(output.status.code(), Some(code), "{}", words(&output));
        assert!(words(&output).contains(says) && !words(&output).contains(PASSWORD), "{says:?} is not in {}", words(&output));
    };
    refused(&[], 4, "CLAVITOR_KUMA_CODE");
    kuma.write_password("wrong");
    refused(&[], 4, "authIncorrectCreds");
    fs::set_permissions(kuma.folder.path().join("password"), fs::Permissions::from_mode(0o644)).unwrap();
    refused(&[], 4, "chmod 600");
    kuma.activate(&[]);
    kuma.write_password(PASSWORD);
    drop(kuma);

    let kuma = Kuma::start(&[]);
    let output = kuma.sync(&["--sev2-notify", "pigeon"]);
    assert!(output.status.code() == Some(3) && words(&output).contains("channel, pager"), "{}", words(&output));
    kuma.activate(&[]);
    let output = kuma.sync(&[]);
    assert!(output.status.code() == Some(4) && words(&output).contains("no node of the inventory is active"), "{}", words(&output));
}
