//! The node itself: the one that runs, through its socket of orders, or the database of one that does not. And its backups.

use std::{fs, io, net::SocketAddr, path::Path, time::Duration};

use clavitor_server::{
    control::{AskError, State},
    schedule::{
        BackupStatus, Schedule,
        plan::Kept,
        shelf::{self, Checksum},
    },
};
use clavitor_vault::{Examined, OpenError};

use super::{clock, finding::Finding, place};
use crate::schedule::duration_text;

/// Files that the node has open beside its connections.
const FILES_BESIDE: u64 = 128;
const HOUR_MS: u64 = 3_600_000;
const CODE: &str = "clavitor backup code, and keep the code away from the node";

/// What could be learnt about the node.
pub(super) enum Node {
    Running(Box<State>),
    Stopped(Box<Examined>),
    /// Neither could be asked; the findings say why.
    Unknown,
}

impl Node {
    pub(super) fn has_backup_code(&self) -> Option<bool> {
        match self {
            Self::Running(state) => Some(state.has_backup_code),
            Self::Stopped(found) => Some(found.has_backup_code),
            Self::Unknown => None,
        }
    }
}

/// Asks the node that runs, or looks into the database of one that does not.
pub(super) fn look(data: &Path, ask: impl Fn() -> Result<State, AskError>, now_ms: u64) -> (Node, Vec<Finding>) {
    if let Some(owner) = place::foreign_owner(data)
        && !data.join(clavitor_server::control::SOCKET).exists()
    {
        let todo = format!("sudo -u '#{owner}' clavitor doctor --data {}", data.display());
        return (
            Node::Unknown,
            vec![Finding::warn("database", "not looked into: it is another user's, and files of ours would lock the node out", todo)],
        );
    }
    match clavitor_vault::examine(data) {
        Ok(found) => stopped(found),
        Err(OpenError::InUse(_)) => match ask() {
            Ok(state) => running(state, now_ms),
            Err(error) => {
                let todo = "run the doctor as the node's user; if the node hangs, restart it";
                (Node::Unknown, vec![Finding::fail("node", error.to_string(), todo)])
            }
        },
        Err(OpenError::Damaged(why)) => {
            (Node::Unknown, vec![Finding::fail("database", why, "clavitor restore, into this folder, with the newest verified backup")])
        }
        Err(error) => (Node::Unknown, vec![Finding::fail("database", error.to_string(), "the sentence says what to do")]),
    }
}

fn stopped(found: Examined) -> (Node, Vec<Finding>) {
    let what = format!("whole, {} vaults, {} MB, schema {}", found.vaults, found.database_bytes >> 20, found.schema);
    let database = match found.schema.cmp(&found.schema_of_program) {
        std::cmp::Ordering::Less => Finding::warn(
            "database",
            format!("{what}; this program moves it to {}", found.schema_of_program),
            "take a backup before the next start",
        ),
        std::cmp::Ordering::Equal => Finding::ok("database", what),
        std::cmp::Ordering::Greater => {
            Finding::fail("database", format!("{what}; this program knows {}", found.schema_of_program), "install the newer version again")
        }
    };
    (
        Node::Stopped(Box::new(found)),
        vec![Finding::warn("node", "it does not run", "clavitor serve, or systemctl start clavitor"), database],
    )
}

fn running(state: State, now_ms: u64) -> (Node, Vec<Finding>) {
    let mut findings = vec![Finding::ok("node", format!("runs: {} {} at {}", state.edition, state.version, state.origin))];
    findings.push(match &state.store {
        None => Finding::ok("database", "whole: every page was read just now"),
        Some(why) => Finding::fail("database", why.clone(), "keep the folder as it is, and restore the newest verified backup"),
    });
    findings.extend(clock::against(state.now_ms, now_ms));
    findings.push(open_files(state.open_files_max, state.connections_max));
    findings.push(if state.swapped_bytes == 0 {
        Finding::ok("memory", "none of the node is swapped out")
    } else {
        Finding::warn(
            "memory",
            format!("{} kB of the node are swapped out", state.swapped_bytes >> 10),
            "MemorySwapMax=0 and LimitMEMLOCK=infinity in the unit; see packaging/",
        )
    });
    (Node::Running(Box::new(state)), findings)
}

fn open_files(limit: Option<u64>, connections: u64) -> Finding {
    match limit {
        Some(limit) if limit < connections + FILES_BESIDE => Finding::warn(
            "open files",
            format!("the limit is {limit}, and the node takes {connections} connections"),
            format!("LimitNOFILE={} in the unit, or ulimit -n", (connections + FILES_BESIDE).next_power_of_two()),
        ),
        Some(limit) => Finding::ok("open files", format!("up to {limit}")),
        None => Finding::ok("open files", "no limit"),
    }
}

