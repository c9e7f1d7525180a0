//! Secret bytes. They live on the heap, because a moved array would leave copies behind on the stack.

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::random::Random;

/// `N` secret bytes, wiped on drop. No `Debug`, no `Display`, no `PartialEq`: compare with [`Secret::same`].
pub struct Secret<const N: usize>(Box<[u8; N]>);

/// A 32-byte key, seed or code hash.
pub type Secret32 = Secret<32>;

impl<const N: usize> Secret<N> {
    /// Lets `write` fill the bytes where they will stay. They start as zeros.
    pub fn filled_by(write: impl FnOnce(&mut [u8; N])) -> Self {
        let mut secret = Self(Box::new([0; N]));
        write(&mut secret.0);
        secret
    }

    /// Takes the bytes over and wipes the array they came in.
    #[must_use]
    pub fn take(mut bytes: [u8; N]) -> Self {
        let secret = Self::copy_of(&bytes);
        bytes.zeroize();
        secret
    }

    /// Copies the bytes.
    #[must_use]
    pub fn copy_of(bytes: &[u8; N]) -> Self {
        Self::filled_by(|out| out.copy_from_slice(bytes))
    }

    /// Copies `bytes` if there are exactly `N`.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == N).then(|| Self::filled_by(|out| out.copy_from_slice(bytes)))
    }

    /// Random bytes from the operating system.
    #[must_use]
    pub fn make() -> Self {
        Self::make_with(&mut crate::random::Os)
    }

    /// Random bytes from `random`.
    pub fn make_with(random: &mut dyn Random) -> Self {
        Self::filled_by(|out| random.fill(out))
    }

    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// Whether both hold the same bytes, in constant time.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        bool::from(self.0.ct_eq(other.0.as_slice()))
    }
}

impl<const N: usize> Clone for Secret<N> {
    fn clone(&self) -> Self {
        Self::copy_of(&self.0)
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Secret bytes of any length, wiped on drop.
pub type SecretBytes = Zeroizing<Vec<u8>>;
