//! What only a forger would make: records with any padding, signed bodies of any bytes. Written apart from the sealing code, so that it can disagree.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
};
use clavitor_crypto::{
    record::{Context, Envelope},
    sign::{SigningKey, What},
};

/// Dispatches on a kind byte: `forge_kinds!(byte, op)` calls `op.run::<K>()` for the kind with that byte.
#[macro_export]
#[doc(hidden)]
macro_rules! forge_kinds {
    ($byte:expr, $op:expr) => {{
        use clavitor_crypto::kinds::{BackupChunk, Grant1, HostedGrant, Tier1};
        use $crate::kinds::*;
        let op = $op;
        match $byte {
            0x01 => Some(op.run::<Tier1>()),
            0x02 => Some(op.run::<Tier2>()),
            0x03 => Some(op.run::<Tier3>()),
            0x10 => Some(op.run::<UnlockerRecord>()),
            0x11 => Some(op.run::<Grant1>()),
            0x12 => Some(op.run::<Grant2>()),
            0x13 => Some(op.run::<UskRecord>()),
            0x14 => Some(op.run::<EnrolGrant>()),
            0x15 => Some(op.run::<HostedGrant>()),
            0x16 => Some(op.run::<BackupChunk>()),
            0x17 => Some(op.run::<PreviousVmk>()),
            _ => None,
        }
    }};
}

/// HKDF by hand: key, nonce and commitment of one record.
fn schedule(key: &[u8; 32], ctx_hash: &[u8; 32], salt: &[u8]) -> [u8; 76] {
    let mut okm = [0; 76];
    let prk = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salt), key);
    let prk = hmac::Key::new(hmac::HMAC_SHA256, prk.as_ref());
    let mut block: Vec<u8> = Vec::new();
    for (counter, out) in (1u8..).zip(okm.chunks_mut(32)) {
        let message = [block.as_slice(), b"clavitor/v1/seal\0", ctx_hash, &[counter]].concat();
        block = hmac::sign(&prk, &message).as_ref().to_vec();
        out.copy_from_slice(&block[..out.len()]);
    }
    okm
}

fn aead(okm: &[u8; 76]) -> Option<(LessSafeKey, Nonce)> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &okm[..32]).ok()?);
    Some((key, Nonce::try_assume_unique_for_key(&okm[32..44]).ok()?))
}

/// A record whose padded value is exactly `padded`, sealed by HMAC and AES-GCM called by hand. `None` if the library refuses.
pub(crate) fn record(key: &[u8; 32], kind: u8, context: &Context, salt: &[u8; 32], padded: &[u8]) -> Option<Vec<u8>> {
    let ctx_hash = context.hash(kind);
    let okm = schedule(key, &ctx_hash, salt);
    let (aead, nonce) = aead(&okm)?;
    let mut body = padded.to_vec();
    aead.seal_in_place_append_tag(nonce, Aad::from(ctx_hash), &mut body).ok()?;
    let mut record = vec![0xC1, 0x01, kind, 0];
    record.extend_from_slice(&context.epoch.to_be_bytes());
    for part in [salt.as_slice(), &okm[44..], &body] {
        record.extend_from_slice(part);
    }
    Some(record)
}

/// The layer at which a record fails for whoever looks at one after the other. A reader tells nobody.
pub(super) fn layer(key: &[u8; 32], kind: u8, context: &Context, record: &[u8]) -> &'static str {
    let header = [&[0xC1, 0x01, kind, 0], context.epoch.to_be_bytes().as_slice()].concat();
    if Envelope::parse(record).is_err() || !record.starts_with(&header) {
        return "envelope";
    }
    let ctx_hash = context.hash(kind);
    let okm = schedule(key, &ctx_hash, &record[8..40]);
    if okm[44..] != record[40..72] {
        return "commitment";
    }
    let mut body = record[72..].to_vec();
    match aead(&okm).map(|(aead, nonce)| aead.open_in_place(nonce, Aad::from(ctx_hash), &mut body).is_ok()) {
        Some(true) => "padding",
        _ => "aead",
    }
}

/// `signature ‖ body` for any body.
pub(super) fn signed(what: What, vault: &clavitor_crypto::VaultId, key: &SigningKey, body: &[u8]) -> Vec<u8> {
    [key.sign(what, vault, &[body]).as_slice(), body].concat()
}

/// `bytes` with the only occurrence of `from` replaced.
pub(super) fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let mut places = bytes.windows(from.len()).enumerate().filter(|(_, window)| *window == from).map(|(at, _)| at);
    let (Some(at), None) = (places.next(), places.next()) else { return None };
    Some([&bytes[..at], to, &bytes[at + from.len()..]].concat())
}

/// `bytes` with one bit of the byte at `at` turned; from the end for a negative `at`.
pub(super) fn flipped(bytes: &[u8], at: isize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = if at < 0 { bytes.len().saturating_sub(at.unsigned_abs()) } else { at.unsigned_abs() };
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1;
    }
    bytes
}

/// The scalar of a signature with the group order added: the same signature to whoever reduces it.
pub(super) fn with_large_s(signature: &[u8; 64]) -> [u8; 64] {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0x10,
    ];
    let mut out = *signature;
    let mut carry = 0u16;
    for (byte, order) in out[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    out
}
