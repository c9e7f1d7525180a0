//! One-time codes: RFC 6238 and Steam's variant, from an otpauth URI or a bare secret. The seed never leaves this module.

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

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

/// How a seed becomes codes.
pub struct Totp {
    secret: Zeroizing<Vec<u8>>,
    algorithm: hmac::Algorithm,
    period_s: u64,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Six to ten decimal digits.
    Digits(u32),
    /// Five characters of Steam's alphabet.
    Steam,
}

/// A code and how long it stays valid.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Code {
    /// The code.
    pub code: String,
    /// Seconds until the next one.
    pub valid_s: u64,
}

const STEAM_ALPHABET: &[u8; 26] = b"23456789BCDFGHJKMNPQRTVWXY";
const STEAM_CHARACTERS: usize = 5;
const PERIOD_S_MAX: u64 = 3600;
const SECRET_BYTES_MAX: usize = 1024;

impl Totp {
    /// Reads a stored seed: `otpauth://totp/…`, `steam://SECRET`, or the secret alone in base32.
    pub fn parse(seed: &str) -> Result<Self, BadSeed> {
        let seed = seed.trim();
        if let Some(rest) = strip_prefix_ignoring_case(seed, "otpauth://") {
            return Self::parse_uri(rest);
        }
        let (text, form) = match strip_prefix_ignoring_case(seed, "steam://") {
            Some(rest) => (rest, Form::Steam),
            None => (seed, Form::Digits(6)),
        };
        Ok(Self { secret: secret(text)?, algorithm: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, period_s: 30, form })
    }

    fn parse_uri(rest: &str) -> Result<Self, BadSeed> {
        let (kind, rest) = rest.split_once('/').ok_or(BadSeed::Unreadable)?;
        if !kind.eq_ignore_ascii_case("totp") {
            return Err(BadSeed::Counter);
        }
        let (label, query) = rest.split_once('?').ok_or(BadSeed::Unreadable)?;
        let mut parts = Self {
            secret: Zeroizing::new(Vec::new()),
            algorithm: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            period_s: 30,
            form: Form::Digits(6),
        };
        let mut steam = strip_prefix_ignoring_case(label, "Steam:").is_some() || strip_prefix_ignoring_case(label, "Steam%3A").is_some();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name.to_ascii_lowercase().as_str() {
                "secret" => parts.secret = secret(value)?,
                "algorithm" => parts.algorithm = algorithm(value)?,
                "digits" => {
                    parts.form = Form::Digits(value.parse().ok().filter(|digits| (6..=10).contains(digits)).ok_or(BadSeed::Unreadable)?)
                }
                "period" => {
                    parts.period_s = value.parse().ok().filter(|period| (1..=PERIOD_S_MAX).contains(period)).ok_or(BadSeed::Unreadable)?;
                }
                "issuer" => steam |= value.eq_ignore_ascii_case("steam"),
                "encoder" => steam |= value.eq_ignore_ascii_case("steam"),
                _ => {}
            }
        }
        if steam {
            parts.form = Form::Steam;
        }
        if parts.secret.is_empty() { Err(BadSeed::Unreadable) } else { Ok(parts) }
    }

    /// The code at a time, Unix seconds.
    pub fn at(&self, unix_s: u64) -> Code {
        let counter = unix_s / self.period_s;
        let tag = hmac::sign(&hmac::Key::new(self.algorithm, &self.secret), &counter.to_be_bytes());
        let number = truncate(tag.as_ref());
        let code = match self.form {
            Form::Digits(digits) => {
                let width = digits as usize;
                format!("{:0width$}", u64::from(number) % 10_u64.pow(digits))
            }
            Form::Steam => steam_code(number),
        };
        Code { code, valid_s: self.period_s - unix_s % self.period_s }
    }
}

