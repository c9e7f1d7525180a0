//! How long a certificate lives, how much of that is left, and when that is worth a person's attention.

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// From when to when a certificate is valid, Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Valid from.
    pub not_before_ms: u64,
    /// Valid until.
    pub not_after_ms: u64,
}

impl Span {
    /// Its whole length, at least one millisecond.
    pub fn life_ms(self) -> u64 {
        self.not_after_ms.saturating_sub(self.not_before_ms).max(1)
    }

    /// What is left of it; 0 when it is over.
    pub fn left_ms(self, now_ms: u64) -> u64 {
        self.not_after_ms.saturating_sub(now_ms).min(self.life_ms())
    }

    /// When to renew if the authority does not say: with a third of the life left, with half of it when the whole is below ten days.
    pub fn renew_at_ms(self) -> u64 {
        let part = if self.life_ms() < 10 * DAY_MS { 2 } else { 3 };
        self.not_after_ms - self.life_ms() / part
    }

    /// The last moment at which an authority's own idea of when to renew is followed: a tenth of the life is kept for trouble.
    pub(super) fn latest_renewal_ms(self) -> u64 {
        self.not_after_ms - self.life_ms() / 10
    }

    /// How urgent the renewal is by now.
    pub fn level(self, now_ms: u64) -> Level {
        let (left, life) = (self.left_ms(now_ms), self.life_ms());
        // A day is a lot of a six-day certificate, and all of a one-minute one.
        let urgent = (life * 7 / 100).max(DAY_MS.min(life * 15 / 100));
        match left {
            0 => Level::Expired,
            left if left <= urgent => Level::Urgent,
            left if left <= life * 15 / 100 => Level::Warning,
            left if left <= life * 25 / 100 => Level::Notice,
            _ => Level::Good,
        }
    }
}

/// What the rest of a certificate's life means. Renewal is due well before the first of the bad ones, so each of them says that it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// More than a quarter is left.
    Good,
    /// At most a quarter is left.
    Notice,
    /// At most 15 % is left.
    Warning,
    /// At most 7 % is left, or a day where that is longer.
    Urgent,
    /// Nothing is left: browsers and agents refuse the node.
    Expired,
    /// There is no certificate yet.
    Missing,
}

impl Level {
    /// One word for metrics and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Urgent => "urgent",
            Self::Expired => "expired",
            Self::Missing => "missing",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_days(days: u64) -> Span {
        Span { not_before_ms: 1000 * DAY_MS, not_after_ms: (1000 + days) * DAY_MS }
    }

    /// Days after the start at which a certificate of that many days renews.
    fn renews_after_h(days: u64) -> u64 {
        (of_days(days).renew_at_ms() - of_days(days).not_before_ms) / HOUR_MS
    }

    #[test]
    fn a_third_is_left_or_half_of_a_short_one() {
        assert_eq!(renews_after_h(90), 60 * 24);
        assert_eq!(renews_after_h(45), 30 * 24);
        assert_eq!(renews_after_h(6), 3 * 24);
    }

    #[test]
    fn levels_follow_the_fraction_that_is_left() {
        let level = |days: u64, left_h: u64| of_days(days).level(of_days(days).not_after_ms - left_h * HOUR_MS);
        assert_eq!(level(90, 30 * 24), Level::Good);
        assert_eq!(level(90, 22 * 24), Level::Notice);
        assert_eq!(level(90, 13 * 24), Level::Warning);
        assert_eq!(level(90, 6 * 24), Level::Urgent);
        assert_eq!(level(90, 0), Level::Expired);
        // A day of six is more than 7 %, but a warning still comes before it gets urgent.
        assert_eq!(level(7, 30), Level::Notice);
        assert_eq!(level(7, 25), Level::Warning);
        assert_eq!(level(7, 24), Level::Urgent);
    }

    #[test]
    fn a_minute_is_not_urgent_from_the_start() {
        let minute = Span { not_before_ms: 0, not_after_ms: 60_000 };
        assert_eq!(minute.level(0), Level::Good);
        assert_eq!(minute.level(30_000), Level::Good);
        assert_eq!(minute.level(46_000), Level::Notice);
        assert_eq!(minute.level(52_000), Level::Urgent);
        assert_eq!(minute.level(60_000), Level::Expired);
    }

    #[test]
    fn nonsense_does_not_overflow() {
        let backwards = Span { not_before_ms: 10, not_after_ms: 5 };
        assert_eq!(backwards.level(7), Level::Expired);
        assert!(backwards.renew_at_ms() <= 5);
        let endless = Span { not_before_ms: 0, not_after_ms: 253_402_300_799_000 };
        assert_eq!(endless.level(0), Level::Good);
    }
}
