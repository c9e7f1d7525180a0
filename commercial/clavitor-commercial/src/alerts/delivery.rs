//! When to send the oldest alert, and what an answer means. Pure: the time and the chance come in.

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module alerts/delivery";

/// The first wait after a failure.
const WAIT_MS_MIN: u64 = 1_000;
/// No wait is longer; an alert that waited for a day is on its way five minutes after the other side is back.
const WAIT_MS_MAX: u64 = 300_000;
/// A receiver that asks for a longer wait gets it, up to this: an hour late is better than not at all.
const ASKED_MS_MAX: u64 = 3_600_000;
/// An alert whose body is refused this often will never be taken.
const REFUSALS_MAX: u32 = 5;

/// Where delivery stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivery {
    failures: u32,
    refusals: u32,
    not_before_ms: u64,
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A status.
    Status(u16),
    /// It is busy, and says when to come back (`Retry-After`).
    Busy {
        /// 429 or 503.
        status: u16,
        /// From now on, in milliseconds.
        after_ms: u64,
    },
    /// None: no connection, or it took too long.
    Lost,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Send the oldest alert.
    Send,
    /// Nothing until then, whatever is queued meanwhile.
    Wait {
        /// Monotonic milliseconds.
        until_ms: u64,
    },
    /// Nothing until something is queued.
    Idle,
}

/// What becomes of the alert that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It has arrived and leaves the queue.
    Taken,
    /// It stays the oldest.
    Kept,
    /// It is refused for what it is and leaves the queue, so that it does not hold up the others.
    GivenUp,
}

impl Delivery {
    /// What to do at `now_ms`.
    pub fn next(&self, now_ms: u64, anything_queued: bool) -> Next {
        match (anything_queued, now_ms < self.not_before_ms) {
            (false, _) => Next::Idle,
            (true, true) => Next::Wait { until_ms: self.not_before_ms },
            (true, false) => Next::Send,
        }
    }

    /// Takes an answer at `now_ms`. `chance` is any number; nodes that lost the same receiver come back spread over half the wait.
    pub fn hear(&mut self, now_ms: u64, answer: Answer, chance: u64) -> Fate {
        let refused = matches!(answer, Answer::Status(400 | 413 | 415 | 422));
        // A conflict says that the event id is known: our copy of the answer was lost.
        if matches!(answer, Answer::Status(200..=299 | 409)) {
            *self = Self::default();
            return Fate::Taken;
        }
        if refused && self.refusals + 1 >= REFUSALS_MAX {
            *self = Self::default();
            return Fate::GivenUp;
        }
        self.refusals = if refused { self.refusals + 1 } else { 0 };
        self.failures = self.failures.saturating_add(1);
        self.not_before_ms = now_ms.saturating_add(wait_ms(self.failures, chance).max(asked_ms(answer, chance)));
        Fate::Kept
    }

    /// Failures since an alert was last taken.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

/// What the receiver asked for, and up to an eighth more, so that those who heard the same do not come back together.
fn asked_ms(answer: Answer, chance: u64) -> u64 {
    let Answer::Busy { after_ms, .. } = answer else { return 0 };
    let asked_ms = after_ms.min(ASKED_MS_MAX);
    asked_ms + chance % (asked_ms / 8 + 1)
}

/// Doubles with each failure; half of it is left to chance.
fn wait_ms(failures: u32, chance: u64) -> u64 {
    let doubled = WAIT_MS_MIN.saturating_mul(1_u64.checked_shl(failures.saturating_sub(1)).unwrap_or(u64::MAX));
    let whole = doubled.min(WAIT_MS_MAX);
    whole / 2 + chance % (whole / 2 + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_queued_goes_at_once_and_after_a_failure_it_waits() {
        let mut delivery = Delivery::default();
        assert_eq!(delivery.next(0, false), Next::Idle);
        assert_eq!(delivery.next(0, true), Next::Send);
        assert_eq!(delivery.hear(0, Answer::Lost, u64::MAX), Fate::Kept);
        let Next::Wait { until_ms } = delivery.next(0, true) else { panic!("it waits") };
        assert!((500..=1_000).contains(&until_ms));
        assert_eq!(delivery.next(until_ms, true), Next::Send);
        assert_eq!(delivery.hear(until_ms, Answer::Status(202), 0), Fate::Taken);
        assert_eq!(delivery.next(until_ms, true), Next::Send);
    }

    #[test]
    fn a_known_event_is_taken_and_a_refused_body_is_given_up_after_a_while() {
        assert_eq!(Delivery::default().hear(0, Answer::Status(409), 0), Fate::Taken);
        for status in [400, 413, 415, 422] {
            let mut delivery = Delivery::default();
            let fates: Vec<Fate> = (0..REFUSALS_MAX).map(|_| delivery.hear(0, Answer::Status(status), 0)).collect();
            assert_eq!(fates.iter().filter(|fate| **fate == Fate::Kept).count(), 4);
            assert_eq!(fates.last(), Some(&Fate::GivenUp));
        }
    }

    #[test]
    fn a_receiver_that_is_wrongly_set_up_never_loses_an_alert() {
        let mut delivery = Delivery::default();
        for status in [301, 401, 403, 404, 408, 429, 500, 502, 503].iter().cycle().take(10_000) {
            assert_eq!(delivery.hear(0, Answer::Status(*status), 7), Fate::Kept);
        }
        assert_eq!(delivery.failures(), 10_000);
    }

    #[test]
    fn a_receiver_that_asks_for_a_wait_gets_it_within_bounds() {
        let waits_ms = |after_ms, chance| {
            let mut delivery = Delivery::default();
            assert_eq!(delivery.hear(7, Answer::Busy { status: 503, after_ms }, chance), Fate::Kept);
            let Next::Wait { until_ms } = delivery.next(7, true) else { panic!("it waits") };
            until_ms - 7
        };
        assert_eq!(waits_ms(120_000, 0), 120_000);
        assert_eq!(waits_ms(u64::MAX, 0), ASKED_MS_MAX);
        assert!((500..=1_000).contains(&waits_ms(0, u64::MAX)), "not at once, whatever it says");
        for chance in [1, 14_999, u64::MAX] {
            assert!((120_000..=135_000).contains(&waits_ms(120_000, chance)));
        }
    }

    proptest! {
        #[test]
        fn waits_grow_stay_bounded_and_differ_by_chance(failures in 1_u32..200, chance: u64) {
            let wait = wait_ms(failures, chance);
            let whole = (WAIT_MS_MIN << failures.min(20).saturating_sub(1)).min(WAIT_MS_MAX);
            prop_assert!(wait >= whole / 2 && wait <= whole);
        }
    }
}