/// Dynamic truncation, RFC 4226 section 5.3.
fn truncate(tag: &[u8]) -> u32 {
    let offset = usize::from(tag.last().copied().unwrap_or(0) & 15);
    let word = tag.get(offset..offset + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
    word & 0x7fff_ffff
}

fn steam_code(mut number: u32) -> String {
    let base = STEAM_ALPHABET.len() as u32;
    (0..STEAM_CHARACTERS)
        .map(|_| {
            let character = STEAM_ALPHABET[(number % base) as usize];
            number /= base;
            char::from(character)
        })
        .collect()
}

fn algorithm(name: &str) -> Result<hmac::Algorithm, BadSeed> {
    match name.to_ascii_uppercase().replace('-', "").as_str() {
        "SHA1" => Ok(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        "SHA256" => Ok(hmac::HMAC_SHA256),
        "SHA512" => Ok(hmac::HMAC_SHA512),
        _ => Err(BadSeed::Unreadable),
    }
}

/// Base32 as people paste it: any case, with spaces, hyphens and padding.
fn secret(text: &str) -> Result<Zeroizing<Vec<u8>>, BadSeed> {
    let cleaned = Zeroizing::new(text.replace("%20", " ").replace("%3D", "=").replace("%3d", "="));
    let letters: Zeroizing<Vec<u8>> = Zeroizing::new(
        cleaned.bytes().filter(|byte| !matches!(byte, b' ' | b'-' | b'=' | b'+')).map(|byte| byte.to_ascii_uppercase()).collect(),
    );
    if letters.is_empty() || letters.len() > SECRET_BYTES_MAX {
        return Err(BadSeed::Unreadable);
    }
    // Issuers write secrets whose last character has unused bits set; they are dropped, as every authenticator does.
    let mut permissive = BASE32_NOPAD.specification();
    permissive.check_trailing_bits = false;
    let encoding = permissive.encoding().map_err(|_| BadSeed::Unreadable)?;
    encoding.decode(&letters).map(Zeroizing::new).map_err(|_| BadSeed::Unreadable)
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The seeds of RFC 6238 appendix B, in base32.
    const SHA1: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    const SHA256: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA";
    const SHA512: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA";

    #[test]
    fn rfc_6238_appendix_b() {
        let table = [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ];
        for (name, seed) in [("SHA1", SHA1), ("SHA256", SHA256), ("SHA512", SHA512)] {
            let totp = Totp::parse(&format!("otpauth://totp/x?secret={seed}&algorithm={name}&digits=8")).unwrap();
            for (time, sha1, sha256, sha512) in table {
                let expected = match name {
                    "SHA1" => sha1,
                    "SHA256" => sha256,
                    _ => sha512,
                };
                assert_eq!(totp.at(time).code, expected, "{name} at {time}");
            }
        }
    }

    #[test]
    fn bare_secrets_in_the_forms_people_paste() {
        let expected = Totp::parse(SHA1).unwrap().at(59);
        assert_eq!(expected, Code { code: "287082".into(), valid_s: 1 });
        for text in ["gezd gnbv gy3t qojq gezd gnbv gy3t qojq", " GEZDGNBV-GY3TQOJQ-GEZDGNBV-GY3TQOJQ== "] {
            assert_eq!(Totp::parse(text).unwrap().at(59), expected);
        }
    }

    #[test]
    fn digits_and_period() {
        let totp = Totp::parse(&format!("otpauth://totp/a:b?secret={SHA1}&digits=10&period=60")).unwrap();
        let code = totp.at(59);
        assert_eq!((code.code.len(), code.valid_s), (10, 1));
        assert!(Totp::parse(&format!("otpauth://totp/a?secret={SHA1}&digits=5")).is_err());
        assert!(Totp::parse(&format!("otpauth://totp/a?secret={SHA1}&period=0")).is_err());
    }

    #[test]
    fn steam_has_five_characters_of_its_alphabet() {
        for seed in [format!("steam://{SHA1}"), format!("otpauth://totp/Steam:me?secret={SHA1}&issuer=Steam")] {
            let code = Totp::parse(&seed).unwrap().at(59).code;
            // 0x41397eea, the truncated value of RFC 4226 for counter 1, in base 26.
            assert_eq!(code, steam_code(0x4139_7eea));
            assert_eq!(code.len(), 5);
        }
    }

    #[test]
    fn what_is_refused() {
        for seed in [
            "",
            "otpauth://hotp/a?secret=GEZDGNBV",
            "otpauth://totp/a",
            "otpauth://totp/a?issuer=x",
            "1890!",
            "otpauth://totp/a?secret=GEZDGNBV&algorithm=MD5",
        ] {
            assert!(Totp::parse(seed).is_err(), "{seed}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(seed in any::<String>(), time in any::<u64>()) {
            if let Ok(totp) = Totp::parse(&seed) {
                prop_assert!(totp.at(time).valid_s >= 1);
            }
        }
    }
}
