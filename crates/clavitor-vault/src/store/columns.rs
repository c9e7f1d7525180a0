//! What every column may hold, compared with the live schema by a test. A new column is refused until somebody says here what it is.

/// How a column's content is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// Sealed to keys that the node does not have at rest.
    Sealed,
    /// A hash of a secret, or of something public; it opens nothing.
    Hashed,
    /// Readable by whoever has the file: ids, numbers, times, public keys, signed structure. Never a title, a value, or a key that opens something.
    Clear,
}

use Class::{Clear, Hashed, Sealed};

const COLUMNS: &[(&str, &[(&str, Class)])] = &[
    (
        "agent",
        &[
            ("agent_id", Clear),
            ("vault_id", Clear),
            ("kind", Clear),
            ("state", Clear),
            ("ed25519", Clear),
            ("x25519", Clear),
            ("per_minute", Clear),
            ("per_hour", Clear),
            ("not_after_s", Clear),
            ("last_seen_ms", Clear),
            ("locked", Clear),
            ("cooling_until_ms", Clear),
            ("last_breach_ms", Clear),
        ],
    ),
    ("agent_scope", &[("agent_id", Clear), ("scope_id", Clear), ("capabilities", Clear)]),
    // An event holds ids, words of a closed list, and the reason an agent gave.
    ("audit_event", &[("vault_id", Clear), ("seq", Clear), ("bytes", Clear)]),
    ("audit_node", &[("vault_id", Clear), ("level", Clear), ("position", Clear), ("hash", Hashed)]),
    ("budget_entry", &[("agent_id", Clear), ("entry_id", Clear), ("last_ms", Clear)]),
    // The state of a ceremony holds a challenge that is worth nothing without the authenticator.
    (
        "ceremony",
        &[("ceremony_id", Clear), ("purpose", Clear), ("vault_id", Clear), ("state", Clear), ("begun", Clear), ("expires_ms", Clear)],
    ),
    (
        "commit_log",
        &[
            ("vault_id", Clear),
            ("seq", Clear),
            ("epoch", Clear),
            ("time_ms", Clear),
            ("kind", Clear),
            ("subject", Clear),
            ("log_size", Clear),
            ("replicated_at", Clear),
        ],
    ),
    (
        "enrolment",
        &[
            ("agent_id", Clear),
            ("auth_hash", Hashed),
            ("record", Sealed),
            ("expires_ms", Clear),
            ("ed25519", Clear),
            ("x25519", Clear),
            ("mac", Hashed),
        ],
    ),
    // A header names field ids, kinds, tiers, hashes, scopes and the origins where an entry may be used; titles and values are in records.
    (
        "entry",
        &[
            ("vault_id", Clear),
            ("entry_id", Clear),
            ("version", Clear),
            ("deleted", Clear),
            ("tier3", Clear),
            ("vault_epoch", Clear),
            ("ek_epoch", Clear),
            ("summary_version", Clear),
            ("header", Clear),
        ],
    ),
    (
        "entry_grant",
        &[
            ("vault_id", Clear),
            ("entry_id", Clear),
            ("scope_id", Clear),
            ("tier", Clear),
            ("ek_epoch", Clear),
            ("scope_epoch", Clear),
            ("vault_epoch", Clear),
            ("record", Sealed),
        ],
    ),
    ("entry_scope", &[("vault_id", Clear), ("entry_id", Clear), ("scope_id", Clear)]),
    ("entry_version", &[("vault_id", Clear), ("entry_id", Clear), ("version", Clear), ("header", Clear)]),
    ("field_record", &[("vault_id", Clear), ("entry_id", Clear), ("field_id", Clear), ("version", Clear), ("record", Sealed)]),
    ("hosted_grant", &[("agent_id", Clear), ("scope_id", Clear), ("scope_epoch", Clear), ("record", Sealed)]),
    ("hosted_token", &[("agent_id", Clear), ("auth_hash", Hashed)]),
    (
        "learnt",
        &[
            ("agent_id", Clear),
            ("entry_id", Clear),
            ("field_id", Clear),
            ("field_version", Clear),
            ("mode", Clear),
            ("first_ms", Clear),
            ("last_ms", Clear),
            ("times", Clear),
        ],
    ),
    // Signed, not sealed: who may do what, without a name.
    ("manifest_version", &[("vault_id", Clear), ("version", Clear), ("manifest", Clear)]),
    ("migration", &[("number", Clear), ("sha256", Hashed), ("applied_ms", Clear)]),
    // Both keys are public ones.
    ("node", &[("one", Clear), ("database_id", Clear), ("log_key", Clear), ("backup_key", Clear)]),
    // The state of a passkey is its public key and counter.
    ("passkey", &[("credential_id", Clear), ("vault_id", Clear), ("unlocker_id", Clear), ("state", Clear), ("synced", Clear)]),
    ("previous_vmk", &[("vault_id", Clear), ("vault_epoch", Clear), ("record", Sealed)]),
    ("scope", &[("vault_id", Clear), ("scope_id", Clear), ("scope_epoch", Clear), ("ek_epoch_min", Clear)]),
    ("scope_wrap", &[("agent_id", Clear), ("scope_id", Clear), ("scope_epoch", Clear), ("wrap", Sealed)]),
    (
        "session",
        &[
            ("token_hash", Hashed),
            ("vault_id", Clear),
            ("unlocker_id", Clear),
            ("seen_ms", Clear),
            ("fresh_until_ms", Clear),
            ("ends_ms", Clear),
        ],
    ),
    ("setup_link", &[("token_hash", Hashed), ("expires_ms", Clear)]),
    ("unlocker", &[("vault_id", Clear), ("unlocker_id", Clear), ("record", Sealed), ("sealed_vmk", Sealed), ("last_used_ms", Clear)]),
    (
        "vault",
        &[
            ("vault_id", Clear),
            ("manifest", Clear),
            ("usk", Sealed),
            ("names", Sealed),
            ("created_ms", Clear),
            ("change_count", Clear),
            ("entries", Clear),
            ("recovery_release_ms", Clear),
            ("recovery_misses", Clear),
            ("recovery_misses_since_ms", Clear),
        ],
    ),
];

