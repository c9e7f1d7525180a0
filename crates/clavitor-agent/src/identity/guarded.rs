//! Files that only their owner may read: checked at every use, replaced in one step.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use crate::failure::{Failure, Kind};

/// Such a file is at most this long, in bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;
const MODE_FILE: u32 = 0o600;
const MODE_FOLDER: u32 = 0o700;
/// `O_NOFOLLOW` would be the same check without a name; a link is refused by comparing what was opened with what the name is.
const MODE_OTHERS: u32 = 0o177;

/// Reads a file after checking that it is a regular file, belongs to this user, and is open to nobody else.
///
/// # Errors
/// Says what to type. A file that is not there is `None`.
pub fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(path, &error)),
    };
    check(path, &file)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(file.metadata().map_or(0, |meta| meta.len())).unwrap_or(0)));
    (&file).take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(|error| unusable(path, &error))?;
    Ok(Some(bytes))
}

fn check(path: &Path, file: &File) -> Result<(), Failure> {
    let opened = file.metadata().map_err(|error| unusable(path, &error))?;
    let named = fs::symlink_metadata(path).map_err(|error| unusable(path, &error))?;
    let refuse = |what: String| Failure::new(Kind::IdentityMismatch, what);
    let shown = path.display();
    if !opened.is_file() || (named.dev(), named.ino()) != (opened.dev(), opened.ino()) {
        return Err(refuse(format!("{shown} is not a regular file; nothing was read from it")));
    }
    let user = rustix::process::geteuid().as_raw();
    if opened.uid() != user {
        return Err(refuse(format!(
            "{shown} belongs to user {}, not to user {user} who runs this; nothing was read from it",
            opened.uid()
        ))
        .remedy(format!("sudo chown {user} '{shown}' && chmod 600 '{shown}', or run as its owner")));
    }
    if opened.mode() & MODE_OTHERS != 0 {
        let mode = opened.mode() & 0o7777;
        return Err(refuse(format!("{shown} is open to others (mode {mode:04o}, must be 0600); nothing was read from it"))
            .remedy(format!("chmod 600 '{shown}'; if others could have read it, ask the owner to revoke this agent and enrol again")));
    }
    Ok(())
}

/// Replaces a file in one step: whole and durable, or not at all. It is 0600 from its first byte.
///
/// # Errors
/// The file system refuses.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    // A bare file name has the empty parent, which is no folder to the system.
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = temporary_beside(path);
    let result = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE_FILE).open(&temporary)?;
        // A umask can only take bits away; a file system that ignores modes at creation is corrected here.
        file.set_permissions(Permissions::from_mode(MODE_FILE))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(folder)?.sync_all()
    })();
    result.map_err(|error: io::Error| {
        let _ = fs::remove_file(&temporary);
        Failure::general(format!("cannot write {}: {error}", path.display()))
    })
}

fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", HEXLOWER.encode(&clavitor_crypto::random::make::<8>())));
    path.with_file_name(name)
}

/// Makes a folder, and those above it, that only this user may enter.
///
/// # Errors
/// The file system refuses.
pub fn make_folder(path: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(MODE_FOLDER).create(path);
    made.map_err(|error| Failure::general(format!("cannot make the folder {}: {error}", path.display())))
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::general(format!("cannot read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_written_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/key");
        make_folder(path.parent().unwrap()).unwrap();
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap().unwrap().as_slice(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o7777, 0o700);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn every_wider_mode_is_refused_with_what_to_type() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, b"secret").unwrap();
        for mode in [0o640, 0o604, 0o660, 0o644, 0o700, 0o777, 0o610] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let failure = read(&path).unwrap_err();
            assert_eq!(failure.kind, Kind::IdentityMismatch, "{mode:o}");
            assert!(failure.remedy.unwrap().starts_with("chmod 600 '"), "{mode:o}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(read(&path).is_ok());
    }

    #[test]
    fn a_link_is_refused_and_a_missing_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("key"), folder.path().join("link"));
        write(&path, b"secret").unwrap();
        symlink(&path, &link).unwrap();
        assert_eq!(read(&link).unwrap_err().kind, Kind::IdentityMismatch);
        assert!(read(&folder.path().join("none")).unwrap().is_none());
    }
}
