//! The machine, case by case. Times are seconds from the first input.

use super::*;

const START_MS: u64 = 1_795_348_800_000;

struct Watch {
    monitor: Monitor,
    told: Vec<Notice>,
    probes: Vec<(u64, String)>,
    refused: Vec<String>,
}

impl Watch {
    fn of(nodes: &[&str]) -> Self {
        Self::with(nodes, Rules::default())
    }

    fn with(nodes: &[&str], rules: Rules) -> Self {
        let mut watch = Self { monitor: Monitor::new(rules).unwrap(), told: Vec::new(), probes: Vec::new(), refused: Vec::new() };
        for node in nodes {
            watch.at(0, Input::Enlist((*node).to_owned()));
        }
        watch
    }

    fn at(&mut self, s: u64, input: Input) {
        for output in self.monitor.step(START_MS + s * 1_000, input) {
            match output {
                Output::Probe(node) => self.probes.push((s, node)),
                Output::Notify(notice) => self.told.push(notice),
                Output::Refused(why) => self.refused.push(why),
            }
        }
    }

    fn beat(&mut self, s: u64, node: &str) {
        self.at(s, Input::Beat { node: node.to_owned(), up: true, msg: "OK".to_owned() });
    }

    /// Ticks through a span, with beats of some nodes every 30 s and probes that answer at once.
    fn run(&mut self, span: std::ops::Range<u64>, beating: &[&str], serving: Option<bool>) {
        for s in span {
            if s % 30 == 0 {
                beating.iter().for_each(|node| self.beat(s, node));
            }
            let asked = self.probes.len();
            self.at(s, Input::Tick);
            let new: Vec<String> = self.probes[asked..].iter().map(|(_, node)| node.clone()).collect();
            for node in new {
                if let Some(serving) = serving {
                    self.at(s, Input::Probed { node, serving });
                }
            }
        }
    }

    fn report(&mut self, s: u64, change: impl Fn(&mut Report)) {
        let mut report =
            Report { node: "tokyo".to_owned(), ts: START_MS / 1_000 + s, boot_id: "b".to_owned(), seq: s + 1, ..Report::default() };
        change(&mut report);
        self.at(s, Input::Report(Box::new(report)));
    }

    fn open(&self) -> Vec<(&str, Check, Severity)> {
        self.monitor.open().map(|incident| (incident.key.node.as_str(), incident.key.check, incident.severity)).collect()
    }

    fn told(&self) -> Vec<(u64, Check, Severity, Why)> {
        self.told.iter().map(|told| ((told.at_ms - START_MS) / 1_000, told.key.check, told.severity, told.why)).collect()
    }

    fn pages(&self) -> usize {
        self.told.iter().filter(|told| told.page && told.why != Why::Reminder).count()
    }
}

#[test]
fn a_dead_node_is_sev2_after_two_missed_posts_and_sev1_after_five_minutes_in_one_incident() {
    let mut watch = Watch::of(&["seoul", "sydney", "tokyo"]);
    watch.beat(0, "tokyo");
    watch.run(0..320, &["seoul", "sydney"], Some(false));
    assert_eq!(
        watch.told(),
        [(65, Check::Heartbeat, Severity::Sev2, Why::Opened), (300, Check::Heartbeat, Severity::Sev1, Why::Escalated)]
    );
    assert_eq!((watch.probes[0].clone(), watch.pages()), ((65, "tokyo".to_owned()), 1));
    watch.beat(321, "tokyo");
    assert_eq!((watch.open(), watch.told().last().unwrap().3), (vec![], Why::Resolved));
    let whole: Vec<What> = watch.monitor.closed().next().unwrap().timeline.iter().map(|event| event.what).collect();
    assert_eq!(whole, [What::Opened, What::Told, What::ProbeAsked, What::Probed, What::Escalated, What::Told, What::Resolved, What::Told]);
}

