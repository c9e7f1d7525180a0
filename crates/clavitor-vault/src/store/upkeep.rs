//! Connections for what takes long: checks and copies. The readers on loan are for requests, and requests wait for them.

use std::{
    ops::Deref,
    sync::atomic::{AtomicUsize, Ordering},
};

use rusqlite::Connection;

use super::{
    engine::{self, Side},
    shared::Shared,
};
use crate::{Error, Result};

/// Checks and copies at the same time; each has a connection with its own cache and its own open files.
const AT_ONCE_MAX: usize = 8;

/// How many are open.
#[derive(Default)]
pub(super) struct Places(AtomicUsize);

/// A read-only connection of one's own, closed when dropped.
pub(super) struct Upkeep<'a> {
    connection: Connection,
    _place: Place<'a>,
}

impl<'a> Upkeep<'a> {
    pub(super) fn open(shared: &'a Shared) -> Result<Self> {
        shared.check()?;
        let place = Place::take(&shared.upkeep)?;
        let connection = engine::open(&shared.database(), Side::Reader).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { connection, _place: place })
    }
}

impl Deref for Upkeep<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

struct Place<'a>(&'a Places);

impl<'a> Place<'a> {
    fn take(places: &'a Places) -> Result<Self> {
        // The guard exists before the count is judged, so that a refusal gives the place back.
        let (taken, place) = (places.0.fetch_add(1, Ordering::Relaxed), Self(places));
        if taken < AT_ONCE_MAX { Ok(place) } else { Err(Error::Unavailable("too many checks and copies of the database run already")) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OpenOptions, Vault, setup};

    const NOW_MS: u64 = 1_767_225_600_000;

    #[test]
    fn reads_go_on_while_as_many_checks_and_copies_as_may_run_are_under_way() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::open(dir.path(), &OpenOptions { ballast_bytes: 0, ..OpenOptions::default() }, NOW_MS).unwrap();
        let open = || Upkeep::open(vault.shared());
        let mut held: Vec<_> = (0..AT_ONCE_MAX).map(|_| open().unwrap()).collect();
        for connection in &held {
            connection.execute_batch("BEGIN").unwrap();
            let vaults: u32 = connection.query_row("SELECT count(*) FROM vault", [], |row| row.get(0)).unwrap();
            assert_eq!(vaults, 0);
        }
        for _ in 0..3 {
            assert_eq!(open().err(), Some(Error::Unavailable("too many checks and copies of the database run already")));
        }
        assert_eq!(vault.read(NOW_MS, setup::needed), Ok(true));
        held.pop();
        assert_eq!(vault.quick_check(NOW_MS), Ok(()), "a place that was given back is free again");
        drop(held);
        vault.close();
        assert!(open().is_err());
    }
}
