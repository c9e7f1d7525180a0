//! The private store: one SQLite file. Nothing outside of this folder names SQL.

use std::{
    marker::PhantomData,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{Error, Result};

/// How a node opens its store.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The relying party id that passkeys are bound to.
    pub rp_id: String,
    /// Where the second marker lies, outside of the data folder, so that an unmounted volume is noticed. None: only the marker in the folder.
    pub marker: Option<PathBuf>,
    /// Bytes kept in reserve for revoking and deleting when the disk is full.
    pub ballast_bytes: u64,
    /// Read-only connections.
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
    /// The marker says that there was a database, and there is none.
    #[error("{0}")]
    Lost(String),
    /// The database is damaged.
    #[error("{0}")]
    Damaged(String),
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
    /// Little room: agents' writes and releases stop.
    Low,
    /// Full: only revoking, locking and deleting work.
    Full,
}

/// The state of the store, for health checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Why the store stopped after an input or output error; the process must end and start again.
    pub poisoned: Option<String>,
    /// The disk.
    pub disk: Disk,
    /// When the whole file was last checked.
    pub checked_ms: u64,
    /// Schema version.
    pub schema: u32,
}

/// The vaults of one node. Cheap to clone.
#[derive(Clone)]
pub struct Vault {}

/// A read transaction: one consistent state, one time.
pub struct Read<'tx> {
    now_ms: u64,
    tx: PhantomData<&'tx ()>,
}

/// A write transaction: everything a read can, and changes that become durable together.
pub struct Write<'tx> {
    read: Read<'tx>,
}

impl<'tx> std::ops::Deref for Write<'tx> {
    type Target = Read<'tx>;
    fn deref(&self) -> &Read<'tx> {
        &self.read
    }
}

impl Read<'_> {
    /// The time of this transaction, Unix milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }
}

impl Vault {
    /// Opens the store in the folder `dir`, making it if the folder is empty.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(dir: &Path, options: &OpenOptions, now_ms: u64) -> std::result::Result<Self, OpenError> {
        let _ = (dir, options, now_ms);
        Err(OpenError::Folder(String::new()))
    }

    /// Runs `job` in a read transaction on this thread.
    ///
    /// # Errors
    /// What `job` returns; `Unavailable` once the store is poisoned.
    pub fn read<T>(&self, now_ms: u64, job: impl FnOnce(&Read<'_>) -> Result<T>) -> Result<T> {
        let _ = (now_ms, job);
        Err(Error::Unavailable("not open"))
    }

    /// Runs `job` on the writer thread; `done` is called there once its effects are durable, or with the error that undid them. Neither may block.
    pub fn write<T: Send + 'static>(
        &self,
        now_ms: u64,
        job: impl FnOnce(&Write<'_>) -> Result<T> + Send + 'static,
        done: impl FnOnce(Result<T>) + Send + 'static,
    ) {
        let _ = (now_ms, job);
        done(Err(Error::Unavailable("not open")));
    }

    /// [`Vault::write`], waiting for it. Not for async threads.
    ///
    /// # Errors
    /// What `job` returns; `Unavailable`.
    pub fn write_wait<T: Send + 'static>(&self, now_ms: u64, job: impl FnOnce(&Write<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        let _ = (now_ms, job);
        Err(Error::Unavailable("not open"))
    }

    /// The state of the store.
    #[must_use]
    pub fn health(&self) -> Health {
        Health { poisoned: None, disk: Disk::Normal, checked_ms: 0, schema: 0 }
    }

    /// The audit log's Ed25519 public key.
    #[must_use]
    pub fn log_key(&self) -> [u8; 32] {
        [0; 32]
    }

    /// Finishes the jobs that wait, folds the write-ahead log into the database and ends the writer thread. Later calls are `Unavailable`.
    pub fn close(&self) {}
}
