//! The settings of a managed node, from its environment. Without them the edition works and only logs.

use std::{
    env, fmt,
    path::{Path, PathBuf},
};

use clavitor_server::secret_file::{self, Refused};
use zeroize::Zeroizing;

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module settings";

const FREQUENCY_S: u64 = 300;
const FREQUENCY_S_MIN: u64 = 10;
const FREQUENCY_S_MAX: u64 = 86_400;
/// The name of the token among the service manager's credentials, as the unit in packaging/ has it.
const CREDENTIAL: &str = "clavitor.telemetry-token";
const TOKEN_BYTES_MAX: usize = 4096;
const REGION_BYTES_MAX: usize = 64;

/// Where reports and alerts go.
#[derive(Clone)]
pub struct Settings {
    /// Scheme, host and port, without a slash at the end.
    pub host: String,
    /// Proves who reports. It is in no log and in no error.
    pub token: Zeroizing<String>,
    /// Between reports, in seconds.
    pub frequency_s: u64,
    /// Which point of presence this is; may be empty.
    pub region: String,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("host", &self.host).finish_non_exhaustive()
    }
}

/// Why nothing leaves this node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unset {
    /// Nothing is set, so nothing is meant.
    #[error("telemetry is not configured: alerts are only logged. Set TELEMETRY_HOST and TELEMETRY_TOKEN to send them")]
    Nothing,
    /// Half of it is set.
    #[error("{0} is set and {1} is not: alerts are only logged. Set both, or neither")]
    Half(&'static str, &'static str),
    /// The address is not one that a token may be sent to.
    #[error("TELEMETRY_HOST must be an https:// address without a path (http:// only on this machine): alerts are only logged")]
    Host,
    /// The token's file cannot be read.
    #[error("the token's file {0} cannot be read: alerts are only logged. It must be readable for the user of the service")]
    File(PathBuf),
    /// The token's file is open to everybody.
    #[error("the token's file {0} can be read by everybody on this machine: alerts are only logged. Run `chmod 600 {0}`")]
    Open(PathBuf),
    /// The token cannot stand in a header.
    #[error("the token is empty, too long, or holds spaces or control characters: alerts are only logged")]
    Token,
    /// The frequency is no number.
    #[error("TELEMETRY_FREQ must be a number of seconds from 10 to 86400: alerts are only logged")]
    Frequency,
    /// The region is no word.
    #[error("POP_REGION must be a word of letters, digits and hyphens: alerts are only logged")]
    Region,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`Unset`], in words for the log.
    pub fn from_environment() -> Result<Self, Unset> {
        Self::read(|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// Reads settings by name.
    ///
    /// # Errors
    /// [`Unset`].
    pub fn read(value: impl Fn(&str) -> Option<String>) -> Result<Self, Unset> {
        let host = value("TELEMETRY_HOST");
        let token = token(&value)?;
        let (host, token) = match (host, token) {
            (Some(host), Some(token)) => (host, token),
            (None, None) => return Err(Unset::Nothing),
            (Some(_), None) => return Err(Unset::Half("TELEMETRY_HOST", "TELEMETRY_TOKEN")),
            (None, Some(_)) => return Err(Unset::Half("TELEMETRY_TOKEN", "TELEMETRY_HOST")),
        };
        let visible = token.bytes().all(|byte| byte.is_ascii_graphic());
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX || !visible {
            return Err(Unset::Token);
        }
        let frequency_s = value("TELEMETRY_FREQ").map_or(Ok(FREQUENCY_S), |text| text.parse()).map_err(|_| Unset::Frequency)?;
        if !(FREQUENCY_S_MIN..=FREQUENCY_S_MAX).contains(&frequency_s) {
            return Err(Unset::Frequency);
        }
        let region = value("POP_REGION").unwrap_or_default();
        if region.len() > REGION_BYTES_MAX || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(Unset::Region);
        }
        Ok(Self { host: base(&host)?, token, frequency_s, region })
    }
}

/// From the environment, a file that it names, or the service manager's credentials; the first that is there.
fn token(value: &impl Fn(&str) -> Option<String>) -> Result<Option<Zeroizing<String>>, Unset> {
    if let Some(token) = value("TELEMETRY_TOKEN") {
        return Ok(Some(Zeroizing::new(token)));
    }
    if let Some(file) = value("TELEMETRY_TOKEN_FILE") {
        return read_token(Path::new(&file)).map(Some);
    }
    let credential = value("CREDENTIALS_DIRECTORY").map(|folder| Path::new(&folder).join(CREDENTIAL));
    credential.filter(|file| file.exists()).map(|file| read_token(&file)).transpose()
}

