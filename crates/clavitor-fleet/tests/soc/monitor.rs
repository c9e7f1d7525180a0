//! The monitor as the SOC runs it, asking over real sshd, and nodes that were taken on the other end.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::fleet::Fleet;
use crate::lab::wait_for;

/// Notices of a run, line by line.
fn said(run: &mut Child) -> impl Iterator<Item = Value> + use<> {
    BufReader::new(run.stdout.take().unwrap()).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

fn is_about(output: &Value, node: &str, check: &str) -> bool {
    output["notify"]["node"] == node && output["notify"]["check"] == check
}

#[test]
fn it_asks_nodes_over_ssh_and_one_that_lies_or_floods_is_held_in_bounds() {
    let fleet = Fleet::new(&["seoul", "sydney"], &["tokyo"]);
    // Both were taken: sshd runs their owner's program, whatever is asked. One claims to be another node, and tries to move the cursor.
    let lie = r#"{"node":"tokyo","ready":false,"version":"9\u001b[2J","complaint":"\u001b[31mcall +1 555\u0007\nSEV1 zurich \u202e"}"#;
    fleet.taken(
        "seoul",
        &format!("printf '%s\\n' \"clavitor: clock_s $(date +%s)\" 'clavitor: service active' 'clavitor: report {lie}' 'clavitor: end'"),
    );
    fleet.taken("sydney", "yes 'clavitor: report x' | head -c 50000000; echo 'clavitor: end'");
    let mut run = fleet.command(&["monitor"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // Kept to the end: a monitor that nobody listens to any more ends.
    let mut heard = said(&mut run);
    let lied = heard.find(|output| output["notify"]["check"] == "ready").unwrap();
    assert!(is_about(&lied, "seoul", "ready"), "a report counts for the node that was asked: {lied}");
    let words = lied["notify"]["words"].as_str().unwrap();
    assert!(words.contains("call +1 555") && !words.contains(|one: char| one.is_control() || one == '\u{202e}'), "{words:?}");

    let last = |node: &str| fleet.state("monitor.json")["nodes"][node]["last"].clone();
    wait_for("what was said is kept", || last("seoul")["version"].is_string()).unwrap();
    assert!(last("sydney").is_null() && last("tokyo").is_null(), "what was cut off is no report, and nobody reports for another node");
    assert!(fleet.state("monitor.json").to_string().len() < 64 << 10);
    let (code, status) = fleet.json(&["status"]);
    let row = |name: &str| status["nodes"].as_array().unwrap().iter().find(|row| row["node"] == name).unwrap().clone();
    assert_eq!((code, row("sydney")["state"].as_str(), row("seoul")["state"].as_str()), (10, Some("unknown"), Some("red")), "{status}");
    let (_, shown) = fleet.words(&["status"]);
    assert!(!shown.contains('\u{1b}') && shown.contains("9 [2J"), "{shown:?}");
    fleet.interrupt();
    assert!(run.wait().unwrap().success(), "Ctrl-C ends it well");
    drop(heard);
}

#[test]
fn a_silent_node_that_serves_the_world_wakes_nobody_until_it_no_longer_does() {
    let fleet = Fleet::new(&["tokyo"], &[]);
    fleet.set("severity", "sev1_silent_s", 140);
    let authority = fleet.serve_the_world("tokyo");
    let mut monitor = fleet.fast_command(8, &["monitor", "--stdin", "--ca-file", &authority]);
    let mut run = monitor.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let input = run.stdin.take().unwrap();
    let mut said = said(&mut run);
    let opened = said.find(|output| is_about(output, "tokyo", "heartbeat")).unwrap();
    assert_eq!((&opened["notify"]["severity"], &opened["notify"]["page"]), (&"sev2".into(), &false.into()), "{opened}");
    let silent_s = || {
        let kept = fleet.state("monitor.json");
        let ms = |value: &Value| value.as_u64().unwrap_or_default();
        ms(&kept["now_ms"]).saturating_sub(ms(&kept["nodes"]["tokyo"]["received_ms"])) / 1_000
    };
    wait_for("silence past the time of a page, by its clock", || silent_s() > 150).unwrap();
    let incident = fleet.json(&["incident", "show", "1"]).1;
    assert_eq!((&incident["current"], &incident["finding"]), (&"sev2".into(), &"serving".into()), "{incident}");

    fleet.node("tokyo").run("kill $(pgrep -x clavitor)").unwrap();
    let worse = said.find(|output| is_about(output, "tokyo", "heartbeat")).unwrap();
    assert_eq!((&worse["notify"]["why"], &worse["notify"]["page"]), (&"escalated".into(), &true.into()), "{worse}");
    assert_eq!((&worse["notify"]["severity"], &worse["notify"]["finding"]), (&"sev1".into(), &"dead".into()), "{worse}");
    drop(input);
    assert!(run.wait().unwrap().success());
}
