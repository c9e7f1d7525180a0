//! Many nodes silent at once are one fault: of the link, or of whoever watches. One incident says so, and those of the nodes are held back.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    FLEET,
    incident::{Check, Finding, Key, Severity, What},
    machine::{Monitor, Why},
    silence::Watched,
};

/// A storm that is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Storm {
    began_ms: u64,
    nodes: BTreeSet<String>,
}

fn link() -> Key {
    Key::new(FLEET, Check::Link)
}

impl Monitor {
    /// Whether a larger incident explains one of this key.
    pub(super) fn is_inhibited(&self, key: &Key) -> bool {
        key.check == Check::Heartbeat && self.storm.is_some()
    }

    /// Whether there is a storm, and how bad it is.
    pub(super) fn weather(&mut self) {
        if self.storm.is_none() {
            self.begin_storm();
        }
        let Some(mut storm) = self.storm.take() else { return };
        storm.nodes.extend(self.silent_since(storm.began_ms));
        storm.nodes.retain(|node| self.nodes.get(node).is_some_and(|watched| watched.silent_ms.is_some()));
        if storm.nodes.len() * 2 < self.rules.storm_nodes(self.exposed()) {
            return self.end_storm(&storm);
        }
        let severity = self.severity_of(&storm);
        let words = format!("{} of {} nodes fell silent together: the link, or this watcher", storm.nodes.len(), self.exposed());
        self.storm = Some(storm);
        self.condition(&link(), Some(severity), &words);
    }

    fn begin_storm(&mut self) {
        let now_ms = self.now_ms;
        let from_ms = now_ms.saturating_sub(self.rules.storm_window_s * 1_000);
        let nodes = self.silent_since(from_ms);
        if nodes.len() < self.rules.storm_nodes(self.exposed()) {
            return;
        }
        for node in &nodes {
            if let Some(incident) = self.open.get_mut(&Key::new(node, Check::Heartbeat)) {
                incident.inhibited = true;
                incident.record(now_ms, What::Inhibited, "the incident of the link explains it");
            }
        }
        self.storm = Some(Storm { began_ms: now_ms, nodes });
    }

    /// The rest count from now on, each for itself.
    fn end_storm(&mut self, storm: &Storm) {
        let now_ms = self.now_ms;
        for node in &storm.nodes {
            if let Some(watched) = self.nodes.get_mut(node) {
                watched.counts_from_ms = now_ms;
            }
            let key = Key::new(node, Check::Heartbeat);
            if let Some(incident) = self.open.get_mut(&key).filter(|incident| incident.inhibited) {
                incident.inhibited = false;
                incident.record(now_ms, What::Released, "the link is back, and this node is not");
                self.tell(&key, Why::Opened);
            }
        }
        self.condition(&link(), None, "");
    }

    /// At once SEV2; SEV1 when probes say that the users notice, or when the fleet has been out of sight for as long as one node may be.
    fn severity_of(&self, storm: &Storm) -> Severity {
        let findings: Vec<Finding> = storm.nodes.iter().filter_map(|node| self.nodes.get(node).and_then(Watched::finding)).collect();
        let dead = findings.iter().filter(|finding| **finding != Finding::Serving).count();
        let looked = findings.len() == storm.nodes.len();
        let long_ms = self.rules.sev1_silent_s.saturating_sub(self.rules.sev2_silent_s) * 1_000;
        let long = self.now_ms.saturating_sub(storm.began_ms) >= long_ms;
        let before = self.open.get(&link()).and_then(|incident| incident.current);
        let worst = if long || (looked && dead * 2 >= findings.len()) { Severity::Sev1 } else { Severity::Sev2 };
        before.map_or(worst, |before| before.max(worst))
    }

    fn silent_since(&self, from_ms: u64) -> BTreeSet<String> {
        let fresh = |watched: &Watched| watched.silent_ms.is_some_and(|at_ms| at_ms >= from_ms);
        self.nodes.iter().filter(|(_, watched)| fresh(watched)).map(|(node, _)| node.clone()).collect()
    }

    /// Nodes that nobody is working on.
    fn exposed(&self) -> usize {
        self.nodes.values().filter(|watched| watched.maintained_until_ms.is_none()).count()
    }
}
