//! Those who watch a node, as the node meets them: a recorder that treats pushes exactly as a stock Uptime Kuma 2.5.3 does, and a collector of full reports.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering::SeqCst},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, Uri},
    routing::{any, post},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// Kuma waits this much longer than the interval.
const GRACE_MS: u64 = 1_000;
const PING_MAX: f64 = 1e11;

/// What a monitor shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Up,
    Pending,
    Down,
}

/// One beat as Kuma stores it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Beat {
    pub at_ms: u64,
    pub shown: Shown,
    pub msg: String,
    pub ping: Option<f64>,
}

/// A push monitor. The clock is the caller's, so that nobody waits.
pub(crate) struct Monitor {
    pub interval_ms: u64,
    pub retries: u64,
    pub active: bool,
    pub beats: Vec<Beat>,
    downs: u64,
}

impl Monitor {
    pub(crate) fn new(interval_ms: u64, retries: u64) -> Self {
        Self { interval_ms, retries, active: true, beats: Vec::new(), downs: 0 }
    }

    /// A call of the push address, by whatever method and with whatever body: only the query counts.
    pub(crate) fn push(&mut self, query: &HashMap<String, String>, now_ms: u64) -> Result<(), &'static str> {
        if !self.active {
            return Err("Monitor not found or not active.");
        }
        let ping = match query.get("ping").map(|ping| ping.parse::<f64>()) {
            Some(Ok(ping)) if !(0.0..=PING_MAX).contains(&ping) => return Err("Invalid ping"),
            Some(Ok(ping)) => Some(ping),
            _ => None,
        };
        let up = query.get("status").is_none_or(|status| status == "up");
        self.downs = if up { 0 } else { self.downs + 1 };
        let shown = match self.downs {
            0 => Shown::Up,
            downs if downs > self.retries => Shown::Down,
            _ => Shown::Pending,
        };
        let msg = query.get("msg").cloned().unwrap_or_else(|| "OK".to_owned());
        self.beats.push(Beat { at_ms: now_ms, shown, msg, ping });
        Ok(())
    }

    /// What is shown at a moment: silence of an interval and a second is pending while retries remain, then down.
    pub(crate) fn shown(&self, now_ms: u64) -> Option<Shown> {
        let last = self.beats.last()?;
        let silent_ms = now_ms.saturating_sub(last.at_ms);
        let missed =
            if silent_ms < self.interval_ms + GRACE_MS { 0 } else { 1 + (silent_ms - self.interval_ms - GRACE_MS) / self.interval_ms };
        Some(match missed {
            0 => last.shown,
            missed if missed > self.retries => Shown::Down,
            _ => Shown::Pending,
        })
    }
}

/// Everything that a recorder received.
#[derive(Clone)]
pub(crate) struct Recorder {
    pub address: SocketAddr,
    pub monitors: Arc<Mutex<HashMap<String, Monitor>>>,
    pub reports: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
    pub queries: Arc<Mutex<Vec<String>>>,
    /// What the collector answers with.
    pub status: Arc<AtomicU16>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
    now_ms: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Recorder {
    pub(crate) async fn start(now_ms: Arc<dyn Fn() -> u64 + Send + Sync>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let recorder = Self {
            address: listener.local_addr().unwrap(),
            monitors: Arc::default(),
            reports: Arc::default(),
            queries: Arc::default(),
            status: Arc::new(AtomicU16::new(204)),
            task: Arc::default(),
            now_ms,
        };
        recorder.serve(listener);
        recorder
    }

    fn serve(&self, listener: TcpListener) {
        let routes = Router::new().route("/api/push/{token}", any(kuma)).route("/v1/telemetry", post(collect)).with_state(self.clone());
        let task = tokio::spawn(async move { serve_http(listener, routes).await });
        if let Some(before) = self.task.lock().unwrap().replace(task) {
            before.abort();
        }
    }

    /// Nobody listens any more; connections that were open end.
    pub(crate) fn vanish(&self) {
        self.task.lock().unwrap().take().unwrap().abort();
    }

    /// Listens again at the same address.
    pub(crate) async fn come_back(&self) {
        loop {
            if let Ok(listener) = TcpListener::bind(self.address).await {
                return self.serve(listener);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn monitor(&self, token: &str, monitor: Monitor) -> String {
        self.monitors.lock().unwrap().insert(token.to_owned(), monitor);
        format!("http://{}/api/push/{token}?status=up&msg=OK&ping=", self.address)
    }

    pub(crate) fn with<T>(&self, token: &str, look: impl FnOnce(&mut Monitor) -> T) -> T {
        look(self.monitors.lock().unwrap().get_mut(token).unwrap())
    }
}

/// One request a connection, so that a recorder that vanishes is really gone.
async fn serve_http(listener: TcpListener, routes: Router) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let service = hyper_util::service::TowerToHyperService::new(routes.clone());
        connections.spawn(async move {
            let stream = hyper_util::rt::TokioIo::new(stream);
            let _ = hyper::server::conn::http1::Builder::new().keep_alive(false).serve_connection(stream, service).await;
        });
    }
}

async fn kuma(
    State(recorder): State<Recorder>,
    Path(token): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
    _ignored: Bytes,
) -> (StatusCode, String) {
    recorder.queries.lock().unwrap().push(uri.query().unwrap_or_default().to_owned());
    let now_ms = (recorder.now_ms)();
    let mut monitors = recorder.monitors.lock().unwrap();
    let pushed = monitors.get_mut(&token).ok_or("Monitor not found or not active.").and_then(|monitor| monitor.push(&query, now_ms));
    match pushed {
        Ok(()) => (StatusCode::OK, json!({"ok": true}).to_string()),
        Err(msg) => (StatusCode::NOT_FOUND, json!({"ok": false, "msg": msg}).to_string()),
    }
}

async fn collect(State(recorder): State<Recorder>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let status = StatusCode::from_u16(recorder.status.load(SeqCst)).unwrap();
    if status.is_success() {
        recorder.reports.lock().unwrap().push((headers, serde_json::from_slice(&body).unwrap()));
    }
    status
}

/// The recorder itself, against what was read off the genuine one.
#[test]
fn the_recorder_follows_kuma() {
    let query = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut monitor = Monitor::new(20_000, 2);
    assert_eq!(monitor.shown(0), None);
    monitor.push(&query(&[]), 24_500).unwrap();
    assert_eq!((monitor.beats[0].msg.as_str(), monitor.shown(44_000)), ("OK", Some(Shown::Up)));
    for (at_ms, shown) in [(45_499, Shown::Up), (45_500, Shown::Pending), (65_500, Shown::Pending), (85_500, Shown::Down)] {
        assert_eq!(monitor.shown(at_ms), Some(shown), "{at_ms}");
    }
    for (status, shown) in [("UP", Shown::Pending), ("pending", Shown::Pending), ("down", Shown::Down), ("up", Shown::Up)] {
        monitor.push(&query(&[("status", status), ("ping", "nonsense")]), 90_000).unwrap();
        assert_eq!((monitor.shown(90_000), monitor.beats.last().unwrap().ping), (Some(shown), None), "{status}");
    }
    assert!(monitor.push(&query(&[("ping", "-1")]), 0).is_err() && monitor.push(&query(&[("ping", "2e11")]), 0).is_err());
    monitor.active = false;
    assert!(monitor.push(&query(&[]), 0).is_err());
}
