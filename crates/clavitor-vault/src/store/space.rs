//! What the store takes of its disk, and the full check, which needs room for a copy.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use super::{Vault, checked, engine, folder::DATABASE, tx::Fault};
use crate::{Error, Result};

/// The copy that a full check looks at. One name, so that what a crash leaves behind is found by the next check.
const CHECKED: &str = "clavitor.check";

/// Bytes on the disk; none where the system does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Space {
    /// The database file.
    pub database_bytes: Option<u64>,
    /// The write-ahead log beside it.
    pub log_bytes: Option<u64>,
    /// Used on the file system that the data folder is on, by anybody.
    pub disk_used_bytes: Option<u64>,
    /// Free for us on it.
    pub disk_free_bytes: Option<u64>,
}

impl Vault {
    /// How much room the store takes and has.
    #[must_use]
    pub fn space(&self) -> Space {
        let folder = &self.shared().folder;
        let bytes = |path: &Path| fs::metadata(path).ok().map(|file| file.len());
        let disk = rustix::fs::statvfs(&folder.dir).ok();
        Space {
            database_bytes: bytes(&folder.database()),
            log_bytes: bytes(&folder.dir.join(format!("{DATABASE}-wal"))),
            disk_used_bytes: disk.as_ref().map(|disk| disk.f_blocks.saturating_sub(disk.f_bfree).saturating_mul(disk.f_frsize)),
            disk_free_bytes: disk.as_ref().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
        }
    }

    /// Checks a copy of the whole file, indexes included, while the node runs; writers are not held up. A damaged file stops the store. Blocks, for long.
    ///
    /// # Errors
    /// `Unavailable` if it is damaged or there is no room for the copy; `Internal` if the copy cannot be made.
    pub fn full_check(&self, now_ms: u64) -> Result<()> {
        let space = self.space();
        let needed = space.database_bytes.unwrap_or(0).saturating_add(space.log_bytes.unwrap_or(0)).saturating_mul(2);
        if space.disk_free_bytes.is_some_and(|free| free < needed) {
            return Err(Error::Unavailable("there is no room for the copy that a full check looks at"));
        }
        let copy = Copy::at(self.shared().folder.dir.join(CHECKED));
        self.copy_to(&copy.0)?;
        let found = Connection::open_with_flags(&copy.0, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .and_then(|connection| engine::integrity_check(&connection))
            .map_err(Fault::from)?;
        if found != ["ok"] {
            self.shared().poison(&found.join("; "));
            return Err(Error::Unavailable("the database is damaged"));
        }
        self.shared().fully_checked(now_ms);
        checked::leave(&self.shared().folder.dir, now_ms);
        Ok(())
    }
}

/// A copy that is gone before and after.
struct Copy(PathBuf);

impl Copy {
    fn at(file: PathBuf) -> Self {
        let copy = Self(file);
        copy.remove();
        copy
    }

    fn remove(&self) {
        for suffix in ["", "-journal"] {
            let mut name = self.0.as_os_str().to_os_string();
            name.push(suffix);
            // Mostly it is not there. If it cannot be removed, making it says so.
            let _ = fs::remove_file(name);
        }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.remove();
    }
}
