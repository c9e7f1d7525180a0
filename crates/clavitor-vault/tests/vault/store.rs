//! The file: what is refused at the door, and what the messages tell people to do.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{Mutex, mpsc},
    thread,
    time::Duration,
};

use clavitor_vault::{Disk, Error, OpenError, OpenOptions, Read, Vault};
use tempfile::tempdir;

use crate::house::{House, START_MS, options};

fn open(dir: &Path) -> Result<Vault, OpenError> {
    Vault::open(dir, &options(), START_MS)
}

/// A closed node with something in it.
fn closed() -> House {
    let mut house = House::safe();
    for number in 0..20 {
        house.add_login(number);
    }
    house.vault.close();
    house
}

fn refusal(dir: &Path) -> OpenError {
    match open(dir) {
        Err(error) => error,
        Ok(_) => panic!("it opened"),
    }
}

#[test]
fn a_new_folder_is_made_for_its_owner_only() {
    let dir = tempdir().unwrap();
    let data = dir.path().join("a/b");
    let vault = open(&data).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    let health = vault.health();
    assert_eq!((health.poisoned, health.disk, health.checked_ms), (None, Disk::Normal, START_MS));
    assert_eq!(vault.quick_check(START_MS + 5), Ok(()));
    assert_eq!(vault.health().checked_ms, START_MS + 5);
}

#[test]
fn two_nodes_never_share_a_folder() {
    let dir = tempdir().unwrap();
    let first = open(dir.path()).unwrap();
    assert!(matches!(refusal(dir.path()), OpenError::InUse(_)));
    first.close();
    assert!(open(dir.path()).is_ok());
}

#[test]
fn a_closed_vault_refuses_and_keeps_what_it_has() {
    let house = closed();
    assert!(matches!(house.read(clavitor_vault::session::current), Err(Error::Unavailable(_))));
    assert!(matches!(house.write(clavitor_vault::session::touch), Err(Error::Unavailable(_))));
    assert!(!house.data().join("clavitor.db-wal").exists() || fs::metadata(house.data().join("clavitor.db-wal")).unwrap().len() == 0);
}

#[test]
fn a_lost_database_is_not_taken_for_a_new_installation() {
    let house = closed();
    let data = house.data();
    fs::remove_file(data.join("clavitor.db")).unwrap();
    let OpenError::Lost(message) = refusal(&data) else { panic!("not lost") };
    assert!(message.contains("clavitor restore") && message.contains("clavitor.marker"), "{message}");
    fs::remove_file(data.join("clavitor.marker")).unwrap();
    for leftover in ["clavitor.db-wal", "clavitor.db-shm"] {
        let _ = fs::remove_file(data.join(leftover));
    }
    assert!(open(&data).is_ok(), "the operator said so");
}

#[test]
fn a_volume_that_is_not_mounted_is_noticed_by_the_marker_outside() {
    let dir = tempdir().unwrap();
    let (data, outside) = (dir.path().join("volume"), dir.path().join("marker"));
    let options = OpenOptions { marker: Some(outside.clone()), ..options() };
    Vault::open(&data, &options, START_MS).unwrap().close();
    fs::rename(&data, dir.path().join("unmounted")).unwrap();
    let refused = Vault::open(&data, &options, START_MS).map(drop);
    assert!(matches!(refused, Err(OpenError::Lost(message)) if message.contains("Mount the volume")));
    fs::remove_dir_all(&data).unwrap();
    open(&data).unwrap().close();
    let refused = Vault::open(&data, &options, START_MS).map(drop);
    assert!(matches!(refused, Err(OpenError::Lost(message)) if message.contains("another database")));
}

#[test]
fn a_lost_foreign_or_open_log_key_is_refused() {
    let house = closed();
    let key = house.data().join("node.key");
    let kept = fs::read(&key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(refusal(&house.data()), OpenError::Folder(message) if message.contains("chmod 600")));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "00".repeat(32)).unwrap();
    assert!(matches!(refusal(&house.data()), OpenError::Lost(_)));
    fs::write(&key, "nonsense").unwrap();
    assert!(matches!(refusal(&house.data()), OpenError::Lost(_)));
    fs::remove_file(&key).unwrap();
    assert!(matches!(refusal(&house.data()), OpenError::Lost(message) if message.contains("clavitor restore")));
    fs::write(&key, kept).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(open(&house.data()).is_ok());
}

