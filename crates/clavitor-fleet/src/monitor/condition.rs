//! From the state of a condition to an incident: begin, go on, get worse, ease, end, come back.

use super::{
    incident::{Incident, Key, Severity, What},
    machine::{Monitor, Notice, Why},
};

impl Monitor {
    /// How a condition is now; none: it is well.
    pub(super) fn condition(&mut self, key: &Key, found: Option<Severity>, words: &str) {
        match (self.open.contains_key(key), found) {
            (false, None) => {}
            (false, Some(severity)) => self.begin(key, severity, words),
            (true, Some(severity)) => self.go_on(key, severity, words),
            (true, None) => self.end(key),
        }
    }

    fn begin(&mut self, key: &Key, severity: Severity, words: &str) {
        let now_ms = self.now_ms;
        let flaps = self.changes.note(key, now_ms, &self.rules);
        self.incidents_made += 1;
        let mut incident = Incident::new(self.incidents_made, key.clone(), severity, now_ms, words);
        incident.escalate(severity, now_ms, words);
        if flaps {
            self.hold(&mut incident);
        }
        incident.inhibited = self.is_inhibited(key);
        if incident.inhibited {
            incident.record(now_ms, What::Inhibited, "the incident of the link explains it");
        }
        self.open.insert(key.clone(), incident);
        self.tell(key, Why::Opened);
    }

    fn go_on(&mut self, key: &Key, severity: Severity, words: &str) {
        let (now_ms, Some(mut incident)) = (self.now_ms, self.open.remove(key)) else { return };
        match incident.current {
            None => {
                self.changes.note(key, now_ms, &self.rules);
                incident.record(now_ms, What::Returned, words);
                self.hold(&mut incident);
            }
            Some(before) if severity < before => incident.record(now_ms, What::Eased, words),
            Some(_) => {}
        }
        (incident.current, incident.words) = (Some(severity), super::one_line(words));
        let worse = incident.escalate(severity, now_ms, words);
        self.open.insert(key.clone(), incident);
        if worse {
            self.tell(key, Why::Escalated);
        }
    }

    fn end(&mut self, key: &Key) {
        let now_ms = self.now_ms;
        if self.open.get(key).is_none_or(|incident| incident.current.is_none()) {
            return;
        }
        let flaps = self.changes.note(key, now_ms, &self.rules);
        let Some(incident) = self.open.get_mut(key) else { return };
        if !flaps && incident.held_until_ms.is_none() {
            return self.resolve(key, "the condition is over");
        }
        incident.current = None;
        incident.record(now_ms, What::Cleared, "over for now; held open because it comes and goes");
        let Some(mut incident) = self.open.remove(key) else { return };
        self.hold(&mut incident);
        self.open.insert(key.clone(), incident);
    }

    fn hold(&self, incident: &mut Incident) {
        if incident.held_until_ms.is_none() {
            incident.record(self.now_ms, What::Flapping, "it comes and goes: held open until it has been quiet");
        }
        incident.held_until_ms = Some(self.now_ms + self.rules.flap_window_s * 1_000);
    }

    /// Ends an incident.
    pub(super) fn resolve(&mut self, key: &Key, words: &str) {
        let Some(incident) = self.open.get_mut(key) else { return };
        incident.current = None;
        incident.resolved_ms = Some(self.now_ms);
        incident.words = super::one_line(words);
        incident.record(self.now_ms, What::Resolved, words);
        self.tell(key, Why::Resolved);
        if let Some(incident) = self.open.remove(key) {
            self.close(incident);
        }
    }

    /// Tells somebody, unless a larger incident says it all.
    pub(super) fn tell(&mut self, key: &Key, why: Why) {
        let now_ms = self.now_ms;
        let Some(incident) = self.open.get_mut(key).filter(|incident| !incident.inhibited) else { return };
        let page = incident.severity == Severity::Sev1 && why != Why::Resolved;
        self.notices_made += 1;
        incident.told_ms = now_ms;
        let words = if page { "somebody was paged" } else { "somebody was told" };
        incident.record(now_ms, What::Told, words);
        let notice = Notice {
            number: self.notices_made,
            at_ms: now_ms,
            page,
            why,
            incident: incident.id,
            key: key.clone(),
            severity: incident.severity,
            finding: incident.finding,
            words: incident.words.clone(),
        };
        self.send(notice);
    }

    /// What time alone brings: the end of a hold, and reminders.
    pub(super) fn settle(&mut self) {
        let (now_ms, rules) = (self.now_ms, self.rules.clone());
        let quiet = |incident: &Incident| incident.current.is_none() && incident.held_until_ms.is_some_and(|until_ms| now_ms >= until_ms);
        let over: Vec<Key> = self.open.values().filter(|incident| quiet(incident)).map(|incident| incident.key.clone()).collect();
        for key in over {
            self.resolve(&key, "it has been quiet long enough");
        }
        let due = |incident: &Incident| {
            let wait_ms = rules.remind_s[incident.severity as usize] * 1_000;
            incident.current.is_some()
                && !self.in_maintenance(&incident.key.node)
                && incident.acknowledged_by.is_none()
                && now_ms.saturating_sub(incident.told_ms) >= wait_ms
        };
        let due: Vec<Key> = self.open.values().filter(|incident| due(incident)).map(|incident| incident.key.clone()).collect();
        for key in due {
            self.tell(&key, Why::Reminder);
        }
        self.changes.prune(now_ms, &rules);
    }
}
