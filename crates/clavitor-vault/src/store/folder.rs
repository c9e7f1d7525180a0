//! The data folder: lock, markers against a lost volume, the log's key file, the reserve for a full disk.

use std::{
    fs::{self, File, Permissions, TryLockError},
    io::Write as _,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use clavitor_crypto::{Secret, sign::SigningKey};
use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::OpenError;

/// The one database file.
pub(crate) const DATABASE: &str = "clavitor.db";
/// The audit log's private key, readable by its owner only.
pub(crate) const LOG_KEY: &str = "node.key";
const LOCK: &str = "clavitor.lock";
const MARKER: &str = "clavitor.marker";
const BALLAST: &str = "clavitor.ballast";

/// Paths of a data folder, and the lock that is held as long as this lives.
pub(crate) struct Folder {
    pub(crate) dir: PathBuf,
    outer_marker: Option<PathBuf>,
    lock: File,
}

impl Folder {
    /// Makes the folder if needed and locks it.
    pub(crate) fn lock(dir: &Path, outer_marker: Option<PathBuf>) -> Result<Self, OpenError> {
        if !dir.exists() {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
            made.map_err(|error| at(dir, &error))?;
        }
        let path = dir.join(LOCK);
        let lock = private_file().create(true).truncate(false).open(&path).map_err(|error| at(&path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { dir: dir.to_owned(), outer_marker, lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(dir.display().to_string())),
            Err(TryLockError::Error(error)) => Err(at(&path, &error)),
        }
    }

    /// Lets another process have the folder.
    pub(crate) fn unlock(&self) {
        // A lock that cannot be given back goes with the process.
        let _ = self.lock.unlock();
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join(DATABASE)
    }

    /// Whether to make a new database. Refuses if a marker or a log says that there was one.
    pub(crate) fn is_new(&self) -> Result<bool, OpenError> {
        if self.database().exists() {
            return Ok(false);
        }
        let wal = self.dir.join(format!("{DATABASE}-wal"));
        if let Some(found) = self.markers().chain([wal]).find(|path| path.exists()) {
            return Err(OpenError::Lost(format!(
                "{} is missing, but {} says that there was a database. Mount the volume it is on, or bring back a backup with `clavitor restore`. \
                 To really begin anew, delete {}.",
                self.database().display(),
                found.display(),
                found.display()
            )));
        }
        Ok(true)
    }

    /// Makes an empty database file that only its owner can read.
    pub(crate) fn make_database(&self) -> Result<(), OpenError> {
        let path = self.database();
        private_file().create_new(true).open(&path).map(drop).map_err(|error| at(&path, &error))
    }

    /// Checks both markers against the database's id, and writes those that are missing.
    pub(crate) fn mark(&self, database_id: &[u8; 16]) -> Result<(), OpenError> {
        let id = HEXLOWER.encode(database_id);
        for path in self.markers() {
            match fs::read_to_string(&path) {
                Ok(text) if text.contains(&id) => {}
                Ok(_) => {
                    return Err(OpenError::Lost(format!(
                        "{} belongs to another database than {}: the wrong volume may be mounted. If this is the right one, delete the marker.",
                        path.display(),
                        self.database().display()
                    )));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    write_marker(&path, &id).map_err(|error| at(&path, &error))?
                }
                Err(error) => return Err(at(&path, &error)),
            }
        }
        Ok(())
    }

    /// Marks the folder as this database's, whatever it was marked as before: after a restore.
    pub(crate) fn remark(&self, database_id: &[u8; 16]) -> Result<(), OpenError> {
        for path in self.markers().filter(|path| path.exists()) {
            fs::remove_file(&path).map_err(|error| at(&path, &error))?;
        }
        self.mark(database_id)
    }

    fn markers(&self) -> impl Iterator<Item = PathBuf> {
        [self.dir.join(MARKER)].into_iter().chain(self.outer_marker.clone())
    }

    /// Reads the log's key, or makes it with a new database.
    pub(crate) fn log_key(&self, new: bool) -> Result<SigningKey, OpenError> {
        let path = self.dir.join(LOG_KEY);
        if new && !path.exists() {
            let key = SigningKey::make_with(&mut clavitor_crypto::random::Os).map_err(|error| at(&path, &error))?;
            write_log_key(&path, &key).map_err(|error| at(&path, &error))?;
        }
        read_log_key(&path)
    }

    /// Room for revoking and deleting on a full disk. Not being able to make it is no reason not to start.
    pub(crate) fn fill_ballast(&self, bytes: u64) {
        let path = self.dir.join(BALLAST);
        let has = fs::metadata(&path).map_or(0, |file| file.len());
        if bytes == 0 || has == bytes || self.free_bytes().is_none_or(|free| free < bytes.saturating_mul(4)) {
            return;
        }
        let filled = private_file().create(true).truncate(true).open(&path).and_then(|mut file| {
            let zeros = vec![0; 1 << 16];
            for at in (0..bytes).step_by(zeros.len()) {
                let part = usize::try_from(bytes - at).unwrap_or(zeros.len()).min(zeros.len());
                file.write_all(&zeros[..part])?;
            }
            Ok(())
        });
        if filled.is_err() {
            self.drop_ballast();
        }
    }

    pub(crate) fn drop_ballast(&self) {
        // Already gone is as good as removed; any other failure shows as a full disk again.
        let _ = fs::remove_file(self.dir.join(BALLAST));
    }

    /// Bytes that are free for us.
    pub(crate) fn free_bytes(&self) -> Option<u64> {
        rustix::fs::statvfs(&self.dir).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Whether less than 5 % and less than 256 MiB are free.
    pub(crate) fn is_low(&self) -> bool {
        rustix::fs::statvfs(&self.dir).is_ok_and(|disk| {
            let (free, all) = (disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize));
            free < (all / 20).min(256 << 20)
        })
    }
}

/// Reads a key file that only its owner can read.
fn read_log_key(path: &Path) -> Result<SigningKey, OpenError> {
    let unusable = |what: &str| OpenError::Lost(format!("{}: {what}. It comes back with `clavitor restore`.", path.display()));
    let mode = fs::metadata(path).map_err(|error| unusable(&error.to_string()))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(OpenError::Folder(format!("{0} can be read by others; run `chmod 600 {0}`", path.display())));
    }
    let text = Zeroizing::new(fs::read(path).map_err(|error| unusable(&error.to_string()))?);
    let seed = Zeroizing::new(HEXLOWER.decode(text.trim_ascii()).map_err(|_| unusable("is not a key"))?);
    let seed = Secret::from_slice(&seed).ok_or_else(|| unusable("is not a key"))?;
    SigningKey::from_seed(seed).map_err(|_| unusable("is not a key"))
}

pub(crate) fn write_log_key(path: &Path, key: &SigningKey) -> std::io::Result<()> {
    let text = Zeroizing::new(HEXLOWER.encode(key.seed().expose()));
    let mut file = private_file().create(true).truncate(true).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn write_marker(path: &Path, id: &str) -> std::io::Result<()> {
    let mut file = private_file().create_new(true).open(path)?;
    writeln!(file, "A Clavitor database was made here. Without this file, an empty folder counts as a new installation.\n{id}")?;
    file.sync_all()
}

/// Makes a file and its name durable.
pub(crate) fn sync_file(path: &Path) -> Result<(), OpenError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    File::open(path).and_then(|file| file.sync_all()).and_then(|()| File::open(dir)?.sync_all()).map_err(|error| at(path, &error))
}

pub(crate) fn private_file() -> fs::OpenOptions {
    let mut options = File::options();
    options.read(true).write(true).mode(0o600);
    options
}

fn at(path: &Path, error: &dyn std::fmt::Display) -> OpenError {
    OpenError::Folder(format!("{}: {error}", path.display()))
}
