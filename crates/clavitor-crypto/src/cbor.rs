//! Deterministic CBOR (RFC 8949 section 4.2.1) for the structures of docs/FORMAT.md: maps with ascending unsigned keys, definite lengths, shortest
//! integers. [`decode`] refuses whatever does not encode back to the same bytes.

use minicbor::{Decoder, Encoder};

use crate::Refusal;

/// Longest body that is read.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// A structure with one encoding.
pub trait Canonical: Sized {
    /// Writes the one encoding.
    fn write(&self, writer: &mut Writer);

    /// Reads the members.
    ///
    /// # Errors
    /// [`Refusal::Cbor`] for other members, [`Refusal::Rule`] for values the format does not know.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal>;
}

/// Encodes.
pub fn encode(value: &impl Canonical) -> Vec<u8> {
    let mut writer = Writer::default();
    value.write(&mut writer);
    writer.0.into_writer()
}

/// Decodes bytes that are exactly the one encoding of a `T`.
///
/// # Errors
/// [`Refusal::Shape`] above [`BODY_BYTES_MAX`], [`Refusal::Cbor`] or [`Refusal::Rule`] as [`Canonical::read`] says.
pub fn decode<T: Canonical>(bytes: &[u8]) -> Result<T, Refusal> {
    if bytes.len() > BODY_BYTES_MAX {
        return Err(Refusal::Shape);
    }
    let mut reader = Reader(Decoder::new(bytes));
    let value = T::read(&mut reader)?;
    // Also refuses bytes after the value: the encoding is shorter then.
    if encode(&value) != bytes {
        return Err(Refusal::Cbor);
    }
    Ok(value)
}

/// Writes CBOR into memory, which cannot fail.
pub struct Writer(Encoder<Vec<u8>>);

impl Default for Writer {
    fn default() -> Self {
        Self(Encoder::new(Vec::new()))
    }
}

impl Writer {
    /// Begins a map of `members` members.
    pub fn map(&mut self, members: u64) -> &mut Self {
        self.0.map(members).ok();
        self
    }

    /// A member's key and unsigned value.
    pub fn number(&mut self, key: u8, value: impl Into<u64>) -> &mut Self {
        self.key(key).0.u64(value.into()).ok();
        self
    }

    /// A member's key and byte string.
    pub fn bytes(&mut self, key: u8, value: &[u8]) -> &mut Self {
        self.key(key).0.bytes(value).ok();
        self
    }

    /// A member's key and text.
    pub fn text(&mut self, key: u8, value: &str) -> &mut Self {
        self.key(key).0.str(value).ok();
        self
    }

    /// A member's key and truth value.
    pub fn flag(&mut self, key: u8, value: bool) -> &mut Self {
        self.key(key).0.bool(value).ok();
        self
    }

    /// A member's key and a structure inside.
    pub fn inside(&mut self, key: u8, value: &impl Canonical) -> &mut Self {
        value.write(self.key(key));
        self
    }

    /// A member's key and a list of structures.
    pub fn list(&mut self, key: u8, values: &[impl Canonical]) -> &mut Self {
        self.key(key).0.array(values.len() as u64).ok();
        values.iter().for_each(|value| value.write(self));
        self
    }

    /// A byte string without a key: an element of a list.
    pub fn element_bytes(&mut self, value: &[u8]) {
        self.0.bytes(value).ok();
    }

    /// A text without a key: an element of a list.
    pub fn element_text(&mut self, value: &str) {
        self.0.str(value).ok();
    }

    fn key(&mut self, key: u8) -> &mut Self {
        self.0.u8(key).ok();
        self
    }
}

/// Reads CBOR. Each method fails with [`Refusal::Cbor`] unless the next member has this key and type.
pub struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    /// Begins a map of exactly `members` members.
    ///
    /// # Errors
    /// [`Refusal::Cbor`].
    pub fn map(&mut self, members: u64) -> Result<(), Refusal> {
        if self.0.map().map_err(cbor)? == Some(members) { Ok(()) } else { Err(Refusal::Cbor) }
    }

    /// An unsigned member that fits into `T`.
    ///
    /// # Errors
    /// [`Refusal::Cbor`].
    pub fn number<T: TryFrom<u64>>(&mut self, key: u8) -> Result<T, Refusal> {
        let value = self.key(key)?.0.u64().map_err(cbor)?;
        T::try_from(value).map_err(|_| Refusal::Cbor)
    }

    /// A byte string of any length.
    ///
    /// # Errors
    /// [`Refusal::Cbor`].
    pub fn bytes(&mut self, key: u8) -> Result<&'b [u8], Refusal> {
        self.key(key)?.0.bytes().map_err(cbor)
    }

    /// A byte string of `N` bytes.
    ///
    /// # Errors
    /// [`Refusal::Cbor`].
    pub fn fixed<const N: usize>(&mut self, key: u8) -> Result<[u8; N], Refusal> {
        self.bytes(key)?.try_into().map_err(|_| Refusal::Cbor)
    }

    /// A text.
    ///
    /// # Errors
    /// [`Refusal::Cbor`].
    pub fn text(&mut self, key: u8) -> Result<String, Refusal> {
        self.key(key)?.0.str().map(str::to_owned).map_err(cbor)
    }

    /// A truth value.
    ///
    /// # Errors
    /// [`Refusal::Cbor`].
    pub fn flag(&mut self, key: u8) -> Result<bool, Refusal> {
        self.key(key)?.0.bool().map_err(cbor)
    }

    /// A structure inside.
    ///
    /// # Errors
    /// [`Refusal::Cbor`], or what the structure refuses.
    pub fn inside<T: Canonical>(&mut self, key: u8) -> Result<T, Refusal> {
        T::read(self.key(key)?)
    }

    /// A list of structures.
    ///
    /// # Errors
    /// [`Refusal::Cbor`], or what an element refuses.
    pub fn list<T: Canonical>(&mut self, key: u8) -> Result<Vec<T>, Refusal> {
        let count = self.key(key)?.0.array().map_err(cbor)?.ok_or(Refusal::Cbor)?;
        // The count is a claim; nothing is allocated for elements that are not there.
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(T::read(self)?);
        }
        Ok(values)
    }

    /// A byte string without a key: an element of a list.
    ///
    /// # Errors
    /// [`Refusal::Cbor`].
    pub fn element_bytes(&mut self) -> Result<&'b [u8], Refusal> {
        self.0.bytes().map_err(cbor)
    }

    /// A text without a key: an element of a list.
    ///
    /// # Errors
    /// [`Refusal::Cbor`].
    pub fn element_text(&mut self) -> Result<String, Refusal> {
        self.0.str().map(str::to_owned).map_err(cbor)
    }

    fn key(&mut self, key: u8) -> Result<&mut Self, Refusal> {
        if self.0.u64().map_err(cbor)? == u64::from(key) { Ok(self) } else { Err(Refusal::Cbor) }
    }
}

fn cbor(_: minicbor::decode::Error) -> Refusal {
    Refusal::Cbor
}

/// Whether `keys` ascend without repeats.
pub(crate) fn ascending<T: Ord>(keys: impl IntoIterator<Item = T>) -> bool {
    let mut keys = keys.into_iter();
    let Some(mut last) = keys.next() else { return true };
    keys.all(|key| {
        let ordered = last < key;
        last = key;
        ordered
    })
}
