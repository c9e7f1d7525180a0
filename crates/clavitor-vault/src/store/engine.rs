//! SQLite as durability needs it: library version, settings made and read back, and the check of the whole file.

use std::{fs::File, path::Path};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig, ffi, limits::Limit};
use rustix::io::Errno;

use super::OpenError;

/// Older libraries can lose committed data when a checkpoint overlaps a reset of the write-ahead log.
const LIBRARY_MIN: i32 = 3_051_003;
/// "CLVT".
const APPLICATION_ID: i32 = 0x434c_5654;
const STATEMENTS_MAX: usize = 128;
const VALUE_BYTES_MAX: i32 = 8 << 20;

/// Which side of the store a connection is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Writer,
    Reader,
}

/// Settings and what they must read back as.
const SETTINGS: [(&str, &str, &str); 11] = [
    ("synchronous", "FULL", "2"),
    ("foreign_keys", "ON", "1"),
    ("busy_timeout", "5000", "5000"),
    ("trusted_schema", "OFF", "0"),
    ("cell_size_check", "ON", "1"),
    ("secure_delete", "ON", "1"),
    ("mmap_size", "0", "0"),
    ("temp_store", "MEMORY", "2"),
    ("journal_size_limit", "67108864", "67108864"),
    ("cache_size", "-2048", "-2048"),
    ("wal_autocheckpoint", "0", "0"),
];

pub(super) fn open(file: &Path, side: Side) -> Result<Connection, OpenError> {
    let library = rusqlite::version_number();
    if library < LIBRARY_MIN {
        return Err(OpenError::Engine(format!("SQLite {} is too old: 3.51.3 or newer is needed", rusqlite::version())));
    }
    let flags = match side {
        Side::Writer => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Side::Reader => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(|error| failed(file, &error))?;
    configure(&connection, side).map_err(|error| failed(file, &error))?;
    read_back(&connection, file)?;
    Ok(connection)
}

fn configure(connection: &Connection, side: Side) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // Without this promise a library built with STAT4 prepares some statements anew whenever their parameters change.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, if side == Side::Writer { 1 } else { 0 })?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    if side == Side::Writer {
        connection.pragma_update(None, "journal_mode", "WAL")?;
    }
    for (name, value, _) in SETTINGS {
        connection.pragma_update(None, name, value)?;
    }
    Ok(())
}

fn read_back(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    let expected = SETTINGS.iter().map(|(name, _, value)| (*name, *value)).chain([("journal_mode", "wal")]);
    for (name, value) in expected {
        let found = setting(connection, name).map_err(|error| failed(file, &error))?;
        if found != value {
            return Err(OpenError::Engine(format!("PRAGMA {name} is {found} and must be {value}; the file system may not support it")));
        }
    }
    Ok(())
}

fn setting(connection: &Connection, name: &str) -> rusqlite::Result<String> {
    connection.pragma_query_value(None, name, |row| {
        Ok(match row.get_ref(0)? {
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            other => other.as_str().unwrap_or_default().to_owned(),
        })
    })
}

/// Marks a new database as ours.
pub(super) fn mark(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)
}

/// Refuses a file that is not ours or that is damaged.
pub(super) fn check(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(|error| failed(file, &error))?;
    if id != APPLICATION_ID {
        return Err(OpenError::Damaged(format!("{} is not a Clavitor database; nothing was changed in it", file.display())));
    }
    let found = quick_check(connection).map_err(|error| failed(file, &error))?;
    if found == ["ok"] { Ok(()) } else { Err(damaged(file, &found.join("; "))) }
}

/// `PRAGMA quick_check`: `ok`, or what is wrong.
pub(crate) fn quick_check(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection.prepare("PRAGMA quick_check(5)")?.query_map([], |row| row.get(0))?.collect()
}

/// `PRAGMA integrity_check`: also that indexes and tables agree. Takes far longer than [`quick_check`].
pub(super) fn integrity_check(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection.prepare("PRAGMA integrity_check(5)")?.query_map([], |row| row.get(0))?.collect()
}

/// What an error says of the file: that it is bad, or that it could not be looked at now.
fn failed(file: &Path, error: &rusqlite::Error) -> OpenError {
    if !passes(file, error) {
        return damaged(file, error);
    }
    let file = file.display();
    OpenError::Busy(format!(
        "{file} cannot be read just now ({error}). Nothing says that it is damaged; look at memory and open files (`ulimit -n`)."
    ))
}

/// Whether the system had no file or no memory to give, which says nothing of the database. A lock is no such thing: nobody else may be there, and a file
/// that was cut short looks locked.
fn passes(file: &Path, error: &rusqlite::Error) -> bool {
    let Some(code) = error.sqlite_error() else { return false };
    match code.code {
        ErrorCode::OutOfMemory => true,
        // The library does not say why; the system does.
        ErrorCode::CannotOpen => File::open(file).map_or_else(|error| is_shortage(&error), |_| true),
        _ => code.extended_code == ffi::SQLITE_IOERR_NOMEM,
    }
}

fn is_shortage(error: &std::io::Error) -> bool {
    let shortages = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::INTR, Errno::AGAIN];
    Errno::from_io_error(error).is_some_and(|errno| shortages.contains(&errno))
}

fn damaged(file: &Path, what: &dyn std::fmt::Display) -> OpenError {
    OpenError::Damaged(format!(
        "{file} is damaged and will not be served ({what}). Keep the folder as it is, then bring back a backup with `clavitor restore`; \
         restore keeps the damaged file beside it.",
        file = file.display()
    ))
}
