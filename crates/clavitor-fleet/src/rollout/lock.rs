//! One operator at a time: a lock on a file in the fleet's state folder, which the system lets go of when the process ends, however it ends.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

const FILE: &str = "rollout.lock";
const HOLDER_BYTES_MAX: u64 = 200;

/// Held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the lock was not to be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("another rollout is running from this folder: {0}")]
    Held(String),
    /// The disk's fault.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
}

impl Lock {
    /// Takes it, or says who has it. `who` is shown to the next one.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn take(state_folder: &Path, who: &str) -> Result<Self, LockError> {
        let path = state_folder.join(FILE);
        let failed = |error| LockError::Io(path.clone(), error);
        fs::create_dir_all(state_folder).map_err(failed)?;
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.take(HOLDER_BYTES_MAX).read_to_string(&mut holder);
                return Err(LockError::Held(crate::remote::plain(&holder)));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(who.as_bytes())).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_is_told_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path(), "process 7 of ann").unwrap();
        let second = Lock::take(folder.path(), "process 8 of oncall").unwrap_err().to_string();
        assert!(second.contains("process 7 of ann"), "{second}");
        drop(first);
        assert!(Lock::take(folder.path(), "process 9").is_ok());
    }
}
