//! Every route with every wrong caller, made from the operation table: a new route is in here before its handler is written.

use axum::{
    body::Body,
    extract::Request,
    http::{Method, StatusCode, header},
};
use clavitor_crypto::{EntryId, manifest::Capabilities};
use clavitor_server::{operation::Operation, router::operations, who::WhoKind};
use serde_json::{Value, json};

use crate::{
    agent::Agent,
    browser::Browser,
    node::{Asker, ORIGIN, Reply, TestNode},
    story::{household, login, terms},
};

/// Routes that ask nobody who they are. This list may only shrink.
const ANYBODY: [&str; 12] = [
    "GET /livez",
    "GET /readyz",
    "GET /v1/node",
    "GET /v1/openapi.json",
    "POST /v1/enrol",
    "POST /v1/recovery/claim",
    "POST /v1/recovery/start",
    "POST /v1/reports/policy",
    "POST /v1/session/begin",
    "POST /v1/session/finish",
    "POST /v1/setup/begin",
    "POST /v1/setup/finish",
];

/// Not the node's own machine.
const ELSEWHERE: &str = "192.0.2.7:40000";

struct World {
    node: TestNode,
    owner: Browser,
    stranger: Browser,
    agent: Agent,
    invited: Agent,
    token: String,
    entry: EntryId,
}

async fn world() -> World {
    world_of("owner").await
}

async fn world_of(seed: &str) -> World {
    let node = TestNode::new();
    let (mut owner, scope) = household(&node, seed).await;
    let (entry, changes) = owner.person.add_entry(login("Bank", scope), node.now_ms()).unwrap();
    owner.change(&node, changes).await.ok();
    let agent = Agent::enrolled(&node, &mut owner, &terms(&node, "Bot", scope), &format!("{seed} bot")).await;
    let invited = Agent::invited(&node, &mut owner, &terms(&node, "Invited", scope), "invited").await;
    invited.enrol(&node).await.ok();
    let all = Capabilities::USE.with(Capabilities::TOTP).with(Capabilities::REVEAL);
    let (hosted, changes) = owner.person.host(&terms(&node, "CI", scope).allowing(all), node.now_ms()).unwrap();
    owner.change(&node, changes).await.ok();
    let (stranger, _) = household(&node, "stranger").await;
    World { token: hosted.token.to_string(), node, owner, stranger, agent, invited, entry }
}

impl World {
    fn path(&self, operation: &Operation) -> String {
        let path = operation.path.replace("{entry_id}", &self.entry.to_string()).replace("{field}", "token");
        path.replace("{agent_id}", &self.agent.id().to_string())
    }

    async fn call(&self, operation: &Operation, who: &Asker<'_>) -> Reply {
        let body = operation.has_body.then(|| json!({}));
        self.node.ask_from(ELSEWHERE, who, operation.method.clone(), &self.path(operation), body.as_ref()).await
    }

    /// Everybody who may not call an operation, by name.
    fn wrong<'a>(&'a self, who: WhoKind, foreign_agent: &'a Agent) -> Vec<(&'static str, Asker<'a>)> {
        let person = ("a person", Asker::Person(&self.owner));
        let agent = ("an agent", Asker::Agent(&self.agent));
        let hosted = ("a hosted agent", Asker::Hosted(&self.token));
        let mut wrong = vec![
            ("nobody", Asker::Nobody),
            ("a made-up session", Asker::Cookie("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY")),
            ("half a session", Asker::Cookie("QUJD")),
            ("a made-up token", Asker::Hosted("cvt1-AAAA")),
            ("an agent that was never invited", Asker::Agent(foreign_agent)),
        ];
        match who {
            WhoKind::Anyone => return Vec::new(),
            WhoKind::Person | WhoKind::FreshPerson => wrong.extend([agent, hosted]),
            WhoKind::Agent => wrong.extend([person, hosted]),
            WhoKind::Hosted => wrong.extend([person, agent]),
            WhoKind::AnyAgent => wrong.push(person),
            WhoKind::Watcher => wrong.extend([person, agent, hosted]),
        }
        wrong
    }
}

fn name(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.path)
}

#[test]
fn the_list_of_routes_that_ask_nobody_has_not_grown() {
    let mut open: Vec<_> = operations().iter().filter(|operation| operation.who == WhoKind::Anyone).map(name).collect();
    open.sort_unstable();
    assert_eq!(open, ANYBODY, "a route that asks nobody needs a reason in docs/API.md before it stands here");
}

#[tokio::test]
async fn every_route_refuses_every_wrong_caller() {
    let world = world().await;
    // Another node's agent: well-formed in every way, and unknown here.
    let elsewhere = world_of("elsewhere").await;
    for operation in operations() {
        for (who, asker) in world.wrong(operation.who, &elsewhere.agent) {
            // Each wrong caller costs; the test is not about that.
            world.node.pass(5);
            let reply = world.call(&operation, &asker).await;
            let refused = match operation.who {
                WhoKind::Watcher => (StatusCode::NOT_FOUND, "not_found"),
                _ => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            };
            assert_eq!((reply.status, reply.code().as_str()), refused, "{who} at {}", name(&operation));
            let says_how = reply.headers.contains_key(header::WWW_AUTHENTICATE);
            assert!(reply.cookie().is_none() && says_how == (refused.0 == StatusCode::UNAUTHORIZED));
        }
    }
}

#[tokio::test]
async fn an_expired_session_opens_nothing() {
    let world = world().await;
    world.node.pass(16 * 60);
    for operation in operations().iter().filter(|operation| operation.who.has_cookie()) {
        world.node.pass(1);
        let reply = world.call(operation, &Asker::Person(&world.owner)).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{}", name(operation));
    }
}

