//! Backups: taken while people work, opened by the code alone, restored without losing what was there.

use std::{fs, path::Path};

use clavitor_vault::{Error, Vault, backup, entries};

use crate::house::{House, options, stored};

fn coded(house: &House) -> String {
    house.vault.write_wait(house.now_ms, backup::make_code).unwrap().to_string()
}

fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_backup_holds_everything_and_only_the_code_opens_it() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let file = house.dir.path().join("backup");
    assert!(matches!(backup::write(&house.vault, house.now_ms, &file), Err(Error::BadRequest(_))), "no code yet");
    assert!(!house.vault.read(house.now_ms, backup::has_code).unwrap());
    let code = coded(&house);
    let info = backup::write(&house.vault, house.now_ms, &file).unwrap();
    assert_eq!((info.vaults, info.entries, info.taken_ms), (1, 1, house.now_ms));
    assert_eq!(backup::verify(&file, &code), Ok(info));
    assert_eq!(backup::verify(&file, &code.to_lowercase().replace('-', " ")), Ok(info));
    assert!(matches!(backup::verify(&file, &coded(&House::new())), Err(Error::NotValid(_))));
    assert!(matches!(backup::verify(&file, "not a code"), Err(Error::BadRequest(_))));
    assert!(matches!(backup::write(&house.vault, house.now_ms, &file), Err(Error::BadRequest(_))), "never over a file");
    assert_eq!(files(house.dir.path()), ["backup", "data"], "nothing else is left behind");
    let sealed = fs::read(&file).unwrap();
    for clear in [b"SQLite format".as_slice(), &house.person.vault().0, &id.0] {
        assert!(!sealed.windows(clear.len()).any(|window| window == clear));
    }
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_backup_larger_than_a_chunk_is_taken_while_others_write() {
    let mut house = House::safe();
    let big = "x".repeat(200_000);
    for number in 0..8 {
        let draft = crate::house::login(number);
        let note = clavitor_person::FieldDraft::new(
            clavitor_crypto::FieldId([9; 16]),
            clavitor_crypto::field_kind::FieldKind::Note,
            "note",
            big.as_bytes(),
        );
        house.add(draft.with(note)).unwrap();
    }
    let code = coded(&house);
    let (file, vault, now_ms) = (house.dir.path().join("backup"), house.vault.clone(), house.now_ms);
    let info = std::thread::scope(|scope| {
        let (path, backing) = (file.clone(), vault.clone());
        let taken = scope.spawn(move || backup::write(&backing, now_ms, &path));
        for number in 100..120 {
            house.add_login(number);
        }
        taken.join().unwrap().unwrap()
    });
    assert!(info.chunks >= 2);
    assert!((8..=28).contains(&info.entries));
    assert_eq!(backup::verify(&file, &code), Ok(info));
}

#[test]
fn any_damage_to_a_backup_is_found() {
    let mut house = House::safe();
    house.add_login(1);
    let code = coded(&house);
    let file = house.dir.path().join("backup");
    backup::write(&house.vault, house.now_ms, &file).unwrap();
    let whole = fs::read(&file).unwrap();
    let damaged = house.dir.path().join("damaged");
    let verify = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        backup::verify(&damaged, &code)
    };
    for length in [0, 4, 8, 24, 30, whole.len() / 2, whole.len() - 1] {
        assert!(matches!(verify(&whole[..length]), Err(Error::NotValid(_))), "cut at {length}");
    }
    for at in [0, 10, 25, 40, 110, 150, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert!(matches!(verify(&changed), Err(Error::NotValid(_))), "changed at {at}");
    }
    assert!(matches!(verify(&[whole.as_slice(), b"x"].concat()), Err(Error::NotValid(_))), "longer");
    assert!(matches!(backup::verify(&house.dir.path().join("none"), &code), Err(Error::BadRequest(_))));
}

#[test]
fn a_restore_brings_back_the_node_and_keeps_what_was_there() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let code = coded(&house);
    let file = house.dir.path().join("backup");
    backup::write(&house.vault, house.now_ms, &file).unwrap();
    let log_key = house.vault.log_key();
    house.add_login(2);
    assert!(matches!(backup::restore(&file, &code, &house.data(), house.now_ms), Err(Error::Unavailable(_))), "while the node runs");
    house.vault.close();
    fs::write(house.data().join("clavitor.db-wal"), b"stale").unwrap();
    let wrong = coded(&House::new());
    assert!(backup::restore(&file, &wrong, &house.data(), house.now_ms).is_err());
    let info = backup::restore(&file, &code, &house.data(), house.now_ms).unwrap();
    assert_eq!(info.entries, 1);
    let names = files(&house.data());
    for kept in ["clavitor.db.before-restore-", "clavitor.db-wal.before-restore-", "node.key.before-restore-"] {
        assert!(names.iter().any(|name| name.starts_with(kept)), "{kept} in {names:?}");
    }
    house.reopen();
    assert_eq!(house.vault.log_key(), log_key);
    assert_eq!(house.read(|r, owner| entries::page(r, owner, None, 10)).unwrap().total, 1);
    assert_eq!(house.person.load_entry(&stored(&house.detail(id).unwrap())).unwrap(), id);
}

#[test]
fn a_restore_makes_a_node_on_an_empty_machine() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let code = coded(&house);
    let file = house.dir.path().join("backup");
    backup::write(&house.vault, house.now_ms, &file).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let dir = elsewhere.path().join("data");
    backup::restore(&file, &code, &dir, house.now_ms).unwrap();
    house.vault = Vault::open(&dir, &options(), house.now_ms).unwrap();
    house.sign_in();
    assert_eq!(house.person.load_entry(&stored(&house.detail(id).unwrap())).unwrap(), id);
    house.add_login(2);
}
