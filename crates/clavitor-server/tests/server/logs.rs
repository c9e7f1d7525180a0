//! The log holds nothing that a caller wrote: no body, no path, no header, no token.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::http::Method;
use clavitor_server::{
    App, Node, Shutdown, accept,
    app::ERROR_ONLY,
    heartbeat::{Kuma, Settings, Telemetry, start},
    tls::{Slot, Tls},
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs::default_provider, pki_types::ServerName};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};
use tokio_rustls::TlsConnector;
use tracing::Level;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _};
use zeroize::Zeroizing;

use crate::{
    browser::Browser,
    heartbeat::until,
    lines::Lines,
    node::{Asker, TestNode},
    watchers::Recorder,
};

fn report(directive: &str) -> axum::extract::Request {
    let needle = "https://needle.example/?q=needle-4111";
    let body = json!({"csp-report": {
        "document-uri": needle, "referrer": needle, "blocked-uri": needle, "source-file": needle, "script-sample": needle,
        "effective-directive": directive, "violated-directive": directive, "original-policy": needle, "line-number": 3,
    }});
    axum::extract::Request::builder()
        .method(Method::POST)
        .uri("/v1/reports/policy")
        .header("host", "localhost:1984")
        .header("origin", crate::node::ORIGIN)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/csp-report")
        .body(axum::body::Body::from(body.to_string()))
        .unwrap()
}

#[tokio::test]
async fn a_browsers_report_of_a_violation_leaves_its_directive_and_a_count() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_max_level(tracing::Level::TRACE).with_ansi(false).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let node = TestNode::new();
    for directive in ["script-src-elem", "script-src-elem", "script-src-elem", "needle-src"] {
        assert_eq!(node.send(report(directive)).await.status, 204);
    }
    drop(guard);
    assert_eq!(node.app.node().reports().total(), 4);
    let log = lines.text();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("content policy")).collect();
    assert_eq!(told.len(), 3, "the first, the second, and the first of another directive: {log}");
    assert!(told[0].contains("script-src-elem") && told[1].contains("count=2") && told[2].contains("other"), "{log}");
    assert!(!log.contains("needle"), "{log}");
}

#[tokio::test]
async fn reports_are_small_ours_and_few() {
    let limits = clavitor_server::Limits { anonymous_per_minute_max: 5, ..clavitor_server::Limits::default() };
    let node = TestNode::with(limits);
    let mut foreign = report("script-src");
    foreign.headers_mut().insert("origin", "https://elsewhere.example".parse().unwrap());
    assert_eq!(node.send(foreign).await.status, 403);
    let mut form = report("script-src");
    form.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(node.send(form).await.status, 415);
    let mut odd = report("script-src");
    *odd.body_mut() = axum::body::Body::from(r#"{"csp-report": 7}"#);
    assert_eq!(node.send(odd).await.status, 400);
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(node.send(report("script-src")).await.status.as_u16());
    }
    assert!(statuses.starts_with(&[204]) && statuses.ends_with(&[429]), "{statuses:?}");
    assert_eq!(node.app.node().reports().total(), statuses.iter().filter(|status| **status == 204).count() as u64);
}

#[tokio::test]
async fn nothing_that_a_caller_wrote_is_logged() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_max_level(tracing::Level::TRACE).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let node = TestNode::new();
    let mut browser = Browser::make_vault(&node, "logs").await;
    let first = browser.cookie.clone();
    browser.sign_in(&node).await.ok();
    let needle = "needle-4111111111111111";
    let bodies = [
        json!({"prf": {"results": {"first": needle}}}),
        json!({needle: 1}),
        json!({"setup_token": needle, "vault_id": needle}),
        json!({"setup_token": needle, "vault_id": "00".repeat(16)}),
        json!({"ceremony_id": "00".repeat(16), "credential": {"raw_id": needle}}),
    ];
    for body in &bodies {
        for path in ["/v1/setup/begin", "/v1/session/finish", "/v1/enrol", "/v1/changes"] {
            node.post(&Asker::Person(&browser), path, body).await;
        }
    }
    node.get(&Asker::Hosted(needle), "/v1/agent").await;
    node.get(&Asker::Cookie(needle), &format!("/v1/entries/{needle}?{needle}")).await;
    node.ask(&Asker::Nobody, Method::PUT, &format!("/{needle}"), None).await;
    drop(guard);

    let log = lines.text();
    assert!(log.contains("request refused") && log.contains("SecretRefused"), "the log is on: {log}");
    for secret in ["needle", first.as_str(), browser.cookie.as_str()] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

