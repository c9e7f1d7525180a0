//! Checks of the database while the node runs: a quick one every day, a full one on a copy every week. The schedule is pure.

/// Between quick checks.
const QUICK_MS: u64 = 24 * 3_600_000;
/// Between full checks.
const FULL_MS: u64 = 7 * 24 * 3_600_000;
/// The first full check after a start waits: a node that starts has other things to do.
const FULL_AFTER_START_MS: u64 = 3_600_000;
/// A check that could not be made is tried again after this.
const RETRY_MS: u64 = 6 * 3_600_000;

/// A check of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The quick check of the file.
    Quick,
    /// The full check of a copy.
    Full,
}

/// When the next check is due. Times are milliseconds of a clock that nobody sets.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    quick_ms: u64,
    full_ms: u64,
}

impl Schedule {
    /// The schedule of a node that has just checked its file and started, and was checked in full so long ago, if ever.
    pub fn new(now_ms: u64, full_age_ms: Option<u64>) -> Self {
        let left_ms = full_age_ms.map_or(0, |age_ms| FULL_MS.saturating_sub(age_ms));
        Self { quick_ms: now_ms + QUICK_MS, full_ms: now_ms + left_ms.max(FULL_AFTER_START_MS) }
    }

    /// What is due now. The full check finds all that the quick one does, so it goes first.
    pub fn due(&self, now_ms: u64) -> Option<Due> {
        match (now_ms >= self.full_ms, now_ms >= self.quick_ms) {
            (true, _) => Some(Due::Full),
            (false, true) => Some(Due::Quick),
            _ => None,
        }
    }

    /// A check was made, or could not be.
    pub fn done(&mut self, what: Due, passed: bool, now_ms: u64) {
        let (next, every) = match what {
            Due::Quick => (&mut self.quick_ms, QUICK_MS),
            Due::Full => (&mut self.full_ms, FULL_MS),
        };
        *next = now_ms + if passed { every } else { RETRY_MS };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: u64 = 3_600_000;

    #[test]
    fn a_month_has_a_quick_check_a_day_and_a_full_one_a_week() {
        let mut schedule = Schedule::new(0, None);
        let (mut quick, mut full) = (Vec::new(), Vec::new());
        for hour in 1..=24 * 29 {
            while let Some(due) = schedule.due(hour * HOUR_MS) {
                if due == Due::Quick {
                    quick.push(hour)
                } else {
                    full.push(hour)
                }
                schedule.done(due, true, hour * HOUR_MS);
            }
        }
        assert_eq!(full, [1, 169, 337, 505, 673]);
        assert_eq!(quick.len(), 29);
        assert!(quick.windows(2).all(|pair| pair[1] - pair[0] == 24));
    }

    #[test]
    fn a_start_does_not_bring_the_next_full_check_forward() {
        let full_after = |age_ms: Option<u64>| {
            let schedule = Schedule::new(0, age_ms);
            (0..).find(|hour| schedule.due(hour * HOUR_MS) == Some(Due::Full))
        };
        assert_eq!(full_after(Some(0)), Some(168));
        assert_eq!(full_after(Some(100 * HOUR_MS)), Some(68));
        for late in [Some(168 * HOUR_MS), Some(5_000 * HOUR_MS), None] {
            assert_eq!(full_after(late), Some(1), "{late:?}");
        }
    }

    #[test]
    fn a_check_that_could_not_be_made_is_tried_again_the_same_day() {
        let mut schedule = Schedule::new(0, None);
        assert_eq!(schedule.due(HOUR_MS - 1), None);
        assert_eq!(schedule.due(HOUR_MS), Some(Due::Full));
        schedule.done(Due::Full, false, HOUR_MS);
        assert_eq!(schedule.due(7 * HOUR_MS - 1), None);
        assert_eq!(schedule.due(7 * HOUR_MS), Some(Due::Full));
    }
}
