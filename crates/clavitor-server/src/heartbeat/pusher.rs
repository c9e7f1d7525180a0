//! When to take a sample, what to send, what to keep: one pure state machine for each of those who are told.

use std::collections::VecDeque;

use crate::vitals::Fault;

/// Jitter of the interval, in each direction: nodes that were started together do not stay together.
const JITTER_PERCENT: u64 = 10;

/// How often, and how much is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Between samples.
    pub(super) interval_ms: u64,
    /// Samples that are kept while they cannot be sent, the newest included. The oldest give way.
    pub(super) kept_max: usize,
}

/// What happened. Times are milliseconds of a clock that nobody sets.
#[derive(Debug)]
pub(super) enum Input<S> {
    /// The time that was waited for has come.
    Due {
        /// Now.
        now_ms: u64,
        /// Any number, for the jitter.
        random: u64,
    },
    /// Here is a sample.
    Sampled(S),
    /// What was sent has arrived, or has not.
    Done {
        /// Now.
        now_ms: u64,
        /// Whether it arrived.
        outcome: Result<(), Fault>,
    },
}

/// What to do, in this order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Output<S> {
    /// Take a sample.
    Sample,
    /// Send this one, and say how it went.
    Send(S),
    /// Wait that long.
    Wait {
        /// Milliseconds.
        ms: u64,
    },
    /// Nothing has arrived for a while: what an operator is alerted of, once.
    Silent {
        /// In a row.
        failures: u64,
        /// Since the last that arrived, or since the first try.
        silent_ms: u64,
    },
    /// It arrives again.
    Back {
        /// How long it did not.
        silent_ms: u64,
        /// Whether the operator was alerted.
        alerted: bool,
    },
}

/// An operator is alerted after this many failures in a row: two missed heartbeats are what a monitor waits for, too.
const ALERT_FAILURES: u64 = 3;

/// The state machine.
#[derive(Debug)]
pub(super) struct Pusher<S> {
    pace: Pace,
    kept: VecDeque<S>,
    next_ms: u64,
    failures: u64,
    since_ms: Option<u64>,
}

impl<S: Clone> Pusher<S> {
    /// Begins; the first sample is due at once.
    pub(super) fn new(pace: Pace, now_ms: u64) -> Self {
        Self { pace, kept: VecDeque::new(), next_ms: now_ms, failures: 0, since_ms: None }
    }

    /// Samples that wait to be sent.
    pub(super) fn kept(&self) -> usize {
        self.kept.len()
    }

    /// Failures in a row.
    pub(super) fn failures(&self) -> u64 {
        self.failures
    }

    /// One step.
    pub(super) fn step(&mut self, input: Input<S>) -> Vec<Output<S>> {
        match input {
            Input::Due { now_ms, random } => {
                self.next_ms = self.next_ms.max(now_ms.saturating_sub(self.pace.interval_ms)) + self.jittered(random);
                self.since_ms.get_or_insert(now_ms);
                vec![Output::Sample]
            }
            Input::Sampled(sample) => {
                self.kept.push_back(sample);
                while self.kept.len() > self.pace.kept_max.max(1) {
                    self.kept.pop_front();
                }
                self.oldest().into_iter().collect()
            }
            Input::Done { now_ms, outcome: Ok(()) } => self.arrived(now_ms),
            Input::Done { now_ms, outcome: Err(_) } => self.lost(now_ms),
        }
    }

    fn arrived(&mut self, now_ms: u64) -> Vec<Output<S>> {
        self.kept.pop_front();
        let silent_ms = now_ms.saturating_sub(self.since_ms.replace(now_ms).unwrap_or(now_ms));
        let failures = std::mem::take(&mut self.failures);
        let back = (failures > 0).then_some(Output::Back { silent_ms, alerted: failures >= ALERT_FAILURES });
        let next = self.oldest().unwrap_or_else(|| self.wait(now_ms));
        back.into_iter().chain([next]).collect()
    }

    fn lost(&mut self, now_ms: u64) -> Vec<Output<S>> {
        self.failures += 1;
        let silent_ms = now_ms.saturating_sub(self.since_ms.unwrap_or(now_ms));
        let silent = (self.failures == ALERT_FAILURES).then_some(Output::Silent { failures: self.failures, silent_ms });
        silent.into_iter().chain([self.wait(now_ms)]).collect()
    }

    fn oldest(&self) -> Option<Output<S>> {
        self.kept.front().cloned().map(Output::Send)
    }

    fn wait(&self, now_ms: u64) -> Output<S> {
        Output::Wait { ms: self.next_ms.saturating_sub(now_ms) }
    }

    /// The interval, a tenth shorter to a tenth longer.
    fn jittered(&self, random: u64) -> u64 {
        let span = self.pace.interval_ms * JITTER_PERCENT / 100;
        self.pace.interval_ms - span + random % (2 * span + 1)
    }
}

#[cfg(test)]
#[path = "pusher_tests.rs"]
mod tests;
