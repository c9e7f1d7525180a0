//! Every schema that ever landed: its pinned database opens with this program, and everything in it opens with the owner's passkey.

use std::{fs, path::Path};

use clavitor_crypto::VaultId;
use clavitor_vault::{agents, audit, entries};

use crate::house::{House, PASSWORD, START_MS, hosted_login, options, with_card};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
const VAULT: VaultId = VaultId([0x5c; 16]);
const ENTRIES: u64 = 3;

/// Copies the folder of a fixture, so that it stays as it is.
fn copy_of(fixture: &Path) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    for file in fs::read_dir(fixture).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), data.join(file.file_name())).unwrap();
        fs::set_permissions(data.join(file.file_name()), fs::Permissions::from_mode(0o600)).unwrap();
    }
    dir
}

#[test]
fn every_landed_schema_opens() {
    let fixtures: Vec<_> = fs::read_dir(FIXTURES).unwrap().map(|fixture| fixture.unwrap().path()).collect();
    let dir = tempfile::tempdir().unwrap();
    let newest = clavitor_vault::Vault::open(dir.path(), &options(), START_MS).unwrap().health().schema;
    assert_eq!(fixtures.len() as u32, newest, "each schema has its pinned database");
    for fixture in fixtures {
        let dir = copy_of(&fixture);
        let mut house = House::back_at(dir.path(), &options(), VAULT, START_MS + 1000);
        assert_eq!(house.vault.health().schema, newest);
        let page = house.read(|r, owner| entries::page(r, owner, None, 100)).unwrap();
        assert_eq!(page.total, ENTRIES);
        for entry in page.entries {
            house.open(entry.entry_id);
        }
        assert_eq!(house.read(agents::list).unwrap().len(), 2);
        let mut lines = Vec::new();
        let exported = house.read(|r, _| audit::export(r, VAULT, &mut lines)).unwrap();
        let verdict = audit::verify(&mut std::io::Cursor::new(lines), &exported.checkpoint, &house.vault.log_key(), None);
        assert_eq!(verdict.exit_code(), 0);
        house.add_login(99);
    }
}

/// Makes the fixture of the newest schema. Run it once, when a schema lands: `cargo test -p clavitor-vault -- --ignored pin_the_newest_schema`.
#[test]
#[ignore = "writes tests/fixtures; a landed fixture is never made again"]
fn pin_the_newest_schema() {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::at_with(dir.path(), VAULT);
    house.add_recovery();
    let first = house.add(with_card(hosted_login(1))).unwrap();
    house.add_login(2);
    let third = house.add_login(3);
    let agent = house.enrol(&house.terms());
    house.host(&house.terms());
    house.release(&agent, first, PASSWORD).unwrap();
    let changes = house.person.edit_entry(third, |draft| draft.deleted = clavitor_crypto::header::Deleted::Trash, house.now_ms).unwrap();
    house.apply(changes).unwrap();
    house.vault.close();
    let target = Path::new(FIXTURES).join(format!("schema-{}", house.vault.health().schema));
    assert!(!target.exists(), "{} is pinned already", target.display());
    fs::create_dir_all(&target).unwrap();
    for file in ["clavitor.db", "node.key", "clavitor.marker"] {
        fs::copy(house.data().join(file), target.join(file)).unwrap();
    }
}
