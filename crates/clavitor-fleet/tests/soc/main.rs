//! The SOC's verbs over real sshd, with the real node on the other end and real Nix for generations. A node is a namespace of its own; what a service manager would
//! say is said by a stand-in, because there is none in a namespace.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of a test crate are test code too")]

mod fleet;
#[path = "../lab/mod.rs"]
mod lab;
mod monitor;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use fleet::Fleet;

#[test]
fn status_tells_what_runs_from_what_does_not_and_from_what_was_not_seen() {
    let fleet = Fleet::new(&["tokyo", "seoul"], &["sydney"]);
    fleet.serve("tokyo");
    let (code, status) = fleet.json(&["status"]);
    assert_eq!(code, 10, "{status}");
    let state = |place: usize| (status["nodes"][place]["node"].as_str().unwrap(), status["nodes"][place]["state"].as_str().unwrap());
    assert_eq!((state(0), state(1), state(2)), (("seoul", "red"), ("sydney", "unknown"), ("tokyo", "warn")), "{status}");
    let tokyo = &status["nodes"][2];
    assert!(
        tokyo["version"].is_string() && tokyo["disk_pct"].is_f64() && tokyo["memory_pct"].is_f64() && tokyo["age_s"].as_u64().unwrap() < 60
    );
    assert!(tokyo["reasons"].as_array().unwrap().iter().any(|why| why == "it has made no backup on a schedule"), "{tokyo}");

    let (code, words) = fleet.words(&["status", "--last"]);
    assert!(code == 10 && words.contains("3 nodes: 0 ok, 0 warn, 0 red, 3 not seen") && words.contains("never"), "{words}");
    let (code, words) = fleet.words(&["diagnose", "sydney"]);
    assert!(code == 6 && words.contains("cannot be reached") && words.contains("--network b"), "{words}");
    let (code, words) = fleet.words(&["diagnose", "seoul"]);
    assert!(code == 10 && words.contains("the node does not run") && words.contains("systemctl status clavitor"), "{words}");
    let (code, words) = fleet.words(&["diagnose", "tokyo"]);
    assert!(code == 0 && words.contains("the next plan is vultr-1024") && words.contains("$6.00 a month instead of $2.50"), "{words}");
}

#[test]
fn an_old_key_is_told_by_every_verb_that_looks_and_a_young_one_by_none() {
    let fleet = Fleet::new(&["tokyo", "seoul"], &["sydney"]);
    fleet.serve("tokyo");
    fleet.serve("seoul");
    fleet.keys_since(&["tokyo", "sydney"], "2024-01-01");
    let today = fleet.node("seoul").run("date -u +%F").unwrap();
    fleet.keys_since(&["seoul"], today.trim());
    let names =
        |words: &str, node: &str| words.contains(&format!("{node}: its tunnel key is ")) && words.contains("days old, more than 365");
    let tells = |words: &str| names(words, "tokyo") && names(words, "sydney") && !names(words, "seoul");

    let (code, words) = fleet.words(&["list"]);
    assert!(code == 0 && tells(&words) && words.contains("Next: clavitor-fleet node rotate tokyo"), "{words}");
    let (_, listed) = fleet.json(&["list"]);
    let due: Vec<&str> =
        listed.as_array().unwrap().iter().filter(|node| node["key_is_due"] == true).map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(due, ["tokyo", "sydney"]);

    let (code, words) = fleet.words(&["show", "sydney"]);
    assert!(code == 0 && words.contains("since 2024-01-01") && words.contains("days: due"), "{words}");
    let (_, words) = fleet.words(&["show", "seoul"]);
    assert!(words.contains("0 days\n") && !words.contains("due"), "{words}");

    // One that is not seen has an old key all the same.
    let (code, words) = fleet.words(&["status"]);
    assert!(code == 10 && tells(&words), "{words}");
    let (_, status) = fleet.json(&["status", "--last"]);
    assert!(status["nodes"][1]["key_days"].as_u64().unwrap() > 365 && status["nodes"][0]["key_days"] == 0, "{status}");

    let (_, words) = fleet.words(&["diagnose", "tokyo"]);
    assert!(words.contains("days old") && words.contains("-> clavitor-fleet node rotate tokyo"), "{words}");
    let (_, words) = fleet.words(&["diagnose", "seoul"]);
    assert!(!words.contains("node rotate"), "{words}");

    let (_, run) = fleet.json(&["routine", "weekly", "--yes", "--only", "tokyo", "--only", "seoul"]);
    let outcome = |node: &str| {
        let step = run["steps"].as_array().unwrap().iter().find(|step| step["node"] == node && step["task"] == "keys").unwrap();
        (step["outcome"].as_str().unwrap().to_owned(), step["words"].as_str().unwrap().to_owned())
    };
    assert_eq!(outcome("seoul"), ("well".to_owned(), "its tunnel key is 0 days old".to_owned()));
    let (how, words) = outcome("tokyo");
    assert!(how == "warned" && words.contains("more than 365. Next: clavitor-fleet node rotate tokyo"), "{how} {words}");
}

