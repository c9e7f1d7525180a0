//! What a node says of itself, as its full report has it (docs/OPERATIONS.md, "Reports"). Only what is judged is read; names that are not known are passed over,
//! because reports only ever gain names.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::one_line;

/// One report. What a node does not know is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The node's name.
    pub node: String,
    /// When it was taken by the node's clock, Unix seconds; 0 if it does not say.
    pub ts: u64,
    /// Names this start of the node.
    pub boot_id: String,
    /// Counts its reports of this start.
    pub seq: u64,
    /// Whether its own checks pass.
    pub ready: Option<bool>,
    /// What it complains of.
    pub complaint: String,
    /// The program's version.
    pub version: String,
    /// `community` or `commercial`.
    pub edition: String,
    /// The generation of the system.
    pub nix_gen: Option<u64>,
    /// Seconds since it started.
    pub uptime_s: u64,
    /// Memory of the process, 1,048,576 bytes each.
    pub ram_mb: Option<u64>,
    /// That, of the machine's.
    pub ram_pct: Option<f64>,
    /// Used on the disk with the data.
    pub disk_mb: Option<u64>,
    /// That, in percent.
    pub disk_pct: Option<f64>,
    /// The database.
    pub db_size_mb: Option<u64>,
    /// The write-ahead log.
    pub wal_mb: Option<u64>,
    /// `ok` or `damaged`.
    pub db_integrity: Option<String>,
    /// Seconds since a check passed.
    pub db_integrity_age_s: Option<u64>,
    /// Seconds since a full check of a copy passed.
    pub db_full_check_age_s: Option<u64>,
    /// Seconds since the newest verified backup.
    pub backup_age_s: Option<u64>,
    /// Whole days until the certificate ends; negative after.
    pub cert_days_remaining: Option<i64>,
    /// What is left of its life, from 1 to 0.
    pub cert_life_left: Option<f64>,
    /// By how many seconds its clock jumped within the hour.
    pub clock_jump_s: Option<i64>,
    /// Requests of the last hour.
    pub req_1h: u64,
    /// Those of them that were refused or failed.
    pub err_1h: u64,
}

impl Report {
    /// A report as a node sends it, or as it prints it on its own machine, where its checks stand beside the figures.
    ///
    /// # Errors
    /// In words.
    pub fn read(json: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(json).map_err(|error| format!("is no JSON: {error}"))?;
        let checks = value["checks"].as_array().into_iter().flatten();
        let bad = checks
            .filter(|check| check["state"] != "ok")
            .filter_map(|check| Some(format!("{}: {}", check["check"].as_str()?, check["detail"].as_str()?)));
        let complaint = bad.collect::<Vec<_>>().join("; ");
        let mut report: Self = serde_json::from_value(value).map_err(|error| format!("is no report: {error}"))?;
        if report.node.is_empty() {
            return Err("names no node".to_owned());
        }
        if report.complaint.is_empty() {
            report.complaint = complaint;
        }
        // A node that was taken writes what it likes; it stands on people's screens later.
        let texts = [&mut report.node, &mut report.boot_id, &mut report.complaint, &mut report.version, &mut report.edition];
        texts.into_iter().chain(&mut report.db_integrity).for_each(|text| *text = one_line(text));
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_writes_cannot_move_the_cursor_and_has_an_end() {
        let read = Report::read(r#"{"node":"tokyo","version":"1\u001b[2K\u202e","complaint":"a\nb"}"#).unwrap();
        assert_eq!((read.version.as_str(), read.complaint.as_str()), ("1 [2K ", "a b"));
        let long = format!("{{\"node\":\"tokyo\",\"version\":\"{}\"}}", "x".repeat(9_000));
        assert_eq!(Report::read(&long).unwrap().version.len(), super::super::WORDS_CHARS_MAX);
    }

    #[test]
    fn a_report_is_read_with_names_of_the_future_and_without_those_it_lacks() {
        let read = Report::read(
            r#"{"node":"tokyo","ts":5,"disk_pct":31.2,"shoe_size":44,"ready":false,"checks":[{"check":"disk","state":"fail","detail":"full"},{"check":"clock","state":"ok","detail":"even"}]}"#,
        );
        let read = read.unwrap();
        assert_eq!(
            (read.node.as_str(), read.disk_pct, read.ready, read.complaint.as_str()),
            ("tokyo", Some(31.2), Some(false), "disk: full")
        );
        for bad in ["", "[]", "{}", "{\"node\":5}", "{\"node\":\"tokyo\",\"ts\":\"now\"}"] {
            assert!(Report::read(bad).is_err(), "{bad}");
        }
    }
}
