//! When to order a certificate, from whom, and when to leave an authority alone. Pure: the clock is passed in, chance comes from a seed.
//!
//! Renewal follows the authority's window (RFC 9773), else the rest of the life. Nothing is ordered while the clock is evidently wrong, because
//! a certificate that looks expired to a wrong clock may be in perfect health, and authorities count orders.

use serde::{Deserialize, Serialize};

use super::{random::Random, span::Span};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Failures of one authority before the next one is tried.
const FAILURES_PER_AUTHORITY: u32 = 3;
/// Between a good order and the next one: a twentieth of the life within these bounds.
const REST_MS_MIN: u64 = 1000;
const REST_MS_MAX: u64 = HOUR_MS;
/// How far an authority's clock may be ahead of ours before its certificate proves ours wrong.
const CLOCK_SLACK_MS: u64 = 5 * MINUTE_MS;
/// No authority's "not before" is believed for longer than this: a wrong answer must not stop renewal for ever.
const BLOCKED_MS_MAX: u64 = 7 * DAY_MS;
/// A program is not run for longer than this after it was built; a clock that says so is wrong.
const AGE_MS_MAX: u64 = 30 * 365 * DAY_MS;

/// What the policy is told once.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How many authorities there are, in the order of preference; at least one.
    pub authorities: usize,
    /// When this program was built: no clock is right that shows less. Unix milliseconds.
    pub built_ms: u64,
    /// The first pause after a failure.
    pub retry_ms_min: u64,
    /// The longest pause after failures.
    pub retry_ms_max: u64,
}

impl Rules {
    /// From one minute to six hours.
    pub fn new(authorities: usize, built_ms: u64) -> Self {
        Self { authorities: authorities.max(1), built_ms, retry_ms_min: MINUTE_MS, retry_ms_max: 6 * HOUR_MS }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// This certificate serves; it was issued at the time of the event.
    Installed(Span),
    /// The authority suggests a window, and when to ask again.
    Window {
        /// Its beginning.
        start_ms: u64,
        /// Its end.
        end_ms: u64,
        /// Its `Retry-After`, as a length of time.
        again_in_ms: u64,
    },
    /// The authority has no window for this certificate, or did not answer.
    NoWindow,
    /// An order failed.
    Failed {
        /// Whose.
        authority: usize,
        /// It says not to come back before (`Retry-After`), as a length of time.
        blocked_for_ms: Option<u64>,
    },
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing before this time.
    Wait {
        /// Unix milliseconds.
        until_ms: u64,
    },
    /// Nothing, because the clock is wrong; look again soon.
    FixClock(ClockFault),
    /// Ask the authority for its window.
    AskWindow,
    /// Order from this authority.
    Order {
        /// Its place in the order of preference.
        authority: usize,
    },
}

/// Why the clock cannot be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockFault {
    /// It shows a time before the program was built.
    BeforeBuild,
    /// It shows a time decades after the program was built.
    FarAhead,
    /// It shows a time before the present certificate was issued.
    BeforeCertificate,
}

/// A stretch of time in which something is left alone. A clock that was set back ends it: the stretch no longer means anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pause {
    from_ms: u64,
    until_ms: u64,
}

impl Pause {
    fn of(from_ms: u64, length_ms: u64) -> Self {
        Self { from_ms, until_ms: from_ms.saturating_add(length_ms) }
    }

    fn holds(self, now_ms: u64) -> bool {
        (self.from_ms..self.until_ms).contains(&now_ms)
    }

    /// When it is over; now, if it is.
    fn over_ms(self, now_ms: u64) -> u64 {
        if self.holds(now_ms) { self.until_ms } else { now_ms }
    }
}

/// What must survive a restart, so that a program that is started again and again does not use up what an authority allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    failures: u32,
    retry: Pause,
    blocked: Vec<Pause>,
}