#[test]
fn a_full_disk_and_a_wrong_clock_are_named_and_the_next_node_is_done_all_the_same() {
    let fleet = Fleet::new(&["tokyo", "seoul"], &[]);
    fleet.node("seoul").run("mkdir /var/lib/clavitor && mount -t tmpfs -o size=80m tmpfs /var/lib/clavitor").unwrap();
    fleet.serve("tokyo");
    fleet.serve("seoul");
    fleet.node("seoul").run("head -c 79m /dev/zero > /var/lib/clavitor/filler || true").unwrap();
    fleet.stand_in("tokyo", "date", "#!/bin/sh\necho $(( $(/bin/date +%s) + 7200 ))\n");
    let (code, words) = fleet.words(&["diagnose", "seoul"]);
    assert!(code == 10 && words.contains("of the disk is used") && words.contains("routine weekly --only seoul"), "{words}");
    let (code, words) = fleet.words(&["diagnose", "tokyo"]);
    assert!(code == 10 && words.contains("s off this machine") && words.contains("timedatectl"), "{words}");
    fleet.node("tokyo").run("/srv/bin/clavitor backup code --data /var/lib/clavitor").unwrap();
    let (code, run) = fleet.json(&["routine", "weekly", "--yes"]);
    assert_eq!(code, 10, "{run}");
    let outcome = |node: &str, task: &str| {
        let step = run["steps"].as_array().unwrap().iter().find(|step| step["node"] == node && step["task"] == task).unwrap();
        (step["outcome"].as_str().unwrap().to_owned(), step["words"].as_str().unwrap().to_owned())
    };
    assert_eq!(outcome("seoul", "integrity").0, "failed", "{run}");
    assert!(outcome("seoul", "look").1.contains("disk") && outcome("seoul", "integrity").1.contains("no verified copy"), "{run}");
    assert_eq!(outcome("tokyo", "integrity").0, "well", "{run}");
    assert_eq!(outcome("tokyo", "drill").0, "skipped", "{run}");
    assert!(outcome("tokyo", "garbage").1.contains("is it NixOS? Nothing was deleted"), "{run}");
}

#[test]
fn the_weekly_routine_restores_a_backup_and_keeps_two_generations_unless_a_deploy_is_undecided() {
    let fleet = Fleet::new(&["tokyo"], &[]);
    fleet.serve("tokyo");
    fleet.generations("tokyo", 4);
    let tokyo = fleet.node("tokyo");
    let code = tokyo.run("/srv/bin/clavitor backup code --data /var/lib/clavitor").unwrap();
    let codes = fleet.keep_code("tokyo", &code);

    let (exit, words) = fleet.words(&["routine", "weekly"]);
    assert!(exit == 7 && words.contains("CHANGES THE NODE") && words.contains("--yes"), "{words}");
    tokyo.run("mkdir -p /run/clavitor-fleet && touch /run/clavitor-fleet/unconfirmed").unwrap();
    let (exit, words) = fleet.words(&["routine", "weekly", "--yes", "--codes", &codes, "--clavitor", fleet.program()]);
    assert!(exit == 10 && words.contains("a deploy is unconfirmed; nothing was deleted"), "{words}");
    assert_eq!(fleet.count_generations("tokyo"), 4);

    tokyo.run("rm /run/clavitor-fleet/unconfirmed").unwrap();
    let (exit, run) = fleet.json(&["routine", "weekly", "--yes", "--codes", &codes, "--clavitor", fleet.program()]);
    let words = run.to_string();
    assert_eq!(exit, 0, "{words}");
    assert!(words.contains("opened with its code and was restored") && words.contains("2 generations are kept"), "{words}");
    assert_eq!(fleet.count_generations("tokyo"), 2);
    assert_eq!(tokyo.run("ls -A /var/lib/clavitor | grep -c routine || true").unwrap().trim(), "0", "the copy is gone");
    fleet.keep_code("tokyo", "0000-0000\n");
    let (exit, words) = fleet.words(&["routine", "weekly", "--yes", "--codes", &codes, "--clavitor", fleet.program()]);
    assert!(exit == 10 && words.contains("FAILED   tokyo        drill"), "{words}");
}

