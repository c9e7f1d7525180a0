//! References: `clv://vault/item/field`, by name or by id.
//!
//! A segment is percent-decoded once. A vault may be a name, an id, or `-` for the one this agent works with. The field may be left out where a verb
//! takes a whole item. A reference never holds a value, so it may stand in files, arguments and transcripts.

use std::{fmt, str::FromStr};

use clavitor_api::Id;

/// The scheme with its separator.
pub const SCHEME: &str = "clv://";
/// A reference is at most this long, in bytes.
pub const REFERENCE_BYTES_MAX: usize = 2048;

/// One segment of a reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// 32 lower-case hexadecimal digits.
    Id(Id),
    /// Anything else; not empty.
    Name(String),
}

/// Which vault.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VaultSegment {
    /// `-`: the vault of the profile in use.
    Current,
    /// By name or id.
    Given(Segment),
}

/// A parsed reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Which vault.
    pub vault: VaultSegment,
    /// Which entry.
    pub item: Segment,
    /// Which of its fields; absent for the item itself.
    pub field: Option<Segment>,
}

/// Why a text is not a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceError {
    /// It does not begin with `clv://`.
    Scheme,
    /// It is longer than [`REFERENCE_BYTES_MAX`].
    TooLong,
    /// A segment is empty.
    EmptySegment,
    /// Not two or three segments.
    Segments,
    /// A `%` without two hexadecimal digits, or bytes that are not UTF-8.
    Encoding,
    /// A control character, a space at an end, or one of `{}` that must be percent-encoded.
    Character,
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "a reference begins with clv://, for example clv://-/GitHub/password",
            Self::TooLong => "a reference is at most 2048 bytes long",
            Self::EmptySegment => "a part of the reference is empty; write clv://vault/item/field, with - for the current vault",
            Self::Segments => "a reference has the parts vault/item/field; write a slash inside a name as %2F",
            Self::Encoding => "a % in a reference is followed by two hexadecimal digits; write a percent sign as %25",
            Self::Character => "a reference holds no control characters or braces; write them percent-encoded",
        })
    }
}

impl std::error::Error for ReferenceError {}

impl Segment {
    fn parse(raw: &str) -> Result<Self, ReferenceError> {
        let text = decode(raw)?;
        if text.is_empty() {
            return Err(ReferenceError::EmptySegment);
        }
        // Only a segment written plainly is an id; an encoded one can name an item that is called like one.
        match raw.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => Ok(Self::Name(text)),
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let rest = text.strip_prefix(SCHEME).ok_or(ReferenceError::Scheme)?;
        if text.len() > REFERENCE_BYTES_MAX {
            return Err(ReferenceError::TooLong);
        }
        if rest.chars().any(|character| character.is_control() || matches!(character, '{' | '}')) {
            return Err(ReferenceError::Character);
        }
        let mut parts = rest.split('/');
        let vault = match parts.next() {
            Some("-") => VaultSegment::Current,
            Some(raw) => VaultSegment::Given(Segment::parse(raw)?),
            None => return Err(ReferenceError::Segments),
        };
        let item = Segment::parse(parts.next().ok_or(ReferenceError::Segments)?)?;
        let field = parts.next().map(Segment::parse).transpose()?;
        match parts.next() {
            None => Ok(Self { vault, item, field }),
            Some(_) => Err(ReferenceError::Segments),
        }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => f.write_str(&encode(name)),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        match &self.vault {
            VaultSegment::Current => f.write_str("-")?,
            VaultSegment::Given(segment) => segment.fmt(f)?,
        }
        write!(f, "/{}", self.item)?;
        match &self.field {
            Some(field) => write!(f, "/{field}"),
            None => Ok(()),
        }
    }
}

