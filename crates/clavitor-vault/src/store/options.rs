//! How a store is opened, why it may refuse, and how it is doing.

use std::path::PathBuf;

use thiserror::Error;

/// How a node opens its store.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The relying party id that passkeys are bound to.
    pub rp_id: String,
    /// Where the second marker lies, outside of the data folder, so that an unmounted volume is noticed. None: only the marker in the folder.
    pub marker: Option<PathBuf>,
    /// Bytes kept in reserve for revoking and deleting when the disk is full. 0: none.
    pub ballast_bytes: u64,
    /// Read-only connections, 1 to 64.
    pub readers: usize,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { rp_id: "localhost".to_owned(), marker: None, ballast_bytes: 64 << 20, readers: 2 }
    }
}

/// Why the store was not opened. Each message says what to do.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The folder or a file in it cannot be used.
    #[error("{0}")]
    Folder(String),
    /// Another process uses the folder.
    #[error("another process is using {0}; stop it first")]
    InUse(String),
    /// A marker says that there was a database or a key, and there is none.
    #[error("{0}")]
    Lost(String),
    /// The database is damaged.
    #[error("{0}")]
    Damaged(String),
    /// The system had nothing to read the database with: no open file, no memory. It says nothing of the database.
    #[error("{0}")]
    Busy(String),
    /// The database was made by a newer version.
    #[error("{0}")]
    Newer(String),
    /// The SQLite library or a setting is not what durability needs.
    #[error("{0}")]
    Engine(String),
}

/// How the node's disk is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// Room enough.
    Normal,
    /// Little room (less than 5 % and less than 256 MiB): agents' writes and releases stop.
    Low,
    /// A write found the disk full: only revoking, locking and deleting work, in the room that the reserve gave back.
    Full,
}

/// The state of the store, for health checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Why the store stopped after an input or output error; the process must end and start again.
    pub poisoned: Option<String>,
    /// The disk.
    pub disk: Disk,
    /// When this process last checked the whole file, Unix milliseconds; 0 as long as the check after a start in good order runs.
    pub checked_ms: u64,
    /// Why the check after a start in good order could not be made yet; it is tried again.
    pub check_waits: Option<String>,
    /// When a copy of this file was last checked in full, by this process or one before it, Unix milliseconds; 0 if it never was.
    pub full_checked_ms: u64,
    /// Agents that were locked because they asked for more than their budgets allow, since this process opened the store.
    pub locked_agents: u64,
    /// Schema version.
    pub schema: u32,
}
