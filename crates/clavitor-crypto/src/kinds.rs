//! The kinds of record whose keys the node may hold: tier 1, and backups. The others are declared by those who may open them.

use crate::record::Kind;

/// A kind of grant, and the kind of the fields that its entry key opens.
pub trait GrantKind: Kind {
    /// Kind of the fields.
    type Field: Kind;
}

/// A tier-1 field or summary.
pub enum Tier1 {}

impl Kind for Tier1 {
    const BYTE: u8 = 0x01;
}

/// An entry key of tier 1, sealed to a scope.
pub enum Grant1 {}

impl Kind for Grant1 {
    const BYTE: u8 = 0x11;
}

impl GrantKind for Grant1 {
    type Field = Tier1;
}

/// A scope key of tier 1, sealed to a hosted token.
pub enum HostedGrant {}

impl Kind for HostedGrant {
    const BYTE: u8 = 0x15;
}

/// A chunk of a backup.
pub enum BackupChunk {}

impl Kind for BackupChunk {
    const BYTE: u8 = 0x16;
}
