//! SHA-256 and HMAC-SHA-256 over joined parts.

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest, hmac};

use crate::Refusal;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// 32 zero bytes: "there is none before this one".
pub const ZERO: Hash = [0; 32];

/// SHA-256 of the parts joined.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    to_array(context.finish().as_ref())
}

/// HMAC-SHA-256 of the parts joined.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Hash {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    to_array(context.sign().as_ref())
}

/// Whether two byte strings are equal, without telling where they differ.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    verify_slices_are_equal(a, b).is_ok()
}

/// Fails unless the two are equal.
///
/// # Errors
/// [`Refusal::Signature`].
pub fn expect_same(a: &[u8], b: &[u8]) -> Result<(), Refusal> {
    if same(a, b) { Ok(()) } else { Err(Refusal::Signature) }
}

fn to_array(bytes: &[u8]) -> Hash {
    let mut out = ZERO;
    out.copy_from_slice(bytes);
    out
}
