//! A look at the database of a node that does not run. Nothing is migrated, made or changed.

use std::path::Path;

use super::{
    OpenError,
    engine::{self, Side},
    folder::Folder,
    migrate,
};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Examined {
    /// Schema version of the file.
    pub schema: u32,
    /// The schema this program works with.
    pub schema_of_program: u32,
    /// Bytes of the database.
    pub database_bytes: u64,
    /// Vaults.
    pub vaults: u64,
    /// Whether there is a backup code.
    pub has_backup_code: bool,
}

/// Checks the whole database in the folder `dir`, which no node may use meanwhile.
///
/// # Errors
/// [`OpenError`]; each message says what to do.
pub fn examine(dir: &Path) -> Result<Examined, OpenError> {
    let folder = Folder::lock(dir, None)?;
    let file = folder.database();
    if folder.is_new()? {
        return Err(OpenError::Folder(format!("there is no database in {}", dir.display())));
    }
    let connection = engine::open(&file, Side::Reader)?;
    engine::check(&connection, &file)?;
    let failed = |error: rusqlite::Error| OpenError::Damaged(format!("{}: {error}", file.display()));
    let schema = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let sql = "SELECT (SELECT count(*) FROM vault), backup_key IS NOT NULL FROM node WHERE one = 1";
    let (vaults, has_backup_code) = connection.query_row(sql, [], |row| Ok((row.get::<_, u32>(0)?, row.get(1)?))).map_err(failed)?;
    let database_bytes = std::fs::metadata(&file).map_or(0, |file| file.len());
    Ok(Examined { schema, schema_of_program: migrate::SCHEMA, database_bytes, vaults: vaults.into(), has_backup_code })
}