/// Whatever a request is made of, with a secret in it.
fn planted() -> Vec<Vec<u8>> {
    let http = |line: &str, fields: &str, body: &str| format!("{line} HTTP/1.1\r\nhost: localhost:1984\r\n{fields}\r\n{body}").into_bytes();
    let json = "content-type: application/json\r\ncontent-length: 22\r\n";
    let body = r#"{"needle": "needle11"}"#;
    let mut all = vec![
        http("GET /needle?needle=needle", "", ""),
        http("GET /v1/entries/needle?limit=needle", "cookie: __Host-clavitor=needle; other=needle\r\n", ""),
        http("GET /v1/agent", "authorization: Bearer cvt1-needle\r\n", ""),
        http("GET /v1/agent", "authorization: DPoP needle\r\ndpop: needle.needle.needle\r\n", ""),
        http("NEEDLE /v1/node", "", ""),
        http("GET http://needle.example/v1/node", "", ""),
        http("POST /v1/session/finish", json, body),
        http("POST /v1/session/begin", "content-type: needle/needle\r\ncontent-length: 6\r\n", "needle"),
        http(
            "POST /v1/session/begin",
            "content-type: application/json\r\ntransfer-encoding: chunked\r\n",
            "6;needle=needle\r\nneedle\r\n0\r\nx-needle: needle\r\n\r\n",
        ),
        http("GET /v1/node", "needle: needle\r\nuser-agent: needle\r\nreferer: https://needle/\r\norigin: https://needle\r\n", ""),
        http(
            "GET /v1/node",
            "x-forwarded-for: needle\r\nforwarded: for=needle;by=needle\r\nx-real-ip: needle\r\nx-request-id: needle\r\n",
            "",
        ),
        http("GET /v1/node", "upgrade: needle\r\nconnection: needle\r\nexpect: needle\r\nhost: needle\r\n", ""),
        http("GET /v1/node", "content-length: needle\r\n", ""),
        http("GET /v1/node", "needle\r\n needle\r\n", ""),
        b"PROXY TCP4 needle needle 1 2\r\n\r\n".to_vec(),
        b"PROXY UNKNOWN needle\r\nGET /needle HTTP/1.1\r\nhost: needle\r\n\r\n".to_vec(),
        [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x12needleneedleneedle"[..], b"needle"].concat(),
        // The start of a TLS handshake that names a server.
        b"\x16\x03\x01\x00\x20\x01\0\0\x1c\x03\x03needle.example.needle.example".to_vec(),
    ];
    let field = |name: &str, value: &str| [&[0, name.len() as u8][..], name.as_bytes(), &[value.len() as u8], value.as_bytes()].concat();
    for fields in [
        vec![field(":path", "/needle?needle"), field("cookie", "needle"), field("needle", "needle")],
        vec![field(":path", "/v1/node"), field("needle needle", "needle")],
        vec![field(":path", "needle"), field("connection", "needle"), field(":needle", "needle")],
    ] {
        let block = [&[0x82, 0x86][..], &field(":authority", "needle.example"), &fields.concat()].concat();
        let head = [0, 0, block.len() as u8, 1, 5, 0, 0, 0, 1];
        let goaway = b"\0\0\x0e\x07\0\0\0\0\0\0\0\0\0\0\0\0\0needle";
        all.push(
            [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"[..], &head, &block, b"\0\0\x08\x06\0\0\0\0\0needle11", goaway]
                .concat(),
        );
    }
    all
}

/// What the node makes of it: a refusal, a close, or a reset.
async fn say(from: &str, address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(from.parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut said = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut said)).await.expect("it stays open");
    said
}

fn client() -> TlsConnector {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth()))
}

