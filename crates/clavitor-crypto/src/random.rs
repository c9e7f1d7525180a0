//! Where random bytes come from. The operating system, except where a test or a vector passes its own source in.

/// A source of random bytes.
pub trait Random {
    /// Fills `out`.
    fn fill(&mut self, out: &mut [u8]);
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct Os;

impl Random for Os {
    fn fill(&mut self, out: &mut [u8]) {
        fill(out);
    }
}

/// Fills `out` from the operating system. Without randomness no key may be made, so the process ends if there is none.
pub fn fill(out: &mut [u8]) {
    if aws_lc_rs::rand::fill(out).is_err() {
        std::process::abort();
    }
}

/// `N` random bytes that are no secret: an id, a salt.
pub fn make<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}
