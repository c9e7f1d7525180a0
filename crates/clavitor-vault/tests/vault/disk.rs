//! Full disks and writes that fail, each in a process of its own: refused cleanly, nothing lost, and what revokes or deletes still works.
//!
//! The full disk is a tiny file system, mounted in a namespace of the child's own (util-linux `unshare`). A machine that does not allow that fails these
//! tests; `CLAVITOR_WITHOUT_MOUNT=1` leaves them out, and says so.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use clavitor_vault::{Disk, Error, OpenOptions, Vault, agents, backup};

use crate::house::{House, PASSWORD, START_MS, login, options};

const DIR: &str = "CLAVITOR_DISK_DIR";
const VAULT: &str = "CLAVITOR_DISK_VAULT";
const SECOND_MS: u64 = 1000;

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is set by the test that starts this process"))
}

/// Runs one ignored test of this file in a shell that has prepared the ground.
fn child(prepare: &str, test: &str, dir: &Path) -> std::process::Output {
    let run = format!("{prepare} exec \"$0\" --exact disk::{test} --ignored --nocapture --quiet");
    Command::new("sh").args(["-c", &run]).arg(std::env::current_exe().unwrap()).env(DIR, dir).stdin(Stdio::null()).output().unwrap()
}

fn expect(output: &std::process::Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

fn on_small_disk(test: &str) {
    if std::env::var_os("CLAVITOR_WITHOUT_MOUNT").is_some() {
        println!("LEFT OUT: {test} needs a mount, and CLAVITOR_WITHOUT_MOUNT is set");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let run = "mount -t tmpfs -o size=8m tmpfs \"$CLAVITOR_DISK_DIR\" &&";
    let shell = format!("exec unshare -rm sh -c '{run} exec \"$0\" --exact disk::{test} --ignored --nocapture --quiet' \"$0\"");
    let output = Command::new("sh").args(["-c", &shell]).arg(std::env::current_exe().unwrap()).env(DIR, dir.path()).output().unwrap();
    expect(&output);
}

#[test]
fn a_full_disk_refuses_growth_and_lets_people_revoke_and_delete() {
    on_small_disk("child_with_a_full_disk");
}

#[test]
#[ignore = "started by a_full_disk_refuses_growth_and_lets_people_revoke_and_delete"]
fn child_with_a_full_disk() {
    let root = Path::new(&env(DIR)).to_owned();
    let vault = Vault::open(&root.join("data"), &OpenOptions { ballast_bytes: 1 << 20, ..options() }, START_MS).unwrap();
    let mut house = House::in_vault(crate::house::Dir::stays(&root), vault);
    house.add_recovery();
    let ids: Vec<_> = (0..10).map(|number| house.add_login(number)).collect();
    let agent = house.enrol(&house.terms());
    let agent_id = agent.double.id();
    assert_eq!(house.vault.health().disk, Disk::Normal);

    let stored = fill(&mut house, &root);
    assert_eq!(house.vault.health().disk, Disk::Full);
    assert_eq!(house.vault.health().poisoned, None);
    assert!(matches!(house.release(&agent, ids[0], PASSWORD), Err(Error::Unavailable(_))), "agents wait");
    assert!(house.read(|r, owner| clavitor_vault::entries::page(r, owner, None, 1)).is_ok(), "people read");

    house.write(move |w, owner| agents::lock(w, owner, agent_id)).unwrap();
    let purge = house.person.purge_entry(ids[0], house.now_ms).unwrap();
    house.apply(purge).unwrap();
    let mut revoke = crate::house::convert(house.person.revoke(agent_id, house.now_ms).unwrap());
    // The person's side remembers the entry that was refused; the node never had it.
    revoke.grants.retain(|grant| house.detail(grant.entry_id).is_ok());
    house.apply_change(revoke).unwrap();

    fs::remove_file(root.join("filler")).unwrap();
    house.vault.close();
    house.reopen();
    assert_eq!(house.vault.health().disk, Disk::Normal);
    let total = house.read(|r, owner| clavitor_vault::entries::page(r, owner, None, 1)).unwrap().total;
    assert_eq!(total, 10 + stored);
    let detail = house.detail(ids[1]).unwrap();
    house.person.load_entry(&crate::house::stored(&detail)).unwrap();
    house.add_login(999);
}

/// Fills the disk from outside and then from inside, until a write is refused. Returns how many entries were stored meanwhile.
fn fill(house: &mut House, root: &Path) -> u64 {
    let mut filler = fs::File::create(root.join("filler")).unwrap();
    while rustix::fs::statvfs(root).unwrap().f_bavail > 160 {
        std::io::Write::write_all(&mut filler, &[1; 4096]).unwrap();
    }
    for number in 0.. {
        let (_, changes) = house.person.add_entry(login(1000 + number), house.now_ms).unwrap();
        match house.apply(changes) {
            Ok(_) => {}
            Err(Error::Unavailable(why)) => {
                assert!(why.contains("full"), "{why}");
                return u64::from(number);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    unreachable!("a disk of 8 MiB takes no end of entries")
}

#[test]
fn a_backup_on_a_full_disk_is_refused_and_leaves_nothing() {
    on_small_disk("child_that_backs_up_to_a_full_disk");
}

#[test]
#[ignore = "started by a_backup_on_a_full_disk_is_refused_and_leaves_nothing"]
fn child_that_backs_up_to_a_full_disk() {
    let house = House::safe();
    house.vault.write_wait(START_MS, backup::make_code).unwrap();
    let small = Path::new(&env(DIR)).to_owned();
    fs::write(small.join("filler"), vec![1; (8 << 20) - (64 << 10)]).unwrap();
    let refused = backup::write(&house.vault, START_MS, &small.join("backup"));
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    let names: Vec<_> = fs::read_dir(&small).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["filler"]);
    assert_eq!(house.vault.health().poisoned, None, "the vault itself has all the room it needs");
}

/// A limit on the size of files makes the write fail that crosses it, wherever in the life of a node that is: in the log, in a checkpoint, in the middle
/// of a change. 24 limits by default, `CLAVITOR_WRITE_FAULTS=400` for the full run.
#[test]
fn after_a_failed_write_nothing_is_acknowledged_and_nothing_acknowledged_is_lost() {
    let runs: u64 = std::env::var("CLAVITOR_WRITE_FAULTS").map_or(24, |runs| runs.parse().unwrap());
    let (mut faults, mut lost_none) = (0, 0);
    for run in 0..runs {
        let dir = tempfile::tempdir().unwrap();
        let mut house = House::at(dir.path());
        house.add_recovery();
        let (vault_id, now_ms) = (house.person.vault(), house.now_ms + SECOND_MS);
        house.vault.close();
        drop(house);
        // In blocks of 512 bytes, from just above the size of the database to well into the log.
        let database = fs::metadata(dir.path().join("data/clavitor.db")).unwrap().len() / 512;
        let limit = (run * 37) % (database + 1200) + 1;
        let prepare = format!("trap '' XFSZ; ulimit -f {limit}; export {VAULT}={vault_id};");
        let output = child(&prepare, "child_whose_writes_fail", dir.path());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        faults += u64::from(text.contains("refused"));
        let stored: Vec<_> = text.lines().filter_map(|line| line.split("stored ").nth(1)).map(|id| id.parse().unwrap()).collect();
        let mut house = House::back_at(dir.path(), &options(), vault_id, now_ms);
        stored.iter().for_each(|id| house.open(*id));
        let total = house.read(|r, owner| clavitor_vault::entries::page(r, owner, None, 1)).unwrap().total;
        assert_eq!(total, stored.len() as u64, "limit {limit}: {text}{}", String::from_utf8_lossy(&output.stderr));
        lost_none += total;
        house.add_login(1);
    }
    assert!(faults > runs / 2, "only {faults} of {runs} limits made a write fail");
    assert!(lost_none > 0, "no run got as far as storing something");
}

/// Stores entries until it is refused, then shows that the store has stopped for good.
#[test]
#[ignore = "started by after_a_failed_write_nothing_is_acknowledged_and_nothing_acknowledged_is_lost"]
fn child_whose_writes_fail() {
    let (root, vault_id) = (Path::new(&env(DIR)).to_owned(), env(VAULT).parse().unwrap());
    let opened = std::panic::catch_unwind(|| House::back_at(&root, &options(), vault_id, START_MS + SECOND_MS));
    let Ok(mut house) = opened else {
        println!("refused to start");
        return;
    };
    for number in 0..60 {
        let draft = login(number).with(clavitor_person::FieldDraft::new(
            clavitor_crypto::FieldId([9; 16]),
            clavitor_crypto::field_kind::FieldKind::Note,
            "note",
            &[b'x'; 20_000],
        ));
        let (id, changes) = house.person.add_entry(draft, house.now_ms).unwrap();
        match house.apply(changes) {
            Ok(_) => println!("stored {id}"),
            Err(Error::Unavailable(_)) => {
                println!("refused");
                assert!(house.vault.health().poisoned.is_some(), "an error that is not a full disk stops the store");
                assert!(matches!(house.write(clavitor_vault::session::touch), Err(Error::Unavailable(_))));
                assert!(matches!(house.read(clavitor_vault::session::current), Err(Error::Unavailable(_))));
                return;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}
