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
}

impl Fault {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Deadline => "no answer in time".to_owned(),
            Self::Unreachable => "cannot be reached".to_owned(),
            Self::Status(status) => format!("answered {status}"),
            Self::Answer => "answered something else".to_owned(),
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
    /// When the last one arrived, Unix milliseconds; none has if there is none.
    pub arrived_ms: Option<u64>,
    /// The last one.
    pub state: PushState,
}

/// The record that a driver writes and everybody reads.
#[derive(Debug)]
pub(crate) struct PushRecord {
    to: Watcher,
    sent: AtomicU64,
    failed: AtomicU64,
    kept: AtomicU64,
    arrived_ms: AtomicU64,
    state: Mutex<PushState>,
}

impl PushRecord {
    pub(crate) fn new(to: Watcher) -> Arc<Self> {
        let zero = || AtomicU64::new(0);
        Arc::new(Self { to, sent: zero(), failed: zero(), kept: zero(), arrived_ms: zero(), state: Mutex::new(PushState::NotYet) })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.to.name()
    }

    pub(crate) fn arrived(&self, now_ms: u64) {
        self.arrived_ms.store(now_ms, Relaxed);
        self.sent.fetch_add(1, Relaxed);
        self.set(PushState::Arrives);
    }

    pub(crate) fn failed(&self, fault: Fault, in_a_row: u64) {
        self.failed.fetch_add(1, Relaxed);
        self.set(PushState::Fails { fault, in_a_row });
    }

    pub(crate) fn keeps(&self, kept: usize) {
        self.kept.store(kept as u64, Relaxed);
    }

    fn set(&self, state: PushState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    pub(crate) fn read(&self) -> Push {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (sent, failed, kept) = (self.sent.load(Relaxed), self.failed.load(Relaxed), self.kept.load(Relaxed));
        let arrived_ms = Some(self.arrived_ms.load(Relaxed)).filter(|ms| *ms > 0);
        Push { to: self.to, sent, failed, kept, arrived_ms, state }
    }
}
