//! Bad input: each a clear refusal with its name, no panic, no effect.

use axum::{
    body::Body,
    extract::Request,
    http::{Method, StatusCode, header},
};
use serde_json::json;

use crate::{
    agent::Agent,
    browser::Browser,
    node::{Asker, ORIGIN, Reply, TestNode},
    story::{household, terms},
};

async fn raw(node: &TestNode, path: &str, content_type: Option<&str>, cookie: Option<&str>, body: impl Into<Body>) -> Reply {
    let mut request = Request::builder().method(Method::POST).uri(path).header("x-clavitor", "1").header(header::ORIGIN, ORIGIN);
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, format!("__Host-clavitor={cookie}"));
    }
    node.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn malformed_json_is_a_bad_request() {
    let node = TestNode::new();
    for body in ["", "{", "null", "[]", "\"text\"", "{\"a\":}", "{} trailing", "\u{0}", "{\"setup_token\": 1}"] {
        let reply = raw(&node, "/v1/setup/begin", Some("application/json"), None, body).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::BAD_REQUEST, "bad_request"), "{body:?}");
    }
    let deep = "[".repeat(40) + &"]".repeat(40);
    assert!(
        raw(&node, "/v1/setup/begin", Some("application/json"), None, deep).await.json()["message"].as_str().unwrap().contains("32 levels")
    );
}

