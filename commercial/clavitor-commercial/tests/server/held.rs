//! The tarpit around a whole node: who is held and who never is, over real sockets.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::Request,
    http::{Method, StatusCode, Version, header},
};
use clavitor_commercial::{
    Commercial, Unset,
    tarpit::{Limits, Measures},
};
use clavitor_server::{accept, edition::Edition};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
};

use crate::{
    agent::Agent,
    edition::quick,
    node::{Asker, Reply, TestNode},
    story::{household, terms},
};

/// Nothing is ever due: who is held stays so until something else ends it.
fn endless(held_max: u16, held_per_prefix_max: u16) -> Limits {
    let measures = Measures { held_max, held_per_prefix_max, ..Limits::default().measures };
    Limits { measures, turn_ms: 3_600_000, ..Limits::default() }
}

/// Rounds of a fiftieth of a second, for longer than a test takes.
fn patient() -> Limits {
    let measures = Measures { spokes: 10, rounds_max: 60_000, ..Limits::default().measures };
    Limits { measures, turn_ms: 2, ..Limits::default() }
}

fn commercial(limits: Limits) -> Arc<Commercial> {
    Arc::new(Commercial::new(Err(Unset::Nothing), limits))
}

fn gauge(edition: &dyn Edition, name: &str) -> u64 {
    edition.gauges().iter().find(|gauge| gauge.name == name).unwrap().value
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what} never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The wheel turns once its task has run.
async fn node(edition: &Arc<Commercial>) -> TestNode {
    node_with(edition, clavitor_server::Limits::default()).await
}

async fn node_with(edition: &Arc<Commercial>, limits: clavitor_server::Limits) -> TestNode {
    let node = TestNode::of(edition.clone(), limits);
    tokio::time::sleep(Duration::from_millis(20)).await;
    node
}

async fn serve(node: &TestNode) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, app, shutdown) = (listener.local_addr().unwrap(), node.app.clone(), node.shutdown.clone());
    (address, tokio::spawn(accept::serve(app, listener, accept::Plain, async move { shutdown.cancelled().await })))
}

async fn ask(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /wp-login.php HTTP/1.1\r\nhost: localhost:1984\r\n\r\n").await.unwrap();
    stream
}

async fn whole(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut said)).await.expect("the answer has no end").unwrap();
    String::from_utf8(said).unwrap()
}

fn is_plain(reply: &Reply) -> bool {
    !reply.headers.contains_key(header::CONNECTION) && !reply.bytes.starts_with(b" ")
}

#[tokio::test]
async fn a_scanner_gets_thirty_bytes_one_by_one_and_then_the_end() {
    let edition = commercial(quick());
    let node = node(&edition).await;
    let (address, _) = serve(&node).await;
    let said = whole(&mut ask(address).await).await;
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 404 ") && head.contains("connection: close"), "{head}");
    let chunks: Vec<&str> = body.split("\r\n").collect();
    assert_eq!(chunks.iter().filter(|chunk| **chunk == "1").count(), 30, "{body:?}");
    assert!(body.ends_with("0\r\n\r\n"));
    let bytes: String = chunks.iter().skip(1).step_by(2).take(30).copied().collect();
    assert_eq!(bytes.trim_start(), "{\"code\":\"not_found\"}");
    assert_eq!((gauge(&*edition, "tarpit_held_total"), gauge(&*edition, "tarpit_shed")), (1, 0));
    until("the seat", || gauge(&*edition, "tarpit_held") == 0).await;
    assert!(gauge(&*edition, "tarpit_wire_bytes") >= 30 * 100);
}

#[tokio::test]
async fn a_client_reads_the_code_of_the_plain_answer() {
    let edition = commercial(quick());
    let node = node(&edition).await;
    let (address, _) = serve(&node).await;
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut client, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get("/wp-login.php").header(header::HOST, "localhost:1984").body(Body::empty()).unwrap();
    let response = tokio::time::timeout(Duration::from_secs(30), client.send_request(request)).await.expect("no head").unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    let body = tokio::time::timeout(Duration::from_secs(30), response.into_body().collect()).await.expect("no end").unwrap().to_bytes();
    assert_eq!(body.len(), 30);
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).unwrap(), serde_json::json!({"code": "not_found"}));
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn whoever_does_not_read_or_does_not_stop_sending_is_let_go() {
    let edition = commercial(quick());
    let node = node(&edition).await;
    let (address, _) = serve(&node).await;
    let _silent = ask(address).await;
    until("the first seat", || gauge(&*edition, "tarpit_held_total") == 1).await;
    let mut flood = ask(address).await;
    let flooding = tokio::spawn(async move { while flood.write_all(&[b'x'; 16 << 10]).await.is_ok() {} });
    until("both seats", || gauge(&*edition, "tarpit_held_total") == 2 && gauge(&*edition, "tarpit_held") == 0).await;
    until("both places at the door", || node.app.node().door_counts().open == 0).await;
    tokio::time::timeout(Duration::from_secs(30), flooding).await.expect("somebody reads it").unwrap();
}

