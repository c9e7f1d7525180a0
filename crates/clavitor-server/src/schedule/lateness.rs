//! When an operator hears that the newest backup is too old. Pure: the time comes in.

use super::BackupStatus;
use crate::alert::Alert;

const HOUR_MS: u64 = 3_600_000;
/// While it stays too old, the operator hears of it again after this.
const REMIND_MS: u64 = 24 * HOUR_MS;

/// What the operator was told.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lateness {
    told_ms: Option<u64>,
}

impl Lateness {
    /// What to tell now. That there is none at all is told as a failure to make one.
    pub(super) fn step(&mut self, status: &BackupStatus, now_ms: u64) -> Option<Alert> {
        let Some(age_ms) = status.age_ms(now_ms).filter(|_| status.is_old(now_ms)) else {
            self.told_ms = None;
            return None;
        };
        // A clock that was set back must not put the reminder off.
        if self.told_ms.is_some_and(|told_ms| now_ms >= told_ms && now_ms - told_ms < REMIND_MS) {
            return None;
        }
        self.told_ms = Some(now_ms);
        Some(Alert::BackupOld { age_h: age_ms / HOUR_MS, age_h_max: status.age_ms_max() / HOUR_MS })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::plan::Kept, *};

    const START_MS: u64 = 1_800_000_000_000;

    #[test]
    fn an_old_backup_is_told_at_once_then_daily_until_there_is_a_new_one() {
        let mut lateness = Lateness::default();
        let of = |taken_ms| BackupStatus { every_ms: 12 * HOUR_MS, newest: Some(Kept { number: 1, taken_ms }), ..BackupStatus::default() };
        let mut told = Vec::new();
        for hour in 0..24 * 4 {
            if let Some(alert) = lateness.step(&of(START_MS), START_MS + hour * HOUR_MS) {
                told.push(alert);
            }
        }
        let old = |age_h| Alert::BackupOld { age_h, age_h_max: 24 };
        assert_eq!(told, [old(25), old(49), old(73)]);
        let renewed_ms = START_MS + 96 * HOUR_MS;
        assert_eq!(lateness.step(&of(renewed_ms), renewed_ms), None);
        assert_eq!(lateness.step(&of(renewed_ms), renewed_ms + 25 * HOUR_MS), Some(old(25)), "a new one that grows old is news");
    }

    #[test]
    fn none_is_told_where_none_is_expected_or_none_was_ever_made() {
        let mut lateness = Lateness::default();
        assert_eq!(lateness.step(&BackupStatus::default(), START_MS), None);
        assert_eq!(lateness.step(&BackupStatus { every_ms: HOUR_MS, failures: 9, ..BackupStatus::default() }, START_MS), None);
    }
}
