//! The machine: what it is told, what it wants done, and what it remembers.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{
    NODES_MAX,
    flap::{Changes, pairs},
    incident::{Check, Finding, Incident, Key, Severity, What},
    judge::judge,
    report::Report,
    rules::Rules,
    silence::Watched,
    storm::Storm,
};

/// Incidents that are over and still remembered.
const CLOSED_MAX: usize = 500;
/// Notices that wait until somebody says that they were delivered.
const OUTBOX_MAX: usize = 1_000;

/// What the machine is told. Everything comes with the time of receipt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Time passed. At least every few seconds.
    Tick,
    /// From now on this node is watched.
    Enlist(String),
    /// No more.
    Retire(String),
    /// A beat, as a push monitor takes it.
    Beat {
        /// Whose.
        node: String,
        /// Whether it says that it works.
        up: bool,
        /// What it says.
        msg: String,
    },
    /// A full report.
    Report(Box<Report>),
    /// The answer of a probe that was asked for.
    Probed {
        /// Of which node.
        node: String,
        /// Whether it answered its users.
        serving: bool,
    },
    /// Somebody has it.
    Acknowledge {
        /// The incident's number.
        id: u64,
        /// Who.
        by: String,
    },
    /// Somebody says it is over.
    Resolve {
        /// The incident's number.
        id: u64,
        /// Who.
        by: String,
    },
    /// Somebody writes something down.
    Note {
        /// The incident's number.
        id: u64,
        /// Who.
        by: String,
        /// What.
        text: String,
    },
    /// A deploy or a person opens a maintenance window, or changes its end; an end that is past closes it.
    Maintain {
        /// Of which node.
        node: String,
        /// Until when, Unix milliseconds.
        until_ms: u64,
        /// Why.
        why: String,
    },
    /// Notices up to this number have arrived.
    Delivered(u64),
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Look from outside whether this node serves, and say so.
    Probe(String),
    /// Tell somebody.
    Notify(Notice),
    /// What was asked for cannot be; why, and what can.
    Refused(String),
}

/// Why somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It began.
    Opened,
    /// It got worse.
    Escalated,
    /// Nobody has acknowledged it.
    Reminder,
    /// It is over.
    Resolved,
}

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Counts all notices, from 1: one that comes twice is the same.
    pub number: u64,
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// Whether somebody is woken.
    pub page: bool,
    /// Why now.
    pub why: Why,
    /// The incident.
    pub incident: u64,
    /// What it is about.
    #[serde(flatten)]
    pub key: Key,
    /// How bad.
    pub severity: Severity,
    /// Silent but serving, or dead.
    pub finding: Option<Finding>,
    /// In words.
    pub words: String,
}

/// The state, all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Monitor {
    pub(super) rules: Rules,
    pub(super) now_ms: u64,
    pub(super) nodes: BTreeMap<String, Watched>,
    #[serde(with = "pairs")]
    pub(super) open: BTreeMap<Key, Incident>,
    pub(super) closed: VecDeque<Incident>,
    pub(super) changes: Changes,
    pub(super) storm: Option<Storm>,
    pub(super) outbox: VecDeque<Notice>,
    /// Notices that fell out because nobody took them.
    pub(super) notices_lost: u64,
    pub(super) incidents_made: u64,
    pub(super) notices_made: u64,
    #[serde(skip)]
    pub(super) outputs: Vec<Output>,
}

impl Monitor {
    /// A machine that watches nobody yet.
    ///
    /// # Errors
    /// If the rules contradict each other; in words.
    pub fn new(rules: Rules) -> Result<Self, String> {
        rules.contradiction().map_or(Ok(()), Err)?;
        Ok(Self {
            rules,
            now_ms: 0,
            nodes: BTreeMap::new(),
            open: BTreeMap::new(),
            closed: VecDeque::new(),
            changes: Changes::default(),
            storm: None,
            outbox: VecDeque::new(),
            notices_lost: 0,
            incidents_made: 0,
            notices_made: 0,
            outputs: Vec::new(),
        })
    }

    /// Other rules from here on, for instance after the inventory has changed.
    ///
    /// # Errors
    /// As [`Monitor::new`]; then nothing has changed.
    pub fn set_rules(&mut self, rules: Rules) -> Result<(), String> {
        rules.contradiction().map_or(Ok(()), Err)?;
        self.rules = rules;
        Ok(())
    }

    /// What happened, at a time of the watcher's clock, Unix milliseconds. A time before the last one counts as the last one.
    pub fn step(&mut self, now_ms: u64, input: Input) -> Vec<Output> {
        self.advance(now_ms);
        match input {
            Input::Tick => {}
            Input::Enlist(node) => self.enlist(&node),
            Input::Retire(node) => self.retire(&node),
            Input::Beat { node, up, msg } => self.beat(&node, up, msg),
            Input::Report(report) => self.report(*report),
            Input::Probed { node, serving } => self.probed(&node, serving),
            Input::Acknowledge { id, by } => self.acknowledge(id, &by),
            Input::Resolve { id, by } => self.resolve_by(id, &by),
            Input::Note { id, by, text } => self.note(id, &by, &text),
            Input::Maintain { node, until_ms, why } => self.maintain(&node, until_ms, &why),
            Input::Delivered(number) => self.outbox.retain(|notice| notice.number > number),
        }
        self.watch();
        self.settle();
        std::mem::take(&mut self.outputs)
    }

