//! Copies of the database as files of their own: for backups, and for what comes out of them.

use std::path::Path;

use clavitor_crypto::sign::PublicKey;
use rusqlite::{Connection, OpenFlags, backup::Backup};

use super::{Vault, engine, folder::private_file, migrate, tx::Fault, upkeep::Upkeep};
use crate::{Error, Result};

/// What is in a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) database_id: [u8; 16],
    pub(crate) log_key: PublicKey,
    pub(crate) vaults: u64,
    pub(crate) entries: u64,
}

impl Vault {
    /// Writes one consistent state of the live database to a new file that only its owner can read. Neither writers nor requests are held up.
    pub(crate) fn copy_to(&self, file: &Path) -> Result<()> {
        private_file().create_new(true).open(file).map_err(|error| Error::Internal(format!("{}: {error}", file.display())))?;
        let source = Upkeep::open(self.shared())?;
        let mut target = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(fault)?;
        Backup::new(&source, &mut target).and_then(|backup| backup.step(-1)).map_err(fault)?;
        // One file without a log beside it.
        target.pragma_update(None, "journal_mode", "DELETE").map_err(fault)?;
        target.close().map_err(|(_, error)| fault(error))
    }
}

/// Checks that a file is a whole database of a schema this program knows, and says what is in it.
pub(crate) fn inspect(file: &Path) -> Result<Contents> {
    let damaged = |why: rusqlite::Error| {
        let _ = why;
        Error::NotValid("the database in the backup is damaged")
    };
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(damaged)?;
    engine::check(&connection, file).map_err(|_| Error::NotValid("the database in the backup is damaged or not Clavitor's"))?;
    let schema: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(damaged)?;
    if schema == 0 || schema > migrate::SCHEMA {
        return Err(Error::NotValid("the backup was made by a newer version of this program"));
    }
    let counts = "SELECT database_id, log_key, (SELECT count(*) FROM vault), (SELECT count(*) FROM entry) FROM node WHERE one = 1";
    let row = connection.query_row(counts, [], |row| {
        let key: [u8; 32] = row.get(1)?;
        Ok((row.get(0)?, key, row.get::<_, u32>(2)?, row.get::<_, u32>(3)?))
    });
    let (database_id, key, vaults, entries) = row.map_err(damaged)?;
    let log_key = PublicKey::parse(&key).map_err(|_| Error::NotValid("the database in the backup has no log key"))?;
    Ok(Contents { database_id, log_key, vaults: vaults.into(), entries: entries.into() })
}

fn fault(error: rusqlite::Error) -> Error {
    Fault::from(error).into()
}
