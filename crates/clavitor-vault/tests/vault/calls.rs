//! One system call fails, each in its turn: the first write, the second, … the first sync, … of a node's life. Whatever was acknowledged is there
//! afterwards, nothing is half there, and the store opens again, or says why it does not.
//!
//! strace makes the call fail. By default not every number of a call is tried; `CLAVITOR_CALL_FAULTS=all` tries each. Who must not trace processes sets
//! `CLAVITOR_WITHOUT_TRACE=1`: the test is left out then, and says so.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use clavitor_crypto::{EntryId, VaultId};
use clavitor_vault::{Error, Vault};

use crate::house::{House, START_MS, login, options};

const DIR: &str = "CLAVITOR_CALLS_DIR";
const VAULT: &str = "CLAVITOR_CALLS_VAULT";
const SECOND_MS: u64 = 1000;
const ENTRIES: u32 = 8;
/// Everything by which the store changes its files.
const CALLS: [(&str, &str); 5] =
    [("pwrite64", "EIO"), ("pwrite64", "ENOSPC"), ("fdatasync", "EIO"), ("fsync", "EIO"), ("ftruncate", "EIO")];

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is set by the test that starts this process"))
}

/// What one run left behind.
struct Run {
    /// Whether there was a call of that number.
    injected: bool,
    stored: Vec<EntryId>,
    text: String,
}

fn run(dir: &Path, vault_id: VaultId, (call, error): (&str, &str), number: u32) -> Run {
    let trace = dir.join("trace");
    let inject = format!("inject={call}:error={error}:when={number}");
    let output = Command::new("strace")
        .args(["-f", "--seccomp-bpf", "-q", "-e", &format!("trace={call}"), "-e", &inject, "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "calls::child_of_which_one_call_fails", "--ignored", "--nocapture", "--quiet", "--test-threads=1"])
        .envs([(DIR, dir.to_str().unwrap()), (VAULT, &vault_id.to_string())])
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|why| panic!("strace is installed by scripts/install test: {why}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let seen = fs::read_to_string(&trace).unwrap();
    assert!(!seen.is_empty() || number > 1, "strace saw no {call}: {}", String::from_utf8_lossy(&output.stderr));
    let stored = text.lines().filter_map(|line| line.split("stored ").nth(1)).map(|id| id.parse().unwrap()).collect();
    Run { injected: seen.contains("(INJECTED)"), stored, text }
}

/// Opens the store as the next process would, and everything in it.
fn check(dir: &Path, vault_id: VaultId, run: &Run, what: &str) {
    match Vault::open(&dir.join("data"), &options(), START_MS + SECOND_MS) {
        Ok(vault) => vault.close(),
        Err(why) => panic!("{what}: the store does not open again: {why}\n{}", run.text),
    }
    let mut house = House::back_at(dir, &options(), vault_id, START_MS + SECOND_MS);
    for id in &run.stored {
        house.open(*id);
    }
    let page = house.read(|r, owner| clavitor_vault::entries::page(r, owner, None, 1000)).unwrap();
    // A commit of which only the last sync failed may be there after all: then it is there whole.
    let most = run.stored.len() as u64 + u64::from(run.text.contains("refused"));
    assert!((run.stored.len() as u64..=most).contains(&page.total), "{what}: {} entries\n{}", page.total, run.text);
    for entry in page.entries {
        house.open(entry.entry_id);
    }
    house.add_login(1000);
}

#[test]
fn whichever_call_fails_nothing_acknowledged_is_lost() {
    if std::env::var_os("CLAVITOR_WITHOUT_TRACE").is_some() {
        println!("LEFT OUT: this needs strace, and CLAVITOR_WITHOUT_TRACE is set");
        return;
    }
    let all = std::env::var("CLAVITOR_CALL_FAULTS").is_ok_and(|value| value == "all");
    let (mut failed, mut stored) = (0, 0);
    for call in CALLS {
        let mut number = 1;
        loop {
            let dir = tempfile::tempdir().unwrap();
            let mut house = House::at(dir.path());
            house.add_recovery();
            let vault_id = house.person.vault();
            house.vault.close();
            drop(house);
            let run = run(dir.path(), vault_id, call, number);
            if !run.injected {
                assert_eq!(run.stored.len(), ENTRIES as usize, "{call:?} {number}: {}", run.text);
                break;
            }
            check(dir.path(), vault_id, &run, &format!("{} number {number} failed with {}", call.0, call.1));
            failed += 1;
            stored += run.stored.len();
            number += if all { 1 } else { 1 + number / 2 };
        }
    }
    assert!(failed > 15 && stored > 0, "{failed} calls failed, {stored} entries were acknowledged all the same");
}

/// Stores entries, and says which were acknowledged; after a refusal it shows that the store has stopped for good, or has room again.
#[test]
#[ignore = "started by whichever_call_fails_nothing_acknowledged_is_lost"]
fn child_of_which_one_call_fails() {
    let (root, vault_id) = (Path::new(&env(DIR)).to_owned(), env(VAULT).parse().unwrap());
    match Vault::open(&root.join("data"), &options(), START_MS + SECOND_MS) {
        Ok(vault) => vault.close(),
        Err(why) => {
            println!("refused to start: {why}");
            return;
        }
    }
    let opened = std::panic::catch_unwind(|| House::back_at(&root, &options(), vault_id, START_MS + SECOND_MS));
    let Ok(mut house) = opened else {
        println!("refused to let its owner in");
        return;
    };
    for number in 0..ENTRIES {
        let (id, changes) = house.person.add_entry(login(number), house.now_ms).unwrap();
        match house.apply(changes) {
            Ok(_) => println!("stored {id}"),
            Err(Error::Unavailable(why)) => {
                println!("refused: {why}");
                if house.vault.health().poisoned.is_some() {
                    assert!(matches!(house.write(clavitor_vault::session::touch), Err(Error::Unavailable(_))));
                    return;
                }
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    house.vault.close();
}
