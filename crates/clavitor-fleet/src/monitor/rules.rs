//! The numbers by which a fleet is judged, each with its unit last. Those of the inventory replace the first four and the age of keys.

use serde::{Deserialize, Serialize};

use crate::inventory::Severity;

/// When what is how bad.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Silence since the last receipt that is SEV2: two posts of 30 s and slack.
    pub sev2_silent_s: u64,
    /// Silence that is SEV1.
    pub sev1_silent_s: u64,
    /// This part of the watched nodes, gone silent together, is one incident of the link and not many of nodes.
    pub storm_fraction: f64,
    /// Together: within this time.
    pub storm_window_s: u64,
    /// Fewer are never a storm, however small the fleet.
    pub storm_nodes_min: usize,
    /// A probe that has not answered by then has found nothing.
    pub probe_wait_s: u64,
    /// A silent node that serves is asked again after this.
    pub probe_again_s: u64,
    /// What is left of a certificate's life: a notice, SEV2, SEV1.
    pub certificate_left: [f64; 3],
    /// SEV1 of a certificate at the latest this long before its end, which for a short life is more than the fraction.
    pub certificate_days_min: i64,
    /// Used of the disk, percent: a notice, SEV2, SEV1.
    pub disk_pct: [f64; 3],
    /// Age of the last passed check of the database that is SEV2; checks are daily.
    pub integrity_age_s: u64,
    /// Age of the newest backup: a notice, SEV2.
    pub backup_age_s: [u64; 2],
    /// Age of a tunnel's key that is a warning.
    pub key_days_max: u32,
    /// A clock that is further off than this is wrong; proofs of agents bear a minute.
    pub clock_off_s: u64,
    /// A clock is called wrong when it still is after this long: reports that were kept through an outage carry old times.
    pub clock_confirm_s: u64,
    /// So many changes...
    pub flap_changes: usize,
    /// ...within this time hold an incident open, until it has been quiet for as long.
    pub flap_window_s: u64,
    /// Until somebody acknowledges it, an incident is told again after: notice, SEV2, SEV1.
    pub remind_s: [u64; 3],
    /// A maintenance window is not longer.
    pub maintenance_s_max: u64,
    /// When the watcher itself was away for longer than this, its own absence is not counted as the nodes' silence.
    pub watch_gap_s: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            sev2_silent_s: 65,
            sev1_silent_s: 300,
            storm_fraction: 0.4,
            storm_window_s: 60,
            storm_nodes_min: 2,
            probe_wait_s: Severity::PROBE_WAIT_S.into(),
            probe_again_s: 60,
            certificate_left: [0.25, 0.15, 0.07],
            certificate_days_min: 1,
            disk_pct: [80.0, 90.0, 97.0],
            integrity_age_s: 50 * 3_600,
            backup_age_s: [36 * 3_600, 72 * 3_600],
            key_days_max: 365,
            clock_off_s: 60,
            clock_confirm_s: 20,
            flap_changes: 3,
            flap_window_s: 900,
            remind_s: [24 * 3_600, 4 * 3_600, 900],
            maintenance_s_max: 4 * 3_600,
            watch_gap_s: 60,
        }
    }
}

impl Rules {
    /// How many of so many nodes make a storm.
    pub(super) fn storm_nodes(&self, watched: usize) -> usize {
        ((watched as f64 * self.storm_fraction).ceil() as usize).max(self.storm_nodes_min)
    }
}

impl Rules {
    /// What does not fit together, in words.
    pub(super) fn contradiction(&self) -> Option<String> {
        let told = self.sev2_silent_s + self.storm_window_s + self.probe_wait_s;
        let [disk_1, disk_2, disk_3] = self.disk_pct;
        let [left_1, left_2, left_3] = self.certificate_left;
        match () {
            () if self.sev2_silent_s == 0 => Some("sev2_silent_s is 0: every node would always be silent".to_owned()),
            () if self.sev1_silent_s < told => Some(format!(
                "sev1_silent_s is {} and has to be at least {told} (sev2_silent_s, storm_window_s and {} s for a probe): otherwise a storm pages for every node",
                self.sev1_silent_s, self.probe_wait_s
            )),
            () if !(self.storm_fraction > 0.0 && self.storm_fraction <= 1.0) => {
                Some("storm_fraction is a part of one, such as 0.4".to_owned())
            }
            () if !(disk_1 <= disk_2 && disk_2 <= disk_3 && left_1 >= left_2 && left_2 >= left_3) => {
                Some("the bounds of disk and certificate have to get worse from notice to SEV1".to_owned())
            }
            () => None,
        }
    }
}