#[tokio::test]
async fn a_body_that_is_not_json_by_type_is_not_read() {
    let node = TestNode::new();
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("multipart/form-data; boundary=x")] {
        let reply = raw(&node, "/v1/session/begin", content_type, None, "{}").await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"));
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_a_change_may_be_larger_once_its_sender_is_known() {
    let node = TestNode::new();
    let browser = Browser::make_vault(&node, "large").await;
    let megabyte_and_more = format!("{{\"a\": \"{}\"}}", "x".repeat(1 << 20));
    let reply = raw(&node, "/v1/session/begin", Some("application/json"), None, megabyte_and_more.clone()).await;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));

    let stranger = raw(&node, "/v1/changes", Some("application/json"), None, megabyte_and_more.clone()).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let owner = raw(&node, "/v1/changes", Some("application/json"), Some(&browser.cookie), megabyte_and_more).await;
    assert_eq!((owner.status, owner.code().as_str()), (StatusCode::BAD_REQUEST, "bad_request"), "it was read, and does not fit");
    let huge = raw(&node, "/v1/changes", Some("application/json"), Some(&browser.cookie), vec![b' '; (32 << 20) + 1]).await;
    assert_eq!((huge.status, huge.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
}

#[tokio::test]
async fn an_announced_length_is_refused_before_anything_is_read() {
    let node = TestNode::new();
    let body = Body::new(Never);
    let request = Request::builder().method(Method::POST).uri("/v1/session/begin");
    let request = request.header(header::CONTENT_TYPE, "application/json").header(header::CONTENT_LENGTH, "1048577").body(body).unwrap();
    assert_eq!(node.send(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let request = Request::builder().method(Method::POST).uri("/v1/changes").header("x-clavitor", "1");
    let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::new(Never)).unwrap();
    assert_eq!(node.send(request).await.status, StatusCode::UNAUTHORIZED, "nobody's body is never read");
}

/// A body that fails the test when it is read.
struct Never;

impl hyper::body::Body for Never {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<bytes::Bytes>, std::io::Error>>> {
        panic!("the body was read")
    }
}

#[tokio::test]
async fn a_route_without_a_body_takes_none() {
    let node = TestNode::new();
    let browser = Browser::make_vault(&node, "none").await;
    let reply = raw(&node, "/v1/recovery/cancel", Some("application/json"), Some(&browser.cookie), "{}").await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn queries_and_limits_out_of_range_are_bad_requests() {
    let node = TestNode::new();
    let browser = Browser::make_vault(&node, "queries").await;
    for path in [
        "/v1/entries?limit=0",
        "/v1/entries?limit=1001",
        "/v1/entries?limit=x",
        "/v1/entries?after=x",
        "/v1/entries?surprise=1",
        "/v1/audit?limit=0",
        "/v1/audit/checkpoint?from=99999999",
    ] {
        let reply = node.get(&Asker::Person(&browser), path).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::BAD_REQUEST, "bad_request"), "{path}");
    }
}

#[tokio::test]
async fn a_url_or_header_that_is_too_long_is_refused() {
    let node = TestNode::new();
    let long = format!("/v1/node?{}", "x".repeat(4096));
    assert_eq!(node.get(&Asker::Nobody, &long).await.code(), "too_large");
    let mut many = Request::builder().uri("/v1/node");
    for number in 0..101 {
        many = many.header(format!("x-{number}"), "1");
    }
    assert_eq!(node.send(many.body(Body::empty()).unwrap()).await.code(), "too_large");
    let wide = Request::builder().uri("/v1/node").header("x-wide", "x".repeat(16 << 10)).body(Body::empty()).unwrap();
    assert_eq!(node.send(wide).await.code(), "too_large");
}

#[tokio::test]
async fn a_name_that_only_resolves_to_this_machine_is_not_answered() {
    let node = TestNode::new();
    for (host, ours) in [
        ("localhost:1984", true),
        ("127.0.0.1:1984", true),
        ("evil.example:1984", false),
        ("localhost:8080", false),
        ("localhost.evil.example:1984", false),
        ("", false),
    ] {
        let request = Request::builder().uri("/v1/node").header(header::HOST, host).body(Body::empty()).unwrap();
        assert_eq!(node.send(request).await.status == StatusCode::OK, ours, "{host}");
    }
}

#[tokio::test]
async fn an_enrolment_string_works_once_and_for_a_quarter_of_an_hour() {
    let node = TestNode::new();
    let (mut browser, scope) = household(&node, "strings").await;
    let used = Agent::invited(&node, &mut browser, &terms(&node, "Used", scope), "used").await;
    used.enrol(&node).await.ok();
    let again = used.enrol(&node).await;
    assert_eq!((again.status, again.code().as_str()), (StatusCode::GONE, "gone"));

    let late = Agent::invited(&node, &mut browser, &terms(&node, "Late", scope), "late").await;
    node.pass(901);
    let expired = late.enrol(&node).await;
    assert_eq!((expired.status, &expired.bytes), (StatusCode::GONE, &again.bytes), "used, expired and wrong look the same");

    let mut wrong = used.enrolment();
    wrong["auth"] = json!("A".repeat(43));
    assert_eq!(node.post(&Asker::Nobody, "/v1/enrol", &wrong).await.bytes, again.bytes);
    wrong["auth"] = json!("AAAA");
    let short = node.post(&Asker::Nobody, "/v1/enrol", &wrong).await;
    assert_eq!(short.code(), "bad_request");
    assert!(short.json()["message"].as_str().unwrap().contains("`auth`"));
}

#[tokio::test]
async fn a_neighbour_who_asks_too_often_waits_and_a_person_who_is_signed_in_does_not() {
    let limits = clavitor_server::Limits { anonymous_per_minute_max: 20, ..clavitor_server::Limits::default() };
    let node = TestNode::with(limits);
    let browser = Browser::make_vault(&node, "often").await;
    let mut last = None;
    for _ in 0..21 {
        last = Some(node.post(&Asker::Nobody, "/v1/session/begin", &json!({})).await);
    }
    let last = last.unwrap();
    assert_eq!((last.status, last.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
    assert!(last.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(node.get(&Asker::Nobody, "/v1/vault").await.code(), "rate_limited", "failing costs too");
    node.get(&Asker::Person(&browser), "/v1/vault").await.ok();
    node.get(&Asker::Nobody, "/readyz").await;
    node.pass(60);
    node.post(&Asker::Nobody, "/v1/session/begin", &json!({})).await.ok();
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_a_rate_of_its_own_and_nobody_else_can_name_one() {
    let node = TestNode::with(clavitor_server::Limits { anonymous_per_minute_max: 3, ..clavitor_server::Limits::default() });
    let ask = async |peer: &str, client: &str| {
        let request = Request::post("/v1/session/begin").header(header::CONTENT_TYPE, "application/json").header("x-forwarded-for", client);
        node.send_from(peer, request.body(Body::from("{}")).unwrap()).await.status
    };
    let (proxy, stranger) = ("127.0.0.9:40000", "192.0.2.1:40000");
    for number in 0..3 {
        assert_eq!(ask(proxy, "203.0.113.1").await, StatusCode::OK);
        assert_eq!(ask(stranger, &format!("203.0.113.{number}")).await, StatusCode::OK);
    }
    assert_eq!(ask(proxy, "198.51.100.1, 203.0.113.1").await, StatusCode::TOO_MANY_REQUESTS, "the first element is the client's own");
    assert_eq!(ask(stranger, "203.0.113.9").await, StatusCode::TOO_MANY_REQUESTS, "a stranger's header is ignored");
    assert_eq!(ask(proxy, "203.0.113.2").await, StatusCode::OK);
}
