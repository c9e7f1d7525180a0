//! Traffic that a month may cost. Pure: the time comes in.

use crate::calendar;

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module tarpit/budget";

/// What a byte costs on the wire, with the headers of HTTP's chunk, TLS, TCP and IP.
pub(crate) const DRIP_WIRE_BYTES: u64 = 100;
/// What an answer costs before its first byte.
pub(crate) const HEAD_WIRE_BYTES: u64 = 1_000;

/// What was spent in a month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    /// See [`calendar::month`].
    pub(crate) month: u64,
    pub(crate) wire_bytes: u64,
}

/// What was spent this month (UTC).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    wire_bytes_max: u64,
    month: u64,
    spent: u64,
}

impl Budget {
    /// Nothing is spent yet.
    pub(crate) fn new(wire_bytes_max: u64) -> Self {
        Self { wire_bytes_max, month: 0, spent: 0 }
    }

    /// Goes on with what an earlier process spent, if that was this month.
    pub(crate) fn resume(&mut self, unix_s: u64, spent: Spent) {
        if spent.month == calendar::month(unix_s) {
            (self.month, self.spent) = (spent.month, self.spent.saturating_add(spent.wire_bytes));
        }
    }

    /// What the next process should know.
    pub(crate) fn spent_in(&self) -> Spent {
        Spent { month: self.month, wire_bytes: self.spent }
    }

    /// Counts traffic at `unix_s`.
    pub(crate) fn spend(&mut self, unix_s: u64, wire_bytes: u64) {
        let month = calendar::month(unix_s);
        if month != self.month {
            (self.month, self.spent) = (month, 0);
        }
        self.spent = self.spent.saturating_add(wire_bytes);
    }

    /// Whether this month's is used up.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent >= self.wire_bytes_max
    }

    /// Of this month.
    pub(crate) fn spent(&self) -> u64 {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_goes_on_within_the_month_and_no_longer() {
        let march = 1_772_323_200; // 2026-03-01
        let mut budget = Budget::new(1_000);
        budget.spend(march, 700);
        let kept = budget.spent_in();
        let resumed = |unix_s| {
            let mut again = Budget::new(1_000);
            again.resume(unix_s, kept);
            again.spend(unix_s, 300);
            again.is_spent()
        };
        assert!(resumed(march + 30 * 86_400));
        assert!(!resumed(march + 31 * 86_400) && !resumed(march - 1));
    }

    #[test]
    fn it_is_used_up_and_new_with_the_month() {
        let march = 1_772_323_200; // 2026-03-01
        let mut budget = Budget::new(1_000);
        budget.spend(march - 10, 999);
        assert!(!budget.is_spent());
        budget.spend(march - 1, 1);
        assert!(budget.is_spent());
        budget.spend(march, 400);
        assert_eq!((budget.is_spent(), budget.spent()), (false, 400));
        budget.spend(march, u64::MAX);
        assert!(budget.is_spent());
    }
}
