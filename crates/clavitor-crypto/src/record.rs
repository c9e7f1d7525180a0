//! The sealed record (docs/FORMAT.md section 4): one fresh key per record, bound to where it belongs, committed to one key.
//!
//! Who opens a record says what they asked for in a [`Context`]; nothing of it is ever read from the record. A node that cannot open a record
//! checks its [`Envelope`] only. Every failure is the same [`Refused`].

use std::{fmt, marker::PhantomData, ops::Deref};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    AgentId, EntryId, FieldId, Refused, ScopeId, Secret, UnlockerId, VaultId, derive::hkdf_sha256, hash, padding, secret::Secret32,
};

/// Longest record.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// Longest value that still fits into a record once padded.
pub const VALUE_BYTES_MAX: usize = padding::VALUE_BYTES_MAX;

const HEADER_BYTES: usize = 8;
const SALT_BYTES: usize = 32;
const COMMITMENT_BYTES: usize = 32;
const BODY_AT: usize = HEADER_BYTES + SALT_BYTES + COMMITMENT_BYTES;
const TAG_BYTES: usize = 16;
/// Bytes of a record besides its padded value.
pub(crate) const OVERHEAD_BYTES: usize = BODY_AT + TAG_BYTES;

const FORMAT: u8 = 0xC1;
const SUITE: u8 = 0x01;

/// What a record is for. A type, so that the key of one kind opens no other.
pub trait Kind {
    /// The kind byte of docs/FORMAT.md section 4.
    const BYTE: u8;
}

/// Every kind byte there is.
pub const KINDS: [u8; 11] = [0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17];

/// Where a record belongs: what the reader asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// Key epoch: of the entry key, the scope key or the vault key, as the kind says.
    pub epoch: u32,
    /// The vault.
    pub vault: VaultId,
    /// `entry_id` of the table, which is an agent or a backup for some kinds.
    pub entry: [u8; 16],
    /// `field_id` of the table, which is a scope for some kinds.
    pub field: [u8; 16],
    /// `version` of the table.
    pub version: u64,
}

impl Context {
    /// A field, or with [`FieldId::ZERO`] the summary. `epoch` is the entry key's (tier 1, 2) or the vault's (tier 3).
    #[must_use]
    pub const fn field(vault: VaultId, entry: EntryId, field: FieldId, version: u64, epoch: u32) -> Self {
        Self { epoch, vault, entry: entry.0, field: field.0, version }
    }

    /// A grant of the entry key `ek_epoch` to `scope`.
    #[must_use]
    pub fn grant(vault: VaultId, entry: EntryId, scope: ScopeId, ek_epoch: u32, scope_epoch: u32) -> Self {
        Self { epoch: scope_epoch, vault, entry: entry.0, field: scope.0, version: u64::from(ek_epoch) }
    }

    /// An unlocker record.
    #[must_use]
    pub fn unlocker(vault: VaultId, unlocker: UnlockerId) -> Self {
        let (mut entry, mut field) = ([0; 16], [0; 16]);
        entry.copy_from_slice(&unlocker.0[..16]);
        field.copy_from_slice(&unlocker.0[16..]);
        Self { epoch: 0, vault, entry, field, version: 0 }
    }

    /// The vault's signing key.
    #[must_use]
    pub const fn usk(vault: VaultId, vault_epoch: u32) -> Self {
        Self { epoch: vault_epoch, vault, entry: [0; 16], field: [0; 16], version: 0 }
    }

    /// What an invited agent opens.
    #[must_use]
    pub const fn enrolment(vault: VaultId, agent: AgentId) -> Self {
        Self { epoch: 0, vault, entry: agent.0, field: [0; 16], version: 0 }
    }

    /// A scope key under a hosted token.
    #[must_use]
    pub const fn hosted(vault: VaultId, agent: AgentId, scope: ScopeId, scope_epoch: u32) -> Self {
        Self { epoch: scope_epoch, vault, entry: agent.0, field: scope.0, version: 0 }
    }