#[tokio::test]
async fn nothing_that_comes_over_a_socket_is_logged() {
    let lines = Lines::default();
    let filter = Targets::new().with_default(Level::DEBUG).with_targets(ERROR_ONLY.map(|library| (library, Level::ERROR)));
    let subscriber = tracing_subscriber::registry().with(filter).with(tracing_subscriber::fmt::layer().with_writer(lines.clone()));
    let guard = tracing::subscriber::set_default(subscriber);
    let node = TestNode::new();
    let mut config = node.app.node().config().clone();
    config.proxy_protocol = true;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = App::new(Node::new(node.vault.clone(), config).unwrap());
    let serving = tokio::spawn(accept::serve(app, listener, accept::Plain, std::future::pending()));
    // From anybody, and from the named proxy, which has to speak its protocol first. All at once: an edition may take its time over an answer.
    let mut saying = tokio::task::JoinSet::new();
    for from in ["127.0.0.3:0", "127.0.0.9:0"] {
        for bytes in planted() {
            saying.spawn(async move { say(from, address, &bytes).await });
        }
    }
    // A real handshake that asks for a name which is not ours.
    let https = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let named = https.local_addr().unwrap();
    let front = Tls::new(Slot::default(), "https://localhost").unwrap();
    let serving_tls = tokio::spawn(accept::serve(node.app.clone(), https, front, std::future::pending()));
    for name in ["needle.example", "localhost"] {
        let socket = TcpStream::connect(named).await.unwrap();
        assert!(client().connect(ServerName::try_from(name).unwrap(), socket).await.is_err());
    }
    serving_tls.abort();
    let heard = saying.join_all().await.into_iter().filter(|said| !said.is_empty()).count();
    serving.abort();
    drop(guard);
    let log = lines.text();
    assert!(heard >= 15 && log.contains("request refused") && log.contains("connection ended"), "{heard} answers: {log}");
    // A number of bytes is no secret, in whatever way they are written.
    let hexadecimal = "6e6565646c65";
    for secret in ["needle", "NEEDLE", hexadecimal, "110, 101, 101, 100"] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
}

#[tokio::test]
async fn neither_the_address_of_a_monitor_nor_a_token_is_logged() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_max_level(tracing::Level::TRACE).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let node = TestNode::with_metrics_token("needle-of-the-metrics");
    let recorder = Recorder::start(node.app.node().config().clock.clone()).await;
    recorder.status.store(500, std::sync::atomic::Ordering::SeqCst);
    // Nobody knows this monitor; the collector fails; and nobody listens at the second address.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let shutdown = Shutdown::default();
    for address in [recorder.address, closed] {
        let kuma = Kuma::parse(&format!("http://{address}/api/push/needle-of-kuma?status=up&msg=needle")).unwrap().paced(50, 20_000);
        let token = Zeroizing::new("needle-of-the-collector".to_owned());
        let telemetry = Telemetry::new(&format!("http://{address}"), token, 300).unwrap().paced(50, 20_000);
        start(node.app.node(), &Settings { kuma: Some(kuma), telemetry: Some(telemetry), ca_file: None }, &shutdown).unwrap();
    }
    for peer in ["127.0.0.1:1", "192.0.2.1:1"] {
        node.ask_from(peer, &Asker::Hosted("needle-of-the-metrics"), Method::GET, "/metrics", None).await.ok();
        node.ask_from(peer, &Asker::Hosted("needle-of-a-guess"), Method::GET, "/metrics", None).await;
    }
    until("failures", || node.app.node().vitals().pushes.iter().all(|push| push.failed >= 4)).await;
    shutdown.cancel();
    drop(guard);

    let log = lines.text();
    assert_eq!(log.matches("a push did not arrive").count(), 4, "once for each of them: {log}");
    assert!(log.contains("it answered 404") && log.contains("it answered 500") && log.contains("telemetry_silent"), "{log}");
    assert!(!log.contains("needle"), "a secret is in the log: {log}");
}

#[tokio::test]
async fn strangers_do_not_write_the_log() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_max_level(tracing::Level::INFO).with_ansi(false).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let node = TestNode::with(clavitor_server::Limits { requests_per_minute_max: 50, ..clavitor_server::Limits::default() });
    let owner = Browser::make_vault(&node, "owner").await;
    let ask = async |who: &Asker<'_>, path: &str| node.ask_from("192.0.2.1:1", who, Method::GET, path, None).await.status.as_u16();
    let mut statuses = std::collections::BTreeSet::new();
    for _ in 0..100 {
        statuses.insert(ask(&Asker::Nobody, "/v1/vault").await);
        statuses.insert(ask(&Asker::Hosted("cvt1-guess"), "/v1/agent").await);
        statuses.insert(ask(&Asker::Nobody, "/metrics").await);
    }
    assert_eq!(Vec::from_iter(statuses), [401, 404, 429]);
    node.pass(11);
    ask(&Asker::Cookie("guess"), "/v1/vault").await;
    node.get(&Asker::Person(&owner), "/v1/entries/00").await;
    drop(guard);
    let log = lines.text();
    assert_eq!(log.matches("request refused").count(), 1, "the one of somebody whom the node knows: {log}");
    assert_eq!(log.matches("requests of strangers").count(), 2, "{log}");
    assert!(log.contains("count=1") && log.contains("count=300"), "{log}");
}
