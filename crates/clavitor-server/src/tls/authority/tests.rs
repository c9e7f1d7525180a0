//! The local authority: what it may sign for, what lies on the disk, when a new one is made.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::tls::Life;

const NOW_S: u64 = 1_795_348_800;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn it_is_kept_as_long_as_it_serves_and_made_anew_when_it_does_not() {
    let data = tempfile::tempdir().unwrap();
    let first = Authority::open(data.path(), &names(&["localhost", "vault.test"]), NOW_S).unwrap();
    assert!(first.is_new());
    let pem = fs::read(first.certificate()).unwrap();
    let again = |asked: &[&str], now_s| {
        let opened = Authority::open(data.path(), &names(asked), now_s).unwrap();
        (opened.is_new(), fs::read(opened.certificate()).unwrap() == pem)
    };
    assert_eq!(again(&["vault.test"], NOW_S + 600 * DAY_S), (false, true));
    assert_eq!(again(&["other.test"], NOW_S), (true, false), "a name it is not for");
    fs::write(first.certificate(), &pem).unwrap();
    assert_eq!(again(&["localhost"], NOW_S + 700 * DAY_S), (true, false), "it ends soon");
}

#[test]
fn nobody_else_reads_the_folder_and_a_foreign_key_is_refused() {
    let data = tempfile::tempdir().unwrap();
    Authority::open(data.path(), &names(&["localhost"]), NOW_S).unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = data.path().join(FOLDER);
    assert_eq!((mode(folder.clone()), mode(folder.join(KEY)), mode(folder.join(CERTIFICATE))), (0o700, 0o600, 0o600));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "and nothing half-written");
    fs::write(folder.join(KEY), "nonsense").unwrap();
    let refused = Authority::open(data.path(), &names(&["localhost"]), NOW_S).err().unwrap().to_string();
    assert!(refused.contains("ca.key") && refused.contains("remove the folder"), "{refused}");
}

#[test]
fn what_it_signs_lasts_a_month_and_is_for_the_names() {
    let data = tempfile::tempdir().unwrap();
    let asked = names(&["vault.test", "localhost"]);
    let authority = Authority::open(data.path(), &asked, NOW_S).unwrap();
    let issued = authority.issue(&asked, NOW_S).unwrap();
    let life = Life::of(&issued.cert[0]).unwrap();
    assert_eq!((life.names.clone(), life.days_left(NOW_S)), (asked.clone(), 30));
    assert!(life.issuer.contains("development authority"), "{}", life.issuer);
    assert_ne!(authority.issue(&asked, NOW_S).unwrap().cert[0], issued.cert[0], "a new key each time");
}