    /// A chunk of a backup, counted from 0. A backup holds every vault of a node, so its vault id is zero.
    #[must_use]
    pub const fn backup(backup_id: [u8; 16], chunk: u64, last: bool) -> Self {
        Self { epoch: 0, vault: VaultId::ZERO, entry: backup_id, field: if last { [0xff; 16] } else { [0; 16] }, version: chunk }
    }

    /// The vault key before `vault_epoch`, sealed under the one of `vault_epoch`.
    #[must_use]
    pub fn previous_vmk(vault: VaultId, vault_epoch: u32) -> Self {
        let version = u64::from(vault_epoch.saturating_sub(1));
        Self { epoch: vault_epoch, vault, entry: [0; 16], field: [0; 16], version }
    }

    /// `ctx_hash` for a record of this kind.
    #[must_use]
    pub fn hash(&self, kind: u8) -> hash::Hash {
        let version = self.version.to_be_bytes();
        let header = header(kind, self.epoch);
        hash::sha256(&[b"clavitor/v1/record\0", &header, &self.vault.0, &self.entry, &self.field, &version])
    }
}

const fn header(kind: u8, epoch: u32) -> [u8; HEADER_BYTES] {
    let [a, b, c, d] = epoch.to_be_bytes();
    [FORMAT, SUITE, kind, 0, a, b, c, d]
}

/// The value cannot be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the value is longer than {VALUE_BYTES_MAX} bytes")]
pub struct TooLong;

/// A key that seals and opens records of one kind.
pub struct RecordKey<K: Kind> {
    key: Secret32,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> RecordKey<K> {
    /// Says what a key is for.
    #[must_use]
    pub const fn new(key: Secret32) -> Self {
        Self { key, kind: PhantomData }
    }

    /// A fresh random key.
    #[must_use]
    pub fn make() -> Self {
        Self::new(Secret::make())
    }

    /// The key itself, for the grant that carries it.
    #[must_use]
    pub const fn secret(&self) -> &Secret32 {
        &self.key
    }

    /// Seals `value` with a random salt.
    ///
    /// # Errors
    /// [`TooLong`] above [`VALUE_BYTES_MAX`].
    pub fn seal(&self, context: &Context, value: &[u8]) -> Result<Vec<u8>, TooLong> {
        self.seal_salted(context, value, &crate::random::make())
    }

    /// Seals with the salt given. Two values under one key, context and salt break both: only vectors and the seeded client call this.
    ///
    /// # Errors
    /// [`TooLong`] above [`VALUE_BYTES_MAX`].
    pub fn seal_salted(&self, context: &Context, value: &[u8], salt: &[u8; SALT_BYTES]) -> Result<Vec<u8>, TooLong> {
        let padded_bytes = padding::padded_bytes(value.len()).ok_or(TooLong)?;
        let (ctx_hash, schedule) = self.schedule(context, salt);
        let mut record = Vec::with_capacity(padded_bytes + OVERHEAD_BYTES);
        record.extend_from_slice(&header(K::BYTE, context.epoch));
        record.extend_from_slice(salt);
        record.extend_from_slice(schedule.commitment());
        padding::pad_into(value, padded_bytes, &mut record);
        let tag = schedule
            .aead()
            .and_then(|aead| aead.seal_in_place_separate_tag(schedule.nonce(), Aad::from(ctx_hash), &mut record[BODY_AT..]).ok())
            .ok_or(TooLong)?;
        record.extend_from_slice(tag.as_ref());
        Ok(record)
    }

    /// Opens a record that must be exactly what `context` asks for.
    ///
    /// # Errors
    /// [`Refused`], whatever is wrong.
    pub fn open(&self, context: &Context, record: &[u8]) -> Result<Opened, Refused> {
        let envelope = Envelope::parse(record)?;
        if record[..HEADER_BYTES] != header(K::BYTE, context.epoch) {
            return Err(Refused);
        }
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&record[HEADER_BYTES..HEADER_BYTES + SALT_BYTES]);
        let (ctx_hash, schedule) = self.schedule(context, &salt);
        if !hash::same(schedule.commitment(), &record[HEADER_BYTES + SALT_BYTES..BODY_AT]) {
            return Err(Refused);
        }
        let (ciphertext, tag) = record[BODY_AT..].split_at(envelope.padded_bytes);
        let mut padded = Zeroizing::new(vec![0; envelope.padded_bytes]);
        let aead = schedule.aead().ok_or(Refused)?;
        aead.open_separate_gather(schedule.nonce(), Aad::from(ctx_hash), ciphertext, tag, &mut padded).map_err(|_| Refused)?;
        let value_bytes = padding::value_bytes(&padded).ok_or(Refused)?;
        Ok(Opened { padded, value_bytes })
    }