#[tokio::test]
async fn a_full_house_ends_it() {
    let edition = commercial(patient());
    let node = node_with(&edition, clavitor_server::Limits { connections_max: 2, ..clavitor_server::Limits::default() }).await;
    let (address, _) = serve(&node).await;
    let mut held = ask(address).await;
    until("a seat", || gauge(&*edition, "tarpit_held") == 1).await;
    let _second = ask_from("127.0.0.2", address, b"").await;
    let _third = ask_from("127.0.0.3", address, b"").await;
    whole(&mut held).await;
    until("an empty wheel", || gauge(&*edition, "tarpit_held") == 0).await;
}

#[tokio::test]
async fn the_next_one_of_an_address_and_of_all_is_answered_at_once() {
    let edition = commercial(endless(5, 3));
    let node = node(&edition).await;
    let (address, _) = serve(&node).await;
    let mut held = Vec::new();
    for number in 1..=3 {
        held.push(ask(address).await);
        until("a seat", || gauge(&*edition, "tarpit_held") == number).await;
    }
    assert!(whole_head(&mut ask(address).await).await.contains("content-length"), "the fourth of an address is not held");
    assert_eq!(gauge(&*edition, "tarpit_shed"), 1);
    for (peer, plain) in [("192.0.2.1:1", false), ("192.0.2.2:1", false), ("192.0.2.3:1", true)] {
        let response = node.app.answer(request(peer, Method::GET, "/.env", Version::HTTP_11)).await;
        assert_eq!(response.headers().contains_key(header::CONNECTION), !plain, "{peer}");
        std::mem::forget(response);
    }
    assert_eq!((gauge(&*edition, "tarpit_held"), gauge(&*edition, "tarpit_shed")), (5, 2));
}

#[tokio::test]
async fn the_place_of_one_who_hung_up_is_free_after_a_round() {
    let edition = commercial(patient());
    let node = node(&edition).await;
    let (address, _) = serve(&node).await;
    let (left, stays) = (ask(address).await, ask(address).await);
    until("two seats", || gauge(&*edition, "tarpit_held") == 2).await;
    drop(left);
    until("the place of one who hung up", || gauge(&*edition, "tarpit_held") == 1).await;
    until("its place at the door", || node.app.node().door_counts().open == 1).await;
    drop(stays);
}

async fn whole_head(stream: &mut TcpStream) -> String {
    let mut said = [0; 2048];
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut said)).await.expect("no answer").unwrap();
    String::from_utf8_lossy(&said[..read]).into_owned()
}

fn request(peer: &str, method: Method, path: &str, version: Version) -> Request {
    let mut request =
        Request::builder().method(method).uri(path).version(version).header(header::HOST, "localhost:1984").body(Body::empty()).unwrap();
    request.extensions_mut().insert(accept::Peer(peer.parse().unwrap()));
    request
}

#[tokio::test]
async fn what_the_month_has_cost_so_far_is_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let edition = commercial(endless(5, 3));
    edition.prepare(folder.path());
    let node = node(&edition).await;
    let (address, _) = serve(&node).await;
    let _held = ask(address).await;
    until("the cost of a seat", || gauge(&*edition, "tarpit_wire_bytes") >= 1_000).await;
    edition.finish().await;
    let again = commercial(endless(5, 3));
    assert_eq!(gauge(&*again, "tarpit_wire_bytes"), 0);
    again.prepare(folder.path());
    assert_eq!(gauge(&*again, "tarpit_wire_bytes"), gauge(&*edition, "tarpit_wire_bytes"));
}

#[tokio::test]
async fn at_shutdown_everybody_is_let_go_though_nothing_is_due() {
    let edition = commercial(endless(100, 100));
    // The node would wait for them for an hour.
    let limits = clavitor_server::Limits { drain_ms_max: 3_600_000, connections_per_prefix_max: 200, ..clavitor_server::Limits::default() };
    let node = node_with(&edition, limits).await;
    let (address, served) = serve(&node).await;
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(ask(address).await);
    }
    until("all seats", || gauge(&*edition, "tarpit_held") == 100).await;
    node.shutdown.cancel();
    for mut stream in held {
        assert!(whole(&mut stream).await.ends_with("0\r\n\r\n"), "the answer ends in order");
    }
    tokio::time::timeout(Duration::from_secs(30), served).await.expect("the node does not end").unwrap();
    until("an empty wheel", || gauge(&*edition, "tarpit_held") == 0).await;
    assert!(is_plain(&node.get(&Asker::Nobody, "/.env").await), "nobody is held after it");
}

