//! Padding of a record's value (docs/FORMAT.md section 4): a length prefix, the value, zeros up to a size that many values share.

use crate::record::{OVERHEAD_BYTES, RECORD_BYTES_MAX};

/// Bytes of the length prefix.
pub(crate) const PREFIX_BYTES: usize = 4;

const STEPS: [usize; 6] = [32, 64, 128, 256, 512, 1024];
const PADDED_BYTES_MAX: usize = round_down(RECORD_BYTES_MAX - OVERHEAD_BYTES);

/// Longest value: the largest padded size that fits into a record, less the prefix.
pub(crate) const VALUE_BYTES_MAX: usize = PADDED_BYTES_MAX - PREFIX_BYTES;

/// The step of Padmé at `total` (above 1024): a multiple of `2^(E-S)`.
const fn step(total: usize) -> usize {
    let e = total.ilog2();
    let s = e.ilog2() + 1;
    1 << (e - s)
}

const fn round_down(total: usize) -> usize {
    total / step(total) * step(total)
}

/// Padded size of a value, or `None` if it is too long.
pub(crate) fn padded_bytes(value_bytes: usize) -> Option<usize> {
    if value_bytes > VALUE_BYTES_MAX {
        return None;
    }
    let total = value_bytes + PREFIX_BYTES;
    let small = STEPS.into_iter().find(|&size| total <= size);
    Some(small.unwrap_or_else(|| total.next_multiple_of(step(total))))
}

/// Whether padding can give this size.
pub(crate) fn is_padded_bytes(size: usize) -> bool {
    STEPS.contains(&size) || (size > 1024 && size <= PADDED_BYTES_MAX && size.is_multiple_of(step(size)))
}

/// Appends prefix, value and zeros. `value` is at most [`VALUE_BYTES_MAX`] long, so its length fits into the prefix.
pub(crate) fn pad_into(value: &[u8], padded_bytes: usize, out: &mut Vec<u8>) {
    let end = out.len() + padded_bytes;
    out.extend_from_slice(&(value.len() as u32).to_be_bytes());
    out.extend_from_slice(value);
    out.resize(end, 0);
}

/// Length of the value in `padded`, if the padding is the shortest possible and zero.
pub(crate) fn value_bytes(padded: &[u8]) -> Option<usize> {
    let (prefix, rest) = padded.split_first_chunk::<PREFIX_BYTES>()?;
    let value_bytes = usize::try_from(u32::from_be_bytes(*prefix)).ok()?;
    let zeros = rest.get(value_bytes..)?;
    let clean = zeros.iter().fold(0, |seen, byte| seen | byte) == 0;
    (clean && padded_bytes(value_bytes) == Some(padded.len())).then_some(value_bytes)
}
