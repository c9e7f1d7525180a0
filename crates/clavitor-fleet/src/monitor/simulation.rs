//! Thousands of seeded watches over fleets that fail in every way at once. `CLAVITOR_FLEET_RUNS` sets how many; a failing seed is in the message.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const START_MS: u64 = 1_795_348_800_000;
const RUNS: u64 = 2_000;

/// xorshift64*, so that a seed means the same run for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % below.max(1)
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.roll(many) == 0
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Life {
    Well,
    Silent,
    Dead,
}

struct World {
    seed: u64,
    dice: Dice,
    now_s: u64,
    nodes: Vec<(String, Life, u64)>,
    link_down_until_s: u64,
    monitor: Monitor,
    probes: Vec<(u64, String)>,
    asked: BTreeSet<String>,
    received: BTreeMap<String, u64>,
    blind_until_s: u64,
    notices: u64,
    link_pages: BTreeMap<u64, usize>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let many = 3 + dice.roll(8);
        let nodes: Vec<_> = (0..many).map(|number| (format!("node-{number}"), Life::Well, dice.roll(30))).collect();
        let mut world = Self {
            seed,
            dice,
            now_s: 0,
            nodes,
            link_down_until_s: 0,
            monitor: Monitor::new(Rules::default()).unwrap(),
            probes: Vec::new(),
            asked: BTreeSet::new(),
            received: BTreeMap::new(),
            blind_until_s: 0,
            notices: 0,
            link_pages: BTreeMap::new(),
        };
        for (node, ..) in world.nodes.clone() {
            world.received.insert(node.clone(), 0);
            world.tell(Input::Enlist(node));
        }
        world
    }

    fn tell(&mut self, input: Input) {
        let stormy = self.monitor.storm.is_some();
        for output in self.monitor.step(START_MS + self.now_s * 1_000, input) {
            match output {
                Output::Probe(node) => {
                    self.asked.insert(node.clone());
                    if !self.dice.one_in(5) {
                        let wait_s = self.dice.roll(25);
                        self.probes.push((self.now_s + wait_s, node));
                    }
                }
                Output::Notify(notice) => self.told(&notice, stormy && self.monitor.storm.is_some()),
                Output::Refused(why) => panic!("seed {}: refused: {why}", self.seed),
            }
        }
    }

    fn told(&mut self, notice: &Notice, stormy: bool) {
        let seed = self.seed;
        self.notices += 1;
        assert_eq!(notice.number, self.notices, "seed {seed}: a notice is missing");
        if !notice.page || notice.why == Why::Reminder {
            return;
        }
        match notice.key.check {
            Check::Link => *self.link_pages.entry(notice.incident).or_default() += 1,
            Check::Heartbeat => {
                assert!(!stormy, "seed {seed}: a page for {} in a storm", notice.key.node);
                assert!(self.asked.contains(&notice.key.node), "seed {seed}: paged without a probe");
                assert!(matches!(notice.finding, Some(Finding::Dead | Finding::Unknown)), "seed {seed}: paged for a node that serves");
            }
            _ => {}
        }
    }

    fn fate(&mut self) {
        let many = self.nodes.len() as u64;
        if self.dice.one_in(40) {
            let which = self.dice.roll(many) as usize;
            self.nodes[which].1 = [Life::Well, Life::Well, Life::Silent, Life::Dead][self.dice.roll(4) as usize];
        }
        if self.dice.one_in(150) {
            self.link_down_until_s = self.now_s + self.dice.roll(600);
        }
        if self.dice.one_in(200) {
            let node = self.nodes[self.dice.roll(many) as usize].0.clone();
            let until_ms = START_MS + (self.now_s + self.dice.roll(400)) * 1_000;
            self.tell(Input::Maintain { node, until_ms, why: "deploy".to_owned() });
        }
        if self.dice.one_in(60) {
            let first = self.monitor.open().next().map(|incident| (incident.id, incident.current.is_none()));
            match first {
                Some((id, true)) => self.tell(Input::Resolve { id, by: "operator".to_owned() }),
                Some((id, false)) => self.tell(Input::Acknowledge { id, by: "operator".to_owned() }),
                None => {}
            }
        }
        if self.dice.one_in(100) {
            self.restart();
        }
        if self.dice.one_in(400) {
            self.now_s += 61 + self.dice.roll(4_000);
            self.blind_until_s = self.now_s + 300;
        }
    }

    /// The watcher's process ends and another reads its state.
    fn restart(&mut self) {
        let written = serde_json::to_string(&self.monitor).unwrap();
        let read: Monitor = serde_json::from_str(&written).unwrap();
        assert_eq!(read, self.monitor, "seed {}: something is lost over a restart", self.seed);
        self.monitor = read;
    }

    fn second(&mut self, step_s: u64) {
        self.now_s += step_s;
        self.fate();
        let linked = self.now_s >= self.link_down_until_s;
        for index in 0..self.nodes.len() {
            let (node, life, next_s) = self.nodes[index].clone();
            if self.now_s < next_s {
                continue;
            }
            self.nodes[index].2 = self.now_s + 27 + self.dice.roll(7);
            if life == Life::Well && linked {
                self.received.insert(node.clone(), self.now_s);
                self.asked.remove(&node);
                let up = !self.dice.one_in(30);
                self.tell(Input::Beat { node, up, msg: String::new() });
            }
        }
        let now_s = self.now_s;
        let due: Vec<_> = self.probes.extract_if(.., |(at_s, _)| *at_s <= now_s).collect();
        for (_, node) in due {
            let serving = linked && self.nodes.iter().any(|(name, life, _)| *name == node && *life != Life::Dead);
            self.tell(Input::Probed { node, serving });
        }
        self.tell(Input::Tick);
        self.hold();
    }

    /// What is true after every step.
    fn hold(&self) {
        let seed = self.seed;
        for incident in self.monitor.open().chain(self.monitor.closed()) {
            let first = |severity| incident.timeline.iter().position(|event| event.severity == severity);
            assert!(first(Severity::Sev1).is_none_or(|at| first(Severity::Sev2).is_some_and(|two| two < at)), "seed {seed}: {incident:?}");
            assert_eq!(incident.severity == Severity::Sev1, first(Severity::Sev1).is_some(), "seed {seed}: {incident:?}");
        }
        assert!(self.link_pages.values().all(|pages| *pages <= 1), "seed {seed}: a storm paged twice");
        for (node, received_s) in &self.received {
            let known = self.monitor.in_maintenance(node) || self.monitor.open.contains_key(&Key::new(node, Check::Heartbeat));
            let silent = self.now_s - received_s >= 65 && self.now_s >= self.blind_until_s;
            assert!(known || !silent, "seed {seed}: nobody noticed {node} at {}", self.now_s);
        }
    }

    /// No two incidents with one key were open at one time.
    fn overlap(&self) {
        let mut spans: BTreeMap<Key, Vec<(u64, u64)>> = BTreeMap::new();
        for incident in self.monitor.closed().chain(self.monitor.open()) {
            spans.entry(incident.key.clone()).or_default().push((incident.opened_ms, incident.resolved_ms.unwrap_or(u64::MAX)));
        }
        for (key, mut times) in spans {
            times.sort_unstable();
            assert!(times.windows(2).all(|pair| pair[0].1 <= pair[1].0), "seed {}: two at once for {key:?}", self.seed);
        }
    }

    /// Everything heals: nothing stays open.
    fn heal(&mut self) {
        self.link_down_until_s = 0;
        self.nodes.iter_mut().for_each(|node| node.1 = Life::Well);
        for _ in 0..100 {
            self.now_s += 30;
            for (node, ..) in self.nodes.clone() {
                self.tell(Input::Beat { node, up: true, msg: String::new() });
            }
        }
        assert_eq!(self.monitor.open().count(), 0, "seed {}: {:?}", self.seed, self.monitor.open().next());
        assert_eq!(self.monitor.undelivered().count() as u64, self.notices.min(1_000), "seed {}: notices are lost", self.seed);
    }
}

