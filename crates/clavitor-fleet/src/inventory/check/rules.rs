//! Rules of alarms and of rollouts.

use super::Subject;
use crate::inventory::note::Notes;
use crate::inventory::{Rollout, Severity};

/// A node beats every 30 s; two missed beats are the least that means something.
const BEATS_S: u32 = 60;
/// A node that is going back must have time to boot; an operator must not wait half a day.
const CONFIRM_S: std::ops::RangeInclusive<u32> = 30..=3600;

pub(super) fn check(subject: &Subject<'_>, notes: &mut Notes) {
    severity(&subject.inventory.severity, notes);
    rollout(&subject.inventory.rollout, notes);
}

fn severity(severity: &Severity, notes: &mut Notes) {
    if severity.sev2_silent_s <= BEATS_S {
        let message = format!("{} s are not two missed posts: nodes post every 30 s, with jitter", severity.sev2_silent_s);
        notes.error("severity.sev2_silent_s", message).help("65 gives slack");
    }
    if severity.sev1_silent_s <= severity.sev2_silent_s {
        notes.error("severity.sev1_silent_s", "a SEV1 comes after a SEV2, so this is the larger of the two");
    } else if severity.sev1_silent_s < severity.sev1_silent_s_min() {
        let (found, least) = (severity.sev1_silent_s, severity.sev1_silent_s_min());
        let message = format!(
            "{found} s is less than sev2_silent_s, storm_window_s and {} s for a probe: a storm would page for every node",
            Severity::PROBE_WAIT_S
        );
        notes.error("severity.sev1_silent_s", message).help(format!("at least {least}"));
    }
    if severity.storm_fraction <= 0.0 {
        notes.error("severity.storm_fraction", "with 0 every silence would be a storm");
    }
    if severity.storm_window_s == 0 {
        notes.error("severity.storm_window_s", "a window of 0 s holds nothing");
    }
}

fn rollout(rollout: &Rollout, notes: &mut Notes) {
    match rollout.waves.first() {
        None => drop(notes.error("rollout.waves", "without waves a bad version would reach every node at once")),
        Some(1) => {}
        Some(first) => drop(notes.warning("rollout.waves.0", format!("the first wave has {first} nodes; one would show the same"))),
    }
    for (index, nodes) in rollout.waves.iter().enumerate().filter(|(_, nodes)| **nodes == 0) {
        notes.error(format!("rollout.waves.{index}"), format!("a wave of {nodes} nodes"));
    }
    if !CONFIRM_S.contains(&rollout.confirm_s) {
        let message = format!("{} s is not between {} and {}", rollout.confirm_s, CONFIRM_S.start(), CONFIRM_S.end());
        notes.error("rollout.confirm_s", message);
    }
}