#[test]
fn truncated_and_damaged_files_are_not_served() {
    let house = closed();
    let file = house.data().join("clavitor.db");
    let whole = fs::read(&file).unwrap();
    for length in [1, 50, 100, 511, 4096, whole.len() / 2, whole.len() - 4096] {
        fs::write(&file, &whole[..length]).unwrap();
        match refusal(&house.data()) {
            OpenError::Damaged(message) => assert!(length < 100 || message.contains("clavitor restore"), "{length}: {message}"),
            other => panic!("cut at {length}: {other}"),
        }
        assert_eq!(fs::read(&file).unwrap(), whole[..length], "and nothing is changed in it");
    }
    let mut damaged = whole.clone();
    for page in damaged.chunks_mut(4096).skip(2).step_by(3) {
        page[..64].fill(0xff);
    }
    fs::write(&file, damaged).unwrap();
    assert!(matches!(refusal(&house.data()), OpenError::Damaged(message) if message.contains("clavitor restore")));
    fs::write(&file, b"this is a text file and no database at all, of some length to be sure").unwrap();
    assert!(matches!(refusal(&house.data()), OpenError::Damaged(_)));
    fs::write(&file, whole).unwrap();
    assert!(open(&house.data()).is_ok());
}

#[test]
fn another_programs_database_is_left_alone() {
    let dir = tempdir().unwrap();
    let file = rusqlite::Connection::open(dir.path().join("clavitor.db")).unwrap();
    file.execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)").unwrap();
    drop(file);
    assert!(matches!(refusal(dir.path()), OpenError::Damaged(message) if message.contains("not a Clavitor database")));
}

#[test]
fn a_newer_or_foreign_schema_is_refused() {
    let house = closed();
    let alter = |sql: &str| rusqlite::Connection::open(house.data().join("clavitor.db")).unwrap().execute_batch(sql).unwrap();
    alter("PRAGMA user_version = 99");
    assert!(matches!(refusal(&house.data()), OpenError::Newer(message) if message.contains("newer version")));
    alter("PRAGMA user_version = 1; UPDATE migration SET sha256 = zeroblob(32)");
    assert!(matches!(refusal(&house.data()), OpenError::Newer(message) if message.contains("another build")));
}

#[test]
fn a_process_that_ended_while_it_made_the_file_may_begin_again() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("clavitor.db"), b"").unwrap();
    assert!(open(dir.path()).is_ok());
}

#[test]
fn a_file_nobody_touched_is_checked_right_after_the_start_and_any_other_before() {
    let house = closed();
    let note = house.data().join("clavitor.clean");
    assert!(note.exists());
    let vault = open(&house.data()).unwrap();
    assert!(!note.exists(), "as long as it is open, it is not closed in good order");
    while vault.health().checked_ms == 0 {
        assert_eq!(vault.health().poisoned, None);
        std::thread::yield_now();
    }
    vault.close();
    assert!(note.exists());
    let file = house.data().join("clavitor.db");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, whole).unwrap();
    assert_eq!(open(&house.data()).unwrap().health().checked_ms, START_MS, "written again, with the same bytes: checked before");
}

#[test]
fn damage_that_only_the_later_check_finds_stops_the_store() {
    let house = closed();
    let file = house.data().join("clavitor.db");
    let mut damaged = fs::read(&file).unwrap();
    let pages = damaged.len() / 4096;
    damaged[(pages - 1) * 4096..][..64].fill(0xff);
    fs::write(&file, damaged).unwrap();
    // A note that says all is well, as if the disk itself had rotten.
    use std::os::unix::fs::MetadataExt as _;
    let seen = fs::metadata(&file).unwrap();
    let times = [seen.mtime(), seen.mtime_nsec(), seen.ctime(), seen.ctime_nsec()];
    fs::write(house.data().join("clavitor.clean"), format!("{} {} {times:?}\n", seen.len(), seen.ino())).unwrap();
    let Ok(vault) = open(&house.data()) else { return };
    while vault.health().poisoned.is_none() {
        assert_eq!(vault.health().checked_ms, 0, "a damaged file passed the check");
        std::thread::yield_now();
    }
    assert!(vault.health().poisoned.unwrap().contains("clavitor restore"));
    assert!(matches!(vault.read(START_MS, clavitor_vault::setup::needed), Err(Error::Unavailable(_))));
}

#[test]
fn the_reserve_is_filled_and_given_back() {
    let dir = tempdir().unwrap();
    let options = OpenOptions { ballast_bytes: 100_000, ..options() };
    Vault::open(dir.path(), &options, START_MS).unwrap().close();
    assert_eq!(fs::metadata(dir.path().join("clavitor.ballast")).unwrap().len(), 100_000);
}

