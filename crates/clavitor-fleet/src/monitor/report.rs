//! What a node says of itself, as its full report has it (docs/OPERATIONS.md, "Reports"). Only what is judged is read; names that are not known are passed over,
//! because reports only ever gain names.

use serde::{Deserialize, Serialize};

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
