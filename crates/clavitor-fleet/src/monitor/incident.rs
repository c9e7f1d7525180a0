//! One incident: what it is about, how bad it got, and everything that happened to it.

use serde::{Deserialize, Serialize};

use super::one_line;

/// The first events of an incident are kept for ever...
const FIRST_EVENTS: usize = 50;
/// ...and the newest up to so many altogether. What fell out between is counted.
const EVENTS_MAX: usize = 200;

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It will hurt later.
    Notice,
    /// Somebody should look today.
    Sev2,
    /// Somebody is woken.
    Sev1,
}

impl Severity {
    /// As people write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Sev2 => "SEV2",
            Self::Sev1 => "SEV1",
        }
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Beats arrive.
    Heartbeat,
    /// The node's own checks pass.
    Ready,
    /// The certificate's life.
    Certificate,
    /// Room on the disk.
    Disk,
    /// The database's checks.
    Integrity,
    /// The newest backup.
    Backup,
    /// The node's clock.
    Clock,
    /// The way from the nodes to whoever watches; of the fleet, not of a node.
    Link,
}

impl Check {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::Ready => "ready",
            Self::Certificate => "certificate",
            Self::Disk => "disk",
            Self::Integrity => "integrity",
            Self::Backup => "backup",
            Self::Clock => "clock",
            Self::Link => "link",
        }
    }
}

/// What an incident is about. There is never more than one open incident with the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// The node, or [`super::FLEET`].
    pub node: String,
    /// The check.
    pub check: Check,
}

impl Key {
    pub(super) fn new(node: &str, check: Check) -> Self {
        Self { node: node.to_owned(), check }
    }
}

/// What looking at a silent node from outside has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It answers its users: silent but serving.
    Serving,
    /// It does not: dead, as far as anybody can see.
    Dead,
    /// Nobody could look in time.
    Unknown,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It began.
    Opened,
    /// It got worse.
    Escalated,
    /// It got better without being over.
    Eased,
    /// A probe was asked for.
    ProbeAsked,
    /// A probe answered, or did not.
    Probed,
    /// It comes and goes; it stays open until it has been quiet.
    Flapping,
    /// The condition is over; it is held because it was flapping.
    Cleared,
    /// The condition is back.
    Returned,
    /// Somebody was told.
    Told,
    /// Somebody has it.
    Acknowledged,
    /// Somebody wrote something down.
    Noted,
    /// A larger incident explains this one.
    Inhibited,
    /// The larger one is over; this one counts from now on.
    Released,
    /// A maintenance window began or ended.
    Maintenance,
    /// It is over.
    Resolved,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, Unix milliseconds of the watcher's clock.
    pub at_ms: u64,
    /// What happened.
    pub what: What,
    /// How bad it is from here on.
    pub severity: Severity,
    /// In words.
    pub words: String,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Counts all incidents, from 1.
    pub id: u64,
    /// What it is about.
    #[serde(flatten)]
    pub key: Key,
    /// The worst it was.
    pub severity: Severity,
    /// How bad the condition is now; none when it is over.
    pub current: Option<Severity>,
    /// When it began.
    pub opened_ms: u64,
    /// When it was over.
    pub resolved_ms: Option<u64>,
    /// Who has it.
    pub acknowledged_by: Option<String>,
    /// Whether a larger incident explains it.
    pub inhibited: bool,
    /// Held open until then, because it was flapping.
    pub held_until_ms: Option<u64>,
    /// When somebody was last told.
    pub told_ms: u64,
    /// Silent but serving, or dead.
    pub finding: Option<Finding>,
    /// In words, now.
    pub words: String,
    /// What happened, oldest first.
    pub timeline: Vec<Event>,
    /// Events that are no longer there.
    pub events_dropped: u64,
}

impl Incident {
    pub(super) fn new(id: u64, key: Key, severity: Severity, now_ms: u64, words: &str) -> Self {
        let mut incident = Self {
            id,
            key,
            severity: severity.min(Severity::Sev2),
            current: Some(severity),
            opened_ms: now_ms,
            resolved_ms: None,
            acknowledged_by: None,
            inhibited: false,
            held_until_ms: None,
            told_ms: now_ms,
            finding: None,
            words: one_line(words),
            timeline: Vec::new(),
            events_dropped: 0,
        };
        incident.record(now_ms, What::Opened, words);
        incident
    }

    /// Writes a line.
    pub(super) fn record(&mut self, at_ms: u64, what: What, words: &str) {
        if self.timeline.len() >= EVENTS_MAX {
            self.timeline.remove(FIRST_EVENTS);
            self.events_dropped += 1;
        }
        self.timeline.push(Event { at_ms, what, severity: self.severity, words: one_line(words) });
    }

    /// Raises it, through SEV2 if that is on the way. Whoever acknowledged it did not acknowledge this.
    pub(super) fn escalate(&mut self, to: Severity, now_ms: u64, words: &str) -> bool {
        if to <= self.severity {
            return false;
        }
        if self.severity < Severity::Sev2 && to == Severity::Sev1 {
            self.severity = Severity::Sev2;
            self.record(now_ms, What::Escalated, words);
        }
        self.severity = to;
        self.acknowledged_by = None;
        self.record(now_ms, What::Escalated, words);
        true
    }
}
