//! One line of the status: what a look means. A function of what was seen and of nothing else.

use serde::Serialize;

use super::Sight;
use crate::monitor::{Report, Rules, Severity, judge};

/// Further off than this, certificates and proofs are at risk.
const CLOCK_OFF_S_MAX: u64 = 10;
/// Less of the machine's memory than this is a warning.
const MEMORY_FREE_PCT_MIN: f64 = 8.0;
/// A log that is not folded back is a sign of a reader that never ends, or of a disk that does not keep up.
const WAL_MB_MAX: u64 = 256;

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Seen now, and well.
    Ok,
    /// Seen now; it will hurt later.
    Warn,
    /// Not seen now: nobody knows.
    Unknown,
    /// Seen now, and it needs somebody.
    Red,
}

impl State {
    /// As the table has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Red => "RED",
        }
    }
}

/// Whether a node was seen.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// Now.
    Now(Box<Sight>),
    /// Not now, and why; the last time if there was one.
    Not(String, Option<Box<Sight>>),
}

/// One node's line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The node.
    pub node: String,
    /// In one word.
    pub state: State,
    /// What is wrong, the worst first.
    pub reasons: Vec<String>,
    /// The age of what stands here, seconds; none: it was never seen.
    pub age_s: Option<u64>,
    /// The program's version.
    pub version: Option<String>,
    /// The running generation.
    pub generation: Option<u64>,
    /// Days until the certificate ends.
    pub certificate_days: Option<i64>,
    /// What is left of its life, percent.
    pub certificate_left_pct: Option<f64>,
    /// Used of the disk, percent.
    pub disk_pct: Option<f64>,
    /// Used of the machine's memory, percent.
    pub memory_pct: Option<f64>,
    /// The write-ahead log.
    pub wal_mb: Option<u64>,
    /// Age of the newest backup, hours.
    pub backup_h: Option<u64>,
    /// Open incidents, in words.
    pub incidents: Vec<String>,
    /// Age of the node's keys, days.
    pub key_days: Option<u32>,
}

impl Row {
    /// The line of a node.
    pub fn of(node: &str, seen: &Seen, incidents: Vec<String>, key_days: Option<u32>, rules: &Rules, now_s: u64) -> Self {
        let (sight, mut found) = match seen {
            Seen::Now(sight) => (Some(sight), judged(sight, rules)),
            Seen::Not(why, last) => (last.as_ref(), vec![(State::Unknown, format!("not seen now: {why}"))]),
        };
        if let Some(days) = key_days.filter(|days| *days > rules.key_days_max) {
            found.push((State::Warn, format!("its tunnel key is {days} days old, more than {}", rules.key_days_max)));
        }
        found.sort_by_key(|(state, _)| std::cmp::Reverse(*state));
        let report = sight.and_then(|sight| sight.report.as_ref());
        let memory = sight.and_then(|sight| sight.memory_kb);
        Self {
            node: node.to_owned(),
            state: found.first().map_or(State::Ok, |(state, _)| *state),
            reasons: found.into_iter().map(|(_, why)| why).collect(),
            age_s: sight.map(|sight| now_s.saturating_sub(sight.seen_s)),
            version: report.map(|report| report.version.clone()),
            generation: sight.and_then(|sight| sight.generation).or(report.and_then(|report| report.nix_gen)),
            certificate_days: report.and_then(|report| report.cert_days_remaining),
            certificate_left_pct: report.and_then(|report| report.cert_life_left).map(|left| (left * 1_000.0).round() / 10.0),
            disk_pct: sight.and_then(|sight| sight.disk).map(|disk| (disk.used_pct() * 10.0).round() / 10.0),
            memory_pct: memory.map(|(total, free)| (1_000.0 * (1.0 - free as f64 / total.max(1) as f64)).round() / 10.0),
            wal_mb: report.and_then(|report| report.wal_mb),
            backup_h: report.and_then(|report| report.backup_age_s).map(|age_s| age_s / 3_600),
            incidents,
            key_days,
        }
    }
}

fn judged(sight: &Sight, rules: &Rules) -> Vec<(State, String)> {
    let mut found = Vec::new();
    match &sight.report {
        Some(report) => found.extend(of_report(report, sight, rules)),
        None => found.push((State::Red, format!("the node does not run: {}", sight.no_report.as_deref().unwrap_or("it says nothing")))),
    }
    if !matches!(sight.service.as_str(), "active" | "") {
        found.push((State::Red, format!("its service is {}", sight.service)));
    }
    if sight.clock_off_s.unsigned_abs() > CLOCK_OFF_S_MAX {
        let ahead = if sight.clock_off_s > 0 { "ahead" } else { "behind" };
        found.push((
            State::Red,
            format!("its clock is {} s {ahead} of this machine's: one of the two is wrong", sight.clock_off_s.unsigned_abs()),
        ));
    }
    if sight.unconfirmed {
        found.push((State::Warn, "a deploy has not been confirmed".to_owned()));
    }
    if let Some((total, free)) = sight.memory_kb
        && (free as f64) < total as f64 * MEMORY_FREE_PCT_MIN / 100.0
    {
        found.push((State::Warn, format!("only {} MB of its memory are free", free >> 10)));
    }
    found
}

