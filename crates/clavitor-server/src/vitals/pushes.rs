//! Whether what the node says of itself arrives: one record for each of those who are told.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watcher {
    /// A push monitor of Uptime Kuma, or whatever speaks its form.
    Kuma,
    /// The collector of full reports.
    Telemetry,
}

impl Watcher {
    /// Its name in metrics and in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kuma => "kuma",
            Self::Telemetry => "telemetry",
        }
    }
}

/// Why a push did not arrive. A closed list: an address or a token cannot travel in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No answer within the deadline.
    Deadline,
    /// The name is not known, nobody listens, or the certificate is not good; the log says which.
    Unreachable,
    /// An answer with another status than success.
    Status(u16),
    /// An answer that is none: too long, or cut off.
    Answer,
    /// None was tried for several times as long as it should take: what should send them has come to a stop.
    Hangs,
}

impl Fault {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Deadline => "no answer in time".to_owned(),
            Self::Unreachable => "cannot be reached".to_owned(),
            Self::Status(status) => format!("answered {status}"),
            Self::Answer => "answered something else".to_owned(),
            Self::Hangs => "no push has been tried for long, though one is due: restart the node".to_owned(),
        }
    }
}

/// Whether the last push arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushState {
    /// None was tried yet.
    NotYet,
    /// It did.
    Arrives,
    /// It did not, and how many in a row did not.
    Fails {
        /// Why the last one did not.
        fault: Fault,
        /// How many in a row.
        in_a_row: u64,
    },
}

/// How pushing to one of them goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Push {
    /// To whom.
    pub to: Watcher,
    /// Pushes that arrived.
    pub sent: u64,
    /// Pushes that did not.
    pub failed: u64,
    /// Samples that wait to be sent again.
    pub kept: u64,
    /// From one push to the next, milliseconds.
    pub every_ms: u64,
    /// When it was last known how one went, Unix milliseconds; the start, as long as none was tried.
    pub heard_ms: u64,
    /// When the last one arrived, Unix milliseconds; none has if there is none.
    pub arrived_ms: Option<u64>,
    /// The last one.
    pub state: PushState,
}

/// Pushes that may be missing, and what is added for one that takes its time.
const MISSING_MAX: u64 = 3;
const SLOW_MS: u64 = 60_000;

impl Push {
    /// Whether pushes should have come and gone since the last one that did.
    pub fn hangs(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.heard_ms) > MISSING_MAX * self.every_ms + SLOW_MS
    }
}

/// The record that a driver writes and everybody reads.
#[derive(Debug)]
pub(crate) struct PushRecord {
    to: Watcher,
    sent: AtomicU64,
    failed: AtomicU64,
    kept: AtomicU64,
    every_ms: u64,
    heard_ms: AtomicU64,
    arrived_ms: AtomicU64,
    state: Mutex<PushState>,
}

impl PushRecord {
    pub(crate) fn new(to: Watcher, every_ms: u64, now_ms: u64) -> Arc<Self> {
        let zero = || AtomicU64::new(0);
        let (heard_ms, state) = (AtomicU64::new(now_ms), Mutex::new(PushState::NotYet));
        Arc::new(Self { to, sent: zero(), failed: zero(), kept: zero(), every_ms, heard_ms, arrived_ms: zero(), state })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.to.name()
    }

    pub(crate) fn arrived(&self, now_ms: u64) {
        self.arrived_ms.store(now_ms, Relaxed);
        self.sent.fetch_add(1, Relaxed);
        self.set(PushState::Arrives, now_ms);
    }

    pub(crate) fn failed(&self, fault: Fault, in_a_row: u64, now_ms: u64) {
        self.failed.fetch_add(1, Relaxed);
        self.set(PushState::Fails { fault, in_a_row }, now_ms);
    }

    pub(crate) fn keeps(&self, kept: usize) {
        self.kept.store(kept as u64, Relaxed);
    }

    fn set(&self, state: PushState, now_ms: u64) {
        self.heard_ms.store(now_ms, Relaxed);
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    pub(crate) fn read(&self) -> Push {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (sent, failed, kept) = (self.sent.load(Relaxed), self.failed.load(Relaxed), self.kept.load(Relaxed));
        let arrived_ms = Some(self.arrived_ms.load(Relaxed)).filter(|ms| *ms > 0);
        Push { to: self.to, sent, failed, kept, every_ms: self.every_ms, heard_ms: self.heard_ms.load(Relaxed), arrived_ms, state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_has_come_to_a_stop_is_told_from_one_that_waits() {
        let record = PushRecord::new(Watcher::Telemetry, 300_000, 1_000);
        let hangs = |now_ms| record.read().hangs(now_ms);
        assert!(!hangs(961_000) && hangs(961_001), "it never began");
        record.failed(Fault::Deadline, 1, 1_000_000);
        assert!(!hangs(1_900_000), "what fails does not hang");
        record.arrived(2_000_000);
        assert!(!hangs(2_960_000) && hangs(2_960_001));
        assert!(!hangs(0), "a clock that was set back");
    }
}
