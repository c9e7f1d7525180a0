//! The tests of the server with this edition, and those of what it adds to a node.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on has failed

mod edition;
mod held;

#[path = "../../../../crates/clavitor-server/tests/server/agent.rs"]
mod agent;
#[path = "../../../../crates/clavitor-server/tests/server/alerts.rs"]
mod alerts;
#[path = "../../../../crates/clavitor-server/tests/server/bad_input.rs"]
mod bad_input;
#[path = "../../../../crates/clavitor-server/tests/server/browser.rs"]
mod browser;
#[path = "../../../../crates/clavitor-server/tests/server/connection.rs"]
mod connection;
#[path = "../../../../crates/clavitor-server/tests/server/headers.rs"]
mod headers;
#[path = "../../../../crates/clavitor-server/tests/server/heartbeat.rs"]
mod heartbeat;
#[path = "../../../../crates/clavitor-server/tests/server/hold.rs"]
mod hold;
#[path = "../../../../crates/clavitor-server/tests/server/key.rs"]
mod key;
#[path = "../../../../crates/clavitor-server/tests/server/lines.rs"]
mod lines;
#[path = "../../../../crates/clavitor-server/tests/server/logs.rs"]
mod logs;
#[path = "../../../../crates/clavitor-server/tests/server/node.rs"]
mod node;
#[path = "../../../../crates/clavitor-server/tests/server/operator.rs"]
mod operator;
#[path = "../../../../crates/clavitor-server/tests/server/passkeys.rs"]
mod passkeys;
#[path = "../../../../crates/clavitor-server/tests/server/past.rs"]
mod past;
#[path = "../../../../crates/clavitor-server/tests/server/proofs.rs"]
mod proofs;
#[path = "../../../../crates/clavitor-server/tests/server/release.rs"]
mod release;
#[path = "../../../../crates/clavitor-server/tests/server/routes.rs"]
mod routes;
#[path = "../../../../crates/clavitor-server/tests/server/schedule.rs"]
mod schedule;
#[path = "../../../../crates/clavitor-server/tests/server/seam.rs"]
mod seam;
#[path = "../../../../crates/clavitor-server/tests/server/story.rs"]
mod story;
#[path = "../../../../crates/clavitor-server/tests/server/tls/mod.rs"]
mod tls;
#[path = "../../../../crates/clavitor-server/tests/server/vitals.rs"]
mod vitals;
#[path = "../../../../crates/clavitor-server/tests/server/watchers.rs"]
mod watchers;
#[path = "../../../../crates/clavitor-server/tests/server/wire.rs"]
mod wire;

/// The modules that a test program names.
fn modules(source: &str) -> Vec<&str> {
    source.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect()
}

#[test]
fn no_test_of_the_server_is_left_out() {
    let (theirs, ours) = (include_str!("../../../../crates/clavitor-server/tests/server/main.rs"), include_str!("main.rs"));
    let ours = modules(ours);
    assert!(modules(theirs).len() > 10);
    for module in modules(theirs) {
        assert!(ours.contains(&module), "add `mod {module};` with its path to commercial/clavitor-commercial/tests/server/main.rs");
    }
}