#[test]
fn every_column_is_classified() {
    let dir = tempfile::tempdir().unwrap();
    let options = super::OpenOptions { ballast_bytes: 0, ..super::OpenOptions::default() };
    super::Vault::open(dir.path(), &options, 1).unwrap().close();
    let database = rusqlite::Connection::open(dir.path().join(super::folder::DATABASE)).unwrap();
    let sql = "SELECT m.name, p.name FROM sqlite_schema m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' ORDER BY m.name, p.cid";
    let mut statement = database.prepare(sql).unwrap();
    let live: Vec<(String, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap();
    let classified: Vec<(String, String)> =
        COLUMNS.iter().flat_map(|(table, columns)| columns.iter().map(|(column, _)| ((*table).to_owned(), (*column).to_owned()))).collect();
    assert_eq!(live, classified);
}

#[test]
fn what_opens_something_is_sealed() {
    let sealed = COLUMNS
        .iter()
        .flat_map(|(table, columns)| columns.iter().filter(|(_, class)| *class == Sealed).map(move |(column, _)| (*table, *column)));
    let names: Vec<_> = sealed.map(|(table, column)| format!("{table}.{column}")).collect();
    assert_eq!(
        names.join(" "),
        "enrolment.record entry_grant.record field_record.record hosted_grant.record previous_vmk.record scope_wrap.wrap unlocker.record \
         unlocker.sealed_vmk vault.usk vault.names"
    );
}

/// PostgreSQL will be a second store: no statement may use what only SQLite has.
#[test]
fn statements_keep_to_the_common_subset() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    // These three speak to SQLite itself: settings, schema, copies.
    let engine = ["engine.rs", "migrate.rs", "copy.rs", "columns.rs", "vault.rs", "writer.rs", "transaction.rs"];
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if engine.contains(&path.file_name().unwrap().to_str().unwrap()) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for only_sqlite in
            ["INSERT OR ", "REPLACE INTO", "PRAGMA", "rowid", "ifnull(", "datetime(", "AUTOINCREMENT", "?1", "GLOB", "randomblob"]
        {
            assert!(!text.contains(only_sqlite), "{} uses {only_sqlite}", path.display());
        }
    }
}

/// `replicated_at` is there for replication; nothing here reads or writes it.
#[test]
fn nothing_names_replicated_at() {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("columns.rs") {
                assert!(!std::fs::read_to_string(&path).unwrap().contains("replicated_at"), "{}", path.display());
            }
        }
    }
}
