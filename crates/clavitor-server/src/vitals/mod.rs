//! How the node is doing, in numbers: what it reads of its machine, its store and itself, for health, metrics and reports. Counts only, never a name.

pub mod checks;
mod clock;
mod counters;
mod keeper;
mod locks;
mod machine;
mod payload;
mod pushes;
mod watcher;

use std::sync::PoisonError;

use clavitor_vault::{Disk, session};

pub use counters::{Counted, Counters};
pub use keeper::{Certificate, Keeper};
pub use payload::{Payload, SCHEMA};
pub(crate) use pushes::PushRecord;
pub use pushes::{Fault, Push, PushState, Watcher};
pub use watcher::{watch, watch_every};

use crate::{Node, digest::sha256, door::DoorCounts};

/// The vital signs at one moment. What is not known is absent, never guessed.
#[derive(Debug, Clone, PartialEq)]
pub struct Vitals {
    /// Names the node in reports; the operator chose it, or it is the host's name.
    pub node: String,
    /// When they were taken, Unix milliseconds.
    pub now_ms: u64,
    /// Names this start of the process: 16 hexadecimal digits.
    pub boot_id: String,
    /// Seconds since the process started, by a clock that nobody sets.
    pub uptime_s: u64,
    /// `community` or `commercial`.
    pub edition: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// Memory of the process that is in RAM.
    pub resident_bytes: Option<u64>,
    /// RAM of the machine.
    pub memory_bytes: u64,
    /// Load of the machine over one minute. Not a percentage.
    pub load_1m: f64,
    /// What the process used of all processors over the last half minute.
    pub cpu_percent: Option<f64>,
    /// Open files and connections of the process.
    pub open_files: Option<u64>,
    /// The store's room.
    pub space: clavitor_vault::Space,
    /// What the disk's room means for the node.
    pub disk: Disk,
    /// The store stopped after an error.
    pub store_stopped: bool,
    /// When the quick check last passed, Unix milliseconds.
    pub checked_ms: Option<u64>,
    /// The check after the start could not be made yet, for want of memory or open files.
    pub check_waits: bool,
    /// When the full check last passed, Unix milliseconds.
    pub full_checked_ms: Option<u64>,
    /// The last full check could not be made, for want of room or by an error of reading.
    pub full_check_missed: bool,
    /// Sessions that are open.
    pub active_sessions: Option<u64>,
    /// Connections that are open, were not served, or had to leave.
    pub door: DoorCounts,
    /// Counters since the start, and of the last hour.
    pub counted: Counted,
    /// The certificate that is served, if the node has one.
    pub certificate: Option<Certificate>,
    /// The node needs a certificate and has none.
    pub certificate_missing: bool,
    /// When the newest verified backup on the schedule was taken, Unix milliseconds.
    pub backup_ms: Option<u64>,
    /// It is older than the schedule allows, or the last attempt failed.
    pub backup_old: bool,
    /// How far the wall clock jumped, in seconds, if it did within the last hour.
    pub clock_jump_s: Option<i64>,
    /// The generation of the system's profile, on NixOS.
    pub nix_generation: Option<u64>,
    /// Connections that a tarpit holds.
    pub tarpit_held: u64,
    /// Requests that a tarpit had no room for.
    pub tarpit_shed: u64,
    /// Whoever is told of all this, and whether it arrives.
    pub pushes: Vec<Push>,
    /// The node is going away.
    pub stopping: bool,
}

impl Node {
    /// The vital signs now. Reads a few small files and counts sessions; a matter of microseconds.
    pub fn vitals(&self) -> Vitals {
        let (keeper, config, vault) = (self.keeper(), self.config(), self.vault());
        let (now_ms, health, machine) = (self.now_ms(), vault.health(), machine::read());
        let (certificate, backups) = (keeper.certificate(now_ms / 1000), self.backups().status());
        let gauges = config.edition.gauges();
        let gauge = |name: &str| gauges.iter().find(|gauge| gauge.name == name).map_or(0, |gauge| gauge.value);
        Vitals {
            node: config.vitals.node.clone(),
            now_ms,
            boot_id: keeper.boot_id.clone(),
            uptime_s: keeper.started.elapsed().as_secs(),
            edition: config.edition.name(),
            version: config.edition.version(),
            resident_bytes: machine.resident_bytes,
            memory_bytes: machine.memory_bytes,
            load_1m: machine.load_1m,
            cpu_percent: keeper.cpu_percent(),
            open_files: machine.open_files,
            space: vault.space(),
            disk: health.disk,
            store_stopped: health.poisoned.is_some(),
            checked_ms: some_time(health.checked_ms),
            check_waits: health.check_waits.is_some(),
            full_checked_ms: some_time(health.full_checked_ms),
            full_check_missed: keeper.full_check_missed(),
            active_sessions: self.read(session::count).ok(),
            door: self.door_counts(),
            counted: keeper.counters.read(now_ms),
            certificate_missing: certificate.is_none() && keeper.needs_certificate(),
            certificate,
            backup_ms: backups.newest.map(|newest| newest.taken_ms),
            backup_old: backups.is_old(now_ms) || backups.cause.is_some(),
            clock_jump_s: keeper.clock_jump_s(),
            nix_generation: machine::nix_generation(),
            tarpit_held: gauge("tarpit_held"),
            tarpit_shed: gauge("tarpit_shed"),
            pushes: keeper.pushes(),
            stopping: self.stopping(),
        }
    }
}

/// How old the signs are that strangers make the node read.
const RECENT_MS: u64 = 1_000;

impl Node {
    /// The vital signs as they were at most a second ago, so that nobody makes the node read them over and over. Whether it stops is always as of now.
    pub(crate) fn recent_vitals(&self) -> Vitals {
        let now_ms = self.now_ms();
        let mut last = self.keeper().last.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = last.take().filter(|kept| kept.now_ms.abs_diff(now_ms) < RECENT_MS);
        let kept = last.insert(kept.unwrap_or_else(|| self.vitals()));
        Vitals { stopping: self.stopping(), ..kept.clone() }
    }
}

fn some_time(ms: u64) -> Option<u64> {
    (ms > 0).then_some(ms)
}

impl Vitals {
    /// Seconds since the newest check of the database passed.
    pub fn integrity_age_s(&self) -> Option<u64> {
        self.checked_ms.max(self.full_checked_ms).map(|ms| self.age_s(ms))
    }

    /// Seconds since something happened.
    pub fn age_s(&self, at_ms: u64) -> u64 {
        self.now_ms.saturating_sub(at_ms) / 1000
    }
}

/// What an operator can set about them.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Names the node in reports.
    pub node: String,
    /// SHA-256 of the token that opens `/metrics` from elsewhere; none: only this machine may ask.
    pub(crate) metrics_token_sha256: Option<[u8; 32]>,
}

impl Settings {
    /// The settings of a node with this name.
    pub fn of(node: impl Into<String>) -> Self {
        Self { node: node.into(), metrics_token_sha256: None }
    }

    /// The same with a token that opens `/metrics` from elsewhere. Only its hash is kept.
    #[must_use]
    pub fn metrics_token(self, token: &str) -> Self {
        Self { metrics_token_sha256: Some(sha256(token.as_bytes())), ..self }
    }

    /// The name of this machine.
    pub fn host_name() -> String {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }
}
