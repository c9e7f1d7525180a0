//! Certificates by ACME (RFC 8555) with renewal information (RFC 9773): who decides when ([`policy`]), what is kept, how an order goes, and the task that
//! does it all beside the requests.
//!
//! Nothing leaves the machine before [`Acme::start`]. The certificate in use serves until a better one is there; an expired one serves too, because a browser's
//! warning says more than a closed door; a certificate that no authority signed is never shown.

mod challenge;
mod driver;
mod failure;
mod order;
pub mod policy;
mod random;
mod span;
mod status;
mod store;
mod teller;
mod transport;

use std::{io, path::PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

pub use driver::{Acme, Place};
pub use span::{Level, Span};
pub use status::{AcmeStatus, kept};
pub use store::FOLDER;

/// Let's Encrypt.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// Let's Encrypt's authority for trials: generous limits, certificates that no browser trusts.
pub const LETS_ENCRYPT_STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

/// More names than this are not put into one certificate; it is what Let's Encrypt allows.
pub const NAMES_MAX: usize = 100;

/// What one authority is asked with.
pub struct Authority {
    /// The address of its directory.
    pub directory: String,
    /// Certificate authorities that its own https is checked with, beside the public ones, in PEM.
    pub ca_file: Option<PathBuf>,
    /// An account that the operator has there already (RFC 8555 section 7.3.4).
    pub external: Option<ExternalAccount>,
}

/// An account outside ACME that the ACME account is bound to.
pub struct ExternalAccount {
    /// Its name, as the authority told it.
    pub kid: String,
    /// Its key, decoded.
    pub key: Zeroizing<Vec<u8>>,
}

/// What the operator wants.
pub struct Settings {
    /// The DNS names of the node.
    pub names: Vec<String>,
    /// Whom to ask, in the order of preference.
    pub authorities: Vec<Authority>,
    /// How the authority may write to the operator, such as `mailto:ops@example.com`.
    pub contact: Vec<String>,
    /// A profile of the authority, such as `shortlived`.
    pub profile: Option<String>,
    /// Whether the operator agrees to the authority's terms of service.
    pub agree_tos: bool,
    /// The first pause after a failure, milliseconds.
    pub retry_ms_min: u64,
    /// The longest pause after failures, milliseconds.
    pub retry_ms_max: u64,
}

impl Settings {
    /// For these names from this authority, with the usual pauses.
    pub fn new(names: Vec<String>, authorities: Vec<Authority>) -> Self {
        let rules = policy::Rules::new(authorities.len(), 0);
        Self {
            names,
            authorities,
            contact: Vec::new(),
            profile: None,
            agree_tos: false,
            retry_ms_min: rules.retry_ms_min,
            retry_ms_max: rules.retry_ms_max,
        }
    }

    /// Whether they fit together; names come out in lower case.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn checked(mut self) -> Result<Self, SettingsError> {
        for name in &mut self.names {
            name.make_ascii_lowercase();
            check_name(name)?;
        }
        if self.names.is_empty() || self.names.len() > NAMES_MAX {
            return Err(SettingsError::Names);
        }
        if !self.agree_tos {
            return Err(SettingsError::Terms);
        }
        match self.authorities.iter().find(|authority| !transport::is_directory(&authority.directory)) {
            Some(authority) => Err(SettingsError::Directory(authority.directory.clone())),
            None if self.authorities.is_empty() => Err(SettingsError::Directory(String::new())),
            None => Ok(self),
        }
    }
}

fn check_name(name: &str) -> Result<(), SettingsError> {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
    };
    let address = name.parse::<std::net::IpAddr>().is_ok();
    if name.starts_with("*.") {
        Err(SettingsError::Wildcard(name.to_owned()))
    } else if address || name.len() > 253 || !name.contains('.') || !name.split('.').all(label) {
        Err(SettingsError::Name(name.to_owned()))
    } else {
        Ok(())
    }
}

/// What does not fit together.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// No names, or too many.
    #[error("a certificate needs between one and {NAMES_MAX} names; say --domain vault.example.com")]
    Names,
    /// Not a name on the Internet.
    #[error(
        "{0:?} is no DNS name that an authority issues for; say --domain vault.example.com (xn--… for other scripts), without scheme and port"
    )]
    Name(String),
    /// A wildcard.
    #[error("{0:?}: certificates with a star need a proof in DNS, which the node does not make; bring one with --tls-cert and --tls-key")]
    Wildcard(String),
    /// The terms were not agreed to.
    #[error(
        "a certificate authority issues only to those who agree to its terms of service (Let's Encrypt: https://letsencrypt.org/repository/); read them and add --acme-agree-tos"
    )]
    Terms,
    /// Not an address of a directory.
    #[error("{0:?} is no directory of a certificate authority; it begins with https://")]
    Directory(String),
    /// The private authority's file.
    #[error(transparent)]
    Client(#[from] clavitor_outbound::ClientError),
    /// The folder of accounts and certificates.
    #[error(
        "the folder of accounts and certificates cannot be used ({0}); it lies under --data and must belong to the user that runs the node"
    )]
    Folder(#[from] io::Error),
}

/// No clock is right that shows less than this: when the program was built if its builder says so, else when this line was last looked at.
pub(crate) const BUILT_MS: u64 = match option_env!("SOURCE_DATE_EPOCH") {
    Some(text) => match u64::from_str_radix(text, 10) {
        Ok(seconds) => seconds * 1000,
        Err(_) => REVIEWED_MS,
    },
    None => REVIEWED_MS,
};
/// 2026-11-01.
const REVIEWED_MS: u64 = 1_793_491_200_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(names: &[&str]) -> Settings {
        let authority = Authority { directory: LETS_ENCRYPT.to_owned(), ca_file: None, external: None };
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Settings { agree_tos: true, ..Settings::new(names, vec![authority]) }
    }

    #[test]
    fn names_are_names_on_the_internet() {
        assert_eq!(settings(&["Vault.Example.COM"]).checked().ok().unwrap().names, ["vault.example.com"]);
        for bad in
            ["localhost", "https://vault.example.com", "vault.example.com:443", "192.0.2.7", "::1", "a..b", "-a.example", "a_b.example", ""]
        {
            assert!(matches!(settings(&[bad]).checked(), Err(SettingsError::Name(_))), "{bad}");
        }
        assert!(matches!(settings(&["*.example.com"]).checked(), Err(SettingsError::Wildcard(_))));
        assert!(matches!(settings(&[]).checked(), Err(SettingsError::Names)));
    }

    #[test]
    fn terms_must_be_agreed_to_and_directories_are_https() {
        let unread = Settings { agree_tos: false, ..settings(&["vault.example.com"]) };
        assert!(unread.checked().err().unwrap().to_string().contains("--acme-agree-tos"));
        let mut plain = settings(&["vault.example.com"]);
        plain.authorities[0].directory = "http://ca.example/dir".to_owned();
        assert!(matches!(plain.checked(), Err(SettingsError::Directory(_))));
    }

    #[test]
    fn the_build_date_is_a_date() {
        assert!((1_790_000_000_000..4_000_000_000_000).contains(&BUILT_MS));
    }
}