#[test]
fn a_routine_that_is_interrupted_goes_on_where_it_was() {
    let fleet = Fleet::new(&["tokyo"], &[]);
    fleet.serve("tokyo");
    fleet.generations("tokyo", 3);
    fleet.slow_backups("tokyo");
    let mut run = fleet.command(&["routine", "weekly", "--yes"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    let reached = lines.by_ref().map(Result::unwrap).any(|line| line.contains("tokyo: integrity"));
    assert!(reached);
    fleet.interrupt();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(run.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(rest.join(" ").contains("interrupted at tokyo: integrity; 5 of 8 steps are done and kept"), "{rest:?}");
    assert_eq!(fleet.count_generations("tokyo"), 3, "what was not reached was not done");
    fleet.node("tokyo").run("rm /srv/slow").unwrap();
    let (code, words) = fleet.words(&["routine", "weekly", "--yes"]);
    assert!(code == 0 && words.contains("goes on with 3 of 8 steps") && words.contains("[6/8] tokyo: integrity"), "{words}");
    let (_, words) = fleet.words(&["routine", "weekly", "--dry-run"]);
    assert!(!words.contains("cut off"), "{words}");
}

#[test]
fn the_monitor_reads_reports_of_a_real_node_pages_once_and_survives_a_restart() {
    let fleet = Fleet::new(&["tokyo"], &[]);
    fleet.serve("tokyo");
    let report = fleet.node("tokyo").run("/srv/bin/clavitor vitals --data /var/lib/clavitor").unwrap();
    // Its day has seventy minutes, so that five of them pass while somebody waits.
    let mut monitor = fleet.fast_command(20, &["monitor", "--stdin", "--no-probe"]);
    let mut run = monitor.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = run.stdin.take().unwrap();
    let mut said =
        BufReader::new(run.stdout.take().unwrap()).lines().map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap());
    writeln!(input, "not a report\n{}", report.trim()).unwrap();
    let probe = said.find(|output| output["probe"] == "tokyo");
    assert!(probe.is_some(), "a silent node is asked for");
    let opened = said.find(|output| output["notify"]["check"] == "heartbeat").unwrap();
    assert_eq!((&opened["notify"]["severity"], &opened["notify"]["page"]), (&"sev2".into(), &false.into()));
    writeln!(input, "{{\"input\":{{\"probed\":{{\"node\":\"tokyo\",\"serving\":false}}}}}}").unwrap();
    let (code, listed) = fleet.words(&["incident", "ack", "1", "--by", "ann"]);
    assert!(code == 0 && listed.contains("within a second"), "{listed}");
    let page = said.find(|output| output["notify"]["why"] == "escalated").unwrap();
    assert_eq!((&page["notify"]["severity"], &page["notify"]["page"]), (&"sev1".into(), &true.into()));
    assert!(["dead", "unknown"].contains(&page["notify"]["finding"].as_str().unwrap()), "{page}");
    drop(input);
    assert_eq!(said.filter(|output| output["notify"]["page"] == true).count(), 0, "one page");
    assert!(run.wait().unwrap().success());

    let (code, incident) = fleet.json(&["incident", "show", "1"]);
    let what: Vec<&str> = incident["timeline"].as_array().unwrap().iter().map(|event| event["what"].as_str().unwrap()).collect();
    assert!(
        code == 0 && what.starts_with(&["opened", "told", "probe_asked"]) && what.contains(&"acknowledged") && what.contains(&"escalated"),
        "{what:?}"
    );
    let again = fleet.command(&["monitor", "--stdin", "--no-probe"]).stdin(Stdio::null()).output().unwrap();
    let again = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(!again.contains("\"notify\""), "what was told is not told again: {again}");
    let (code, words) = fleet.words(&["incident", "resolve", "1", "--by", "ann"]);
    assert!(code == 4 && words.contains("is not over"), "{words}");
    let (_, status) = fleet.json(&["status"]);
    assert!(status["nodes"][0]["incidents"][0].as_str().unwrap().contains("SEV1 heartbeat"), "{status}");
}
