//! Files that hold something secret: of bounded size, and refused if everybody on the machine can read them.

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

const READ_BY_ALL: u32 = 0o004;

/// Why a file is not taken. No message repeats what is in it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It cannot be read.
    #[error("{0} cannot be read: {1}")]
    Read(PathBuf, #[source] io::Error),
    /// It is open to everybody.
    #[error("{0} holds a secret and can be read by everybody on this machine; run `chmod 600 {0}`")]
    Open(PathBuf),
    /// It is longer than what belongs there.
    #[error("{0} is longer than {1} bytes; it is not the file that belongs there")]
    Long(PathBuf, u64),
}

/// All of a file of at most `bytes_max` bytes.
///
/// # Errors
/// [`Refused`].
pub fn read(path: &Path, bytes_max: u64) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let failed = |error| Refused::Read(path.to_owned(), error);
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if about.permissions().mode() & READ_BY_ALL != 0 {
        return Err(Refused::Open(path.to_owned()));
    }
    // Room for all of it from the start: memory that grew would leave copies behind.
    let room = usize::try_from(bytes_max.saturating_add(1)).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > bytes_max { Err(Refused::Long(path.to_owned(), bytes_max)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_taken_whole_or_refused_with_what_to_type() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let of = |text: &str, mode: u32| {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            read(&file, 8).map(|bytes| bytes.to_vec()).map_err(|refused| refused.to_string())
        };
        for mode in [0o400, 0o600, 0o640] {
            assert_eq!(of("needle 8", mode).unwrap(), b"needle 8");
        }
        for mode in [0o644, 0o604, 0o444] {
            let said = of("needle 8", mode).unwrap_err();
            assert!(said.contains(&format!("chmod 600 {}", file.display())) && !said.contains("needle"), "{said}");
        }
        let said = of("needle of 9", 0o600).unwrap_err();
        assert!(said.contains("longer than 8 bytes") && !said.contains("needle"), "{said}");
        fs::remove_file(&file).unwrap();
        assert!(matches!(read(&file, 8), Err(Refused::Read(..))));
    }
}
