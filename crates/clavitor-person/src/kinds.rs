//! The kinds of record that no node may open: tiers 2 and 3, and what keeps the vault's own keys.

use clavitor_crypto::{kinds::GrantKind, record::Kind};

macro_rules! kind {
    ($($(#[$doc:meta])* $name:ident = $byte:literal;)*) => {$(
        $(#[$doc])*
        pub enum $name {}

        impl Kind for $name {
            const BYTE: u8 = $byte;
        }
    )*};
}

kind! {
    /// A tier-2 field.
    Tier2 = 0x02;
    /// A tier-3 field, or the names of the vault.
    Tier3 = 0x03;
    /// A way in.
    UnlockerRecord = 0x10;
    /// An entry key of tier 2, sealed to a scope.
    Grant2 = 0x12;
    /// The vault's signing key.
    UskRecord = 0x13;
    /// What an invited agent opens.
    EnrolGrant = 0x14;
    /// The vault key before the one in force.
    PreviousVmk = 0x17;
}

impl GrantKind for Grant2 {
    type Field = Tier2;
}
