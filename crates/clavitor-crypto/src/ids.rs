//! Identifiers. Each is its own type, and none of them opens anything.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::hash::sha256;

/// The text is not lower-case hexadecimal of the right length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not lower-case hexadecimal of the right length")]
pub struct BadId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// All zero.
            pub const ZERO: Self = Self([0; $bytes]);

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// The id of exactly these bytes.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let mut bytes = [0; $bytes];
                if text.len() != 2 * bytes.len() {
                    return Err(BadId);
                }
                data_encoding::HEXLOWER.decode_mut(text.as_bytes(), &mut bytes).map_err(|_| BadId)?;
                Ok(Self(bytes))
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
    };
}

macro_rules! random_id {
    ($($name:ident),*) => {$(
        impl $name {
            /// A fresh random id from the operating system.
            #[must_use]
            pub fn make() -> Self {
                Self(crate::random::make())
            }

            /// A fresh random id from `random`.
            pub fn make_with(random: &mut dyn crate::random::Random) -> Self {
                let mut id = Self::ZERO;
                random.fill(&mut id.0);
                id
            }
        }
    )*};
}

id!(
    /// A vault; also the salt of every derivation and the WebAuthn user handle.
    VaultId, 16
);
id!(
    /// An entry.
    EntryId, 16
);
id!(
    /// A field of an entry; zero is the summary.
    FieldId, 16
);
id!(
    /// A scope; zero is the whole vault.
    ScopeId, 16
);
id!(
    /// An agent; zero stands for the vault's own signing key where an author is named.
    AgentId, 16
);
id!(
    /// A way in: a passkey or the recovery code.
    UnlockerId, 32
);
random_id!(VaultId, EntryId, FieldId, ScopeId, AgentId);

impl UnlockerId {
    /// The unlocker id of a passkey: SHA-256(u16be len(rp_id) ‖ rp_id ‖ credential_id). The relying party id is at most 65,535 bytes.
    ///
    /// # Errors
    /// [`BadId`] if the relying party id is longer.
    pub fn of_passkey(rp_id: &str, credential_id: &[u8]) -> Result<Self, BadId> {
        let rp_id_bytes = u16::try_from(rp_id.len()).map_err(|_| BadId)?;
        Ok(Self(sha256(&[&rp_id_bytes.to_be_bytes(), rp_id.as_bytes(), credential_id])))
    }

    /// The unlocker id of the recovery code.
    #[must_use]
    pub fn of_recovery() -> Self {
        Self(sha256(&[&[0, 0], b"recovery"]))
    }
}
