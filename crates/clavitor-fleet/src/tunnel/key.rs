//! Public keys of WireGuard, as `wg` writes them.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The public half of a WireGuard key pair (Curve25519). The private half never leaves the machine that made it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// Why a text is no public key of WireGuard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the text of 32 bytes.
    #[error("a WireGuard key is 44 characters of base64 that end in \"=\", as `wg pubkey` prints them")]
    Form,
    /// A value that no key pair has.
    #[error("this is not the public key of any key pair; copy it again from `wg show` on its machine")]
    Impossible,
}

impl PublicKey {
    /// Checks 32 bytes: a key with which everybody would share the same secret, or that is not written in the one usual way, is refused.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        // Any scalar does: only points of small order meet every (clamped) scalar in zero.
        let shared = x25519_dalek::x25519([0x40; 32], bytes);
        let usual = bytes[31] & 0x80 == 0;
        if shared == [0; 32] || !usual { Err(KeyError::Impossible) } else { Ok(Self(bytes)) }
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = STANDARD.decode(text).map_err(|_| KeyError::Form)?;
        Self::from_bytes(bytes.try_into().map_err(|_| KeyError::Form)?)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7748, section 6.1: the public keys of both sides.
    const KEYS: [&str; 2] = ["hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=", "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08="];

    #[test]
    fn keys_are_read_and_written() {
        for text in KEYS {
            assert_eq!(text.parse::<PublicKey>().expect("a key").to_string(), text);
            assert_eq!(serde_json::from_str::<PublicKey>(&format!("\"{text}\"")).expect("a key").to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_not_keys() {
        for text in ["", "hSDwCYkw", "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo", "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo="] {
            assert_eq!(text.parse::<PublicKey>(), Err(KeyError::Form), "{text}");
        }
    }

    #[test]
    fn points_that_give_everybody_the_same_secret_are_refused() {
        let one = std::array::from_fn(|index| u8::from(index == 0));
        let p_minus_one = std::array::from_fn(|index| match index {
            0 => 0xec,
            31 => 0x7f,
            _ => 0xff,
        });
        for bytes in [[0; 32], one, p_minus_one] {
            assert_eq!(PublicKey::from_bytes(bytes), Err(KeyError::Impossible), "{bytes:?}");
        }
        assert_eq!(PublicKey::from_bytes([0xff; 32]), Err(KeyError::Impossible));
    }
}
