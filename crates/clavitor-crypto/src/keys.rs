//! Scope keys open grants, grants hold entry keys, entry keys open fields. Each key carries the ids it is for, so a caller cannot ask for others.

use crate::{
    EntryId, FieldId, Refused, ScopeId, VaultId,
    kinds::{Grant1, GrantKind, Tier1},
    record::{Context, Kind, Opened, RecordKey, TooLong},
    secret::Secret32,
};

/// `SK_s`: the key of one scope, epoch and tier.
pub struct ScopeKey<G: GrantKind> {
    vault: VaultId,
    scope: ScopeId,
    epoch: u32,
    key: RecordKey<G>,
}

/// A scope key of tier 1.
pub type ScopeKey1 = ScopeKey<Grant1>;

impl<G: GrantKind> ScopeKey<G> {
    /// Says what a scope key is for.
    #[must_use]
    pub const fn new(vault: VaultId, scope: ScopeId, epoch: u32, key: Secret32) -> Self {
        Self { vault, scope, epoch, key: RecordKey::new(key) }
    }

    /// Its scope.
    #[must_use]
    pub const fn scope(&self) -> ScopeId {
        self.scope
    }

    /// Its epoch.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The key, for a wrap that hands it on.
    #[must_use]
    pub const fn secret(&self) -> &Secret32 {
        self.key.secret()
    }

    /// Opens the grant of entry key `ek_epoch` of `entry`.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn open_grant(&self, entry: EntryId, ek_epoch: u32, record: &[u8]) -> Result<EntryKey<G::Field>, Refused> {
        let key = self.key.open_secret(&self.context(entry, ek_epoch), record)?;
        Ok(EntryKey::new(self.vault, entry, ek_epoch, key))
    }

    /// Grants an entry key to this scope.
    ///
    /// # Errors
    /// [`TooLong`] cannot happen for a key; it is passed on.
    pub fn seal_grant(&self, key: &EntryKey<G::Field>, salt: &[u8; 32]) -> Result<Vec<u8>, TooLong> {
        self.key.seal_salted(&self.context(key.entry, key.epoch), key.secret().expose(), salt)
    }

    fn context(&self, entry: EntryId, ek_epoch: u32) -> Context {
        Context::grant(self.vault, entry, self.scope, ek_epoch, self.epoch)
    }
}

/// `EK_e`: the key of one entry, entry-key epoch and tier. For tier 3 the epoch is the vault's.
pub struct EntryKey<K: Kind> {
    vault: VaultId,
    entry: EntryId,
    epoch: u32,
    key: RecordKey<K>,
}

/// An entry key of tier 1.
pub type EntryKey1 = EntryKey<Tier1>;

impl<K: Kind> EntryKey<K> {
    /// Says what an entry key is for.
    #[must_use]
    pub const fn new(vault: VaultId, entry: EntryId, epoch: u32, key: Secret32) -> Self {
        Self { vault, entry, epoch, key: RecordKey::new(key) }
    }

    /// Its epoch.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The key, for the grant that carries it.
    #[must_use]
    pub const fn secret(&self) -> &Secret32 {
        self.key.secret()
    }

    /// Opens a field sealed in `version`; [`FieldId::ZERO`] is the summary.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn open_field(&self, field: FieldId, version: u64, record: &[u8]) -> Result<Opened, Refused> {
        self.key.open(&self.context(field, version), record)
    }

    /// Seals a field with a random salt.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn seal_field(&self, field: FieldId, version: u64, value: &[u8]) -> Result<Vec<u8>, TooLong> {
        self.key.seal(&self.context(field, version), value)
    }

    /// Seals a field with the salt given (see [`RecordKey::seal_salted`]).
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn seal_field_salted(&self, field: FieldId, version: u64, value: &[u8], salt: &[u8; 32]) -> Result<Vec<u8>, TooLong> {
        self.key.seal_salted(&self.context(field, version), value, salt)
    }

    const fn context(&self, field: FieldId, version: u64) -> Context {
        Context::field(self.vault, self.entry, field, version, self.epoch)
    }
}

impl<G: GrantKind> Clone for ScopeKey<G> {
    fn clone(&self) -> Self {
        Self { vault: self.vault, scope: self.scope, epoch: self.epoch, key: self.key.clone() }
    }
}

impl<K: Kind> Clone for EntryKey<K> {
    fn clone(&self) -> Self {
        Self { vault: self.vault, entry: self.entry, epoch: self.epoch, key: self.key.clone() }
    }
}
