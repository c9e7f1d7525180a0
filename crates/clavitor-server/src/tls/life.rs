//! What a certificate says about itself: for whom, from whom, from when to when.

use rustls::pki_types::CertificateDer;
use thiserror::Error;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

const DAY_S: i64 = 86_400;

/// For whom a certificate is, and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Valid from then, Unix seconds.
    pub not_before_s: u64,
    /// Valid until then, Unix seconds.
    pub not_after_s: u64,
    /// Who signed it, as RFC 4514 writes names; nothing in it can be relied upon.
    pub issuer: String,
    /// The DNS names it is for, in lower case; one may begin with `*.`.
    pub names: Vec<String>,
}

/// A certificate that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is not an X.509 certificate that names a host")]
pub struct Unreadable;

impl Life {
    /// Reads the first certificate of a chain.
    ///
    /// # Errors
    /// [`Unreadable`]; also when it carries no subject alternative name (RFC 9525 section 2).
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, Unreadable> {
        let (_, read) = X509Certificate::from_der(certificate).map_err(|_| Unreadable)?;
        let alternative = read.subject_alternative_name().map_err(|_| Unreadable)?.ok_or(Unreadable)?;
        let names = alternative.value.general_names.iter().filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        });
        let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).unwrap_or(0);
        Ok(Self {
            not_before_s: seconds(read.validity().not_before),
            not_after_s: seconds(read.validity().not_after),
            issuer: read.issuer().to_string(),
            names: names.collect(),
        })
    }

    /// Whole days until it ends, rounded down; negative once it has ended.
    pub fn days_left(&self, now_s: u64) -> i64 {
        self.seconds_left(now_s).div_euclid(DAY_S)
    }

    /// What is left of its life, from 1 (not begun) to 0 (ended).
    pub fn fraction_left(&self, now_s: u64) -> f64 {
        let whole = self.not_after_s.saturating_sub(self.not_before_s);
        let left = self.not_after_s.saturating_sub(now_s).min(whole);
        if whole == 0 { 0.0 } else { left as f64 / whole as f64 }
    }

    /// Whether a client that asks for `name` takes it: the name itself, or one label in place of a star (RFC 9525 section 6.3).
    pub fn covers(&self, name: &str) -> bool {
        let parent = name.split_once('.').map(|(_, parent)| parent);
        self.names.iter().any(|ours| match ours.strip_prefix("*.") {
            Some(rest) => parent.is_some_and(|parent| parent.eq_ignore_ascii_case(rest)),
            None => ours.eq_ignore_ascii_case(name),
        })
    }

    fn seconds_left(&self, now_s: u64) -> i64 {
        let signed = |seconds| i64::try_from(seconds).unwrap_or(i64::MAX);
        signed(self.not_after_s).saturating_sub(signed(now_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(not_before_s: u64, not_after_s: u64) -> Life {
        Life { not_before_s, not_after_s, issuer: String::new(), names: vec!["vault.example.com".into(), "*.pop.example.com".into()] }
    }

    #[test]
    fn days_and_fraction_go_down_and_days_go_on_below_nothing() {
        let life = life(1_000_000, 1_000_000 + 90 * 86_400);
        assert_eq!((life.days_left(1_000_000), life.fraction_left(1_000_000)), (90, 1.0));
        assert_eq!((life.days_left(1_000_001), life.fraction_left(0)), (89, 1.0));
        assert_eq!(life.fraction_left(1_000_000 + 45 * 86_400), 0.5);
        assert_eq!((life.days_left(life.not_after_s), life.fraction_left(life.not_after_s)), (0, 0.0));
        assert_eq!((life.days_left(life.not_after_s + 1), life.fraction_left(u64::MAX)), (-1, 0.0));
        assert_eq!(self::life(5, 5).fraction_left(5), 0.0);
    }

    #[test]
    fn a_star_stands_for_one_label() {
        let life = life(0, 1);
        for covered in ["vault.example.com", "VAULT.example.com", "zurich.pop.example.com"] {
            assert!(life.covers(covered), "{covered}");
        }
        for other in ["example.com", "a.vault.example.com", "pop.example.com", "a.b.pop.example.com", ""] {
            assert!(!life.covers(other), "{other}");
        }
    }

    #[test]
    fn a_certificate_is_read_and_nonsense_is_not() {
        let signed = rcgen::generate_simple_self_signed(["Vault.example.com".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let life = Life::of(signed.cert.der()).unwrap();
        assert_eq!(life.names, ["vault.example.com"], "an address is not a name");
        assert!(life.not_before_s < life.not_after_s && life.issuer.contains("CN="), "{life:?}");
        assert_eq!(Life::of(&CertificateDer::from(vec![1, 2, 3])), Err(Unreadable));
        let nameless = rcgen::generate_simple_self_signed([]).unwrap();
        assert_eq!(Life::of(nameless.cert.der()), Err(Unreadable));
    }
}
