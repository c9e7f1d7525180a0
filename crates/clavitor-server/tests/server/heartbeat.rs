//! Beats and reports over real sockets: up, down after two missed posts, and everything that was kept through an outage.

use std::{sync::Arc, sync::atomic::Ordering::SeqCst, time::Duration};

use clavitor_server::{
    Shutdown,
    heartbeat::{Kuma, Settings, Telemetry, start},
    vitals::{Fault, PushState, Watcher},
};
use zeroize::Zeroizing;

use crate::{
    node::TestNode,
    watchers::{Monitor, Recorder, Shown},
};

const TOKEN: &str = "needle-of-the-monitor";
const BEARER: &str = "needle-of-the-collector";
/// As often as a test can bear; the deadline leaves room for a busy machine.
const INTERVAL_MS: u64 = 40;
const DEADLINE_MS: u64 = 20_000;

/// Waits until something is so. It comes as soon as it can; a machine may be busy.
pub(crate) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..3_000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never: {what}");
}

struct Watched {
    node: TestNode,
    recorder: Recorder,
    shutdown: Shutdown,
}

impl Watched {
    async fn new() -> Self {
        let node = TestNode::new();
        let clock = node.app.node().config().clock.clone();
        Self { node, recorder: Recorder::start(Arc::new(move || clock())).await, shutdown: Shutdown::default() }
    }

    fn kuma(&self, monitor: Monitor) {
        let kuma = Kuma::parse(&self.recorder.monitor(TOKEN, monitor)).unwrap().paced(INTERVAL_MS, DEADLINE_MS);
        self.start(Settings { kuma: Some(kuma), ..Settings::default() });
    }

    fn telemetry(&self) {
        let host = format!("http://{}/", self.recorder.address);
        let telemetry = Telemetry::new(&host, Zeroizing::new(BEARER.to_owned()), 300).unwrap().paced(INTERVAL_MS, DEADLINE_MS);
        self.start(Settings { telemetry: Some(telemetry), ..Settings::default() });
    }

    fn start(&self, settings: Settings) {
        start(self.node.app.node(), &settings, &self.shutdown).unwrap();
    }

    fn beats(&self) -> usize {
        self.recorder.with(TOKEN, |monitor| monitor.beats.len())
    }

    fn reports(&self) -> Vec<serde_json::Value> {
        self.recorder.reports.lock().unwrap().iter().map(|(_, report)| report.clone()).collect()
    }

    fn push(&self) -> clavitor_server::vitals::Push {
        self.node.app.node().vitals().pushes[0]
    }
}

#[tokio::test]
async fn kuma_shows_up_and_after_two_missed_posts_down() {
    let watched = Watched::new().await;
    // Two posts of thirty seconds and some slack, as docs/OPERATIONS.md says.
    watched.kuma(Monitor::new(65_000, 0));
    until("beats", || watched.beats() >= 3).await;
    let shown = |after_s: u64| {
        let now_ms = watched.node.now_ms() + after_s * 1000;
        watched.recorder.with(TOKEN, |monitor| monitor.shown(now_ms).unwrap())
    };
    assert_eq!((shown(0), shown(30)), (Shown::Up, Shown::Up));
    let query = watched.recorder.queries.lock().unwrap().last().unwrap().clone();
    assert!(query.starts_with("status=up&msg=OK&ping=") && !query.ends_with('='), "the last one's time comes along: {query}");
    watched.shutdown.cancel();
    assert_eq!((shown(65), shown(66)), (Shown::Up, Shown::Down));
}

#[tokio::test]
async fn a_node_that_is_not_ready_says_so_and_why() {
    let watched = Watched::new().await;
    watched.kuma(Monitor::new(65_000, 0));
    until("beats", || watched.beats() >= 1).await;
    watched.node.app.node().stop();
    until("down", || watched.recorder.with(TOKEN, |monitor| monitor.shown(0)) == Some(Shown::Down)).await;
    let said = watched.recorder.with(TOKEN, |monitor| monitor.beats.last().unwrap().msg.clone());
    assert!(said.contains("process: the node is stopping"), "{said}");
}

#[tokio::test]
async fn a_push_that_is_refused_is_counted_and_seen() {
    let watched = Watched::new().await;
    let mut paused = Monitor::new(65_000, 0);
    paused.active = false;
    watched.kuma(paused);
    until("failures", || watched.push().failed >= 3).await;
    let push = watched.push();
    assert!(push.to == Watcher::Kuma && push.sent == 0);
    assert!(matches!(push.state, PushState::Fails { fault: Fault::Status(404), .. }), "{push:?}");
    let ready = watched.node.get(&crate::node::Asker::Nobody, "/readyz").await.ok();
    assert_eq!(ready["ready"], true, "what others do does not make the node unready");
    let seen = ready["checks"].as_array().unwrap().iter().find(|check| check["check"] == "kuma").unwrap().clone();
    assert!(seen["state"] == "warn" && seen["detail"].as_str().unwrap().contains("answered 404"), "{seen}");
    watched.recorder.with(TOKEN, |monitor| monitor.active = true);
    until("arrives", || watched.push().state == PushState::Arrives).await;
}

#[tokio::test]
async fn what_was_kept_through_an_outage_arrives_oldest_first() {
    let watched = Watched::new().await;
    watched.telemetry();
    until("reports", || watched.reports().len() >= 2).await;
    watched.recorder.vanish();
    until("a full house", || watched.push().kept == 20 && watched.push().failed >= 25).await;
    assert!(matches!(watched.push().state, PushState::Fails { fault: Fault::Unreachable, .. }), "{:?}", watched.push());
    let before = watched.reports().len();
    watched.recorder.come_back().await;
    until("reports", || watched.reports().len() >= before + 22).await;
    let numbers: Vec<u64> = watched.reports().iter().map(|report| report["seq"].as_u64().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    let gap = numbers[before] - numbers[before - 1];
    assert!(gap >= 6, "the oldest gave way: {numbers:?}");
    assert!(numbers[before..].windows(2).all(|pair| pair[1] == pair[0] + 1), "and nothing of the last twenty is missing: {numbers:?}");
    until("empty", || watched.push().kept == 0).await;
}

#[tokio::test]
async fn a_collector_that_refuses_is_asked_again() {
    let watched = Watched::new().await;
    watched.recorder.status.store(401, SeqCst);
    watched.telemetry();
    until("failures", || watched.push().failed >= 2).await;
    assert!(matches!(watched.push().state, PushState::Fails { fault: Fault::Status(401), .. }));
    watched.recorder.status.store(200, SeqCst);
    until("reports", || watched.reports().len() >= 3).await;
    let (headers, report) = watched.recorder.reports.lock().unwrap()[0].clone();
    assert_eq!(headers["authorization"], format!("Bearer {BEARER}").as_str());
    assert_eq!((report["seq"].as_u64(), report["node"].as_str()), (Some(1), Some("tokyo")));
}