impl Memory {
    /// Failed orders since the last good one.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

/// The present certificate, and what is known of when to renew it.
#[derive(Debug, Clone)]
struct Present {
    span: Span,
    window: Option<(u64, u64)>,
    renew_at_ms: u64,
    /// After the order that brought it, whatever the authority's window says: one in the past would make orders without end.
    rest: Pause,
    ask: Pause,
    unanswered: u32,
}

impl Present {
    /// When the next certificate may be ordered.
    fn due_ms(&self, now_ms: u64) -> u64 {
        self.renew_at_ms.max(self.rest.over_ms(now_ms))
    }
}

/// The state machine.
#[derive(Debug, Clone)]
pub struct Policy {
    rules: Rules,
    random: Random,
    present: Option<Present>,
    memory: Memory,
}

impl Policy {
    /// Without a certificate and without a past.
    pub fn new(rules: Rules, seed: u64) -> Self {
        let memory = Memory { blocked: vec![Pause::default(); rules.authorities], ..Memory::default() };
        Self { rules, random: Random::seeded(seed), present: None, memory }
    }

    /// Takes up what an earlier run left, after the certificate that it left. Whoever starts a program again after mending something waits a minute at most,
    /// unless an authority asked for more.
    pub fn resume(&mut self, mut memory: Memory, now_ms: u64) {
        memory.blocked.resize(self.rules.authorities, Pause::default());
        memory.retry.until_ms = memory.retry.until_ms.min(now_ms.saturating_add(self.rules.retry_ms_min));
        // A run that ended between keeping a certificate and forgetting what had failed before it.
        if self.present.as_ref().is_some_and(|present| present.rest.from_ms >= memory.retry.from_ms) {
            (memory.failures, memory.retry) = (0, Pause::default());
        }
        self.memory = memory;
    }

    /// What the next run should know.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Failed orders since the last good one.
    pub fn failures(&self) -> u32 {
        self.memory.failures
    }

    /// Takes in what happened.
    pub fn apply(&mut self, now_ms: u64, event: Event) {
        match event {
            Event::Installed(span) => self.installed(now_ms, span),
            Event::Window { start_ms, end_ms, again_in_ms } => self.window(now_ms, (start_ms, end_ms), again_in_ms),
            Event::NoWindow => self.no_window(now_ms),
            Event::Failed { authority, blocked_for_ms } => self.failed(now_ms, authority, blocked_for_ms),
        }
    }

    /// What to do now.
    pub fn next(&self, now_ms: u64) -> Next {
        if let Some(fault) = self.clock_fault(now_ms) {
            return Next::FixClock(fault);
        }
        let Some(present) = &self.present else { return self.order(now_ms) };
        let asking = present.span.left_ms(now_ms) > 0;
        if asking && !present.ask.holds(now_ms) {
            return Next::AskWindow;
        }
        let due_ms = present.due_ms(now_ms);
        let next = if now_ms < due_ms { Next::Wait { until_ms: due_ms } } else { self.order(now_ms) };
        match next {
            Next::Wait { until_ms } if asking => Next::Wait { until_ms: until_ms.min(present.ask.until_ms) },
            next => next,
        }
    }

    /// When the next order is due as things stand; now, if it is overdue.
    pub fn next_order_ms(&self, now_ms: u64) -> u64 {
        let due = self.present.as_ref().map_or(now_ms, |present| present.due_ms(now_ms).max(now_ms));
        match self.order(now_ms) {
            Next::Wait { until_ms } => due.max(until_ms),
            _ => due,
        }
    }

    fn clock_fault(&self, now_ms: u64) -> Option<ClockFault> {
        let after_now = |present: &Present| present.span.not_before_ms > now_ms.saturating_add(CLOCK_SLACK_MS);
        if now_ms < self.rules.built_ms {
            Some(ClockFault::BeforeBuild)
        } else if now_ms - self.rules.built_ms > AGE_MS_MAX {
            Some(ClockFault::FarAhead)
        } else if self.present.as_ref().is_some_and(after_now) {
            Some(ClockFault::BeforeCertificate)
        } else {
            None
        }
    }