fn read_token(file: &Path) -> Result<Zeroizing<String>, Unset> {
    let text = secret_file::read(file, TOKEN_BYTES_MAX as u64).map_err(|refused| match refused {
        Refused::Open(_) => Unset::Open(file.to_owned()),
        Refused::Long(..) => Unset::Token,
        Refused::Read(..) => Unset::File(file.to_owned()),
    })?;
    str::from_utf8(&text).map(|text| Zeroizing::new(text.trim_end().to_owned())).map_err(|_| Unset::Token)
}

/// A token goes over TLS, or stays on the machine.
fn base(host: &str) -> Result<String, Unset> {
    let host = host.trim_end_matches('/');
    let (scheme, authority) = host.split_once("://").ok_or(Unset::Host)?;
    let authority: clavitor_server::edition::http::uri::Authority = authority.parse().map_err(|_| Unset::Host)?;
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    let local = name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let named_only = !authority.as_str().contains('@') && !name.is_empty();
    let allowed = scheme == "https" || (scheme == "http" && local);
    if allowed && named_only { Ok(host.to_owned()) } else { Err(Unset::Host) }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Settings, Unset> {
        Settings::read(|name| set.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned()))
    }

    const HOST: (&str, &str) = ("TELEMETRY_HOST", "https://hq.clavitor.com/");
    const TOKEN: (&str, &str) = ("TELEMETRY_TOKEN", "token-in-question");

    #[test]
    fn host_and_token_are_enough() {
        let settings = read(&[HOST, TOKEN]).unwrap();
        assert_eq!((settings.host.as_str(), settings.frequency_s, settings.region.as_str()), ("https://hq.clavitor.com", 300, ""));
        let settings = read(&[HOST, TOKEN, ("TELEMETRY_FREQ", "60"), ("POP_REGION", "us-east-1")]).unwrap();
        assert_eq!((settings.frequency_s, settings.region.as_str()), (60, "us-east-1"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        assert_eq!(read(&[]).unwrap_err(), Unset::Nothing);
        assert_eq!(read(&[HOST]).unwrap_err(), Unset::Half("TELEMETRY_HOST", "TELEMETRY_TOKEN"));
        assert_eq!(read(&[TOKEN]).unwrap_err(), Unset::Half("TELEMETRY_TOKEN", "TELEMETRY_HOST"));
        for frequency in ["9", "86401", "soon", "-1"] {
            assert_eq!(read(&[HOST, TOKEN, ("TELEMETRY_FREQ", frequency)]).unwrap_err(), Unset::Frequency);
        }
        assert_eq!(read(&[HOST, TOKEN, ("POP_REGION", "us east")]).unwrap_err(), Unset::Region);
        assert_eq!(read(&[HOST, ("TELEMETRY_TOKEN", "two words")]).unwrap_err(), Unset::Token);
    }

    #[test]
    fn a_token_goes_over_tls_or_stays_on_the_machine() {
        for host in [
            "http://hq.clavitor.com",
            "hq.clavitor.com",
            "https://",
            "https://hq/path",
            "ftp://hq",
            "https://user@hq",
            "http://localhost.evil",
        ] {
            assert_eq!(read(&[("TELEMETRY_HOST", host), TOKEN]).unwrap_err(), Unset::Host, "{host}");
        }
        for host in ["http://127.0.0.1:43000", "http://[::1]:43000", "http://localhost:43000", "https://[2001:db8::1]:8443"] {
            assert_eq!(read(&[("TELEMETRY_HOST", host), TOKEN]).unwrap().host, host);
        }
    }

    #[test]
    fn the_token_comes_from_a_file_or_a_credential_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(CREDENTIAL);
        fs::write(&file, "token-of-a-file\n").unwrap();
        let chmod = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        chmod(0o644);
        let open = read(&[HOST, ("TELEMETRY_TOKEN_FILE", file.to_str().unwrap())]).unwrap_err();
        assert!(open == Unset::Open(file.clone()) && open.to_string().contains("chmod 600"));
        chmod(0o600);
        let from_file = read(&[HOST, ("TELEMETRY_TOKEN_FILE", file.to_str().unwrap())]).unwrap();
        assert_eq!(from_file.token.as_str(), "token-of-a-file");
        let unit = include_str!("../../../packaging/clavitor.service");
        assert!(unit.lines().any(|line| line == format!("LoadCredential={CREDENTIAL}")), "the unit hands over another name");
        let from_credential = read(&[HOST, ("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap())]).unwrap();
        assert_eq!(from_credential.token.as_str(), "token-of-a-file");
        assert!(!format!("{from_file:?}").contains("token-of"));
        let gone = read(&[HOST, ("TELEMETRY_TOKEN_FILE", "gone")]).unwrap_err();
        assert_eq!(gone, Unset::File("gone".into()));
    }
}
