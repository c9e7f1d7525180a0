//! The one-time token: made here, given to one machine, and gone once that machine is enrolled. It proves that the public keys come from that machine.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::{hmac, rand};
use zeroize::Zeroizing;

use crate::inventory::NodeName;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// Its text is hexadecimal: as long as a block of SHA-256, which the machine's script relies on.
const TOKEN_CHARS: usize = 2 * TOKEN_BYTES;

/// A token. It has no form that can be printed.
pub struct Token {
    text: Zeroizing<String>,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not made, or used already.
    #[error("there is no enrolment token for {0}: it was never made, or the node is enrolled already")]
    Missing(NodeName),
    /// A machine may be on its way with it.
    #[error("there is an enrolment token for {0} already, and a machine may have it")]
    Exists(NodeName),
    /// Others could read it.
    #[error("{0} can be read by others than its owner, so it proves nothing")]
    Readable(PathBuf),
    /// Not what was written.
    #[error("{0} is not an enrolment token")]
    Damaged(PathBuf),
    /// The disk.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl Token {
    /// Makes a token and keeps it for one node: a file of mode 0600 in the tool's own folder. `again` replaces one that is there.
    pub fn make(state: &Path, node: &NodeName, again: bool) -> Result<PathBuf, TokenError> {
        let path = path(state, node);
        let failed = |error| TokenError::Io(path.clone(), error);
        let folder = path.parent().unwrap_or(state);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        if again {
            fs::remove_file(&path).or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(failed(error)) })?;
        }
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        rand::fill(bytes.as_mut_slice()).map_err(|_| TokenError::Random)?;
        let mut text = Zeroizing::new(String::with_capacity(TOKEN_CHARS + 1));
        for byte in bytes.iter() {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0')); // a nibble is a digit
            }
        }
        text.push('\n');
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => TokenError::Exists(node.clone()),
            _ => failed(error),
        })?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(path)
    }

    /// Reads the token of a node. A file that others can read is refused.
    pub fn read(state: &Path, node: &NodeName) -> Result<Self, TokenError> {
        let path = path(state, node);
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => TokenError::Missing(node.clone()),
            _ => TokenError::Io(path.clone(), error),
        };
        let file = fs::File::open(&path).map_err(failed)?;
        if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(TokenError::Readable(path));
        }
        let mut text = Zeroizing::new(String::with_capacity(TOKEN_CHARS + 2));
        file.take(TOKEN_CHARS as u64 + 2).read_to_string(&mut text).map_err(|_| TokenError::Damaged(path.clone()))?;
        let text = Zeroizing::new(text.trim_end().to_owned());
        let fits = text.len() == TOKEN_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits { Ok(Self { text }) } else { Err(TokenError::Damaged(path)) }
    }

    /// Ends the token: it was used.
    pub fn spend(state: &Path, node: &NodeName) -> Result<(), TokenError> {
        let path = path(state, node);
        fs::remove_file(&path).map_err(|error| TokenError::Io(path, error))
    }

    /// Whether a text carries this MAC (HMAC-SHA256, hexadecimal) under the token.
    pub(super) fn verifies(&self, body: &str, mac: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.text.as_bytes());
        hmac::verify(&key, body.as_bytes(), mac).is_ok()
    }

    #[cfg(test)]
    pub(super) fn of_tests() -> Self {
        Self { text: Zeroizing::new("0f".repeat(TOKEN_BYTES)) }
    }
}

fn path(state: &Path, node: &NodeName) -> PathBuf {
    state.join("enrolment").join(format!("{node}.token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_read_by_its_owner_and_spent() {
        let folder = tempfile::tempdir().expect("a folder");
        let (state, node): (_, NodeName) = (folder.path().join(".fleet"), "tokyo".parse().expect("a name"));
        assert!(matches!(Token::read(&state, &node), Err(TokenError::Missing(_))));
        let path = Token::make(&state, &node, false).expect("made");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&state)), (0o600, 0o700));
        let first = Token::read(&state, &node).expect("read");
        assert!(matches!(Token::make(&state, &node, false), Err(TokenError::Exists(_))));
        Token::make(&state, &node, true).expect("made again");
        assert_ne!(*first.text, *Token::read(&state, &node).expect("read").text);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a mode");
        assert!(matches!(Token::read(&state, &node), Err(TokenError::Readable(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
        fs::write(&path, "something else").expect("written");
        assert!(matches!(Token::read(&state, &node), Err(TokenError::Damaged(_))));
        Token::spend(&state, &node).expect("spent");
        assert!(matches!(Token::read(&state, &node), Err(TokenError::Missing(_))));
    }
}
