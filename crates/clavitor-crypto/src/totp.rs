//! One-time codes (RFC 6238) from what people store: an otpauth URI, a bare base32 secret, or a Steam secret. The seed never leaves this module.

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

const STEAM: &[u8; 26] = b"23456789BCDFGHJKMNPQRTVWXY";
const STEAM_DIGITS: u32 = 5;
const TEXT_BYTES_MAX: usize = 4096;
const PERIOD_S_MAX: u64 = 3600;

/// How codes are made from a secret.
pub struct Totp {
    key: Zeroizing<Vec<u8>>,
    algorithm: hmac::Algorithm,
    digits: u32,
    period_s: u64,
    steam: bool,
}

/// Why a stored seed gives no codes. Neither message repeats the seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSeed {
    /// Counter-based codes need a counter that is stored after each use.
    #[error("this seed is for counter codes (HOTP), which cannot be made without changing the entry")]
    Counter,
    /// Not an otpauth or steam URI, nor base32; or parameters outside RFC 6238.
    #[error("the stored seed for one-time codes cannot be read; the owner can correct it in the vault")]
    Unreadable,
}

/// A code and how long it stays valid.
pub struct Code {
    /// The code.
    pub code: Zeroizing<String>,
    /// Seconds until the next one.
    pub valid_s: u64,
}

impl Totp {
    /// Reads `otpauth://totp/…`, `steam://…` or bare base32. Case, spaces and hyphens of the secret do not matter.
    ///
    /// # Errors
    /// [`BadSeed`].
    pub fn parse(text: &str) -> Result<Self, BadSeed> {
        let text = text.trim();
        if text.len() > TEXT_BYTES_MAX {
            return Err(BadSeed::Unreadable);
        }
        if let Some(secret) = strip_prefix(text, "steam://") {
            return Ok(Self { digits: STEAM_DIGITS, steam: true, ..Self::plain(secret)? });
        }
        match strip_prefix(text, "otpauth://totp/") {
            Some(rest) => Self::from_uri(rest),
            None if strip_prefix(text, "otpauth://hotp/").is_some() => Err(BadSeed::Counter),
            None if text.contains("://") => Err(BadSeed::Unreadable),
            None => Self::plain(text),
        }
    }

    fn plain(secret: &str) -> Result<Self, BadSeed> {
        Ok(Self { key: decode(secret)?, algorithm: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, digits: 6, period_s: 30, steam: false })
    }

    fn from_uri(rest: &str) -> Result<Self, BadSeed> {
        let (label, query) = rest.split_once('?').ok_or(BadSeed::Unreadable)?;
        let parameter =
            |name: &str| query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = |name: &str| parameter(name).map(|(_, value)| value);
        let mut totp = Self::plain(&unescape(value("secret").ok_or(BadSeed::Unreadable)?)?)?;
        if let Some(name) = value("algorithm") {
            totp.algorithm = algorithm(name)?;
        }
        if let Some(digits) = value("digits") {
            totp.digits = digits.parse().ok().filter(|digits| (6..=10).contains(digits)).ok_or(BadSeed::Unreadable)?;
        }
        if let Some(period_s) = value("period") {
            totp.period_s = period_s.parse().ok().filter(|period_s| (1..=PERIOD_S_MAX).contains(period_s)).ok_or(BadSeed::Unreadable)?;
        }
        let steam = value("encoder").is_some_and(|encoder| encoder.eq_ignore_ascii_case("steam"));
        if steam || value("issuer").is_some_and(|issuer| issuer.eq_ignore_ascii_case("steam")) || is_steam_label(label) {
            (totp.steam, totp.digits) = (true, STEAM_DIGITS);
        }
        Ok(totp)
    }

    /// The code at a time, Unix seconds.
    pub fn at(&self, now_s: u64) -> Code {
        let key = hmac::Key::new(self.algorithm, &self.key);
        let tag = hmac::sign(&key, &(now_s / self.period_s).to_be_bytes());
        let number = truncate(tag.as_ref());
        let code = if self.steam { steam(number, self.digits) } else { decimal(number, self.digits) };
        Code { code, valid_s: self.period_s - now_s % self.period_s }
    }
}

/// Dynamic truncation (RFC 4226 section 5.3). The tag is at least 20 bytes, and its last four bits are at most 15.
fn truncate(tag: &[u8]) -> u32 {
    let offset = usize::from(tag.last().copied().unwrap_or(0) & 0x0f);
    let four = tag.get(offset..offset + 4).and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; 4]);
    u32::from_be_bytes(four) & 0x7fff_ffff
}

fn decimal(number: u32, digits: u32) -> Zeroizing<String> {
    let width = digits as usize;
    Zeroizing::new(format!("{:0width$}", u64::from(number) % 10_u64.pow(digits)))
}

fn steam(mut number: u32, digits: u32) -> Zeroizing<String> {
    let letters = STEAM.len() as u32;
    let mut code = Zeroizing::new(String::with_capacity(digits as usize));
    for _ in 0..digits {
        code.push(char::from(STEAM[(number % letters) as usize]));
        number /= letters;
    }
    code
}

fn algorithm(name: &str) -> Result<hmac::Algorithm, BadSeed> {
    match name.to_ascii_uppercase().replace('-', "").as_str() {
        "SHA1" => Ok(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        "SHA256" => Ok(hmac::HMAC_SHA256),
        "SHA512" => Ok(hmac::HMAC_SHA512),
        _ => Err(BadSeed::Unreadable),
    }
}

fn is_steam_label(label: &str) -> bool {
    unescape(label).is_ok_and(|label| strip_prefix(&label, "steam:").is_some())
}

fn decode(secret: &str) -> Result<Zeroizing<Vec<u8>>, BadSeed> {
    let kept = |c: &char| !matches!(c, ' ' | '-' | '=');
    let digits: Zeroizing<String> = Zeroizing::new(secret.chars().filter(kept).map(|c| c.to_ascii_uppercase()).collect());
    let mut spec = BASE32_NOPAD.specification();
    // People cut secrets at odd places: bits that fill no byte are ignored.
    spec.check_trailing_bits = false;
    let encoding = spec.encoding().map_err(|_| BadSeed::Unreadable)?;
    let key = encoding.decode(digits.as_bytes()).map(Zeroizing::new).map_err(|_| BadSeed::Unreadable)?;
    if key.is_empty() { Err(BadSeed::Unreadable) } else { Ok(key) }
}

/// Percent-decoding, as far as a URI's ASCII parts need it.
fn unescape(text: &str) -> Result<Zeroizing<String>, BadSeed> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16)).ok_or(BadSeed::Unreadable);
        bytes.push(if byte == b'%' { (digit()? * 16 + digit()?) as u8 } else { byte });
    }
    std::str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| BadSeed::Unreadable)
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
#[path = "totp_tests.rs"]
mod tests;
