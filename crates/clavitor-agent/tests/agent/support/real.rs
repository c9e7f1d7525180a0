//! The real node, in this process, on a port of its own.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    body::Body,
    extract::Request,
    http::{Method, StatusCode, header},
};
use clavitor_server::{
    App, Config, Limits, Node,
    accept::{self, Peer},
    control,
    edition::Community,
    system_clock,
};
use clavitor_vault::{OpenOptions, Vault};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};

/// A node with its store in a temporary folder.
pub(crate) struct RealNode {
    pub(crate) origin: String,
    app: App,
    vault: Vault,
    runtime: Option<Runtime>,
    ahead_ms: Arc<AtomicU64>,
    _folder: TempDir,
}

/// What the owner's browser got.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) json: Value,
    /// The session that a sign-in gave.
    pub(crate) cookie: Option<String>,
}

impl Reply {
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!(self.status.is_success(), "{}: {}", self.status, self.json);
        self
    }
}

impl RealNode {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let listen = listener.local_addr().unwrap();
        let origin = format!("http://localhost:{}", listen.port());
        let ahead_ms = Arc::new(AtomicU64::new(0));
        let (system, ahead) = (system_clock(), Arc::clone(&ahead_ms));
        let clock: clavitor_server::config::Clock = Arc::new(move || system() + ahead.load(Ordering::Relaxed));
        let options = OpenOptions { ballast_bytes: 1 << 20, ..OpenOptions::default() };
        let vault = Vault::open(folder.path(), &options, clock()).unwrap();
        let edition = Arc::new(Community);
        let (trusted_proxies, limits, vitals) = (Vec::new(), Limits::default(), clavitor_server::vitals::Settings::default());
        let (rp_id, proxy_protocol, names) = ("localhost".into(), false, Vec::new());
        let config =
            Config { origin: origin.clone(), rp_id, listen, names, trusted_proxies, proxy_protocol, limits, edition, clock, vitals };
        let app = App::new(Node::new(vault.clone(), config).unwrap());
        runtime.spawn(accept::serve(app.clone(), listener, accept::Plain, std::future::pending()));
        Self { origin, app, vault, runtime: Some(runtime), ahead_ms, _folder: folder }
    }

    /// Time passes for the node; the machines of its agents have to be told.
    pub(crate) fn later(&self, minutes: u64) {
        self.ahead_ms.fetch_add(minutes * 60_000, Ordering::Relaxed);
    }

    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(work)
    }

    /// A fresh set-up token.
    pub(crate) fn setup_token(&self) -> String {
        let link = control::setup_link(&self.vault, &self.origin, system_clock()()).unwrap();
        link.split_once('#').unwrap().1.to_owned()
    }

    /// One request as the owner's page makes it.
    pub(crate) async fn ask(&self, cookie: Option<&str>, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let host = self.origin.strip_prefix("http://").unwrap();
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, host);
        request = request.header("x-clavitor", "1").header("sec-fetch-site", "same-origin").header(header::ORIGIN, &self.origin);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, format!("__Host-clavitor={cookie}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let mut request = request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap();
        request.extensions_mut().insert(Peer("127.0.0.1:40000".parse().unwrap()));
        let (parts, body) = self.app.answer(request).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let set = parts.headers.get(header::SET_COOKIE).and_then(|line| line.to_str().ok()?.strip_prefix("__Host-clavitor="));
        let cookie = set.and_then(|value| value.split(';').next()).map(str::to_owned);
        Reply { status: parts.status, json: serde_json::from_slice(&bytes).unwrap_or_default(), cookie }
    }
}

impl Drop for RealNode {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
