//! Backups: one sealed file, taken while the node is live, verified by opening it.

use std::path::Path;

use crate::{Result, Vault};

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupInfo {
    /// When it was taken.
    pub taken_ms: u64,
    /// Bytes of the database in it.
    pub database_bytes: u64,
    /// Chunks it is sealed in.
    pub chunks: u64,
    /// Vaults.
    pub vaults: u64,
    /// Entries, purged ones included.
    pub entries: u64,
}

/// Writes a backup to `file`, which must not exist, and verifies what was written.
///
/// # Errors
/// `BadRequest` if there is no backup code yet or the file exists; `Unavailable`, `Internal`.
pub fn write(vault: &Vault, now_ms: u64, file: &Path) -> Result<BackupInfo> {
    let _ = (vault, now_ms, file);
    crate::pending()
}

/// Opens every chunk of a backup with the backup code as people type it, and checks the database in it.
///
/// # Errors
/// `BadRequest` for a code that is not one; `NotValid` for a file that does not open or whose database is damaged.
pub fn verify(file: &Path, code: &str) -> Result<BackupInfo> {
    let _ = (file, code);
    crate::pending()
}

/// Restores a backup into the data folder `dir` of a node that is not running. A database that is there is kept under another name beside it.
///
/// # Errors
/// As [`verify`]; `Unavailable` if a node runs on the folder.
pub fn restore(file: &Path, code: &str, dir: &Path, now_ms: u64) -> Result<BackupInfo> {
    let _ = (file, code, dir, now_ms);
    crate::pending()
}

/// Makes a backup code, keeps its public key, and returns the code as it is shown, once. Later backups are sealed to it.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub fn make_code(w: &crate::Write<'_>) -> Result<zeroize::Zeroizing<String>> {
    let _ = w;
    crate::pending()
}