fn runs() -> u64 {
    std::env::var("CLAVITOR_FLEET_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS)
}

fn watch(seeds: impl Iterator<Item = u64>) {
    for seed in seeds {
        let mut world = World::new(seed);
        for _ in 0..160 {
            world.second(5);
        }
        world.overlap();
        world.heal();
    }
}

#[test]
fn fleets_that_fail_are_watched() {
    watch((0..runs()).step_by(2));
}

#[test]
fn more_fleets_that_fail_are_watched() {
    watch((1..runs()).step_by(2));
}

fn any_input() -> impl Strategy<Value = (u64, Input)> {
    let node = || prop_oneof![Just("a".to_owned()), Just("b".to_owned()), Just("c".to_owned()), Just("stranger".to_owned())];
    let input = prop_oneof![
        4 => Just(Input::Tick),
        3 => (node(), any::<bool>()).prop_map(|(node, up)| Input::Beat { node, up, msg: String::new() }),
        2 => (node(), any::<u64>(), -10_i32..1_200, any::<i64>()).prop_map(|(node, ts, figure, days)| {
            let figure = f64::from(figure) / 10.0;
            let (disk_pct, cert_life_left, cert_days_remaining) = (Some(figure), Some(figure), Some(days));
            Input::Report(Box::new(Report { node, ts, disk_pct, cert_life_left, cert_days_remaining, ..Report::default() }))
        }),
        2 => (node(), any::<bool>()).prop_map(|(node, serving)| Input::Probed { node, serving }),
        1 => node().prop_map(Input::Enlist),
        1 => node().prop_map(Input::Retire),
        1 => (node(), any::<u64>()).prop_map(|(node, until_ms)| Input::Maintain { node, until_ms, why: "x".to_owned() }),
        1 => (0..9_u64).prop_map(|id| Input::Resolve { id, by: "x".to_owned() }),
        1 => (0..9_u64).prop_map(|id| Input::Acknowledge { id, by: "x".to_owned() }),
    ];
    (0..400_u64, input)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn whatever_it_is_told_sev1_follows_sev2_and_nothing_is_lost(inputs in prop::collection::vec(any_input(), 1..80)) {
        let mut monitor = Monitor::new(Rules::default()).unwrap();
        let (mut now_ms, mut ids) = (START_MS, BTreeSet::new());
        for node in ["a", "b", "c"] {
            monitor.step(now_ms, Input::Enlist(node.to_owned()));
        }
        for (later_s, input) in inputs {
            now_ms += later_s * 1_000;
            let before = serde_json::to_string(&monitor).unwrap();
            let mut twin: Monitor = serde_json::from_str(&before).unwrap();
            prop_assert_eq!(monitor.step(now_ms, input.clone()), twin.step(now_ms, input));
            prop_assert_eq!(serde_json::to_string(&monitor).unwrap(), serde_json::to_string(&twin).unwrap());
            for incident in monitor.open() {
                ids.insert(incident.id);
                let first = |severity| incident.timeline.iter().position(|event| event.severity == severity);
                prop_assert!(first(Severity::Sev1).is_none_or(|at| first(Severity::Sev2).is_some_and(|two| two < at)));
            }
        }
        let kept: BTreeSet<u64> = monitor.open().chain(monitor.closed()).map(|incident| incident.id).collect();
        prop_assert!(ids.is_subset(&kept));
    }
}
