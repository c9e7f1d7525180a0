//! The folder `.fleet` beside the inventory: what the tool remembers, readable by its operator only. Files are replaced whole, so that a run that is ended in the
//! middle leaves the old one or the new one.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

/// What is kept is never larger.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Of who holds a lock.
const HOLDER_BYTES_MAX: u64 = 200;

/// Why something cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file system says no.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// Somebody changed the file, or another version wrote it.
    #[error("{0} cannot be understood ({1}): move it away to begin anew")]
    Content(PathBuf, String),
    /// Another run holds it, and this is who.
    #[error("another run holds {0} ({1}): wait for it, or end it")]
    Busy(PathBuf, String),
}

/// The folder.
#[derive(Debug, Clone)]
pub struct StateFolder(PathBuf);

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code, reason = "the lock goes when the file is closed")] File);

impl StateFolder {
    /// The folder at this path; made when something is first kept.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where a name in it lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Keeps text under a name, which may have folders in it, with mode 0600.
    ///
    /// # Errors
    /// [`StateError::File`].
    pub fn write(&self, name: &str, text: &str) -> Result<(), StateError> {
        let path = self.path(name);
        replace(&path, text).map_err(|error| StateError::File(path, error))
    }

    /// Keeps a value as JSON.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), StateError> {
        let text = serde_json::to_string(value).map_err(|error| StateError::Content(self.path(name), error.to_string()))?;
        self.write(name, &text)
    }

    /// The text under a name; none if there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn read(&self, name: &str) -> Result<Option<String>, StateError> {
        let path = self.path(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StateError::File(path, error)),
        };
        let mut text = String::new();
        let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| StateError::File(path.clone(), error))?;
        if read as u64 > FILE_BYTES_MAX { Err(StateError::Content(path, "it is too long".to_owned())) } else { Ok(Some(text)) }
    }

    /// The value under a name; none if there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StateError> {
        let read = |text: String| serde_json::from_str(&text).map_err(|error| StateError::Content(self.path(name), error.to_string()));
        self.read(name)?.map(read).transpose()
    }

    /// Removes what is kept under a name, if anything is.
    ///
    /// # Errors
    /// [`StateError::File`].
    pub fn remove(&self, name: &str) -> Result<(), StateError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StateError::File(path, error)),
            _ => Ok(()),
        }
    }

    /// Holds a name against other runs. Whoever finds it held is told the process and the user.
    ///
    /// # Errors
    /// [`StateError::Busy`], [`StateError::File`].
    pub fn lock(&self, name: &str) -> Result<Lock, StateError> {
        let path = self.path(&format!("{name}.lock"));
        let failed = |error| StateError::File(path.clone(), error);
        folder_of(&path).map_err(failed)?;
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who holds it may not have written it yet.
                let _ = file.take(HOLDER_BYTES_MAX).read_to_string(&mut holder);
                return Err(StateError::Busy(path, holder.chars().filter(|sign| !sign.is_control()).collect()));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "somebody".to_owned());
        let who = format!("process {} of {user}", std::process::id());
        file.set_len(0).and_then(|()| file.write_all(who.as_bytes())).map_err(failed)?;
        Ok(Lock(file))
    }
}

fn folder_of(path: &Path) -> io::Result<&Path> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_private(folder)?;
    Ok(folder)
}

/// Makes a folder, and those above it that are missing, for this user only.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Written aside, synced, renamed; the folder is made if it is missing, and synced too. For this user only.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = folder_of(path)?;
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".{}", std::process::id()));
    let written = write_new(Path::new(&aside), text).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        // What was begun is of no use; the old file is still whole.
        let _ = fs::remove_file(&aside);
    }
    written.and_then(|()| File::open(folder)?.sync_all())
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_the_operators_own_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::at(folder.path().join(".fleet"));
        assert_eq!(state.read("secrets/x").unwrap(), None);
        state.write_json("secrets/x", &[1, 2]).unwrap();
        assert_eq!(state.read_json::<Vec<u8>>("secrets/x").unwrap(), Some(vec![1, 2]));
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(state.path("secrets/x")), mode(state.path("secrets"))), (0o600, 0o700));
        state.write("secrets/x", "[1,").unwrap();
        let odd = state.read_json::<Vec<u8>>("secrets/x").unwrap_err().to_string();
        assert!(odd.contains("secrets/x") && odd.contains("move it away"), "{odd}");
        assert_eq!(fs::read_dir(state.path("secrets")).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn two_runs_do_not_hold_one_name() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::at(folder.path());
        let held = state.lock("routine").unwrap();
        let told = state.lock("routine").unwrap_err().to_string();
        assert!(told.contains("another run holds") && told.contains(&format!("process {}", std::process::id())), "{told}");
        // Whatever somebody wrote there does not move the reader's cursor.
        fs::write(state.path("routine.lock"), "me\u{1b}[2J\n").unwrap();
        assert!(state.lock("routine").unwrap_err().to_string().contains("(me[2J)"));
        assert!(state.lock("monitor").is_ok());
        drop(held);
        assert!(state.lock("routine").is_ok());
    }
}
