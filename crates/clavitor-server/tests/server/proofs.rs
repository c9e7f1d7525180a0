//! Proofs of possession, one fault at a time.

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header},
};
use clavitor_server::Limits;
use serde_json::{Value, json};

use crate::{
    agent::Agent,
    node::{Asker, Reply, TestNode},
    story::{household, terms},
};

pub(crate) async fn sent(node: &TestNode, agent: &str, proofs: &[String], body: Option<&[u8]>) -> Reply {
    let (method, path) = if body.is_some() { ("POST", "/v1/agent/release") } else { ("GET", "/v1/agent") };
    let mut request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("DPoP {agent}"));
    for proof in proofs {
        request = request.header("dpop", proof);
    }
    request = request.header(header::CONTENT_TYPE, "application/json");
    node.send(request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_vec()))).unwrap()).await
}

async fn world() -> (TestNode, Agent) {
    let node = TestNode::new();
    let (mut browser, scope) = household(&node, "proofs").await;
    let agent = Agent::enrolled(&node, &mut browser, &terms(&node, "Bot", scope), "bot").await;
    (node, agent)
}

#[tokio::test]
async fn every_single_fault_of_a_proof_is_refused() {
    let (node, agent) = world().await;
    let id = agent.id().to_string();
    let claims = || agent.claims("GET", "/v1/agent", None, node.now_ms());
    sent(&node, &id, &[agent.sign(&agent.header(), &claims())], None).await.ok();

    let changed = |member: &str, value: Value| {
        let mut claims = claims();
        claims[member] = value;
        agent.sign(&agent.header(), &claims)
    };
    let headed = |pointer: &str, value: Value| {
        let mut head = agent.header();
        *head.pointer_mut(pointer).unwrap() = value;
        agent.sign(&head, &claims())
    };
    let mut flipped = agent.sign(&agent.header(), &claims());
    let last = flipped.pop().unwrap();
    flipped.push(if last == 'A' { 'Q' } else { 'A' });
    let faults = [
        ("another method", changed("htm", json!("POST"))),
        ("another path", changed("htu", json!("http://localhost:1984/v1/agent/entries"))),
        ("another origin", changed("htu", json!("https://localhost:1984/v1/agent"))),
        ("another agent", changed("ath", json!("A".repeat(43)))),
        ("a short name", changed("jti", json!("short"))),
        ("a body that is not there", changed("cdg", json!("A".repeat(43)))),
        ("another type", headed("/typ", json!("jwt"))),
        ("no algorithm", headed("/alg", json!("none"))),
        ("another algorithm", headed("/alg", json!("HS256"))),
        ("another curve", headed("/jwk/crv", json!("X25519"))),
        ("another key", headed("/jwk/x", json!("A".repeat(43)))),
        ("a changed signature", flipped),
        ("nonsense", "a.b.c".to_owned()),
        ("nothing", String::new()),
    ];
    for (name, proof) in faults {
        let refused = sent(&node, &id, &[proof], None).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::UNAUTHORIZED, "unauthenticated"), "{name}");
    }
    let two = [agent.sign(&agent.header(), &claims()), agent.sign(&agent.header(), &claims())];
    assert_eq!(sent(&node, &id, &two, None).await.status, StatusCode::UNAUTHORIZED, "two proofs");
    assert_eq!(sent(&node, &id, &[], None).await.status, StatusCode::UNAUTHORIZED, "no proof");
    assert_eq!(sent(&node, &id.to_uppercase(), &[agent.sign(&agent.header(), &claims())], None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_proof_works_once() {
    let (node, agent) = world().await;
    let proof = agent.proof("GET", "/v1/agent", None, node.now_ms());
    sent(&node, &agent.id().to_string(), std::slice::from_ref(&proof), None).await.ok();
    assert_eq!(sent(&node, &agent.id().to_string(), &[proof], None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_proof_from_before_a_restart_is_refused_and_the_next_one_is_not() {
    let (mut node, agent) = world().await;
    let id = agent.id().to_string();
    let proof = agent.proof("GET", "/v1/agent", None, node.now_ms());
    sent(&node, &id, std::slice::from_ref(&proof), None).await.ok();
    node.pass(1);
    node.restart();
    let replayed = sent(&node, &id, &[proof], None).await;
    assert_eq!((replayed.status, replayed.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
    assert_eq!(replayed.json()["retry_after_s"], 1);
    node.get(&Asker::Agent(&agent), "/v1/agent").await.ok();

    let slow_clock_ms = node.now_ms() - 5_000;
    let refused = sent(&node, &id, &[agent.proof("GET", "/v1/agent", None, slow_clock_ms)], None).await;
    assert_eq!(refused.json()["retry_after_s"], 5);
    node.pass(5);
    sent(&node, &id, &[agent.proof("GET", "/v1/agent", None, slow_clock_ms + 5_000)], None).await.ok();
}

#[tokio::test]
async fn a_proof_covers_exactly_its_body() {
    let (node, agent) = world().await;
    let (id, body) = (agent.id().to_string(), br#"{"entry_id":"77777777777777777777777777777777","field_ids":[],"mode":"use"}"#);
    let other = agent.proof("POST", "/v1/agent/release", Some(b"{}"), node.now_ms());
    assert_eq!(sent(&node, &id, &[other], Some(body)).await.status, StatusCode::UNAUTHORIZED);
    let none = agent.proof("POST", "/v1/agent/release", None, node.now_ms());
    assert_eq!(sent(&node, &id, &[none], Some(body)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_clock_that_is_an_hour_off_is_told_the_time() {
    let (node, agent) = world().await;
    for made_ms in [node.now_ms() - 3_600_000, node.now_ms() + 3_600_000, node.now_ms() - 61_000, node.now_ms() + 61_000] {
        let refused = sent(&node, &agent.id().to_string(), &[agent.proof("GET", "/v1/agent", None, made_ms)], None).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::UNAUTHORIZED, "clock_skew"));
        assert_eq!(refused.json()["now_ms"], node.now_ms());
        assert!(refused.json()["remedy"].as_str().unwrap().contains("clock"));
    }
    node.pass(60);
    let near = agent.proof("GET", "/v1/agent", None, node.now_ms() - 59_000);
    sent(&node, &agent.id().to_string(), &[near], None).await.ok();
}

#[tokio::test]
async fn a_private_key_in_a_proof_is_refused_as_a_secret() {
    let (node, agent) = world().await;
    let mut head = agent.header();
    head["jwk"]["d"] = json!("A".repeat(43));
    let proof = agent.sign(&head, &agent.claims("GET", "/v1/agent", None, node.now_ms()));
    let refused = sent(&node, &agent.id().to_string(), &[proof], None).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::BAD_REQUEST, "secret_refused"));
}

#[tokio::test]
async fn a_strangers_key_does_not_fill_the_memory_of_proofs() {
    let (node, agent) = world().await;
    let proof = strangers(&node, &agent, "GET", "/v1/agent", "stranger");
    // The same proof is refused for the same reason twice: had it been kept, the agent could be shut out by strangers.
    for _ in 0..2 {
        assert_eq!(sent(&node, &agent.id().to_string(), std::slice::from_ref(&proof), None).await.status, StatusCode::UNAUTHORIZED);
    }
    node.get(&Asker::Agent(&agent), "/v1/agent").await.ok();
}

/// A good proof in every respect, signed with a key that is not the agent's.
pub(crate) fn strangers(node: &TestNode, agent: &Agent, method: &str, path: &str, seed: &str) -> String {
    let stranger = clavitor_crypto::sign::SigningKey::make_with(&mut clavitor_person::Seeded::new(seed)).unwrap();
    let mut head = agent.header();
    head["jwk"]["x"] = data_encoding::BASE64URL_NOPAD.encode(stranger.public().as_bytes()).into();
    let part = |value: &Value| data_encoding::BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let message = format!("{}.{}", part(&head), part(&agent.claims(method, path, None, node.now_ms())));
    format!("{message}.{}", data_encoding::BASE64URL_NOPAD.encode(stranger.sign_bytes(message.as_bytes()).as_ref()))
}

/// A body that never comes.
struct Never;

impl hyper::body::Body for Never {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<bytes::Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

/// Sends a request whose body never comes, and drops it, as a timeout or a caller who hangs up does.
async fn dropped(node: &TestNode, agent: &Agent, proof: &str) {
    let request = Request::post("/v1/agent/release")
        .header(header::AUTHORIZATION, format!("DPoP {}", agent.id()))
        .header("dpop", proof)
        .header(header::CONTENT_LENGTH, "2")
        .header(header::CONTENT_TYPE, "application/json");
    let sending = node.send(request.body(Body::new(Never)).unwrap());
    assert!(tokio::time::timeout(std::time::Duration::from_millis(1), sending).await.is_err());
}

#[tokio::test]
async fn a_request_that_ends_early_leaves_no_strangers_proof_and_keeps_the_agents() {
    let limits = Limits { proofs_per_agent_max: 1, anonymous_per_minute_max: 40, ..Limits::default() };
    let node = TestNode::with(limits);
    let (mut browser, scope) = household(&node, "early").await;
    let agent = Agent::enrolled(&node, &mut browser, &terms(&node, "Bot", scope), "bot").await;
    for number in 0..10 {
        dropped(&node, &agent, &strangers(&node, &agent, "POST", "/v1/agent/release", &format!("stranger {number}"))).await;
    }
    assert_eq!(node.get(&Asker::Nobody, "/v1/vault").await.code(), "rate_limited", "each of them cost");

    let own = agent.proof("POST", "/v1/agent/release", None, node.now_ms());
    dropped(&node, &agent, &own).await;
    node.pass(1);
    let full = node.get(&Asker::Agent(&agent), "/v1/agent").await;
    assert_eq!(full.code(), "rate_limited", "the agent's own proof stays used");
    node.pass(60);
    node.get(&Asker::Agent(&agent), "/v1/agent").await.ok();
}