/// Percent-encodes what cannot stand in a segment. A name that looks like an id or like `-` gets its first character encoded.
fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let disguise = name == "-" || name.parse::<Id>().is_ok();
    for (at, character) in name.chars().enumerate() {
        let plain = character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '~' | '@' | '+' | ' ' | '(' | ')' | ',');
        let edge_space = character == ' ' && (at == 0 || name.chars().count() == at + 1);
        if plain && !edge_space && !(disguise && at == 0) {
            out.push(character);
        } else {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    out
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn decode(raw: &str) -> Result<String, ReferenceError> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).ok_or(ReferenceError::Encoding);
        let value = digit(rest.next())? << 4 | digit(rest.next())?;
        bytes.push(u8::try_from(value).map_err(|_| ReferenceError::Encoding)?);
    }
    String::from_utf8(bytes).map_err(|_| ReferenceError::Encoding)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Segment {
        Segment::Name(text.to_owned())
    }

    #[test]
    fn names_ids_and_the_current_vault() {
        let id = "000102030405060708090a0b0c0d0e0f";
        let parsed: Reference = format!("clv://-/{id}/password").parse().unwrap();
        assert_eq!(parsed.vault, VaultSegment::Current);
        assert_eq!(parsed.item, Segment::Id(id.parse().unwrap()));
        assert_eq!(parsed.field, Some(name("password")));
        let parsed: Reference = "clv://Home/My bank".parse().unwrap();
        assert_eq!((parsed.item, parsed.field), (name("My bank"), None));
    }

    #[test]
    fn slashes_and_percent_signs_are_encoded() {
        let parsed: Reference = "clv://-/a%2Fb%25/c".parse().unwrap();
        assert_eq!(parsed.item, name("a/b%"));
        assert_eq!(parsed.to_string(), "clv://-/a%2Fb%25/c");
    }

    #[test]
    fn an_item_called_like_an_id_or_a_dash_can_be_named() {
        for odd in ["000102030405060708090a0b0c0d0e0f", "-"] {
            let reference = Reference { vault: VaultSegment::Given(name(odd)), item: name(odd), field: None };
            assert_eq!(reference.to_string().parse::<Reference>(), Ok(reference));
        }
    }

    #[test]
    fn what_is_refused_and_why() {
        for (text, error) in [
            ("op://a/b/c", ReferenceError::Scheme),
            ("CLV://a/b/c", ReferenceError::Scheme),
            ("clv://a", ReferenceError::Segments),
            ("clv://a/b/c/d", ReferenceError::Segments),
            ("clv://a//c", ReferenceError::EmptySegment),
            ("clv:///b/c", ReferenceError::EmptySegment),
            ("clv://a/b/", ReferenceError::EmptySegment),
            ("clv://a/b/%", ReferenceError::Encoding),
            ("clv://a/b/%2", ReferenceError::Encoding),
            ("clv://a/b/%zz", ReferenceError::Encoding),
            ("clv://a/b/%+1", ReferenceError::Encoding),
            ("clv://a/b/%ff", ReferenceError::Encoding),
            ("clv://a/b/c}}", ReferenceError::Character),
            ("clv://a/b\n/c", ReferenceError::Character),
        ] {
            assert_eq!(text.parse::<Reference>(), Err(error), "{text}");
        }
        assert_eq!(format!("clv://a/{}/c", "x".repeat(3000)).parse::<Reference>(), Err(ReferenceError::TooLong));
    }

    proptest! {
        #[test]
        fn every_name_has_a_reference_that_reads_back(vault in ".{1,40}", item in ".{1,40}", field in proptest::option::of(".{1,40}")) {
            let reference = Reference { vault: VaultSegment::Given(name(&vault)), item: name(&item), field: field.as_deref().map(name) };
            prop_assert_eq!(reference.to_string().parse::<Reference>(), Ok(reference));
        }

        #[test]
        fn parsing_never_panics(text in "(clv://)?[-a-z0-9%/{} \\PC]{0,60}") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string().parse::<Reference>(), Ok(reference));
            }
        }
    }
}
