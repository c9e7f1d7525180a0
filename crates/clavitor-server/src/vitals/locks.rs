//! When an operator hears that agents were locked: at once, and then in groups.

/// Between two alerts.
const PAUSE_MS: u64 = 600_000;

/// Compares the count of locks with what was told. A pure state machine.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Locks {
    told: u64,
    told_ms: Option<u64>,
}

impl Locks {
    /// The count since the start, at a time of a clock that nobody sets. How many to tell of, if it is time.
    pub(super) fn step(&mut self, locked: u64, now_ms: u64) -> Option<u64> {
        let news = locked.saturating_sub(self.told);
        let rests = self.told_ms.is_some_and(|told_ms| now_ms.saturating_sub(told_ms) < PAUSE_MS);
        if news == 0 || rests {
            return None;
        }
        (self.told, self.told_ms) = (locked, Some(now_ms));
        Some(news)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_those_that_follow_together() {
        let mut locks = Locks::default();
        assert_eq!(locks.step(0, 0), None);
        assert_eq!(locks.step(1, 30_000), Some(1));
        let told: Vec<u64> = (1..=60).filter_map(|turn| locks.step(1 + turn, 30_000 + turn * 30_000)).collect();
        assert_eq!(told, [20, 20, 20], "thirty minutes, one lock every half minute");
        assert_eq!(locks.step(61, 86_400_000), None, "none is told twice");
        assert_eq!(locks.step(62, 86_400_000), Some(1));
    }
}
