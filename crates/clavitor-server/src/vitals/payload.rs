//! The report that leaves the machine, if its operator asked for that: the names are fixed, the values are numbers and words of closed lists.

use serde::Serialize;

use super::Vitals;

/// Version of the names below. Names are added, never changed.
pub const SCHEMA: u32 = 1;
const MIB: u64 = 1 << 20;

/// One report. Sizes ending in `_mb` are in units of 1,048,576 bytes, percentages have one decimal; what is not known is null.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Payload {
    /// The node's name, as its operator set it.
    pub node: String,
    /// When it was taken, Unix seconds.
    pub ts: u64,
    /// Memory of the process that is in RAM.
    pub ram_mb: Option<u64>,
    /// That, of the machine's RAM.
    pub ram_pct: Option<f64>,
    /// Used on the file system with the data folder.
    pub disk_mb: Option<u64>,
    /// That, of what is used and free for us together, as df(1) counts.
    pub disk_pct: Option<f64>,
    /// What the process used of all processors.
    pub cpu_pct: Option<f64>,
    /// The database file, rounded up.
    pub db_size_mb: Option<u64>,
    /// `ok`, or `damaged` once a check or a write failed.
    pub db_integrity: Option<&'static str>,
    /// Sessions of people that are open.
    pub active_sessions: Option<u64>,
    /// Requests within the last hour.
    pub req_1h: u64,
    /// Those of them that were refused or failed.
    pub err_1h: u64,
    /// Whole days until the certificate ends; negative once it has. Null without a certificate.
    pub cert_days_remaining: Option<i64>,
    /// The generation of the system's profile on NixOS.
    pub nix_gen: Option<u64>,
    /// Seconds since the process started.
    pub uptime_s: u64,
    /// [`SCHEMA`].
    pub schema: u32,
    /// Names this start of the process.
    pub boot_id: String,
    /// Counts the reports of this start, from 1. With `boot_id` it tells a report that was sent twice.
    pub seq: u64,
    /// The program's version.
    pub version: &'static str,
    /// `community` or `commercial`.
    pub edition: &'static str,
    /// Load of the machine over one minute.
    pub load_1m: f64,
    /// The write-ahead log, rounded up.
    pub wal_mb: Option<u64>,
    /// Open files and connections of the process.
    pub open_files: Option<u64>,
    /// Seconds since a check of the database last passed.
    pub db_integrity_age_s: Option<u64>,
    /// Seconds since the weekly full check last passed.
    pub db_full_check_age_s: Option<u64>,
    /// What is left of the certificate's life, from 1 to 0.
    pub cert_life_left: Option<f64>,
    /// Seconds since the newest verified backup was taken.
    pub backup_age_s: Option<u64>,
    /// Connections that a tarpit holds.
    pub tarpit_held: u64,
    /// Requests that it had no room for, since the start.
    pub tarpit_shed: u64,
    /// Refused attempts of people to sign in, since the start.
    pub failed_sign_ins: u64,
    /// Refused proofs and tokens of agents, since the start.
    pub failed_proofs: u64,
    /// Requests of locked agents, since the start.
    pub locked_agents: u64,
    /// Requests that policy refused, since the start.
    pub denials: u64,
}

impl Payload {
    /// The report of some vital signs.
    pub fn new(vitals: Vitals, seq: u64) -> Self {
        let space = vitals.space;
        let of_disk = space.disk_used_bytes.zip(space.disk_free_bytes).map(|(used, free)| percent(used, used.saturating_add(free)));
        let age = |at: Option<u64>| at.map(|ms| vitals.age_s(ms));
        let integrity = if vitals.store_stopped { Some("damaged") } else { vitals.integrity_age_s().map(|_| "ok") };
        Self {
            ts: vitals.now_ms / 1000,
            ram_mb: vitals.resident_bytes.map(|bytes| bytes / MIB),
            ram_pct: vitals.resident_bytes.map(|bytes| percent(bytes, vitals.memory_bytes)),
            disk_mb: space.disk_used_bytes.map(|bytes| bytes / MIB),
            disk_pct: of_disk,
            cpu_pct: vitals.cpu_percent.map(one_decimal),
            db_size_mb: space.database_bytes.map(|bytes| bytes.div_ceil(MIB)),
            db_integrity: integrity,
            active_sessions: vitals.active_sessions,
            req_1h: vitals.counted.requests_1h,
            err_1h: vitals.counted.errors_1h,
            cert_days_remaining: vitals.certificate.map(|certificate| certificate.days_left),
            nix_gen: vitals.nix_generation,
            uptime_s: vitals.uptime_s,
            schema: SCHEMA,
            seq,
            version: vitals.version,
            edition: vitals.edition,
            load_1m: rounded(vitals.load_1m, 100.0),
            wal_mb: space.log_bytes.map(|bytes| bytes.div_ceil(MIB)),
            open_files: vitals.open_files,
            db_integrity_age_s: vitals.integrity_age_s(),
            db_full_check_age_s: age(vitals.full_checked_ms),
            cert_life_left: vitals.certificate.map(|certificate| rounded(certificate.life_left, 1000.0)),
            backup_age_s: age(vitals.backup_ms),
            tarpit_held: vitals.tarpit_held,
            tarpit_shed: vitals.tarpit_shed,
            failed_sign_ins: vitals.counted.failed_sign_ins,
            failed_proofs: vitals.counted.failed_proofs,
            locked_agents: vitals.counted.locked_agents,
            denials: vitals.counted.denials,
            boot_id: vitals.boot_id,
            node: vitals.node,
        }
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { one_decimal(100.0 * part as f64 / whole as f64) }
}

fn one_decimal(value: f64) -> f64 {
    rounded(value, 10.0)
}

/// To a whole number of parts of one.
fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        let written = |value: f64, parts: f64| serde_json::to_string(&rounded(value, parts)).unwrap();
        assert_eq!((written(16.24, 100.0), written(0.123_456, 1000.0), written(2.0, 10.0)), ("16.24".into(), "0.123".into(), "2.0".into()));
        assert_eq!((percent(142, 512), percent(1, 0)), (27.7, 0.0));
    }
}
