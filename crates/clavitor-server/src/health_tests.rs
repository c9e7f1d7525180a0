//! What makes a node unready, and what only earns a word.

use super::*;
use crate::vitals::{Counted, Push, Watcher};

const NOW_MS: u64 = 1_795_348_800_000;
const DAY_MS: u64 = 86_400_000;

fn well() -> Vitals {
    Vitals {
        node: "tokyo".to_owned(),
        now_ms: NOW_MS,
        boot_id: "00".repeat(8),
        uptime_s: 60,
        edition: "community",
        version: "0",
        resident_bytes: None,
        memory_bytes: 1 << 29,
        load_1m: 0.0,
        cpu_percent: None,
        open_files: None,
        space: clavitor_vault::Space::default(),
        disk: Disk::Normal,
        store_stopped: false,
        checked_ms: Some(NOW_MS - 5_000),
        check_waits: false,
        full_checked_ms: None,
        door: crate::door::DoorCounts::default(),
        full_check_missed: false,
        active_sessions: Some(0),
        counted: Counted::default(),
        certificate: None,
        certificate_missing: false,
        backup_ms: None,
        backup_old: false,
        clock_jump_s: None,
        nix_generation: None,
        tarpit_held: 0,
        tarpit_shed: 0,
        pushes: Vec::new(),
        stopping: false,
    }
}

fn days(days_left: i64, life_left: f64) -> Option<Certificate> {
    Some(Certificate { days_left, life_left, not_yet: false, renewal_failing: false })
}

fn judged(vitals: &Vitals) -> (bool, Option<String>) {
    let readiness = readiness(vitals);
    (readiness.ready, complaint(&readiness))
}

#[test]
fn a_well_node_has_nothing_to_say() {
    assert_eq!(judged(&well()), (true, None));
    assert_eq!(judged(&Vitals { certificate: days(60, 0.66), backup_ms: Some(NOW_MS - DAY_MS), ..well() }), (true, None));
}

#[test]
fn each_of_the_four_can_make_it_unready() {
    for (name, vitals) in [
        ("process", Vitals { stopping: true, ..well() }),
        ("integrity", Vitals { store_stopped: true, ..well() }),
        ("disk", Vitals { disk: Disk::Low, ..well() }),
        ("disk", Vitals { disk: Disk::Full, ..well() }),
        ("certificate", Vitals { certificate: days(-1, 0.0), ..well() }),
        ("certificate", Vitals { certificate: days(60, 1.0).map(|found| Certificate { not_yet: true, ..found }), ..well() }),
        ("certificate", Vitals { certificate_missing: true, ..well() }),
        ("clock", Vitals { now_ms: 1_000, checked_ms: Some(1), ..well() }),
    ] {
        let (ready, complaint) = judged(&vitals);
        assert!(!ready && complaint.as_deref().unwrap().starts_with(name), "{name}: {complaint:?}");
    }
}

#[test]
fn what_hurts_later_earns_a_word_and_no_more() {
    let fails = Push {
        to: Watcher::Kuma,
        sent: 1,
        failed: 2,
        kept: 0,
        every_ms: 30_000,
        heard_ms: NOW_MS - 1_000,
        arrived_ms: None,
        state: PushState::Fails { fault: Fault::Status(404), in_a_row: 2 },
    };
    for (word, vitals) in [
        ("still running", Vitals { checked_ms: None, ..well() }),
        ("could not be made yet", Vitals { checked_ms: None, check_waits: true, ..well() }),
        ("full check", Vitals { full_check_missed: true, ..well() }),
        ("should have been renewed; 20 days left, 22 %", Vitals { certificate: days(20, 0.22), ..well() }),
        ("renewing fails", Vitals { certificate: days(30, 0.33).map(|found| Certificate { renewal_failing: true, ..found }), ..well() }),
        ("jumped by -3600 s", Vitals { clock_jump_s: Some(-3_600), ..well() }),
        ("4 days old", Vitals { backup_ms: Some(NOW_MS - 4 * DAY_MS), backup_old: true, ..well() }),
        ("none could be made", Vitals { backup_old: true, ..well() }),
        ("kuma: 2 in a row did not arrive: answered 404", Vitals { pushes: vec![fails], ..well() }),
        ("kuma: no push has been tried for long", Vitals { pushes: vec![Push { heard_ms: NOW_MS - 200_000, ..fails }], ..well() }),
    ] {
        let (ready, complaint) = judged(&vitals);
        assert!(ready && complaint.as_deref().unwrap().contains(word), "{word}: {complaint:?}");
    }
}

#[test]
fn a_short_lived_certificate_is_judged_by_its_life() {
    assert_eq!(judged(&Vitals { certificate: days(3, 0.5), ..well() }), (true, None), "three days of six are well");
    assert!(judged(&Vitals { certificate: days(15, 0.17), ..well() }).1.is_some(), "fifteen days of ninety are not");
}

#[test]
fn people_are_told_what_their_node_needs_and_nothing_else() {
    assert_eq!(notices_of(days(60, 0.66), None, Disk::Normal), []);
    assert_eq!(notices_of(None, None, Disk::Normal), []);
    let told = notices_of(days(2, 0.02), Some(5 * DAY_MS), Disk::Full);
    let told: Vec<_> = told.iter().map(|notice| (notice.kind, notice.days)).collect();
    assert_eq!(told, [(NoticeKind::CertificateEnding, Some(2)), (NoticeKind::BackupOld, Some(5)), (NoticeKind::DiskLow, None)]);
    let failing = days(30, 0.33).map(|found| Certificate { renewal_failing: true, ..found });
    assert_eq!(notices_of(failing, None, Disk::Normal).len(), 1);
}