#[tokio::test]
async fn whoever_is_somebody_is_never_held() {
    let edition = commercial(endless(1_000, 1_000));
    let node = node(&edition).await;
    let (mut browser, scope) = household(&node, "held").await;
    let agent = Agent::enrolled(&node, &mut browser, &terms(&node, "deploy", scope), "deploy").await;
    let (hosted, changes) = browser.person.host(&terms(&node, "CI", scope), node.now_ms()).unwrap();
    browser.change(&node, changes).await.ok();
    for somebody in [Asker::Person(&browser), Asker::Agent(&agent), Asker::Hosted(&hosted.token)] {
        for path in ["/wp-login.php", "/v1/nothing"] {
            let reply = node.get(&somebody, path).await;
            assert!(reply.status == StatusCode::NOT_FOUND && is_plain(&reply));
        }
    }
    assert_eq!(gauge(&*edition, "tarpit_held_total"), 0);
}

#[tokio::test]
async fn what_honest_programs_ask_is_never_held() {
    let edition = commercial(endless(1_000, 1_000));
    let node = node(&edition).await;
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource/mcp",
        "/mcp",
        "/health",
        "/healthz",
        "/robots.txt",
        "/favicon.ico",
        "/apple-touch-icon-precomposed.png",
    ] {
        assert!(is_plain(&node.get(&Asker::Nobody, path).await), "{path}");
    }
    for (method, path) in
        [(Method::PUT, "/v1/node"), (Method::DELETE, "/v1/session/begin"), (Method::OPTIONS, "/wp-login.php"), (Method::HEAD, "/x")]
    {
        assert!(is_plain(&node.ask(&Asker::Nobody, method.clone(), path, None).await), "{method} {path}");
    }
    let response = node.app.answer(request("127.0.0.1:1", Method::GET, "/wp-login.php", Version::HTTP_2)).await;
    assert!(!response.headers().contains_key(header::CONNECTION));
    assert_eq!(gauge(&*edition, "tarpit_held_total"), 0);
}

#[tokio::test]
async fn when_the_months_traffic_is_spent_there_are_three_bytes_instead_of_thirty() {
    let edition = commercial(Limits { wire_bytes_per_month_max: 1, ..quick() });
    let node = node(&edition).await;
    let (address, _) = serve(&node).await;
    let said = whole(&mut ask(address).await).await;
    assert_eq!(said.matches("\r\n1\r\n").count(), 3, "{said:?}");
}

#[tokio::test]
async fn nobody_is_held_while_nothing_turns_the_wheel() {
    let edition = commercial(quick());
    let node = node(&edition).await;
    node.shutdown.cancel();
    until("the end of the wheel", || gauge(&*edition, "tarpit_held") == 0).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(is_plain(&node.get(&Asker::Nobody, "/.env").await));
}

/// A connection from another address of this machine, on which this is asked.
async fn ask_from(from: &str, address: SocketAddr, request: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_is_served_beside_a_thousand_who_are_held_and_they_go_when_the_places_run_out() {
    const SCAN: &[u8] = b"GET /wp-login.php HTTP/1.1\r\nhost: localhost:1984\r\n\r\n";
    const HONEST: &[u8] = b"GET /v1/node HTTP/1.1\r\nhost: localhost:1984\r\nconnection: close\r\n\r\n";
    clavitor_server::descriptors::fit(&mut clavitor_server::Limits { connections_max: 4_000, ..clavitor_server::Limits::default() });
    // A byte a second to each, for as long as the test needs.
    let measures = Measures { rounds_max: 3_600, ..Limits::default().measures };
    let edition = commercial(Limits { measures, ..Limits::default() });
    let node = node(&edition).await;
    let (address, _) = serve(&node).await;
    let mut held = Vec::new();
    for number in 0..1_000 {
        held.push(ask_from(&format!("127.0.3.{}", 1 + number / 16), address, SCAN).await);
    }
    until("a thousand", || gauge(&*edition, "tarpit_held") == 1_000).await;
    let said = whole(&mut ask_from("127.0.0.77", address, HONEST).await).await;
    assert!(said.starts_with("HTTP/1.1 200 OK"), "{said}");
    assert_eq!((gauge(&*edition, "tarpit_held"), node.app.node().door_counts().evicted), (1_000, 0));

    // Forty who say nothing yet are more than there are places left.
    let mut quiet = Vec::new();
    for number in 1..=40 {
        quiet.push(ask_from(&format!("127.0.4.{number}"), address, b"").await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    until("places for others", || !node.app.node().is_nearly_full() && gauge(&*edition, "tarpit_held") < 1_000).await;
    for stream in &mut quiet {
        stream.write_all(HONEST).await.unwrap();
        let said = whole(stream).await;
        assert!(said.starts_with("HTTP/1.1 200 OK"), "{said}");
    }
    assert!(gauge(&*edition, "tarpit_held") > 0, "only as many go as have to");
}