#[test]
fn a_full_check_finds_an_index_that_disagrees_and_leaves_nothing_behind() {
    let house = House::safe();
    let copy = house.data().join("clavitor.check");
    fs::write(&copy, "left behind by a crash").unwrap();
    assert_eq!(house.vault.health().full_checked_ms, 0);
    assert_eq!(house.vault.full_check(START_MS + 7), Ok(()));
    assert_eq!(house.vault.health().full_checked_ms, START_MS + 7);
    assert!(!copy.exists());
    house.vault.close();

    forget_an_index_for_a_while(&house.data().join("clavitor.db"));
    let vault = open(&house.data()).unwrap();
    assert_eq!(vault.quick_check(START_MS), Ok(()), "a quick check does not look at it");
    assert!(matches!(vault.full_check(START_MS), Err(Error::Unavailable(why)) if why.contains("damaged")));
    assert!(vault.health().poisoned.is_some() && !copy.exists());
}

#[test]
fn a_full_check_is_remembered_over_a_restart_and_only_for_that_file() {
    let house = House::safe();
    house.vault.full_check(START_MS + 7).unwrap();
    house.vault.close();
    assert_eq!(open(&house.data()).unwrap().health().full_checked_ms, START_MS + 7);
    let note = house.data().join("clavitor.checked");
    let kept = fs::read_to_string(&note).unwrap();
    for bad in ["", "nonsense", "1 2 3", "-7 1"] {
        fs::write(&note, bad).unwrap();
        assert_eq!(open(&house.data()).unwrap().health().full_checked_ms, 0, "{bad:?}");
    }
    fs::write(&note, kept).unwrap();
    let file = house.data().join("clavitor.db");
    fs::copy(&file, house.data().join("copy")).unwrap();
    fs::rename(house.data().join("copy"), &file).unwrap();
    assert_eq!(open(&house.data()).unwrap().health().full_checked_ms, 0, "another file, as after a restore");
}

#[test]
fn checks_and_copies_take_no_reader_from_requests() {
    let house = House::safe();
    let (vault, readers) = (&house.vault, options().readers);
    let (arrive, arrived) = mpsc::channel();
    let (leave, left) = mpsc::channel::<()>();
    let left = Mutex::new(left);
    thread::scope(|scope| {
        for _ in 0..readers {
            let (arrive, left) = (arrive.clone(), &left);
            let request = move |_: &Read<'_>| {
                arrive.send(()).unwrap();
                // Ends when the jobs have ended, or when they evidently do not.
                let _ = left.lock().unwrap().recv_timeout(Duration::from_secs(60));
                Ok(())
            };
            scope.spawn(move || vault.read(START_MS, request));
        }
        (0..readers).for_each(|_| arrived.recv().unwrap());
        let (end, ended) = mpsc::channel();
        scope.spawn(move || {
            let both = (vault.quick_check(START_MS + 3), vault.full_check(START_MS + 4));
            end.send(both).unwrap();
        });
        let found = ended.recv_timeout(Duration::from_secs(50));
        drop(leave);
        assert_eq!(found, Ok((Ok(()), Ok(()))), "they wait for requests, so requests wait for them");
    });
}

/// A row is changed and its index is not.
fn forget_an_index_for_a_while(file: &Path) {
    let open = || rusqlite::Connection::open(file).unwrap();
    let find = "SELECT name, tbl_name, rootpage, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = 'session'";
    let row =
        |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, u32>(2)?, row.get::<_, String>(3)?));
    let (name, table, page, sql) = open().query_row(find, [], row).unwrap();
    let change = |what: &str| open().execute_batch(&format!("PRAGMA writable_schema = ON; {what}")).unwrap();
    change(&format!("DELETE FROM sqlite_schema WHERE name = '{name}'"));
    open().execute_batch(&format!("PRAGMA foreign_keys = OFF; UPDATE {table} SET unlocker_id = randomblob(16)")).unwrap();
    let sql = sql.replace('\'', "''");
    change(&format!(
        "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('index', '{name}', '{table}', {page}, '{sql}')"
    ));
}

#[test]
fn the_store_says_what_room_it_takes() {
    let dir = tempdir().unwrap();
    let space = open(dir.path()).unwrap().space();
    assert!(space.database_bytes.unwrap() >= 4096 && space.log_bytes.is_some());
    assert!(space.disk_used_bytes.unwrap() > 0 && space.disk_free_bytes.unwrap() > 0);
}
