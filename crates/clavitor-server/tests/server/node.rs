//! A node in a temporary folder with a clock of its own, and the one helper that every request goes through.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
};
use clavitor_server::{App, Config, Limits, Node, Shutdown, accept::Peer, control, edition::Edition, vitals};
use clavitor_vault::{OpenOptions, Vault};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tempfile::TempDir;

use crate::{agent::Agent, browser::Browser, edition};

pub(crate) const ORIGIN: &str = "http://localhost:1984";
/// Opens the metrics of a node with a name.
pub(crate) const METRICS_TOKEN: &str = "a-token-of-the-operator";
/// 2026-11-22, 12:00 UTC.
const START_MS: u64 = 1_795_348_800_000;

pub(crate) struct TestNode {
    pub app: App,
    pub vault: Vault,
    /// Ends what the edition started.
    pub shutdown: Shutdown,
    clock: Arc<AtomicU64>,
    _folder: TempDir,
}

/// Who is asking.
pub(crate) enum Asker<'a> {
    Nobody,
    Person(&'a Browser),
    Cookie(&'a str),
    Agent(&'a Agent),
    Hosted(&'a str),
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    /// The session that a sign-in gave.
    pub(crate) fn cookie(&self) -> Option<String> {
        let line = self.headers.get(header::SET_COOKIE)?.to_str().ok()?;
        Some(line.strip_prefix("__Host-clavitor=")?.split(';').next()?.to_owned())
    }
}

impl TestNode {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        Self::of(edition::under_test(), limits)
    }

    /// One that serves HTTPS under these names, with [`METRICS_TOKEN`].
    pub(crate) fn named(limits: Limits, names: &[&str]) -> Self {
        Self::configured(edition::under_test(), |config| {
            config.limits = limits;
            config.origin = format!("https://{}", names[0]);
            config.rp_id = names[0].to_owned();
            config.names = names.iter().map(|name| (*name).to_owned()).collect();
            config.vitals = vitals::Settings::of("tokyo").metrics_token(METRICS_TOKEN);
        })
    }

    /// A node of this edition, started as the program starts it.
    pub(crate) fn of(edition: Arc<dyn Edition>, limits: Limits) -> Self {
        Self::configured(edition, |config| config.limits = limits)
    }

    /// A node whose metrics can be read from elsewhere.
    pub(crate) fn with_metrics_token(token: &str) -> Self {
        Self::configured(edition::under_test(), |config| config.vitals = vitals::Settings::of("tokyo").metrics_token(token))
    }

    fn configured(edition: Arc<dyn Edition>, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicU64::new(START_MS));
        let options = OpenOptions { ballast_bytes: 1 << 20, ..OpenOptions::default() };
        let vault = Vault::open(folder.path(), &options, START_MS).unwrap();
        let told = clock.clone();
        let mut config = Config {
            origin: ORIGIN.to_owned(),
            rp_id: "localhost".to_owned(),
            listen: "127.0.0.1:1984".parse().unwrap(),
            names: Vec::new(),
            trusted_proxies: vec!["127.0.0.9".parse().unwrap()],
            proxy_protocol: false,
            limits: Limits::default(),
            edition: edition.clone(),
            clock: Arc::new(move || told.load(Ordering::SeqCst)),
            vitals: vitals::Settings::of("tokyo"),
        };
        change(&mut config);
        let node = Node::new(vault.clone(), config).unwrap();
        let shutdown = Shutdown::default();
        // Tests that do without a runtime have nothing that runs beside the requests.
        if tokio::runtime::Handle::try_current().is_ok() {
            edition.start(&node, &shutdown);
        }
        Self { app: App::new(node), vault, shutdown, clock, _folder: folder }
    }

    /// Ends the process, as far as what it remembers goes, and starts another on the same store.
    pub(crate) fn restart(&mut self) {
        let config = self.app.node().config().clone();
        self.app = App::new(Node::new(self.vault.clone(), config).unwrap());
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.load(Ordering::SeqCst)
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Somebody sets the clock back.
    pub(crate) fn back(&self, seconds: u64) {
        self.clock.fetch_sub(seconds * 1000, Ordering::SeqCst);
    }

    /// A fresh set-up token.
    pub(crate) fn setup_token(&self) -> String {
        let link = control::setup_link(&self.vault, ORIGIN, self.now_ms()).unwrap();
        link.split_once('#').unwrap().1.to_owned()
    }

    pub(crate) async fn send(&self, request: Request) -> Reply {
        self.send_from("127.0.0.1:40000", request).await
    }

    pub(crate) async fn send_from(&self, peer: &str, mut request: Request) -> Reply {
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(Peer(peer));
        if !request.headers().contains_key(header::HOST) {
            request.headers_mut().insert(header::HOST, "localhost:1984".parse().unwrap());
        }
        let (parts, body) = self.app.answer(request).await.into_parts();
        Reply { status: parts.status, headers: parts.headers, bytes: body.collect().await.unwrap().to_bytes().to_vec() }
    }

    /// One request as its sender would really make it.
    pub(crate) async fn ask(&self, who: &Asker<'_>, method: Method, path: &str, body: Option<&Value>) -> Reply {
        self.ask_from("127.0.0.1:40000", who, method, path, body).await
    }

    /// The same from another address.
    pub(crate) async fn ask_from(&self, peer: &str, who: &Asker<'_>, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let bytes = body.map(|body| serde_json::to_vec(body).unwrap());
        let mut request = Request::builder().method(method.clone()).uri(path);
        request = match who {
            Asker::Nobody => request,
            Asker::Person(browser) => from_page(request, &browser.cookie),
            Asker::Cookie(cookie) => from_page(request, cookie),
            Asker::Agent(agent) => {
                let proof = agent.proof(method.as_str(), path, bytes.as_deref(), self.now_ms());
                request.header(header::AUTHORIZATION, format!("DPoP {}", agent.id())).header("dpop", proof)
            }
            Asker::Hosted(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        };
        if bytes.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.send_from(peer, request.body(bytes.map_or_else(Body::empty, Body::from)).unwrap()).await
    }

    pub(crate) async fn get(&self, who: &Asker<'_>, path: &str) -> Reply {
        self.ask(who, Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, who: &Asker<'_>, path: &str, body: &Value) -> Reply {
        self.ask(who, Method::POST, path, Some(body)).await
    }
}

/// What a browser adds by itself, and the header of our own pages.
fn from_page(request: axum::http::request::Builder, cookie: &str) -> axum::http::request::Builder {
    request
        .header(header::COOKIE, format!("__Host-clavitor={cookie}"))
        .header("x-clavitor", "1")
        .header("sec-fetch-site", "same-origin")
        .header(header::ORIGIN, ORIGIN)
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
