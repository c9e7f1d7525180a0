//! A repeatable source of bytes, so that vectors and tests come out the same every time.

use clavitor_crypto::{hash::sha256, random::Random};

/// SHA-256 of a seed and a counter.
#[derive(Debug, Clone)]
pub struct Seeded {
    seed: String,
    counter: u64,
}

impl Seeded {
    /// The source with this seed.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        Self { seed: seed.to_owned(), counter: 0 }
    }
}

impl Random for Seeded {
    fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let block = sha256(&[self.seed.as_bytes(), &[0], &self.counter.to_be_bytes()]);
            chunk.copy_from_slice(&block[..chunk.len()]);
            self.counter += 1;
        }
    }
}
