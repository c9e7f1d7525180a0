//! How bytes look in JSON: ids in hexadecimal, everything else in base64url.

use std::{borrow::Cow, fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A byte string: a sealed record, a signed object, a public key, a hash or a WebAuthn member. Never a key.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Blob(pub Vec<u8>);

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        BASE64.decode(text.as_bytes()).map(Self).map_err(|_| D::Error::custom("not base64url without padding"))
    }
}

impl JsonSchema for Blob {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Blob".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "contentEncoding": "base64url"})
    }
}

/// The text is not lower-case hexadecimal of the right length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadId;

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not lower-case hexadecimal of the right length")
    }
}

impl std::error::Error for BadId {}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; $bytes * 2];
                for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
                    pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
                }
                f.write_str(std::str::from_utf8(&digits).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let digits = text.as_bytes();
                if digits.len() != $bytes * 2 {
                    return Err(BadId);
                }
                let mut id = [0; $bytes];
                for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
                    *byte = digit(pair[0])? << 4 | digit(pair[1])?;
                }
                Ok(Self(id))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": $pattern})
            }
        }
    };
}

hex_id!(
    /// A vault, entry, field, scope or agent id: 16 random bytes.
    Id, 16, "^[0-9a-f]{32}$"
);
hex_id!(
    /// An unlocker id (docs/FORMAT.md section 4): 32 bytes.
    UnlockerId, 32, "^[0-9a-f]{64}$"
);

const DIGITS: [u8; 16] = *b"0123456789abcdef";

fn digit(byte: u8) -> Result<u8, BadId> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(BadId),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_lower_case_hexadecimal_of_one_length() {
        let id: Id = serde_json::from_str("\"000102030405060708090a0b0c0d0e0f\"").unwrap();
        assert_eq!(id.0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"000102030405060708090a0b0c0d0e0f\"");
        for bad in ["", "00", "000102030405060708090A0B0C0D0E0F", "000102030405060708090a0b0c0d0e0g", "000102030405060708090a0b0c0d0e0f00"]
        {
            assert_eq!(bad.parse::<Id>(), Err(BadId), "{bad}");
        }
        assert!("00".repeat(32).parse::<UnlockerId>().is_ok());
    }

    #[test]
    fn bytes_are_base64url_without_padding_in_their_only_form() {
        let blob: Blob = serde_json::from_str("\"-_8\"").unwrap();
        assert_eq!(blob.0, [0xfb, 0xff]);
        assert_eq!(serde_json::to_string(&blob).unwrap(), "\"-_8\"");
        for bad in ["-_8=", "+/8", "-_9", "-", "- _8"] {
            assert!(serde_json::from_value::<Blob>(bad.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_output_shows_no_bytes() {
        assert_eq!(format!("{:?}", Blob(b"secret".to_vec())), "Blob(6 bytes)");
    }
}
