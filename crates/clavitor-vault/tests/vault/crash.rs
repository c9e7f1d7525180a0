//! A node that is killed at random moments under load: whatever it acknowledged is there and opens, and its log is whole.
//!
//! Ten kills by default; `CLAVITOR_CRASH_CYCLES=200` for the full run.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Cursor},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use clavitor_crypto::{EntryId, VaultId};
use clavitor_vault::{
    Credential, audit,
    hosted::{self, FieldName},
};

use crate::house::{House, hosted_login, options};

const DIR: &str = "CLAVITOR_CRASH_DIR";
const VAULT: &str = "CLAVITOR_CRASH_VAULT";
const TOKEN: &str = "CLAVITOR_CRASH_TOKEN";
const READ: &str = "CLAVITOR_CRASH_READ";
const NOW: &str = "CLAVITOR_CRASH_NOW";

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is set by the test that starts this process"))
}

/// The process that is killed. It says on its standard output what was acknowledged to it, after it was.
#[test]
#[ignore = "started and killed by acknowledged_writes_survive_every_kill"]
fn works_until_it_is_killed() {
    let vault_id: VaultId = env(VAULT).parse().unwrap();
    let now_ms = env(NOW).parse().unwrap();
    let mut house = House::back_at(Path::new(&env(DIR)), &options(), vault_id, now_ms);
    let (vault, token, entry) = (house.vault.clone(), Credential::hosted(&env(TOKEN)).unwrap(), env(READ).parse::<EntryId>().unwrap());
    std::thread::spawn(move || {
        loop {
            let (answer, answered) = std::sync::mpsc::channel();
            hosted::value(&vault, now_ms, &token, entry, FieldName::Label("key".to_owned()), move |value| {
                answer.send(value.map(|value| value.value.to_string())).unwrap();
            });
            assert_eq!(answered.recv().unwrap().unwrap(), "key 0");
            println!("opened");
        }
    });
    for number in 1.. {
        let id = house.add(hosted_login(number)).unwrap();
        println!("stored {id}");
    }
}

/// What one run acknowledged before it was killed.
struct Acknowledged {
    stored: Vec<EntryId>,
    opened: u64,
}

fn run_and_kill(dir: &Path, vault_id: VaultId, token: &str, entry: EntryId, now_ms: u64, after: Duration) -> Acknowledged {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::works_until_it_is_killed", "--ignored", "--nocapture", "--quiet"])
        .envs([
            (DIR, dir.to_str().unwrap()),
            (VAULT, &vault_id.to_string()),
            (TOKEN, token),
            (READ, &entry.to_string()),
            (NOW, &now_ms.to_string()),
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("stored ") && !text.contains("opened") {
        assert!(lines.read_line(&mut text).unwrap() > 0, "the process ended by itself: {text}");
    }
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    std::io::Read::read_to_string(&mut lines, &mut text).unwrap();
    // A line that was cut off was not said.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let stored = whole.lines().filter_map(|line| line.split("stored ").nth(1)).map(|id| id.parse().unwrap()).collect();
    Acknowledged { stored, opened: whole.lines().filter(|line| line.ends_with("opened")).count() as u64 }
}

/// Opens everything, checks the log against the head of the last time, and returns the new head.
fn check(house: &mut House, expected: &BTreeSet<EntryId>, opened: u64, pin: Option<&str>) -> String {
    for id in expected {
        house.open(*id);
    }
    let (vault_id, mut lines) = (house.person.vault(), Vec::new());
    let exported = house.read(|r, _| audit::export(r, vault_id, &mut lines)).unwrap();
    let verdict = audit::verify(&mut Cursor::new(&lines), &exported.checkpoint, &house.vault.log_key(), pin);
    assert_eq!(verdict, audit::Verdict::Ok { events: exported.events });
    let lines = String::from_utf8(lines).unwrap();
    let count = |action: &str| lines.lines().filter(|line| line.contains(&format!("\"action\":\"{action}\""))).count() as u64;
    let total = house.read(|r, owner| clavitor_vault::entries::page(r, owner, None, 1)).unwrap().total;
    assert_eq!(count("entry.create"), total, "an entry without its event, or an event without its entry");
    assert!(count("field.open") >= opened);
    let agent = house.read(clavitor_vault::agents::list).unwrap()[0].agent_id;
    let learnt = house.read(|r, owner| clavitor_vault::agents::learnt(r, owner, agent)).unwrap();
    assert_eq!(learnt.iter().map(|one| one.times).sum::<u64>(), count("field.open"), "the ledger and the log say the same");
    exported.checkpoint
}

/// The commit log is dense: no number is missing, none is there twice.
fn check_commits(data: &Path) {
    let file = rusqlite::Connection::open(data.join("clavitor.db")).unwrap();
    let (count, first, last): (i64, i64, i64) = file
        .query_row("SELECT count(*), min(seq), max(seq) FROM commit_log", [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    assert_eq!((first, last), (1, count));
}

#[test]
fn acknowledged_writes_survive_every_kill() {
    let cycles: u64 = std::env::var("CLAVITOR_CRASH_CYCLES").map_or(10, |cycles| cycles.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let root: PathBuf = dir.path().to_owned();
    let mut house = House::at(&root);
    house.add_recovery();
    let first = house.add(hosted_login(0)).unwrap();
    let terms = house.terms().allowing(House::all_capabilities());
    let (hosted, changes) = house.person.host(&terms, house.now_ms).unwrap();
    house.apply(changes).unwrap();
    let (vault_id, mut now_ms) = (house.person.vault(), house.now_ms);
    let (mut expected, mut opened, mut pin) = (BTreeSet::from([first]), 0, None);
    house.vault.close();
    drop(house);
    for cycle in 0..cycles {
        now_ms += 1000;
        // From "just begun" to "well under way", differently in every cycle.
        let after = Duration::from_micros(cycle * 7919 % 60_000);
        let acknowledged = run_and_kill(&root, vault_id, &hosted.token, first, now_ms, after);
        let fresh: BTreeSet<_> = acknowledged.stored.into_iter().chain([first]).collect();
        opened += acknowledged.opened;
        let mut house = House::back_at(&root, &options(), vault_id, now_ms);
        pin = Some(check(&mut house, &fresh, opened, pin.as_deref()));
        expected.extend(fresh);
        house.vault.close();
        check_commits(&house.data());
    }
    let mut house = House::back_at(&root, &options(), vault_id, now_ms);
    check(&mut house, &expected, opened, pin.as_deref());
    assert!(expected.len() as u64 > cycles / 2, "the kills came too early to show anything: {} entries", expected.len());
}
