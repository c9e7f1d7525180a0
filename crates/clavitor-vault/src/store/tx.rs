//! The narrow transaction type: SQL text with `$1` parameters in, rows of plain values out.

use std::cell::{Cell, RefCell};

use rusqlite::{Connection, ErrorCode, ffi, types::ValueRef};

use crate::Error;

/// What went wrong below the store, sorted by what has to happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No room: the transaction is undone and the store goes on.
    Full,
    /// A read, write or sync failed, or the file is damaged: the store stops.
    Broken(String),
    /// A mistake of ours.
    Other(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        let Some(code) = error.sqlite_error() else { return Self::Other(text) };
        match code.code {
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly => Self::Broken(format!("{text} (code {})", code.extended_code)),
            _ if code.extended_code & 0xff == ffi::SQLITE_IOERR => Self::Broken(text),
            _ => Self::Other(text),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Full => Self::Unavailable("the disk is full"),
            Fault::Broken(_) => Self::Unavailable("the store stopped after an input or output error"),
            Fault::Other(text) => Self::Internal(text),
        }
    }
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

macro_rules! value_from_int {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Value<'_> {
            fn from(number: $kind) -> Self {
                Self::Int(i64::from(number))
            }
        }
    )*};
}
value_from_int!(bool, u8, u32);

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(rusqlite::types::ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Parameters in the order of their numbers.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::store::tx::Value::from($value)),*] };
}
pub(crate) use values;

/// One row of an answer.
pub(crate) struct Row<'r>(&'r rusqlite::Row<'r>);

type Got<T> = Result<T, Fault>;

impl Row<'_> {
    pub(crate) fn u64(&self, column: usize) -> Got<u64> {
        let number: i64 = self.0.get(column)?;
        u64::try_from(number).map_err(|_| Fault::Other(format!("negative number in column {column}")))
    }

    pub(crate) fn u32(&self, column: usize) -> Got<u32> {
        u32::try_from(self.u64(column)?).map_err(|_| Fault::Other(format!("number too large in column {column}")))
    }

    pub(crate) fn u8(&self, column: usize) -> Got<u8> {
        u8::try_from(self.u64(column)?).map_err(|_| Fault::Other(format!("number too large in column {column}")))
    }

    pub(crate) fn bool(&self, column: usize) -> Got<bool> {
        Ok(self.u64(column)? != 0)
    }

    pub(crate) fn u64_if(&self, column: usize) -> Got<Option<u64>> {
        if self.is_null(column)? { Ok(None) } else { self.u64(column).map(Some) }
    }

    pub(crate) fn bytes(&self, column: usize) -> Got<Vec<u8>> {
        Ok(self.0.get_ref(column)?.as_blob().map_err(|error| Fault::Other(error.to_string()))?.to_vec())
    }

    pub(crate) fn bytes_if(&self, column: usize) -> Got<Option<Vec<u8>>> {
        if self.is_null(column)? { Ok(None) } else { self.bytes(column).map(Some) }
    }

    pub(crate) fn array<const N: usize>(&self, column: usize) -> Got<[u8; N]> {
        let bytes = self.0.get_ref(column)?.as_blob().map_err(|error| Fault::Other(error.to_string()))?;
        bytes.try_into().map_err(|_| Fault::Other(format!("{} bytes instead of {N} in column {column}", bytes.len())))
    }

    pub(crate) fn text(&self, column: usize) -> Got<String> {
        Ok(self.0.get(column)?)
    }

    fn is_null(&self, column: usize) -> Got<bool> {
        Ok(matches!(self.0.get_ref(column)?, ValueRef::Null))
    }
}

/// A transaction on one connection. It remembers the worst fault, so that the writer sees it even when a job made something else of it.
pub(crate) struct Tx<'c> {
    connection: &'c Connection,
    worst: RefCell<Option<Fault>>,
    state: Cell<State>,
}

/// How far a read transaction has come. One that takes nothing from the file costs nothing there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not a read transaction, or one that has begun.
    Begun,
    /// Begins with its first statement.
    Waits,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self { connection, worst: RefCell::new(None), state: Cell::new(State::Begun) }
    }

    /// A read transaction, which begins with its first statement.
    pub(crate) fn reading(connection: &'c Connection) -> Self {
        Self { state: Cell::new(State::Waits), ..Self::new(connection) }
    }

    /// Ends a read transaction.
    pub(crate) fn end_reading(&self) -> Result<(), Fault> {
        if self.state.replace(State::Begun) == State::Waits { Ok(()) } else { self.execute("ROLLBACK", &[]).map(drop) }
    }

    fn begin_reading(&self) -> Result<(), Fault> {
        if self.state.replace(State::Begun) == State::Waits {
            self.connection.prepare_cached("BEGIN")?.execute([])?;
        }
        Ok(())
    }

    /// Runs a statement; returns how many rows it changed.
    pub(crate) fn execute(&self, sql: &'static str, values: &[Value<'_>]) -> Result<usize, Fault> {
        self.watch(|| {
            let mut statement = self.connection.prepare_cached(sql)?;
            check_parameters(&statement, sql);
            Ok(statement.execute(rusqlite::params_from_iter(values))?)
        })
    }

    /// The first row, if there is one.
    pub(crate) fn one<T>(&self, sql: &'static str, values: &[Value<'_>], read: impl FnOnce(&Row<'_>) -> Got<T>) -> Got<Option<T>> {
        self.watch(|| {
            let mut statement = self.connection.prepare_cached(sql)?;
            check_parameters(&statement, sql);
            let mut rows = statement.query(rusqlite::params_from_iter(values))?;
            rows.next()?.map(|row| read(&Row(row))).transpose()
        })
    }

    /// Every row.
    pub(crate) fn all<T>(&self, sql: &'static str, values: &[Value<'_>], mut read: impl FnMut(&Row<'_>) -> Got<T>) -> Got<Vec<T>> {
        self.watch(|| {
            let mut statement = self.connection.prepare_cached(sql)?;
            check_parameters(&statement, sql);
            let mut rows = statement.query(rusqlite::params_from_iter(values))?;
            let mut out = Vec::new();
            while let Some(row) = rows.next()? {
                out.push(read(&Row(row))?);
            }
            Ok(out)
        })
    }

    /// Whether there is a row.
    pub(crate) fn exists(&self, sql: &'static str, values: &[Value<'_>]) -> Result<bool, Fault> {
        Ok(self.one(sql, values, |_| Ok(()))?.is_some())
    }

    /// The worst fault so far; forgets it.
    pub(crate) fn take_fault(&self) -> Option<Fault> {
        self.worst.take()
    }

    fn watch<T>(&self, run: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
        let result = self.begin_reading().and_then(|()| run());
        if let Err(fault @ (Fault::Full | Fault::Broken(_))) = &result {
            self.worst.replace(Some(fault.clone()));
        }
        result
    }
}

/// `$1` is a name to SQLite, and PostgreSQL counts by it: both agree only if first uses are in order.
fn check_parameters(statement: &rusqlite::CachedStatement<'_>, sql: &str) {
    debug_assert!(
        (1..=statement.parameter_count()).all(|index| statement.parameter_name(index) == Some(format!("${index}").as_str())),
        "parameters out of order: {sql}"
    );
}
