//! A node that says nothing: when that is bad, and what looking at it from outside has found. Only the time of receipt counts.

use serde::{Deserialize, Serialize};

use super::{
    incident::{Check, Finding, Key, Severity, What},
    machine::{Monitor, Output},
    report::Report,
};

/// A node that is watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Watched {
    /// When something last came from it; at first, when it was enlisted.
    pub(super) received_ms: u64,
    /// Since when it is called silent.
    pub(super) silent_ms: Option<u64>,
    /// SEV1 counts from here if that is later than the last receipt.
    pub(super) counts_from_ms: u64,
    /// A probe that has not answered.
    asked_ms: Option<u64>,
    /// When the last probe was asked for.
    probed_ms: u64,
    /// What it found.
    finding: Option<Finding>,
    /// Since when its clock looks wrong.
    pub(super) clock_wrong_ms: Option<u64>,
    /// Work is being done on it until then.
    pub(super) maintained_until_ms: Option<u64>,
    /// What it last said.
    pub(super) last: Option<Box<Report>>,
}

impl Watched {
    pub(super) fn new(now_ms: u64) -> Self {
        Self {
            received_ms: now_ms,
            silent_ms: None,
            counts_from_ms: 0,
            asked_ms: None,
            probed_ms: 0,
            finding: None,
            clock_wrong_ms: None,
            maintained_until_ms: None,
            last: None,
        }
    }

    /// So much time did not count.
    pub(super) fn skip(&mut self, gap_ms: u64) {
        self.received_ms += gap_ms;
        self.counts_from_ms += gap_ms;
        (self.asked_ms, self.probed_ms, self.clock_wrong_ms) = (None, 0, None);
    }

    pub(super) fn finding(&self) -> Option<Finding> {
        self.finding
    }
}

impl Monitor {
    /// Something came from a node. Whether it is one of ours.
    pub(super) fn received(&mut self, node: &str) -> bool {
        let now_ms = self.now_ms;
        let Some(watched) = self.nodes.get_mut(node) else {
            self.refuse(format!("{:?} is not a node that is watched: add it to the inventory", super::one_line(node)));
            return false;
        };
        watched.received_ms = now_ms;
        (watched.silent_ms, watched.finding, watched.asked_ms, watched.probed_ms) = (None, None, None, 0);
        self.condition(&Key::new(node, Check::Heartbeat), None, "");
        true
    }

    /// A probe answered.
    pub(super) fn probed(&mut self, node: &str, serving: bool) {
        let Some(watched) = self.nodes.get_mut(node).filter(|watched| watched.silent_ms.is_some()) else { return };
        watched.asked_ms = None;
        self.found(node, if serving { Finding::Serving } else { Finding::Dead });
    }

    /// Looks at every node: who fell silent, is it a storm, and how bad is it for each.
    pub(super) fn watch(&mut self) {
        let names: Vec<String> = self.nodes.keys().cloned().collect();
        self.end_maintenance();
        for node in &names {
            self.notice_silence(node);
        }
        self.weather();
        for node in &names {
            self.judge_silence(node);
        }
    }

    fn notice_silence(&mut self, node: &str) {
        let (now_ms, rules) = (self.now_ms, &self.rules);
        let Some(watched) = self.nodes.get_mut(node) else { return };
        let silent = now_ms.saturating_sub(watched.received_ms) >= rules.sev2_silent_s * 1_000;
        if !silent || watched.maintained_until_ms.is_some() {
            return;
        }
        watched.silent_ms.get_or_insert(now_ms);
        if watched.asked_ms.is_none() && (watched.probed_ms == 0 || now_ms.saturating_sub(watched.probed_ms) >= rules.probe_again_s * 1_000)
        {
            (watched.asked_ms, watched.probed_ms) = (Some(now_ms), now_ms);
            self.outputs.push(Output::Probe(node.to_owned()));
        } else if watched.asked_ms.is_some_and(|asked_ms| now_ms.saturating_sub(asked_ms) >= rules.probe_wait_s * 1_000) {
            watched.asked_ms = None;
            self.found(node, Finding::Unknown);
        }
    }

    fn found(&mut self, node: &str, finding: Finding) {
        let now_ms = self.now_ms;
        let Some(watched) = self.nodes.get_mut(node) else { return };
        let news = watched.finding.replace(finding) != Some(finding);
        if let Some(incident) = self.open.get_mut(&Key::new(node, Check::Heartbeat)) {
            incident.finding = Some(finding);
            if news {
                incident.record(now_ms, What::Probed, words_of(Some(finding)));
            }
        }
    }

    /// Silent is SEV2. SEV1 takes longer, a probe, and a node that does not serve; one that serves its users wakes nobody.
    fn judge_silence(&mut self, node: &str) {
        let (now_ms, key) = (self.now_ms, Key::new(node, Check::Heartbeat));
        let Some(watched) = self.nodes.get(node) else { return };
        if watched.silent_ms.is_none() || watched.maintained_until_ms.is_some() {
            return;
        }
        let from_ms = watched.received_ms.max(watched.counts_from_ms);
        let long = now_ms.saturating_sub(from_ms) >= self.rules.sev1_silent_s * 1_000;
        let dead = matches!(watched.finding, Some(Finding::Dead | Finding::Unknown));
        let severity = if long && dead && self.storm.is_none() { Severity::Sev1 } else { Severity::Sev2 };
        let finding = watched.finding;
        let words = format!("nothing received for {} s; {}", now_ms.saturating_sub(watched.received_ms) / 1_000, words_of(finding));
        let new = !self.open.contains_key(&key);
        // Once it has been a page, it stays one until the node is back.
        let severity = self.open.get(&key).and_then(|incident| incident.current).map_or(severity, |before| before.max(severity));
        self.condition(&key, Some(severity), &words);
        if let Some(incident) = self.open.get_mut(&key) {
            incident.finding = finding;
            if new {
                incident.record(now_ms, What::ProbeAsked, "asked from outside whether it serves");
            }
        }
    }
}

fn words_of(finding: Option<Finding>) -> &'static str {
    match finding {
        None => "a probe is under way",
        Some(Finding::Serving) => "it serves its users: silent, not dead",
        Some(Finding::Dead) => "it does not serve either: dead, as seen from here",
        Some(Finding::Unknown) => "whether it serves could not be found out",
    }
}
