//! Counters of requests: cheap enough for every one of them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use clavitor_api::ErrorCode;

const MINUTES: usize = 60;
const MINUTE_MS: u64 = 60_000;
/// Whoever watches the node is not its work.
const WATCHING: [&str; 3] = ["/livez", "/readyz", "/metrics"];
/// Where people prove who they are.
const SIGN_IN: [&str; 4] = ["/v1/session/finish", "/v1/setup/finish", "/v1/recovery/start", "/v1/recovery/claim"];

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Answers since the start.
    pub requests: u64,
    /// Answers with a status of 400 and more.
    pub errors: u64,
    /// Answers with a status of 500 and more.
    pub faults: u64,
    /// Refused attempts of people to sign in.
    pub failed_sign_ins: u64,
    /// Agents' and tokens' proofs that nobody knows.
    pub failed_proofs: u64,
    /// Requests refused because their agent is locked.
    pub locked_agents: u64,
    /// Requests refused because policy does not allow them.
    pub denials: u64,
    /// Answers of the last hour.
    pub requests_1h: u64,
    /// Those of them with a status of 400 and more.
    pub errors_1h: u64,
}

/// Counts answers.
#[derive(Default)]
pub struct Counters {
    requests: AtomicU64,
    errors: AtomicU64,
    faults: AtomicU64,
    failed_sign_ins: AtomicU64,
    failed_proofs: AtomicU64,
    locked_agents: AtomicU64,
    denials: AtomicU64,
    hour: Hour,
    hour_of_errors: Hour,
}

impl Counters {
    /// Counts an answer: the route's template, its status, and which refusal it is.
    pub fn count(&self, route: &str, status: u16, code: Option<ErrorCode>, now_ms: u64) {
        if WATCHING.contains(&route) {
            return;
        }
        let minute = now_ms / MINUTE_MS;
        self.requests.fetch_add(1, Relaxed);
        self.hour.add(minute);
        if status < 400 {
            return;
        }
        self.errors.fetch_add(1, Relaxed);
        self.hour_of_errors.add(minute);
        if status >= 500 {
            self.faults.fetch_add(1, Relaxed);
        }
        let signs_in = SIGN_IN.contains(&route);
        let counter = match code {
            Some(ErrorCode::Unauthenticated | ErrorCode::Gone | ErrorCode::NotValid) if signs_in => &self.failed_sign_ins,
            Some(ErrorCode::Unauthenticated) if is_an_agents(route) => &self.failed_proofs,
            Some(ErrorCode::AgentLocked) => &self.locked_agents,
            Some(ErrorCode::Forbidden | ErrorCode::TierTooHigh | ErrorCode::BudgetExceeded) => &self.denials,
            _ => return,
        };
        counter.fetch_add(1, Relaxed);
    }

    /// What was counted until now.
    pub fn read(&self, now_ms: u64) -> Counted {
        let minute = now_ms / MINUTE_MS;
        Counted {
            requests: self.requests.load(Relaxed),
            errors: self.errors.load(Relaxed),
            faults: self.faults.load(Relaxed),
            failed_sign_ins: self.failed_sign_ins.load(Relaxed),
            failed_proofs: self.failed_proofs.load(Relaxed),
            locked_agents: self.locked_agents.load(Relaxed),
            denials: self.denials.load(Relaxed),
            requests_1h: self.hour.sum(minute),
            errors_1h: self.hour_of_errors.sum(minute),
        }
    }
}

fn is_an_agents(route: &str) -> bool {
    route == "/v1/enrol" || ["/v1/agent", "/v1/hosted"].iter().any(|prefix| route.starts_with(prefix)) && !route.starts_with("/v1/agents")
}

/// A ring of minutes: in each slot the minute it is of (upper half) and its count (lower half), so that both change together.
struct Hour([AtomicU64; MINUTES]);

impl Default for Hour {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

const COUNT_BITS: u32 = 32;
const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;

impl Hour {
    fn add(&self, minute: u64) {
        let Some(slot) = self.0.get((minute % MINUTES as u64) as usize) else { return };
        // Cannot fail: the function always gives a value.
        let _ = slot.fetch_update(Relaxed, Relaxed, |found| {
            let same = found >> COUNT_BITS == minute && found & COUNT_MAX < COUNT_MAX;
            let full = found >> COUNT_BITS == minute;
            Some(if same {
                found + 1
            } else if full {
                found
            } else {
                minute << COUNT_BITS | 1
            })
        });
    }

    /// The last sixty minutes, the one that runs included. Minutes of a clock that was ahead do not count.
    fn sum(&self, minute: u64) -> u64 {
        let oldest = minute.saturating_sub(MINUTES as u64 - 1);
        let slots = self.0.iter().map(|slot| slot.load(Relaxed));
        slots.filter(|found| (oldest..=minute).contains(&(found >> COUNT_BITS))).map(|found| found & COUNT_MAX).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MS: u64 = 1_795_348_800_000;

    #[test]
    fn an_hour_forgets_what_is_older() {
        let counters = Counters::default();
        for minute in 0..90 {
            counters.count("/v1/vault", if minute % 2 == 0 { 200 } else { 404 }, None, START_MS + minute * MINUTE_MS);
        }
        let counted = counters.read(START_MS + 89 * MINUTE_MS);
        assert_eq!((counted.requests, counted.errors, counted.requests_1h, counted.errors_1h), (90, 45, 60, 30));
        let later = counters.read(START_MS + 120 * MINUTE_MS);
        assert_eq!((later.requests, later.requests_1h), (90, 29));
        assert_eq!(counters.read(START_MS + 300 * MINUTE_MS).requests_1h, 0);
    }

    #[test]
    fn a_clock_that_goes_back_does_not_count_the_future() {
        let counters = Counters::default();
        counters.count("/v1/vault", 200, None, START_MS + 30 * MINUTE_MS);
        assert_eq!(counters.read(START_MS).requests_1h, 0);
        counters.count("/v1/vault", 200, None, START_MS);
        assert_eq!(counters.read(START_MS).requests_1h, 1);
    }

    #[test]
    fn refusals_are_sorted_by_what_they_say_of_the_caller() {
        let counters = Counters::default();
        for (route, status, code) in [
            ("/v1/session/finish", 401, ErrorCode::Unauthenticated),
            ("/v1/recovery/claim", 401, ErrorCode::Unauthenticated),
            ("/v1/setup/finish", 410, ErrorCode::Gone),
            ("/v1/agent/release", 401, ErrorCode::Unauthenticated),
            ("/v1/hosted/entries", 401, ErrorCode::Unauthenticated),
            ("/v1/vault", 401, ErrorCode::Unauthenticated),
            ("/v1/agents", 401, ErrorCode::Unauthenticated),
            ("/v1/agent/release", 403, ErrorCode::AgentLocked),
            ("/v1/agent/release", 403, ErrorCode::TierTooHigh),
            ("/v1/agent/release", 429, ErrorCode::BudgetExceeded),
            ("/v1/changes", 500, ErrorCode::Internal),
            ("/readyz", 503, ErrorCode::Unavailable),
        ] {
            counters.count(route, status, Some(code), START_MS);
        }
        let counted = counters.read(START_MS);
        assert_eq!((counted.requests, counted.errors, counted.faults), (11, 11, 1), "whoever watches is not counted");
        assert_eq!((counted.failed_sign_ins, counted.failed_proofs, counted.locked_agents, counted.denials), (3, 2, 1, 2));
    }
}
