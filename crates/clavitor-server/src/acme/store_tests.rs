//! The folder of accounts and certificates on a real disk: modes, whole replacement, damage, and that backups leave it out.

use clavitor_vault::{OpenOptions as VaultOptions, Vault, backup};

use super::*;

fn certificate(mark: &str) -> Certificate {
    Certificate {
        directory: "https://ca.example/dir".to_owned(),
        names: vec!["vault.example.com".to_owned()],
        way: Way::Http,
        issued_ms: 5,
        key: KeyPem::new(format!("key {mark}")),
        chain: format!("chain {mark}"),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn only_the_user_of_the_node_may_look_in() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join(FOLDER);
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    let store = Store::open(data.path()).unwrap();
    store.keep_certificate(&certificate("a")).unwrap();
    store.keep_attempts(&Attempts::default()).unwrap();
    assert_eq!(mode(&folder), 0o700);
    for entry in fs::read_dir(&folder).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn what_was_kept_comes_back_and_the_newer_one_wins() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    assert!(matches!(store.certificate().unwrap(), Found::Nothing));
    for mark in ["a", "b"] {
        store.keep_certificate(&certificate(mark)).unwrap();
    }
    let Found::Whole(found) = Store::open(data.path()).unwrap().certificate().unwrap() else { panic!() };
    assert_eq!((found.key.expose(), found.chain.as_str(), found.way), ("key b", "chain b", Way::Http));
    store.end_order().unwrap();
}

#[test]
fn a_torn_write_leaves_the_old_file_and_no_trace() {
    let data = tempfile::tempdir().unwrap();
    Store::open(data.path()).unwrap().keep_certificate(&certificate("a")).unwrap();
    let torn = data.path().join(FOLDER).join("certificate.json.tmp");
    fs::write(&torn, "{\"directory\":").unwrap();
    let store = Store::open(data.path()).unwrap();
    assert!(!torn.exists());
    assert!(matches!(store.certificate().unwrap(), Found::Whole(found) if found.key.expose() == "key a"));
}

#[test]
fn a_damaged_file_is_put_aside_and_replaced() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    for damage in ["", "{", "[1,2]", "{\"directory\":\"x\"}", "\u{0}\u{0}"] {
        fs::write(data.path().join(FOLDER).join(CERTIFICATE), damage).unwrap();
        let mut told = Vec::new();
        assert!(store.certificate().unwrap().or_report(&mut |path| told.push(path.to_owned())).is_none());
        assert_eq!(fs::read_to_string(&told[0]).unwrap(), damage, "what was there is kept for whoever looks");
        assert!(matches!(store.certificate().unwrap(), Found::Nothing));
    }
    store.keep_certificate(&certificate("new")).unwrap();
    assert!(matches!(store.certificate().unwrap(), Found::Whole(_)));
}

#[test]
fn authorities_have_an_account_each() {
    assert_ne!(account_name("https://a.example/dir"), account_name("https://b.example/dir"));
    assert!(account_name("https://a.example/../../etc").bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)));
}

#[test]
fn a_backup_carries_no_account_and_no_certificate() {
    let data = tempfile::tempdir().unwrap();
    let options = VaultOptions { ballast_bytes: 1 << 20, ..VaultOptions::default() };
    let vault = Vault::open(data.path(), &options, 1).unwrap();
    Store::open(data.path()).unwrap().keep_certificate(&certificate("a")).unwrap();
    let code = vault.write_wait(1, backup::make_code).unwrap();
    let (file, other) = (data.path().join("backup.clv"), tempfile::tempdir().unwrap());
    let info = backup::write(&vault, 1, &file).unwrap();
    vault.close();
    backup::restore(&file, &code, other.path(), 2).unwrap();
    assert!(!other.path().join(FOLDER).exists());
    assert_eq!(info.database_bytes, fs::metadata(other.path().join("clavitor.db")).unwrap().len(), "the database is all there is in it");
}
