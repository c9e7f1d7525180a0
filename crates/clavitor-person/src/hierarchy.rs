//! The key hierarchy below the vault key (docs/FORMAT.md section 3).

use clavitor_crypto::{
    AgentId, EntryId, ScopeId, Secret, VaultId,
    derive::{Label, derive},
    keys::{EntryKey, ScopeKey, ScopeKey1},
    record::RecordKey,
    secret::Secret32,
};

use crate::kinds::{Grant2, PreviousVmk, Tier3, UskRecord};

const TIER_1: Label = Label::of("tier/1");
const TIER_2: Label = Label::of("tier/2");
const TIER_3: Label = Label::of("tier/3");
const SCOPE_1: Label = Label::of("scope/1");
const SCOPE_2: Label = Label::of("scope/2");
const ENTRY_3: Label = Label::of("entry/3");
const WRAP: Label = Label::of("wrap");
const INDEX: Label = Label::of("index");
const ENROL_SECRET: Label = Label::of("enrol/secret");

/// A vault key of one epoch, and everything derived from it.
#[derive(Clone)]
pub struct VaultKeys {
    vault: VaultId,
    epoch: u32,
    vmk: Secret32,
}

impl VaultKeys {
    /// Says what a vault key is of.
    #[must_use]
    pub const fn new(vault: VaultId, epoch: u32, vmk: Secret32) -> Self {
        Self { vault, epoch, vmk }
    }

    /// Vault epoch.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The vault key.
    #[must_use]
    pub const fn vmk(&self) -> &Secret32 {
        &self.vmk
    }

    /// K1.
    #[must_use]
    pub fn k1(&self) -> Secret32 {
        self.below(TIER_1)
    }

    /// K2.
    #[must_use]
    pub fn k2(&self) -> Secret32 {
        self.below(TIER_2)
    }

    /// K3.
    #[must_use]
    pub fn k3(&self) -> Secret32 {
        self.below(TIER_3)
    }

    /// KW.
    #[must_use]
    pub fn kw(&self) -> Secret32 {
        self.below(WRAP)
    }

    /// KX.
    #[must_use]
    pub fn kx(&self) -> Secret32 {
        self.below(INDEX)
    }

    /// SK1 of a scope.
    #[must_use]
    pub fn scope1(&self, scope: ScopeId, scope_epoch: u32) -> ScopeKey1 {
        let key = derive(self.k1().expose(), SCOPE_1, &self.vault, scope_epoch, &scope.0);
        ScopeKey::new(self.vault, scope, scope_epoch, key)
    }

    /// SK2 of a scope.
    #[must_use]
    pub fn scope2(&self, scope: ScopeId, scope_epoch: u32) -> ScopeKey<Grant2> {
        let key = derive(self.k2().expose(), SCOPE_2, &self.vault, scope_epoch, &scope.0);
        ScopeKey::new(self.vault, scope, scope_epoch, key)
    }

    /// EK3 of an entry; with [`EntryId::ZERO`] the key of the names.
    #[must_use]
    pub fn entry3(&self, entry: EntryId) -> EntryKey<Tier3> {
        let key = derive(self.k3().expose(), ENTRY_3, &self.vault, self.epoch, &entry.0);
        EntryKey::new(self.vault, entry, self.epoch, key)
    }

    /// ES of an invitation.
    #[must_use]
    pub fn enrol_secret(&self, agent: AgentId) -> Secret32 {
        derive(self.kw().expose(), ENROL_SECRET, &self.vault, self.epoch, &agent.0)
    }

    /// The key of record 0x13.
    #[must_use]
    pub fn usk_key(&self) -> RecordKey<UskRecord> {
        RecordKey::new(self.kw())
    }

    /// The key of record 0x17.
    #[must_use]
    pub fn previous_key(&self) -> RecordKey<PreviousVmk> {
        RecordKey::new(self.kw())
    }

    fn below(&self, label: Label) -> Secret32 {
        derive(self.vmk.expose(), label, &self.vault, self.epoch, b"")
    }
}

/// A fresh vault key for the epoch after `keys`.
pub(crate) fn next(keys: &VaultKeys, random: &mut dyn clavitor_crypto::random::Random) -> VaultKeys {
    VaultKeys::new(keys.vault, keys.epoch + 1, Secret::make_with(random))
}