    /// An order is wanted: from whom, or from when on.
    fn order(&self, now_ms: u64) -> Next {
        let ready_ms = self.memory.retry.over_ms(now_ms);
        let (count, blocked) = (self.rules.authorities, &self.memory.blocked);
        let first = (self.memory.failures / FAILURES_PER_AUTHORITY) as usize % count;
        match (0..count).map(|step| (first + step) % count).find(|&place| !blocked[place].holds(ready_ms)) {
            Some(authority) if ready_ms <= now_ms => Next::Order { authority },
            Some(_) => Next::Wait { until_ms: ready_ms },
            None => Next::Wait { until_ms: blocked.iter().map(|pause| pause.over_ms(ready_ms)).min().unwrap_or(ready_ms) },
        }
    }

    fn installed(&mut self, now_ms: u64, span: Span) {
        // Nodes that were set up together need not renew together for ever.
        let renew_at_ms = span.renew_at_ms().saturating_sub(self.random.between(0, span.life_ms() / 50));
        let rest = Pause::of(now_ms, (span.life_ms() / 20).clamp(REST_MS_MIN, REST_MS_MAX));
        self.present = Some(Present { span, window: None, renew_at_ms, rest, ask: Pause::default(), unanswered: 0 });
        self.memory.failures = 0;
        self.memory.retry = Pause::default();
    }

    fn window(&mut self, now_ms: u64, window: (u64, u64), again_in_ms: u64) {
        let Some(present) = &mut self.present else { return };
        let life = present.span.life_ms();
        // RFC 9773 section 4.3.2: believe it within reason.
        present.ask = Pause::of(now_ms, again_in_ms.clamp((life / 60).min(MINUTE_MS), DAY_MS));
        present.unanswered = 0;
        let (start_ms, end_ms) = window;
        let sensible = start_ms < end_ms && start_ms < present.span.not_after_ms;
        if sensible && present.window != Some(window) {
            present.window = Some(window);
            present.renew_at_ms = self.random.between(start_ms, end_ms).min(present.span.latest_renewal_ms());
        }
    }

    fn no_window(&mut self, now_ms: u64) {
        let Some(present) = &mut self.present else { return };
        let life = present.span.life_ms();
        present.unanswered = present.unanswered.saturating_add(1);
        let pause = doubled((life / 60).clamp(1000, MINUTE_MS), (life / 12).clamp(1000, 6 * HOUR_MS), present.unanswered);
        present.ask = Pause::of(now_ms, self.random.about(pause));
    }

    fn failed(&mut self, now_ms: u64, authority: usize, blocked_for_ms: Option<u64>) {
        self.memory.failures = self.memory.failures.saturating_add(1);
        let (low, high) = self.pauses();
        self.memory.retry = Pause::of(now_ms, self.random.about(doubled(low, high, self.memory.failures)));
        if let (Some(length), Some(blocked)) = (blocked_for_ms, self.memory.blocked.get_mut(authority)) {
            *blocked = Pause::of(now_ms, length.min(BLOCKED_MS_MAX));
        }
    }

    /// The shortest and the longest pause: a one-minute certificate cannot wait for hours, nor can a node that has none.
    fn pauses(&self) -> (u64, u64) {
        let Rules { retry_ms_min: low, retry_ms_max: high, .. } = self.rules;
        match &self.present {
            Some(present) => {
                let life = present.span.life_ms();
                let low = (life / 60).clamp(low.min(200), low);
                (low, (life / 12).clamp(low, high.max(low)))
            }
            None => (low, high.min(HOUR_MS).max(low)),
        }
    }
}

/// `low` after the first failure, twice as much after each further one, at most `high`.
fn doubled(low: u64, high: u64, failures: u32) -> u64 {
    low.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(high)
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