    /// Incidents that are open, by node and check.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.open.values()
    }

    /// Incidents that are over, oldest first; the newest 500.
    pub fn closed(&self) -> impl Iterator<Item = &Incident> {
        self.closed.iter()
    }

    /// Notices that nobody has confirmed yet, oldest first.
    pub fn undelivered(&self) -> impl Iterator<Item = &Notice> {
        self.outbox.iter()
    }

    /// The nodes that are watched.
    pub fn watched(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    /// The last report of a node and when it came, Unix milliseconds.
    pub fn last(&self, node: &str) -> Option<(&Report, u64)> {
        let watched = self.nodes.get(node)?;
        Some((watched.last.as_deref()?, watched.received_ms))
    }

    fn enlist(&mut self, node: &str) {
        let fits = !node.is_empty() && node.len() <= super::NODE_CHARS_MAX && node != super::FLEET;
        if !fits || (self.nodes.len() >= NODES_MAX && !self.nodes.contains_key(node)) {
            return self.refuse(format!(
                "{:?} cannot be watched: a name has 1 to 64 characters and is not \"fleet\"; {NODES_MAX} nodes at most",
                super::one_line(node)
            ));
        }
        let now_ms = self.now_ms;
        self.nodes.entry(node.to_owned()).or_insert_with(|| Watched::new(now_ms));
    }

    fn retire(&mut self, node: &str) {
        self.nodes.remove(node);
        let keys: Vec<Key> = self.open.keys().filter(|key| key.node == node).cloned().collect();
        for key in keys {
            self.resolve(&key, "the node is not watched any more");
        }
    }

    fn beat(&mut self, node: &str, up: bool, msg: String) {
        if self.received(node) {
            let verdict = judge(&Report { ready: Some(up), complaint: msg, ..Report::default() }, &self.rules);
            self.condition(&Key::new(node, Check::Ready), verdict[0].severity, &verdict[0].words);
        }
    }

    fn report(&mut self, report: Report) {
        let node = report.node.clone();
        if !self.received(&node) || !self.is_news(&node, &report) {
            return;
        }
        for verdict in judge(&report, &self.rules) {
            if verdict.check != Check::Ready || report.ready.is_some() {
                self.condition(&Key::new(&node, verdict.check), verdict.severity, &verdict.words);
            }
        }
        self.clock(&node, &report);
        if let Some(watched) = self.nodes.get_mut(&node) {
            watched.last = Some(Box::new(report));
        }
    }

    /// Whether it was not judged before: a node sends again what it is not sure has arrived.
    fn is_news(&self, node: &str, report: &Report) -> bool {
        let last = self.nodes.get(node).and_then(|watched| watched.last.as_deref());
        !last.is_some_and(|last| !report.boot_id.is_empty() && last.boot_id == report.boot_id && report.seq <= last.seq)
    }

    /// A clock is judged by the time of receipt, and twice: reports that were kept through an outage carry old times and come all at once.
    fn clock(&mut self, node: &str, report: &Report) {
        let (now_ms, rules) = (self.now_ms, &self.rules);
        let Some(watched) = self.nodes.get_mut(node) else { return };
        let off_s = (report.ts > 0).then(|| (now_ms / 1_000).abs_diff(report.ts)).filter(|off_s| *off_s > rules.clock_off_s);
        let (severity, words) = match (off_s, report.clock_jump_s) {
            (Some(off_s), _) => {
                let since_ms = *watched.clock_wrong_ms.get_or_insert(now_ms);
                let confirmed = now_ms - since_ms >= rules.clock_confirm_s * 1_000;
                let ahead = if report.ts > now_ms / 1_000 { "ahead" } else { "behind" };
                let words = format!("the node's clock is {off_s} s {ahead}: certificates and agents' proofs stop working");
                (if confirmed { Some(Severity::Sev2) } else { return }, words)
            }
            (None, Some(by_s)) => (Some(Severity::Notice), format!("the node's clock jumped by {by_s} s within the last hour")),
            (None, None) => (None, String::new()),
        };
        if off_s.is_none() {
            watched.clock_wrong_ms = None;
        }
        self.condition(&Key::new(node, Check::Clock), severity, &words);
    }

    /// The watcher's own absence is nobody's silence.
    fn advance(&mut self, now_ms: u64) {
        let gap_ms = now_ms.saturating_sub(self.now_ms);
        if self.now_ms > 0 && gap_ms > self.rules.watch_gap_s * 1_000 {
            for watched in self.nodes.values_mut() {
                watched.skip(gap_ms);
            }
            for incident in self.open.values_mut() {
                incident.record(
                    now_ms,
                    What::Maintenance,
                    &format!("the watcher itself was away for {} s; that is not counted", gap_ms / 1_000),
                );
            }
        }
        self.now_ms = self.now_ms.max(now_ms);
    }

    pub(super) fn refuse(&mut self, why: String) {
        self.outputs.push(Output::Refused(why));
    }

    pub(super) fn close(&mut self, incident: Incident) {
        if self.closed.len() >= CLOSED_MAX {
            self.closed.pop_front();
        }
        self.closed.push_back(incident);
    }

    pub(super) fn send(&mut self, notice: Notice) {
        if self.outbox.len() >= OUTBOX_MAX {
            self.outbox.pop_front();
            self.notices_lost += 1;
        }
        self.outbox.push_back(notice.clone());
        self.outputs.push(Output::Notify(notice));
    }
}