#[tokio::test]
async fn a_session_that_is_not_fresh_does_not_do_what_needs_a_passkey() {
    let world = world().await;
    world.node.pass(301);
    let fresh: Vec<_> = operations().into_iter().filter(|operation| operation.who == WhoKind::FreshPerson).collect();
    assert_eq!(fresh.len(), 3);
    for operation in &fresh {
        let reply = world.call(operation, &Asker::Person(&world.owner)).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::FORBIDDEN, "fresh_passkey_needed"), "{}", name(operation));
    }
}

#[tokio::test]
async fn another_vaults_person_finds_nothing_behind_an_id() {
    let world = world().await;
    let with_id: Vec<_> = operations().into_iter().filter(|operation| operation.who.has_cookie() && operation.path.contains('{')).collect();
    assert!(with_id.len() >= 5);
    for operation in &with_id {
        let reply = world.call(operation, &Asker::Person(&world.stranger)).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::NOT_FOUND, "not_found"), "{}", name(operation));
    }
    let stranger_sees = world.node.get(&Asker::Person(&world.stranger), "/v1/entries").await.ok();
    assert_eq!(stranger_sees["total"], 0);
    assert_eq!(world.node.get(&Asker::Person(&world.stranger), "/v1/agents").await.ok()["agents"], json!([]));
}

#[tokio::test]
async fn an_invited_agent_learns_that_it_is_invited_and_nothing_else() {
    let world = world().await;
    let asker = Asker::Agent(&world.invited);
    for operation in operations().iter().filter(|operation| operation.who == WhoKind::Agent) {
        let reply = world.call(operation, &asker).await;
        assert!(!reply.status.is_success(), "{}: {}", name(operation), reply.json());
    }
    let me = world.node.get(&asker, "/v1/agent").await;
    assert!(me.status == StatusCode::UNAUTHORIZED || me.json()["active"] == false, "{}", me.json());
}

#[tokio::test]
async fn a_known_route_names_its_methods_to_a_wrong_one() {
    let world = world().await;
    for operation in operations() {
        for method in [Method::PUT, Method::PATCH, Method::OPTIONS, Method::TRACE] {
            let reply = world.node.ask(&Asker::Nobody, method, &world.path(&operation), None).await;
            assert_eq!((reply.status, reply.code().as_str()), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"));
            assert!(reply.headers[header::ALLOW].to_str().unwrap().contains(operation.method.as_str()), "{}", name(&operation));
        }
    }
}

#[tokio::test]
async fn no_other_site_can_send_a_persons_request() {
    let world = world().await;
    let tricks: [(&str, &str, &str); 5] = [
        ("another origin", "origin", "https://evil.example"),
        ("a sandboxed page", "origin", "null"),
        ("another scheme", "origin", "https://localhost:1984"),
        ("another site", "sec-fetch-site", "cross-site"),
        ("a neighbour", "sec-fetch-site", "same-site"),
    ];
    for operation in operations().iter().filter(|operation| operation.who.has_cookie()) {
        for (trick, header_name, value) in tricks {
            let mut request = request(operation, &world);
            request.headers_mut().insert(header_name, value.parse().unwrap());
            let reply = world.node.send(request).await;
            assert_eq!((reply.status, reply.code().as_str()), (StatusCode::FORBIDDEN, "forbidden"), "{trick} at {}", name(operation));
        }
        if operation.method != Method::GET {
            let mut bare = request(operation, &world);
            bare.headers_mut().remove("x-clavitor");
            assert_eq!(world.node.send(bare).await.status, StatusCode::FORBIDDEN, "no own header at {}", name(operation));
        }
    }
}

/// The owner's request, as the page sends it.
fn request(operation: &Operation, world: &World) -> Request {
    let body = if operation.has_body { Body::from("{}") } else { Body::empty() };
    let request = Request::builder().method(operation.method.clone()).uri(world.path(operation));
    let request = request.header(header::COOKIE, format!("__Host-clavitor={}", world.owner.cookie)).header("x-clavitor", "1");
    request.header(header::ORIGIN, ORIGIN).header(header::CONTENT_TYPE, "application/json").body(body).unwrap()
}

#[tokio::test]
async fn passkey_output_is_refused_by_every_route_that_takes_a_body() {
    let world = world().await;
    let poison = |inner: Value| json!({"change": {"unlockers": [inner]}});
    let bodies = [
        poison(json!({"prf": {"results": {"first": "AAAA"}}})),
        json!({"clientExtensionResults": {}}),
        json!({"credential": {"clientExtensionResults": {"prf": {"results": {"first": "AAAA"}}}}}),
    ];
    for operation in operations().iter().filter(|operation| operation.has_body) {
        let asker = match operation.who {
            WhoKind::Anyone | WhoKind::Watcher => Asker::Nobody,
            WhoKind::Person | WhoKind::FreshPerson => Asker::Person(&world.owner),
            WhoKind::Agent | WhoKind::AnyAgent => Asker::Agent(&world.agent),
            WhoKind::Hosted => Asker::Hosted(&world.token),
        };
        for body in &bodies {
            let reply = world.node.ask(&asker, operation.method.clone(), &world.path(operation), Some(body)).await;
            assert_eq!((reply.status, reply.code().as_str()), (StatusCode::BAD_REQUEST, "secret_refused"), "{}", name(operation));
        }
        let unknown = json!({"surprise": 1});
        let reply = world.node.ask(&asker, operation.method.clone(), &world.path(operation), Some(&unknown)).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::BAD_REQUEST, "bad_request"), "{}", name(operation));
        assert!(reply.json()["message"].as_str().unwrap().contains("`surprise`"), "{}", reply.json());
    }
}
