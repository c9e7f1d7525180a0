//! Refusals that the log leaves out: counted, and told as one number now and then.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The log is told at most this often.
const TOLD_EVERY_MS: u64 = 10_000;

/// Counts what has no line of its own.
#[derive(Default)]
pub(crate) struct LeftOut {
    count: AtomicU64,
    told_ms: AtomicU64,
}

impl LeftOut {
    /// One more, at this time, Unix milliseconds; how many there were since the log was told, if it is time to tell it again.
    pub(crate) fn count(&self, now_ms: u64) -> Option<u64> {
        self.count.fetch_add(1, Relaxed);
        let told_ms = self.told_ms.load(Relaxed);
        let due = now_ms.abs_diff(told_ms) >= TOLD_EVERY_MS;
        (due && self.told_ms.compare_exchange(told_ms, now_ms, Relaxed, Relaxed).is_ok()).then(|| self.count.swap(0, Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_and_the_rest_together() {
        let (left_out, start_ms) = (LeftOut::default(), 1_795_348_800_000);
        let told: Vec<u64> = (0..25_000).filter_map(|ms| left_out.count(start_ms + ms)).collect();
        assert_eq!(told, [1, 10_000, 10_000]);
        assert_eq!(left_out.count(start_ms - 3_600_000), Some(5_000), "a clock that was set back does not silence it");
    }
}
