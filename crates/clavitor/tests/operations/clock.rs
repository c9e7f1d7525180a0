//! The clock of the machine is set while the node runs, a day ahead and back: it is told, agents and certificate are as before, and nobody's time is mixed up.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    caller::Caller,
    house::{Node, PROGRAM, until},
    world::World,
};

/// The library that moves a program's clock; Debian keeps it in a folder of the machine's kind.
fn library() -> PathBuf {
    let kinds = fs::read_dir("/usr/lib").unwrap().map(|kind| kind.unwrap().path());
    let found = kinds.map(|kind| kind.join("faketime/libfaketimeMT.so.1")).find(|library| library.exists());
    found.expect("Debian's package `faketime`")
}

/// A node over TLS whose wall clock is moved by what `offset` holds; clocks that nobody can set go on.
fn serve(data: &Path, port: u16, offset: &Path) -> Node {
    let mut command = Command::new(PROGRAM);
    command.args(["serve", "--dev-ca", "--https-bind", &format!("127.0.0.1:{port}"), "--http-bind", "none", "--data"]).arg(data);
    command.env("LD_PRELOAD", library()).env("FAKETIME_TIMESTAMP_FILE", offset).env("FAKETIME_NO_CACHE", "1");
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1").env("NO_FAKE_STAT", "1");
    Node::owned(command, port)
}

/// A check of /readyz, as its state and its words.
fn check(caller: &Caller, name: &str) -> String {
    let answer = caller.get("/readyz");
    assert_eq!(answer.status, 200, "{answer:?}");
    let read: Value = serde_json::from_str(&answer.body).unwrap();
    let found = read["checks"].as_array().unwrap().iter().find(|check| check["check"] == name).unwrap().clone();
    format!("{} {}", found["state"].as_str().unwrap(), found["detail"].as_str().unwrap())
}

fn jumps(node: &Node) -> usize {
    node.log().matches("OPERATOR ALERT [clock_jumped]: the clock of this machine jumped").count()
}

/// Sets the clock as `set` does it, a whole file in one step, and waits until the node has told so.
fn set_and_told(node: &Node, offset: &Path, to: &str, told: usize) {
    let next = offset.with_extension("next");
    fs::write(&next, to).unwrap();
    fs::rename(&next, offset).unwrap();
    until(|| jumps(node) == told, || node.log());
}

#[test]
fn a_clock_that_jumps_a_day_ahead_and_back_is_told_and_confuses_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (data, offset) = (folder.path().join("data"), folder.path().join("offset"));
    let world = World::make(&data, 1).unwrap();
    world.vault.close();
    fs::write(&offset, "+0\n").unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let node = serve(&data, port, &offset);
    let stranger = Caller::of_dev_ca(port, &data);
    let (person, agent) = (stranger.signed_in(&world.session), stranger.hosted(&world.hosted.token));
    let (entry, field, _) = world.entries[0];
    let value = || agent.get(&format!("/v1/hosted/entries/{entry}/fields/{field}")).status;
    assert_eq!((person.get("/v1/session").status, value()), (200, 200));
    assert_eq!(check(&stranger, "clock"), "ok it runs evenly");
    let certificate = check(&stranger, "certificate");
    assert!(certificate.starts_with("ok "), "{certificate}");

    set_and_told(&node, &offset, "+86400\n", 1);
    let clock = check(&stranger, "clock");
    assert!(clock.starts_with("warn it jumped by 86") && clock.ends_with(" s within the last hour"), "{clock}");
    assert!(check(&stranger, "certificate").starts_with("ok "));
    assert_eq!(person.get("/v1/session").status, 401, "nobody stays signed in for a day");
    assert_eq!(value(), 200, "a token that is good for a year is good tomorrow");

    set_and_told(&node, &offset, "+0\n", 2);
    let clock = check(&stranger, "clock");
    assert!(clock.starts_with("warn it jumped by -86"), "{clock}");
    assert!(check(&stranger, "certificate").starts_with("ok "));
    assert_eq!(person.get("/v1/session").status, 200, "by the right clock nobody was away");
    assert_eq!(value(), 200, "whoever is within the terms is served");
    let (code, log) = node.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("by_s=86") && log.contains("by_s=-86"), "{log}");
}
