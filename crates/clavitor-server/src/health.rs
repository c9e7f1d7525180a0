//! Whether the node can do its work, judged from its vital signs: a pure function, and one line for each check.

use clavitor_api::{CheckState, HealthCheck, NodeNotice, NoticeKind, Readiness};
use clavitor_vault::Disk;

use crate::{
    Node,
    vitals::{Certificate, Fault, PushState, Vitals},
};

/// No clock of a machine that runs this program is right before this: 2026-06-01, Unix milliseconds.
const CLOCK_MS_MIN: u64 = 1_780_272_000_000;
/// A certificate is renewed with a third of its life left, or half. Below this, renewing has failed for a while.
const LIFE_LEFT_MIN: f64 = 0.25;

use CheckState::{Fail, Ok as Good, Warn};

/// Judges the node.
pub fn readiness(vitals: &Vitals) -> Readiness {
    let mut checks = vec![process(vitals), integrity(vitals), disk(vitals), certificate(vitals), clock(vitals)];
    checks.extend(backup(vitals));
    checks.extend(pushes(vitals));
    Readiness { ready: checks.iter().all(|check| check.state != Fail), checks }
}

/// What strangers are told of it: which checks fail, and not how.
pub(crate) fn in_public(readiness: Readiness) -> Readiness {
    let detail = "the node's own machine is told, and whoever has the operator's token";
    let failing = readiness.checks.into_iter().filter(|check| check.state == Fail);
    Readiness { ready: readiness.ready, checks: failing.map(|found| check(&found.check, Fail, detail)).collect() }
}

/// What is wrong, in one line; nothing if all is well.
pub fn complaint(readiness: &Readiness) -> Option<String> {
    let bad: Vec<String> =
        readiness.checks.iter().filter(|check| check.state != Good).map(|check| format!("{}: {}", check.check, check.detail)).collect();
    (!bad.is_empty()).then(|| bad.join("; "))
}

/// What the people whom the node serves are told when they sign in.
pub(crate) fn notices(node: &Node) -> Vec<NodeNotice> {
    let (now_ms, backups) = (node.now_ms(), node.backups().status());
    let backup_age_ms = backups.age_ms(now_ms).filter(|_| backups.is_old(now_ms));
    notices_of(node.keeper().certificate(now_ms / 1000), backup_age_ms, node.vault().health().disk)
}

fn notices_of(certificate: Option<Certificate>, old_backup_ms: Option<u64>, disk: Disk) -> Vec<NodeNotice> {
    let ending = certificate.filter(|found| found.renewal_failing || found.life_left < LIFE_LEFT_MIN);
    let certificate = ending.map(|found| NodeNotice { kind: NoticeKind::CertificateEnding, days: Some(found.days_left) });
    let backup = old_backup_ms.map(|age_ms| NodeNotice { kind: NoticeKind::BackupOld, days: i64::try_from(age_ms / 86_400_000).ok() });
    let disk = (disk != Disk::Normal).then_some(NodeNotice { kind: NoticeKind::DiskLow, days: None });
    certificate.into_iter().chain(backup).chain(disk).collect()
}

fn check(name: &str, state: CheckState, detail: impl Into<String>) -> HealthCheck {
    HealthCheck { check: name.to_owned(), state, detail: detail.into() }
}

fn process(vitals: &Vitals) -> HealthCheck {
    let (state, detail) = if vitals.stopping { (Fail, "the node is stopping") } else { (Good, "the node serves") };
    check("process", state, detail)
}

fn integrity(vitals: &Vitals) -> HealthCheck {
    let (state, detail) = match vitals.integrity_age_s() {
        _ if vitals.store_stopped => (Fail, "the store stopped after an error; the log says which".to_owned()),
        _ if vitals.check_waits => (Warn, "the check after the start could not be made yet; the log says why".to_owned()),
        _ if vitals.checked_ms.is_none() => (Warn, "the check after the start is still running".to_owned()),
        _ if vitals.full_check_missed => (Warn, "the full check could not be made; the log says why".to_owned()),
        age_s => (Good, format!("checked {} ago", span(age_s.unwrap_or(0)))),
    };
    check("integrity", state, detail)
}

fn disk(vitals: &Vitals) -> HealthCheck {
    let (state, detail) = match vitals.disk {
        Disk::Normal => (Good, "there is room"),
        Disk::Low => (Fail, "nearly full: agents' writes and releases have stopped"),
        Disk::Full => (Fail, "full: only revoking, locking and deleting work"),
    };
    check("disk", state, detail)
}

fn certificate(vitals: &Vitals) -> HealthCheck {
    let Some(found) = vitals.certificate else {
        let (state, detail) =
            if vitals.certificate_missing { (Fail, "there is none yet") } else { (Good, "this node has none of its own") };
        return check("certificate", state, detail);
    };
    let left = format!("{} days left, {:.0} % of its life", found.days_left, found.life_left.max(0.0) * 100.0);
    let (state, detail) = match found {
        _ if found.days_left < 0 || found.life_left <= 0.0 => (Fail, "it has expired".to_owned()),
        Certificate { not_yet: true, .. } => (Fail, "it is not valid yet: is the clock of this machine behind?".to_owned()),
        Certificate { renewal_failing: true, .. } => (Warn, format!("renewing fails; {left}")),
        _ if found.life_left < LIFE_LEFT_MIN => (Warn, format!("it should have been renewed; {left}")),
        _ => (Good, left),
    };
    check("certificate", state, detail)
}

fn clock(vitals: &Vitals) -> HealthCheck {
    let (state, detail) = match vitals.clock_jump_s {
        _ if vitals.now_ms < CLOCK_MS_MIN => (Fail, "it is behind the day this program was made".to_owned()),
        Some(by_s) => (Warn, format!("it jumped by {by_s} s within the last hour")),
        None => (Good, "it runs evenly".to_owned()),
    };
    check("clock", state, detail)
}

/// A node without a schedule says nothing of backups: its operator may make them elsewhere.
fn backup(vitals: &Vitals) -> Option<HealthCheck> {
    let state = if vitals.backup_old { Warn } else { Good };
    match vitals.backup_ms {
        Some(taken_ms) => Some(check("backup", state, format!("the newest is {} old", span(vitals.age_s(taken_ms))))),
        None => vitals.backup_old.then(|| check("backup", Warn, "none could be made; the log says why")),
    }
}

fn pushes(vitals: &Vitals) -> impl Iterator<Item = HealthCheck> {
    vitals.pushes.iter().map(|push| {
        let (state, detail) = match push.state {
            _ if push.hangs(vitals.now_ms) => (Warn, Fault::Hangs.words()),
            PushState::NotYet => (Good, "nothing sent yet".to_owned()),
            PushState::Arrives => (Good, "the last push arrived".to_owned()),
            PushState::Fails { fault, in_a_row } => (Warn, format!("{in_a_row} in a row did not arrive: {}", fault.words())),
        };
        check(push.to.name(), state, detail)
    })
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
