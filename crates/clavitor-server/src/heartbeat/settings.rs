//! Addresses and tokens of those who are told. What is secret is never shown, also not in the refusal of it.

use std::path::{Path, PathBuf};

use clavitor_outbound::Uri;
use zeroize::Zeroizing;

use crate::secret_file::{self, Refused};

const SECRET_BYTES_MAX: u64 = 4 << 10;
const SECRET_CHARS_MIN: usize = 16;

/// What does not fit, and what to do. No message repeats what was given.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not an address with scheme and host.
    #[error("the address of {0} is not one: it begins with https:// and a name")]
    Address(&'static str),
    /// The token would go over the wire in the clear.
    #[error("{0} takes a token, and plain http would show it to everybody on the way: use https, or an address of your own network")]
    Plain(&'static str),
    /// The file cannot be read, or is open to everybody.
    #[error(transparent)]
    File(Refused),
    /// The file holds no secret.
    #[error("{0} has to hold one line of at least {SECRET_CHARS_MIN} characters and nothing else")]
    Content(PathBuf),
}

/// The secret in a file: one line, not readable by everybody.
///
/// # Errors
/// [`SettingsError`].
pub fn secret_of(path: &Path) -> Result<Zeroizing<String>, SettingsError> {
    let content = || SettingsError::Content(path.to_owned());
    let whole = secret_file::read(path, SECRET_BYTES_MAX).map_err(|refused| match refused {
        Refused::Long(..) => content(),
        refused => SettingsError::File(refused),
    })?;
    let secret = str::from_utf8(&whole).map_err(|_| content())?.trim();
    if secret.len() < SECRET_CHARS_MIN || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(content());
    }
    Ok(Zeroizing::new(secret.to_owned()))
}

/// An address with scheme and host, without query and without a slash at the end.
pub(super) fn address(text: &str, whose: &'static str) -> Result<Uri, SettingsError> {
    let refused = || SettingsError::Address(whose);
    let bare = text.trim().split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let uri: Uri = bare.parse().map_err(|_| refused())?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    // A user and a password before the host would go nowhere.
    if web && !authority.is_empty() && !authority.contains('@') { Ok(uri) } else { Err(refused()) }
}

/// Whether what is sent there can be read on the way by others than the operator's own.
pub(super) fn is_safe(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let own = match host.parse() {
        Ok(std::net::IpAddr::V4(address)) => address.is_loopback() || address.is_private(),
        Ok(std::net::IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => host == "localhost",
    };
    uri.scheme_str() == Some("https") || own
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn an_address_has_scheme_and_host_and_loses_its_query() {
        let taken = |text: &str| address(text, "x").map(|uri| uri.to_string()).ok();
        assert_eq!(taken("https://kuma.example/api/push/abc?status=up&msg=OK&ping=").as_deref(), Some("https://kuma.example/api/push/abc"));
        assert_eq!(taken(" http://10.84.0.1:3001/ ").as_deref(), Some("http://10.84.0.1:3001/"));
        for bad in ["", "kuma.example", "ftp://kuma.example", "https://", "https://user:pw@kuma.example", "/api/push/abc", "https://a b"] {
            let error = address(bad, "the monitor").unwrap_err().to_string();
            assert!(error.contains("the monitor") && !error.contains("kuma.example"), "{error}");
        }
    }

    #[test]
    fn plain_http_stays_in_the_operators_own_network() {
        for (text, safe) in [
            ("https://hq.example", true),
            ("http://hq.example", false),
            ("http://127.0.0.1:9", true),
            ("http://10.84.0.1", true),
            ("http://[fd00::1]:80", true),
            ("http://[2001:db8::1]", false),
            ("http://192.0.2.1", false),
            ("http://localhost:80", true),
        ] {
            assert_eq!(is_safe(&address(text, "x").unwrap()), safe, "{text}");
        }
    }

    #[test]
    fn a_secret_is_one_line_of_a_file_that_is_not_everybodys() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let write = |text: &str, mode: u32| {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            secret_of(&file)
        };
        assert_eq!(*write("0123456789abcdef\n", 0o600).unwrap(), "0123456789abcdef");
        assert!(matches!(write("0123456789abcdef\n", 0o644), Err(SettingsError::File(Refused::Open(_)))));
        for bad in ["", "short\n", "0123456789abcdef\nand another", "0123456789 abcdef", &"x".repeat(5_000)] {
            let error = write(bad, 0o600).unwrap_err().to_string();
            assert!(error.contains("token has to hold") && !error.contains("0123"), "{error}");
        }
        fs::remove_file(&file).unwrap();
        assert!(secret_of(&file).unwrap_err().to_string().contains("cannot be read"));
    }
}
