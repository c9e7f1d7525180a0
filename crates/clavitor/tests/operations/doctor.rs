//! The doctor on nodes that are well, that are not, that run and that do not.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Output},
};

use crate::house::{Node, PROGRAM, clavitor, names, out, prepared};

/// The line of a check, with what to type.
fn line(output: &Output, check: &str) -> String {
    let said = out(output);
    let mut lines = said.lines().skip_while(|line| line.split_whitespace().nth(1) != Some(check));
    let first = lines.next().unwrap_or_else(|| panic!("no line about {check} in {said}"));
    let todo = lines.next().filter(|next| next.trim_start().starts_with("->")).unwrap_or_default();
    format!("{first} {todo}")
}

#[test]
fn it_knows_a_node_that_runs_and_one_that_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let (data, shelf) = (folder.path().join("data"), folder.path().join("shelf"));
    let (shown, shelf_shown) = (data.to_str().unwrap(), shelf.to_str().unwrap());
    let missing = clavitor(&["doctor", "--data", shown]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(line(&missing, "folder").contains("is not there"));
    assert!(!data.exists(), "the doctor makes nothing");

    prepared(&data);
    let stopped = clavitor(&["doctor", "--data", shown]);
    assert_eq!(stopped.status.code(), Some(2), "{}", out(&stopped));
    assert!(line(&stopped, "node").starts_with("warn") && line(&stopped, "database").starts_with("ok"), "{}", out(&stopped));
    assert!(line(&stopped, "backup").contains("--backup-dir"));

    // Nobody listens where the beats go.
    let node = Node::start(&data, &["--backup-dir", shelf_shown, "--kuma-url", "http://127.0.0.1:9/api/push/needle-0123456789"]);
    while !names(&shelf).iter().any(|name| name.ends_with(".sha256")) {
        std::thread::yield_now();
    }
    let running = clavitor(&["doctor", "--data", shown, "--backup-dir", shelf_shown]);
    for check in ["node", "database", "permissions", "port"] {
        assert!(line(&running, check).starts_with("ok"), "{}", out(&running));
    }
    assert!(
        line(&running, "backup").contains("number 1 is 0 h old") && line(&running, "backup").contains("unchanged since"),
        "{}",
        out(&running)
    );
    while !line(&clavitor(&["doctor", "--data", shown]), "pushes").starts_with("warn") {
        std::thread::yield_now();
    }
    let silent = clavitor(&["doctor", "--data", shown]);
    assert!(line(&silent, "pushes").contains("kuma: none arrived yet") && !out(&silent).contains("needle"), "{}", out(&silent));
    let json = clavitor(&["doctor", "--json", "--data", shown, "--backup-dir", shelf_shown]);
    let findings: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).unwrap();
    assert!(findings.iter().any(|finding| finding["check"] == "node" && finding["level"] == "ok"));

    let newest = names(&shelf).into_iter().find(|name| name.ends_with(".clv")).unwrap();
    let mut bytes = fs::read(shelf.join(&newest)).unwrap();
    bytes[2000] ^= 1;
    fs::write(shelf.join(&newest), bytes).unwrap();
    let rotten = clavitor(&["doctor", "--data", shown, "--backup-dir", shelf_shown]);
    assert_eq!(rotten.status.code(), Some(3));
    assert!(line(&rotten, "backup").contains("changed since"), "{}", out(&rotten));
    assert_eq!(node.stop().0, Some(0));
}

#[test]
fn open_permissions_and_a_clock_of_the_past_are_failures() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    prepared(&data);
    let shown = data.to_str().unwrap();
    fs::set_permissions(data.join("clavitor.marker"), fs::Permissions::from_mode(0o644)).unwrap();
    let open = clavitor(&["doctor", "--data", shown]);
    assert_eq!(open.status.code(), Some(3));
    assert!(
        line(&open, "permissions").contains("clavitor.marker") && line(&open, "permissions").contains("chmod -R go="),
        "{}",
        out(&open)
    );
    let past = Command::new("faketime").args(["2020-01-01 00:00:00", PROGRAM, "doctor", "--data", shown]).output().unwrap();
    assert!(line(&past, "clock").starts_with("fail") && line(&past, "clock").contains("before this program was made"), "{}", out(&past));
}