fn of_report(report: &Report, sight: &Sight, rules: &Rules) -> Vec<(State, String)> {
    let mut report = report.clone();
    // The machine's own word is as good and newer.
    report.disk_pct = sight.disk.map(|disk| disk.used_pct()).or(report.disk_pct);
    let state = |severity| if severity == Severity::Notice { State::Warn } else { State::Red };
    let mut found: Vec<_> = judge(&report, rules).into_iter().filter_map(|one| Some((state(one.severity?), one.words))).collect();
    if report.ready == Some(true) && !report.complaint.is_empty() {
        found.push((State::Warn, report.complaint.clone()));
    }
    if report.wal_mb.is_some_and(|wal_mb| wal_mb > WAL_MB_MAX) {
        found.push((State::Warn, format!("its write-ahead log has {} MB", report.wal_mb.unwrap_or(0))));
    }
    if report.backup_age_s.is_none() {
        found.push((State::Warn, "it has made no backup on a schedule".to_owned()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Disk;

    fn well() -> Sight {
        let report = Report {
            ready: Some(true),
            backup_age_s: Some(3_600),
            cert_life_left: Some(0.7),
            cert_days_remaining: Some(60),
            ..Report::default()
        };
        let disk = Some(Disk { total_kb: 100, used_kb: 30, free_kb: 70 });
        Sight { seen_s: 1_000, service: "active".to_owned(), report: Some(report), disk, memory_kb: Some((100, 50)), ..Sight::default() }
    }

    fn row(seen: Seen) -> Row {
        Row::of("tokyo", &seen, Vec::new(), None, &Rules::default(), 1_090)
    }

    #[test]
    fn a_well_node_has_nothing_to_say() {
        let row = row(Seen::Now(Box::new(well())));
        assert_eq!((row.state, row.reasons, row.disk_pct, row.certificate_left_pct), (State::Ok, vec![], Some(30.0), Some(70.0)));
    }

    #[test]
    fn what_was_not_seen_now_is_never_healthy() {
        let row = row(Seen::Not("no route".to_owned(), Some(Box::new(well()))));
        assert_eq!((row.state, row.age_s, row.certificate_days), (State::Unknown, Some(90), Some(60)));
        assert!(row.reasons[0].contains("no route"));
    }

    #[test]
    fn a_key_is_old_by_the_inventorys_limit_whether_the_node_is_seen_or_not() {
        let rules = Rules { key_days_max: 90, ..Rules::default() };
        let of = |seen: &Seen, days| Row::of("tokyo", seen, Vec::new(), Some(days), &rules, 1_090);
        let now = Seen::Now(Box::new(well()));
        assert_eq!((of(&now, 90).state, of(&now, 91).state), (State::Ok, State::Warn));
        assert_eq!(of(&now, 91).reasons, ["its tunnel key is 91 days old, more than 90"]);
        let gone = of(&Seen::Not("no route".to_owned(), None), 91);
        assert_eq!((gone.state, gone.reasons.len(), gone.key_days), (State::Unknown, 2, Some(91)));
    }

    #[test]
    fn what_is_wrong_comes_worst_first() {
        for (change, state, says) in [
            ((|sight| sight.report = None) as fn(&mut Sight), State::Red, "does not run"),
            (|sight| sight.service = "failed".to_owned(), State::Red, "service is failed"),
            (|sight| sight.clock_off_s = -7_200, State::Red, "7200 s behind"),
            (|sight| sight.unconfirmed = true, State::Warn, "not been confirmed"),
            (|sight| sight.disk = Some(Disk { total_kb: 100, used_kb: 95, free_kb: 5 }), State::Red, "95 % of the disk"),
            (|sight| sight.memory_kb = Some((100_000, 2_000)), State::Warn, "memory"),
            (|sight| sight.report.as_mut().unwrap().cert_life_left = Some(0.1), State::Red, "not renewed"),
            (|sight| sight.report.as_mut().unwrap().wal_mb = Some(900), State::Warn, "900 MB"),
            (|sight| sight.report.as_mut().unwrap().complaint = "kuma: gone".to_owned(), State::Warn, "kuma: gone"),
        ] {
            let mut sight = well();
            sight.unconfirmed = true;
            change(&mut sight);
            let row = row(Seen::Now(Box::new(sight)));
            assert!(row.state == state && row.reasons.iter().any(|why| why.contains(says)), "{says}: {row:?}");
            assert!(state == State::Warn || !row.reasons[0].contains("confirmed"), "{row:?}");
        }
    }
}