    /// Opens a record that holds exactly `N` bytes: a key.
    ///
    /// # Errors
    /// [`Refused`], whatever is wrong.
    pub fn open_secret<const N: usize>(&self, context: &Context, record: &[u8]) -> Result<Secret<N>, Refused> {
        Secret::from_slice(&self.open(context, record)?).ok_or(Refused)
    }

    fn schedule(&self, context: &Context, salt: &[u8; SALT_BYTES]) -> (hash::Hash, Schedule) {
        let ctx_hash = context.hash(K::BYTE);
        let mut okm = Zeroizing::new([0; 76]);
        hkdf_sha256(self.key.expose(), salt, &[b"clavitor/v1/seal\0", &ctx_hash], &mut okm);
        (ctx_hash, Schedule(okm))
    }
}

impl<K: Kind> Clone for RecordKey<K> {
    fn clone(&self) -> Self {
        Self::new(self.key.clone())
    }
}

/// What HKDF gives for one record: key, nonce, commitment.
struct Schedule(Zeroizing<[u8; 76]>);

impl Schedule {
    fn aead(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.0[..32]).ok().map(LessSafeKey::new)
    }

    fn nonce(&self) -> Nonce {
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&self.0[32..44]);
        Nonce::assume_unique_for_key(nonce)
    }

    fn commitment(&self) -> &[u8] {
        &self.0[44..]
    }
}

/// An opened value; reads as its bytes, wiped on drop.
pub struct Opened {
    padded: Zeroizing<Vec<u8>>,
    value_bytes: usize,
}

impl Opened {
    /// The value as text.
    ///
    /// # Errors
    /// [`Refused`] if it is not UTF-8.
    pub fn text(&self) -> Result<&str, Refused> {
        std::str::from_utf8(self).map_err(|_| Refused)
    }
}

impl Deref for Opened {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.padded[padding::PREFIX_BYTES..padding::PREFIX_BYTES + self.value_bytes]
    }
}

/// What a record says about itself, for those who store it and cannot open it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// One of [`KINDS`].
    pub kind: u8,
    /// Key epoch.
    pub epoch: u32,
    /// Length of the padded value.
    pub padded_bytes: usize,
}

impl Envelope {
    /// Checks the shape: format, suite, known kind, no flags, a length that padding can give.
    ///
    /// # Errors
    /// [`Refused`] if the shape is wrong.
    pub fn parse(record: &[u8]) -> Result<Self, Refused> {
        if record.len() < OVERHEAD_BYTES || record.len() > RECORD_BYTES_MAX {
            return Err(Refused);
        }
        let &[FORMAT, SUITE, kind, 0, a, b, c, d] = &record[..HEADER_BYTES] else {
            return Err(Refused);
        };
        let padded_bytes = record.len() - OVERHEAD_BYTES;
        if !KINDS.contains(&kind) || !padding::is_padded_bytes(padded_bytes) {
            return Err(Refused);
        }
        Ok(Self { kind, epoch: u32::from_be_bytes([a, b, c, d]), padded_bytes })
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record of kind {:#04x}, epoch {}, {} bytes padded", self.kind, self.epoch, self.padded_bytes)
    }
}
