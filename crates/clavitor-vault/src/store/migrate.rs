//! Forward-only migrations: numbered files whose hashes are kept, a copy before each step, and a refusal of what is newer.

use std::path::Path;

use clavitor_crypto::hash::sha256;
use rusqlite::{Connection, params};

use super::{OpenError, engine};

/// Each file as it landed. A landed file is never edited; a new one is added.
const MIGRATIONS: [&str; 2] = [include_str!("../../migrations/0001_first.sql"), include_str!("../../migrations/0002_manifests.sql")];

/// The schema of this program.
pub(crate) const SCHEMA: u32 = MIGRATIONS.len() as u32;

/// Brings a database to [`SCHEMA`]. A new file has schema 0.
pub(super) fn run(connection: &mut Connection, file: &Path, now_ms: u64) -> Result<(), OpenError> {
    run_all(connection, file, now_ms, &MIGRATIONS)
}

fn run_all(connection: &mut Connection, file: &Path, now_ms: u64, migrations: &[&str]) -> Result<(), OpenError> {
    let newest = migrations.len() as u32;
    let from: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(|error| failed(0, &error))?;
    if from > newest {
        return Err(OpenError::Newer(format!(
            "{} has schema {from} and this program knows {newest}: it was written by a newer version. Install that version, or restore an older backup.",
            file.display()
        )));
    }
    verify_applied(connection, from, migrations)?;
    if from > 0 && from < newest {
        keep_copy(connection, file, from)?;
    }
    for (number, sql) in (1..).zip(migrations).skip(from as usize) {
        apply(connection, number, sql, now_ms).map_err(|error| failed(number, &error))?;
    }
    Ok(())
}

fn apply(connection: &mut Connection, number: u32, sql: &str, now_ms: u64) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    if number == 1 {
        transaction.execute_batch(
            "CREATE TABLE migration (number INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, applied_ms INTEGER NOT NULL) STRICT",
        )?;
        engine::mark(&transaction)?;
    }
    transaction.execute_batch(sql)?;
    transaction.execute(
        "INSERT INTO migration (number, sha256, applied_ms) VALUES ($1, $2, $3)",
        params![number, sha256(&[sql.as_bytes()]), i64::try_from(now_ms).unwrap_or(i64::MAX)],
    )?;
    transaction.pragma_update(None, "user_version", number)?;
    transaction.commit()
}

fn verify_applied(connection: &Connection, schema: u32, migrations: &[&str]) -> Result<(), OpenError> {
    for (number, sql) in (1..=schema).zip(migrations) {
        let kept: Vec<u8> = connection
            .query_row("SELECT sha256 FROM migration WHERE number = $1", [number], |row| row.get(0))
            .map_err(|error| failed(number, &error))?;
        if kept != sha256(&[sql.as_bytes()]) {
            return Err(OpenError::Newer(format!(
                "schema step {number} of the database is not the one this program knows: it was written by another build. Use that build."
            )));
        }
    }
    Ok(())
}

fn keep_copy(connection: &Connection, file: &Path, schema: u32) -> Result<(), OpenError> {
    let copy = file.with_file_name(format!("clavitor.db.schema-{schema}"));
    if copy.exists() {
        std::fs::remove_file(&copy).map_err(|error| OpenError::Folder(format!("{}: {error}", copy.display())))?;
    }
    connection.execute("VACUUM INTO $1", [copy.to_string_lossy()]).map_err(|error| {
        OpenError::Folder(format!("the copy {} before the change of schema could not be written: {error}", copy.display()))
    })?;
    super::folder::sync_file(&copy)
}

fn failed(number: u32, error: &rusqlite::Error) -> OpenError {
    OpenError::Damaged(format!("schema step {number}: {error}. The database was left as it was; restore a backup if it stays so."))
}

#[cfg(test)]
#[path = "migrate_tests.rs"]
mod tests;