/// Whether something listens where the node should, or could.
pub(super) fn port(address: SocketAddr, runs: bool) -> Finding {
    let what = format!("{address}");
    if runs {
        let reached = std::net::TcpStream::connect_timeout(&reachable(address), Duration::from_secs(5));
        return match reached {
            Ok(_) => Finding::ok("port", format!("{what} takes connections")),
            Err(error) => Finding::fail("port", format!("{what}: {error}"), "restart the node; its log says why it does not listen"),
        };
    }
    match std::net::TcpListener::bind(address) {
        Ok(_) => Finding::ok("port", format!("{what} is free")),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Finding::warn(
            "port",
            format!("{what} needs a right that this user has not"),
            "use the units in packaging/: systemd holds the port and hands it over",
        ),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::fail(
            "port",
            format!("another program listens on {what}"),
            format!("ss -ltnp 'sport = :{}' says which", address.port()),
        ),
        Err(error) => Finding::fail("port", format!("{what}: {error}"), "say an address of this machine with --bind"),
    }
}

/// An unspecified address is no destination.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => (std::net::Ipv4Addr::LOCALHOST, v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (std::net::Ipv6Addr::LOCALHOST, v6.port()).into(),
        other => other,
    }
}

/// Backups: a code, a schedule, and a newest one that is young and unchanged.
pub(super) fn backups(data: &Path, node: &Node, schedule: Option<&Schedule>, now_ms: u64) -> Vec<Finding> {
    let mut findings = Vec::new();
    if node.has_backup_code() == Some(false) {
        findings.push(Finding::warn("backup", "there is no backup code, so there is no backup", CODE));
    }
    if let Node::Running(state) = node
        && let Some(fault) = &state.backup_fault
    {
        let todo = if fault == "no_code" { CODE } else { "the node's log says more" };
        findings.push(Finding::fail("backup", format!("{} in a row failed: {fault}", state.backup_failures), todo));
    }
    match schedule {
        None => {
            findings.push(Finding::warn("backup", "none are made on a schedule", "clavitor serve --backup-dir FOLDER, on another disk"))
        }
        Some(schedule) => findings.extend(on_schedule(data, schedule, now_ms)),
    }
    findings
}

fn on_schedule(data: &Path, schedule: &Schedule, now_ms: u64) -> Vec<Finding> {
    let shown = schedule.folder.display();
    let kept = match shelf::kept(&schedule.folder) {
        Ok(kept) => kept,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return vec![Finding::warn("backup", format!("{shown} is not there yet"), "the node makes it; mount the disk it should be on")];
        }
        Err(error) => {
            return vec![Finding::fail("backup", format!("{shown}: {error}"), "give --backup-dir a folder that the node's user may write")];
        }
    };
    let status = BackupStatus { every_ms: schedule.plan.every_ms, newest: kept.last().copied(), ..BackupStatus::default() };
    let mut findings = vec![match status.newest {
        None => {
            Finding::warn("backup", format!("{shown} holds none yet"), "the node makes the first one at its start; its log says why not")
        }
        Some(newest) => newest_one(schedule, newest, &status, kept.len(), now_ms),
    }];
    if place::same_disk(data, &schedule.folder) {
        findings.push(Finding::warn(
            "backup",
            "the backups are on the disk of the data",
            "copy them away, or put --backup-dir on another disk",
        ));
    }
    findings
}

fn newest_one(schedule: &Schedule, newest: Kept, status: &BackupStatus, count: usize, now_ms: u64) -> Finding {
    let Some(age_ms) = status.age_ms(now_ms) else {
        return Finding::warn("backup", "the newest was taken in the future", "set the clock; the next one has the right time");
    };
    let what = format!("number {} is {} h old, verified when it was written; {count} kept", newest.number, age_ms / HOUR_MS);
    if status.is_old(now_ms) {
        let every = duration_text(schedule.plan.every_ms);
        return Finding::fail("backup", format!("{what}; one is due every {every}"), "is the node running? Its log says why backups fail");
    }
    match shelf::recheck(&schedule.folder, newest) {
        Ok(Checksum::Holds) => Finding::ok("backup", format!("{what}; unchanged since")),
        Ok(Checksum::Missing) => Finding::warn("backup", format!("{what}; no checksum beside it"), "the next one has one again"),
        Ok(Checksum::Differs) => Finding::fail(
            "backup",
            format!("{what}, and changed since"),
            "look at that disk; take a backup to another one now: clavitor backup create",
        ),
        Err(error) => Finding::fail(
            "backup",
            format!("{what}; it cannot be read: {error}"),
            "look at that disk; take a backup to another one now: clavitor backup create",
        ),
    }
}

/// What limits a process that is started from here would have. Only worth a line while no node runs.
pub(super) fn limits(connections: u64) -> Finding {
    open_files(rustix::process::getrlimit(rustix::process::Resource::Nofile).current, connections)
}

/// Whether the machine swaps at all.
pub(super) fn swap() -> Option<Finding> {
    let swaps = fs::read_to_string("/proc/swaps").ok()?;
    let disks = swaps.lines().skip(1).filter(|line| !line.contains("/zram")).count();
    (disks > 0).then(|| {
        Finding::warn(
            "memory",
            "this machine swaps to a disk; keys could be written there",
            "MemorySwapMax=0 and LimitMEMLOCK=infinity in the unit; see packaging/",
        )
    })
}
