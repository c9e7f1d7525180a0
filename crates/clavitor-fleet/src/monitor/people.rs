//! What people and deploys do: acknowledge, resolve, note, and open a maintenance window.

use super::{
    incident::{Incident, What},
    machine::Monitor,
    one_line,
};

impl Monitor {
    pub(super) fn acknowledge(&mut self, id: u64, by: &str) {
        let now_ms = self.now_ms;
        let Some(incident) = self.numbered(id) else { return self.refuse(unknown(id)) };
        incident.acknowledged_by = Some(one_line(by));
        incident.record(now_ms, What::Acknowledged, by);
    }

    /// A condition that still holds would come back at once, so it is not taken away.
    pub(super) fn resolve_by(&mut self, id: u64, by: &str) {
        let Some(incident) = self.numbered(id) else { return self.refuse(unknown(id)) };
        if incident.current.is_some() {
            let words = incident.words.clone();
            return self.refuse(format!("incident {id} is not over ({words}): acknowledge it, and it resolves itself when it is"));
        }
        let key = incident.key.clone();
        self.resolve(&key, &format!("resolved by {by}"));
    }

    pub(super) fn note(&mut self, id: u64, by: &str, text: &str) {
        let now_ms = self.now_ms;
        let line = format!("{by}: {text}");
        if let Some(incident) = self.numbered(id) {
            return incident.record(now_ms, What::Noted, &line);
        }
        match self.closed.iter_mut().find(|incident| incident.id == id) {
            Some(incident) => incident.record(now_ms, What::Noted, &line),
            None => self.refuse(unknown(id)),
        }
    }

    pub(super) fn maintain(&mut self, node: &str, until_ms: u64, why: &str) {
        let (now_ms, longest_ms) = (self.now_ms, self.rules.maintenance_s_max * 1_000);
        let Some(watched) = self.nodes.get_mut(node) else {
            return self.refuse(format!("{:?} is not a node that is watched", one_line(node)));
        };
        let until_ms = until_ms.min(now_ms + longest_ms);
        watched.maintained_until_ms = Some(until_ms);
        watched.silent_ms = watched.silent_ms.filter(|_| until_ms <= now_ms);
        if until_ms > now_ms {
            let words = format!("maintenance for {} s: {why}", (until_ms - now_ms) / 1_000);
            self.of_node(node, |incident| incident.record(now_ms, What::Maintenance, &words));
        }
    }

    pub(super) fn in_maintenance(&self, node: &str) -> bool {
        self.nodes.get(node).is_some_and(|watched| watched.maintained_until_ms.is_some())
    }

    pub(super) fn end_maintenance(&mut self) {
        let now_ms = self.now_ms;
        let over = |until_ms: Option<u64>| until_ms.is_some_and(|until_ms| until_ms <= now_ms);
        let nodes: Vec<String> =
            self.nodes.iter().filter(|(_, watched)| over(watched.maintained_until_ms)).map(|(node, _)| node.clone()).collect();
        for node in nodes {
            if let Some(watched) = self.nodes.get_mut(&node) {
                watched.maintained_until_ms = None;
            }
            self.of_node(&node, |incident| incident.record(now_ms, What::Maintenance, "maintenance is over"));
        }
    }

    fn numbered(&mut self, id: u64) -> Option<&mut Incident> {
        self.open.values_mut().find(|incident| incident.id == id)
    }

    fn of_node(&mut self, node: &str, act: impl Fn(&mut Incident)) {
        self.open.values_mut().filter(|incident| incident.key.node == node).for_each(act);
    }
}

fn unknown(id: u64) -> String {
    format!("there is no open incident {id}")
}
