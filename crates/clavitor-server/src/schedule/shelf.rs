//! The folder that scheduled backups lie in: one node's, private, and never holding half a backup under a whole one's name.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{Context, SHA256};
use clavitor_vault::{Error, Vault, backup};
use data_encoding::HEXLOWER;
use thiserror::Error as ThisError;

use super::{name, plan::Kept};

/// Says whose backups lie here, and is locked by the node that writes them.
const OWNER: &str = "clavitor-backups.lock";
const OWNER_BYTES_MAX: u64 = 256;
const READ_BYTES: usize = 64 << 10;
const MAGIC: &[u8; 8] = b"CLVBKP1\n";

/// Why the folder cannot be used. Each message says what to do.
#[derive(Debug, ThisError)]
pub enum ShelfError {
    /// It cannot be made or written.
    #[error("backups cannot be kept in {path}: {source}. Give --backup-dir a folder that the node's user may write")]
    Unusable {
        /// The folder or the file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process writes backups there.
    #[error("another node keeps its backups in {0}; give each node a --backup-dir of its own")]
    InUse(PathBuf),
    /// Another node's backups are there.
    #[error("the backups in {0} are another node's. Give this one a --backup-dir of its own; if that node is gone, delete {OWNER} there")]
    Foreign(PathBuf),
}

/// What a backup's checksum file says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// The file is what was verified when it was written.
    Holds,
    /// The file has changed since.
    Differs,
    /// There is no checksum beside it.
    Missing,
}

/// The folder. One process has it at a time.
pub struct Shelf {
    folder: PathBuf,
    _lock: File,
}

impl Shelf {
    /// Makes the folder if needed, takes it for the node whose log key this is, and clears what a killed process has left.
    ///
    /// # Errors
    /// [`ShelfError`].
    pub fn open(folder: &Path, log_key: &[u8; 32]) -> Result<Self, ShelfError> {
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source| ShelfError::Unusable { path, source }
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unusable(folder))?;
        let path = folder.join(OWNER);
        let opened = private().create(true).truncate(false).open(&path);
        let mut lock = opened.map_err(unusable(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ShelfError::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => return Err(unusable(&path)(error)),
        }
        let (mut owner, ours) = (String::new(), HEXLOWER.encode(log_key));
        (&mut lock).take(OWNER_BYTES_MAX).read_to_string(&mut owner).map_err(unusable(&path))?;
        if owner.is_empty() {
            writeln!(lock, "{ours}").and_then(|()| lock.sync_all()).map_err(unusable(&path))?;
        } else if owner.trim() != ours {
            return Err(ShelfError::Foreign(folder.to_owned()));
        }
        let shelf = Self { folder: folder.to_owned(), _lock: lock };
        shelf.sweep().map_err(unusable(folder))?;
        Ok(shelf)
    }

    /// The whole backups.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn kept(&self) -> io::Result<Vec<Kept>> {
        kept(&self.folder)
    }

    /// Writes a backup and its checksum, and verifies both. Blocks.
    ///
    /// # Errors
    /// Those of [`backup::write`].
    pub(super) fn write(&self, vault: &Vault, kept: Kept) -> clavitor_vault::Result<u64> {
        let path = self.folder.join(name::of(kept));
        backup::write(vault, kept.taken_ms, &path)?;
        let written = write_checksum(&path);
        if written.is_err() {
            // Whole and verified all the same; the doctor says that the checksum is missing.
            tracing::warn!("the checksum of a backup cannot be written");
        }
        fs::metadata(&path).map(|file| file.len()).map_err(|error| Error::Internal(format!("{}: {error}", path.display())))
    }

    /// Removes a backup and its checksum.
    ///
    /// # Errors
    /// If the file is there and cannot be removed.
    pub(super) fn remove(&self, kept: Kept) -> io::Result<()> {
        let path = self.folder.join(name::of(kept));
        fs::remove_file(&path)?;
        match fs::remove_file(checksum_path(&path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Clears what a backup that was cut off has left.
    fn sweep(&self) -> io::Result<()> {
        for file in fs::read_dir(&self.folder)? {
            let file = file?;
            if file.file_name().to_str().is_some_and(name::is_left_over) && file.file_type()?.is_file() {
                fs::remove_file(file.path())?;
            }
        }
        Ok(())
    }
}

/// The whole backups in a folder, by number. A file gets its name only after it was verified.
///
/// # Errors
/// If the folder cannot be read.
pub fn kept(folder: &Path) -> io::Result<Vec<Kept>> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        if let Some(kept) = file.file_name().to_str().and_then(name::parse)
            && file.file_type()?.is_file()
            && begins_right(&file.path())
        {
            found.push(kept);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Reads a backup again and compares it with its checksum. Reads the whole file.
///
/// # Errors
/// If the backup cannot be read.
pub fn recheck(folder: &Path, kept: Kept) -> io::Result<Checksum> {
    let path = folder.join(name::of(kept));
    let found = line(&path)?;
    match fs::read_to_string(checksum_path(&path)) {
        Ok(expected) if expected == found => Ok(Checksum::Holds),
        Ok(_) => Ok(Checksum::Differs),
        Err(_) => Ok(Checksum::Missing),
    }
}

fn begins_right(path: &Path) -> bool {
    let mut head = [0; 8];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *MAGIC
}

fn checksum_path(backup: &Path) -> PathBuf {
    backup.with_added_extension("sha256")
}

/// As `sha256sum` writes it, so that `sha256sum -c` checks it anywhere.
fn line(backup: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut buffer) = (File::open(backup)?, Context::new(&SHA256), vec![0; READ_BYTES]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    let name = backup.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{}  {name}\n", HEXLOWER.encode(hash.finish().as_ref())))
}

fn write_checksum(backup: &Path) -> io::Result<()> {
    let (line, path) = (line(backup)?, checksum_path(backup));
    let partial = backup.with_added_extension("sha256-partial");
    let mut file = private().create(true).truncate(true).open(&partial)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()?;
    fs::rename(&partial, &path)
}

fn private() -> fs::OpenOptions {
    let mut options = File::options();
    options.read(true).write(true).mode(0o600);
    options
}