#[test]
fn a_silent_node_that_serves_is_told_and_wakes_nobody_until_it_serves_no_more() {
    let mut watch = Watch::of(&["seoul", "sydney", "tokyo"]);
    watch.run(0..900, &["seoul", "sydney"], Some(true));
    assert_eq!((watch.open(), watch.pages()), (vec![("tokyo", Check::Heartbeat, Severity::Sev2)], 0));
    let incident = watch.monitor.open().next().unwrap();
    assert_eq!(incident.finding, Some(Finding::Serving));
    assert!(incident.words.contains("silent, not dead"), "{}", incident.words);
    watch.run(900..1_000, &["seoul", "sydney"], Some(false));
    assert_eq!(watch.pages(), 1);
}

#[test]
fn a_probe_that_does_not_answer_does_not_hold_the_page_back() {
    let mut watch = Watch::of(&["seoul", "sydney", "tokyo"]);
    watch.run(0..310, &["seoul", "sydney"], None);
    let told = watch.told.last().unwrap();
    assert!(told.page && told.finding == Some(Finding::Unknown), "{told:?}");
}

#[test]
fn a_storm_is_one_incident_and_one_page() {
    let names: Vec<String> = (0..16).map(|number| format!("node-{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut watch = Watch::of(&names);
    watch.run(0..60, &names, Some(false));
    watch.run(60..1_000, &names[7..], Some(false));
    assert_eq!((watch.open().last().unwrap(), watch.pages()), (&("node-06", Check::Heartbeat, Severity::Sev2), 1));
    let page = watch.told.iter().find(|told| told.page).unwrap();
    assert_eq!((page.key.node.as_str(), page.key.check), (FLEET, Check::Link));
    assert!(page.words.contains("7 of 16"), "{}", page.words);
    watch.run(1_000..1_100, &names, Some(true));
    assert_eq!((watch.open(), watch.pages()), (vec![], 1));
}

#[test]
fn what_a_storm_leaves_behind_counts_for_itself_from_then_on() {
    let names = ["a", "b", "c", "d", "e"];
    let mut watch = Watch::of(&names);
    watch.run(0..500, &names[2..], Some(false));
    assert_eq!(watch.pages(), 1);
    watch.run(500..600, &names[..4], Some(false));
    assert!(watch.monitor.open().all(|incident| incident.key.check == Check::Heartbeat && !incident.inhibited));
    watch.run(600..1_000, &names[..4], Some(false));
    assert_eq!((watch.open(), watch.pages()), (vec![("e", Check::Heartbeat, Severity::Sev1)], 2));
}

#[test]
fn certificates_are_judged_by_what_is_left_of_their_life() {
    for (days, left, expected) in [
        (60, 0.66, None),
        (22, 0.25, Some(Severity::Notice)),
        (13, 0.15, Some(Severity::Sev2)),
        (6, 0.07, Some(Severity::Sev1)),
        (3, 0.5, None),
        (0, 0.14, Some(Severity::Sev1)), // a day of a six-day certificate, which is more than 7 % of it
        (-1, 0.0, Some(Severity::Sev1)),
    ] {
        let report = Report { cert_days_remaining: Some(days), cert_life_left: Some(left), ..Report::default() };
        assert_eq!(judge(&report, &Rules::default())[1].severity, expected, "{days} days, {left}");
    }
}

#[test]
fn what_a_node_reports_is_judged() {
    let mut watch = Watch::of(&["tokyo"]);
    for (s, change, check, severity) in [
        (1, (|report| report.disk_pct = Some(85.0)) as fn(&mut Report), Check::Disk, Severity::Notice),
        (2, |report| report.disk_pct = Some(98.0), Check::Disk, Severity::Sev1),
        (3, |report| report.db_integrity = Some("damaged".to_owned()), Check::Integrity, Severity::Sev1),
        (4, |report| report.db_integrity_age_s = Some(60 * 3_600), Check::Integrity, Severity::Sev2),
        (5, |report| report.backup_age_s = Some(80 * 3_600), Check::Backup, Severity::Sev2),
        (6, |report| report.clock_jump_s = Some(-3_600), Check::Clock, Severity::Notice),
        (7, |report| report.ready = Some(false), Check::Ready, Severity::Sev2),
    ] {
        watch = Watch::of(&["tokyo"]);
        watch.report(s, change);
        assert_eq!(watch.open(), [("tokyo", check, severity)]);
        let sev2 = watch.monitor.open().next().unwrap().timeline.iter().any(|event| event.severity == Severity::Sev2);
        assert_eq!(sev2, severity >= Severity::Sev2, "nothing is SEV1 that was not SEV2");
    }
    watch.report(20, |report| report.ready = Some(true));
    assert_eq!(watch.open(), []);
}

#[test]
fn a_wrong_clock_is_believed_when_it_stays_wrong() {
    let mut watch = Watch::of(&["tokyo"]);
    watch.report(100, |report| report.ts -= 4_000);
    watch.report(101, |report| report.ts -= 2_000);
    watch.report(102, |_| ());
    assert_eq!(watch.open(), [], "reports that were kept through an outage");
    watch.report(130, |report| report.ts += 7_200);
    watch.report(160, |report| report.ts += 7_200);
    assert_eq!(watch.open(), [("tokyo", Check::Clock, Severity::Sev2)]);
    assert!(watch.told[0].words.contains("7200 s ahead"), "{}", watch.told[0].words);
}

#[test]
fn a_report_that_comes_twice_proves_life_and_decides_nothing() {
    let mut watch = Watch::of(&["tokyo"]);
    watch.report(10, |report| (report.seq, report.disk_pct) = (5, Some(10.0)));
    watch.report(70, |report| (report.seq, report.disk_pct) = (4, Some(99.0)));
    watch.run(71..130, &[], None);
    assert_eq!(watch.open(), []);
}

#[test]
fn what_comes_and_goes_is_one_incident_until_it_has_been_quiet() {
    let mut watch = Watch::of(&["tokyo"]);
    for turn in 0..6 {
        watch.report(turn * 60, |report| report.ready = Some(false));
        watch.report(turn * 60 + 30, |report| report.ready = Some(true));
    }
    assert_eq!((watch.monitor.closed().count(), watch.told.len()), (1, 3), "{:?}", watch.told());
    let held = watch.monitor.open().next().unwrap();
    assert!(held.current.is_none() && held.timeline.iter().any(|event| event.what == What::Flapping));
    watch.run(331..1_230, &["tokyo"], None);
    assert_eq!(watch.open().len(), 1);
    watch.run(1_230..1_240, &["tokyo"], None);
    assert_eq!(watch.open(), []);
}

#[test]
fn a_deploy_silences_its_node_and_nobody_else_and_not_for_ever() {
    let mut watch = Watch::of(&["seoul", "sydney", "tokyo"]);
    let until_ms = START_MS + 200_000;
    watch.at(0, Input::Maintain { node: "tokyo".to_owned(), until_ms, why: "deploy".to_owned() });
    watch.run(1..200, &["sydney"], Some(false));
    assert_eq!(watch.open(), [("seoul", Check::Heartbeat, Severity::Sev2)]);
    watch.run(200..203, &["sydney"], Some(false));
    assert_eq!(watch.open().len(), 2);
    watch.at(203, Input::Maintain { node: "tokyo".to_owned(), until_ms: u64::MAX, why: "for ever".to_owned() });
    watch.run(204..205, &["sydney"], Some(false));
    let longest_ms = Rules::default().maintenance_s_max * 1_000;
    watch.at(204 + longest_ms / 1_000, Input::Tick);
    assert!(!watch.monitor.in_maintenance("tokyo"));
}

#[test]
fn an_acknowledged_incident_is_quiet_until_it_gets_worse() {
    let mut watch = Watch::of(&["tokyo"]);
    let full = |watch: &mut Watch, s: u64, percent: f64| watch.report(s, |report| report.disk_pct = Some(percent));
    full(&mut watch, 0, 92.0);
    let id = watch.monitor.open().next().unwrap().id;
    watch.run(1..4 * 3_600 + 2, &["tokyo"], None);
    assert_eq!(watch.told().last().unwrap().3, Why::Reminder);
    watch.at(15_000, Input::Acknowledge { id, by: "operator".to_owned() });
    let before = watch.told.len();
    watch.run(15_001..30_000, &["tokyo"], None);
    assert_eq!(watch.told.len(), before);
    full(&mut watch, 30_000, 98.0);
    assert_eq!((watch.pages(), watch.monitor.open().next().unwrap().acknowledged_by.clone()), (1, None));
    watch.at(30_001, Input::Resolve { id, by: "operator".to_owned() });
    assert!(watch.refused[0].contains("not over") && watch.refused[0].contains("acknowledge"), "{:?}", watch.refused);
    watch.at(30_002, Input::Note { id, by: "operator".to_owned(), text: "log rotated\nby hand".to_owned() });
    assert_eq!(watch.monitor.open().next().unwrap().timeline.last().unwrap().words, "operator: log rotated by hand");
    watch.at(30_003, Input::Acknowledge { id: 99, by: "operator".to_owned() });
    assert!(watch.refused[1].contains("no open incident 99"));
}

#[test]
fn the_watchers_own_absence_is_nobodys_silence() {
    let mut watch = Watch::of(&["seoul", "tokyo"]);
    watch.run(0..31, &["seoul", "tokyo"], None);
    watch.at(7_200, Input::Tick);
    assert_eq!(watch.open(), []);
    watch.run(7_201..7_290, &["seoul"], Some(false));
    assert_eq!(watch.open(), [("tokyo", Check::Heartbeat, Severity::Sev2)]);
}

#[test]
fn a_clock_that_goes_back_changes_nothing() {
    let mut watch = Watch::of(&["tokyo"]);
    watch.beat(1_000, "tokyo");
    watch.at(5, Input::Tick);
    watch.beat(6, "tokyo");
    assert_eq!(watch.monitor.last("tokyo"), None);
    assert_eq!(watch.open(), []);
}

#[test]
fn strangers_and_rules_that_contradict_each_other_are_refused() {
    let mut watch = Watch::of(&["tokyo"]);
    watch.beat(1, "os\u{7}aka");
    assert!(watch.refused[0].contains("not a node that is watched"));
    watch.at(2, Input::Enlist("x".repeat(65)));
    watch.at(2, Input::Enlist(FLEET.to_owned()));
    assert_eq!((watch.refused.len(), watch.monitor.watched().count()), (3, 1));
    let refused = Monitor::new(Rules { sev1_silent_s: 100, ..Rules::default() }).unwrap_err();
    assert!(refused.contains("at least 140"), "{refused}");
}

#[test]
fn notices_wait_until_somebody_has_them() {
    let mut watch = Watch::of(&["tokyo"]);
    watch.report(0, |report| report.ready = Some(false));
    watch.report(1, |report| report.ready = Some(true));
    let copy: Monitor = serde_json::from_str(&serde_json::to_string(&watch.monitor).unwrap()).unwrap();
    assert_eq!(copy, watch.monitor);
    assert_eq!(copy.undelivered().map(|notice| notice.number).collect::<Vec<_>>(), [1, 2]);
    watch.at(2, Input::Delivered(1));
    assert_eq!(watch.monitor.undelivered().map(|notice| notice.number).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_timeline_keeps_its_beginning_and_its_end_and_counts_the_rest() {
    let mut watch = Watch::of(&["tokyo"]);
    watch.report(0, |report| report.ready = Some(false));
    for number in 0..400 {
        watch.at(1, Input::Note { id: 1, by: "operator".to_owned(), text: number.to_string() });
    }
    let incident = watch.monitor.open().next().unwrap();
    assert_eq!((incident.timeline.len(), incident.events_dropped), (200, 202));
    assert_eq!((incident.timeline[0].what, incident.timeline[199].words.as_str()), (What::Opened, "operator: 399"));
}
