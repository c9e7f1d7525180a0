//! The kinds of record that only an enrolled agent and the person may open. No crate that the node links names them.

use clavitor_crypto::{
    keys::{EntryKey, ScopeKey},
    kinds::GrantKind,
    record::Kind,
};

/// A tier-2 field.
pub(crate) enum Tier2 {}

impl Kind for Tier2 {
    const BYTE: u8 = 0x02;
}

/// An entry key of tier 2, sealed to a scope.
pub(crate) enum Grant2 {}

impl Kind for Grant2 {
    const BYTE: u8 = 0x12;
}

impl GrantKind for Grant2 {
    type Field = Tier2;
}

/// What an enrolment string opens.
pub(crate) enum EnrolGrant {}

impl Kind for EnrolGrant {
    const BYTE: u8 = 0x14;
}

/// A scope key of tier 2.
pub(crate) type ScopeKey2 = ScopeKey<Grant2>;

/// An entry key of tier 2.
pub(crate) type EntryKey2 = EntryKey<Tier2>;
