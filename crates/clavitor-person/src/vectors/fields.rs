//! Members of a case's `in`, read by name and type.

use clavitor_crypto::{Refusal, Secret, sign::PublicKey};
use data_encoding::HEXLOWER;
use serde_json::{Map, Value as Json};

use super::run::Refused;

/// The members of `in`.
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Json>);

impl<'a> Fields<'a> {
    pub(super) fn json(&self, name: &str) -> Result<&'a Json, Refused> {
        self.0.get(name).ok_or_else(|| Refused::broken(format!("no member {name}")))
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, Refused> {
        self.json(name)?.as_str().ok_or_else(|| Refused::broken(format!("{name} is no text")))
    }

    pub(super) fn bytes(&self, name: &str) -> Result<Vec<u8>, Refused> {
        unhex(self.text(name)?)
    }

    /// Bytes, or `None` for null.
    pub(super) fn bytes_or_null(&self, name: &str) -> Result<Option<Vec<u8>>, Refused> {
        if self.json(name)?.is_null() { Ok(None) } else { self.bytes(name).map(Some) }
    }

    pub(super) fn fixed<const N: usize>(&self, name: &str) -> Result<[u8; N], Refused> {
        self.bytes(name)?.try_into().map_err(|_| Refused::broken(format!("{name} is not {N} bytes")))
    }

    pub(super) fn secret<const N: usize>(&self, name: &str) -> Result<Secret<N>, Refused> {
        self.fixed(name).map(Secret::take)
    }

    pub(super) fn number<T: TryFrom<u64>>(&self, name: &str) -> Result<T, Refused> {
        let number = self.json(name)?.as_u64().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| Refused::broken(format!("{name} is no such number")))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Refused> {
        self.json(name)?.as_bool().ok_or_else(|| Refused::broken(format!("{name} is no truth value")))
    }

    pub(super) fn list(&self, name: &str) -> Result<&'a Vec<Json>, Refused> {
        self.json(name)?.as_array().ok_or_else(|| Refused::broken(format!("{name} is no list")))
    }

    /// Objects of a list.
    pub(super) fn each<T>(&self, name: &str, read: impl Fn(Fields<'a>) -> Result<T, Refused>) -> Result<Vec<T>, Refused> {
        self.list(name)?.iter().map(|one| read(Fields(one.as_object().ok_or_else(|| Refused::broken(name.to_owned()))?))).collect()
    }

    pub(super) fn inside(&self, name: &str) -> Result<Fields<'a>, Refused> {
        self.json(name)?.as_object().map(Fields).ok_or_else(|| Refused::broken(format!("{name} is no object")))
    }

    /// A public key that must be usable: it is not what the case is about.
    pub(super) fn public_key(&self, name: &str) -> Result<PublicKey, Refused> {
        PublicKey::parse(&self.bytes(name)?).map_err(|_: Refusal| Refused::broken(format!("{name} is no usable key")))
    }

    /// Hashes of a list.
    pub(super) fn hashes(&self, name: &str) -> Result<Vec<[u8; 32]>, Refused> {
        let one = |json: &Json| {
            let bytes = unhex(json.as_str().unwrap_or_default())?;
            bytes.try_into().map_err(|_| Refused::broken(format!("{name} holds no hash")))
        };
        self.list(name)?.iter().map(one).collect()
    }
}

pub(super) fn hex(bytes: &(impl AsRef<[u8]> + ?Sized)) -> Json {
    HEXLOWER.encode(bytes.as_ref()).into()
}

pub(super) fn unhex(text: &str) -> Result<Vec<u8>, Refused> {
    HEXLOWER.decode(text.as_bytes()).map_err(|_| Refused::broken("not lower-case hexadecimal".to_owned()))
}
