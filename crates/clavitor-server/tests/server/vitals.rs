//! What the node says of itself: the names are fixed, and nothing of anybody's vault can be in it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    body::Body,
    extract::Request,
    http::{Method, StatusCode, header},
};
use clavitor_server::{App, Limits, Node, vitals::Payload};
use serde_json::json;

use crate::{
    agent::Agent,
    browser::Browser,
    node::{Asker, METRICS_TOKEN, TestNode},
    story::{household, login, terms},
};

/// The names that a report has had since schema 1, in their order. This list may only grow, at its end.
const NAMES: [&str; 33] = [
    "node",
    "ts",
    "ram_mb",
    "ram_pct",
    "disk_mb",
    "disk_pct",
    "cpu_pct",
    "db_size_mb",
    "db_integrity",
    "active_sessions",
    "req_1h",
    "err_1h",
    "cert_days_remaining",
    "nix_gen",
    "uptime_s",
    "schema",
    "boot_id",
    "seq",
    "version",
    "edition",
    "load_1m",
    "wal_mb",
    "open_files",
    "db_integrity_age_s",
    "db_full_check_age_s",
    "cert_life_left",
    "backup_age_s",
    "tarpit_held",
    "tarpit_shed",
    "failed_sign_ins",
    "failed_proofs",
    "locked_agents",
    "denials",
];

fn report(node: &TestNode) -> serde_json::Value {
    serde_json::to_value(Payload::new(node.app.node().vitals(), 7)).unwrap()
}

#[tokio::test]
async fn a_report_has_exactly_its_names_and_null_for_what_is_not_known() {
    let node = TestNode::new();
    Browser::make_vault(&node, "owner").await;
    let text = serde_json::to_string(&Payload::new(node.app.node().vitals(), 7)).unwrap();
    let report = report(&node);
    let mut expected: Vec<&str> = NAMES.to_vec();
    let at = |name: &str| text.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} is not in {text}"));
    assert!(expected.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{text}");
    expected.sort_unstable();
    let mut found: Vec<&String> = report.as_object().unwrap().keys().collect();
    found.sort_unstable();
    assert_eq!(found, expected);
    for (name, value) in [
        ("node", json!("tokyo")),
        ("ts", json!(node.now_ms() / 1000)),
        ("db_integrity", json!("ok")),
        ("db_integrity_age_s", json!(0)),
        ("active_sessions", json!(1)),
        ("schema", json!(1)),
        ("seq", json!(7)),
        ("edition", json!(node.app.node().config().edition.name())),
        ("cert_days_remaining", json!(null)),
        ("cert_life_left", json!(null)),
        ("backup_age_s", json!(null)),
        ("db_full_check_age_s", json!(null)),
        ("cpu_pct", json!(null)),
        ("tarpit_held", json!(0)),
    ] {
        assert_eq!(report[name], value, "{name}");
    }
    for known in ["ram_mb", "ram_pct", "disk_mb", "disk_pct", "db_size_mb", "wal_mb", "open_files", "load_1m"] {
        assert!(report[known].is_number(), "{known}: {report}");
    }
    assert!(report["db_size_mb"].as_u64().unwrap() >= 1 && report["boot_id"].as_str().unwrap().len() == 16);
}

#[tokio::test]
async fn requests_are_counted_by_what_became_of_them() {
    let node = TestNode::new();
    let browser = Browser::make_vault(&node, "owner").await;
    let before = report(&node);
    node.get(&Asker::Person(&browser), "/v1/vault").await.ok();
    node.get(&Asker::Person(&browser), "/v1/entries/00").await;
    node.get(&Asker::Hosted("cvt1-AAAA"), "/v1/agent").await;
    node.post(&Asker::Nobody, "/v1/session/finish", &json!({"ceremony_id": "00".repeat(16), "credential": {}})).await;
    for path in ["/livez", "/readyz", "/metrics"] {
        node.get(&Asker::Nobody, path).await;
    }
    let after = report(&node);
    let more = |name: &str| after[name].as_u64().unwrap() - before[name].as_u64().unwrap();
    assert_eq!((more("req_1h"), more("err_1h"), more("failed_proofs")), (4, 3, 1));
    node.pass(3_600);
    assert_eq!(report(&node)["req_1h"], 0);
}

#[tokio::test]
async fn nothing_of_a_vault_is_in_what_the_node_says_of_itself() {
    let node = TestNode::new();
    let (mut owner, scope) = household(&node, "owner").await;
    let needles: Vec<String> = (0..8).map(|number| format!("Needle{number}of7734")).collect();
    for needle in &needles {
        let (_, changes) = owner.person.add_entry(login(needle, scope), node.now_ms()).unwrap();
        owner.change(&node, changes).await.ok();
    }
    let agent = Agent::enrolled(&node, &mut owner, &terms(&node, "Needle-agent", scope), "needle bot").await;
    node.get(&Asker::Agent(&agent), "/v1/agent/entries").await.ok();
    node.get(&Asker::Person(&owner), "/v1/entries/needle-in-a-path?needle=in-a-query").await;
    node.get(&Asker::Hosted("cvt1-needle-token"), "/v1/agent").await;
    let mut said = report(&node).to_string();
    for path in ["/livez", "/readyz", "/metrics"] {
        let reply = node.get(&Asker::Nobody, path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        said.push_str(&String::from_utf8(reply.bytes).unwrap());
    }
    let said = said.to_lowercase();
    assert!(!said.contains("needle") && !said.contains(&owner.cookie.to_lowercase()) && !said.contains(&agent.id().to_string()), "{said}");
}

#[tokio::test]
async fn readiness_is_a_line_for_each_check_and_a_status() {
    let mut node = TestNode::new();
    let reply = node.get(&Asker::Nobody, "/readyz").await;
    let text = String::from_utf8(reply.bytes.clone()).unwrap();
    assert_eq!((reply.status, reply.ok()["ready"].clone()), (StatusCode::OK, json!(true)));
    for check in ["process", "integrity", "disk", "certificate", "clock"] {
        let line = text.lines().find(|line| line.contains(&format!("\"check\":\"{check}\""))).unwrap();
        assert!(line.contains("\"state\":\"ok\""), "{line}");
    }
    node.app.node().stop();
    let stopping = node.get(&Asker::Nobody, "/readyz").await;
    assert_eq!((stopping.status, stopping.json()["ready"].clone()), (StatusCode::SERVICE_UNAVAILABLE, json!(false)));
    assert_eq!(node.get(&Asker::Nobody, "/livez").await.status, StatusCode::OK, "it lives until it is gone");
    node.restart();
    let ending = clavitor_server::vitals::Certificate { days_left: -3, life_left: 0.0, not_yet: false, renewal_failing: true };
    node.app.node().keeper().certificate_from(move |_| Some(ending));
    let expired = node.get(&Asker::Nobody, "/readyz").await;
    assert_eq!(expired.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(String::from_utf8(expired.bytes).unwrap().contains("it has expired"));
}

#[tokio::test]
async fn people_hear_of_a_certificate_that_ends_when_they_sign_in() {
    let node = TestNode::new();
    let browser = Browser::make_vault(&node, "owner").await;
    let session = node.get(&Asker::Person(&browser), "/v1/session").await.ok();
    assert!(session.get("notices").is_none(), "{session}");
    let ending = clavitor_server::vitals::Certificate { days_left: 4, life_left: 0.05, not_yet: false, renewal_failing: true };
    node.app.node().keeper().certificate_from(move |_| Some(ending));
    let session = node.get(&Asker::Person(&browser), "/v1/session").await.ok();
    assert_eq!(session["notices"], json!([{"kind": "certificate_ending", "days": 4}]));
}

#[tokio::test]
async fn metrics_are_text_that_prometheus_reads() {
    let node = TestNode::new();
    node.get(&Asker::Nobody, "/v1/vault").await;
    let reply = node.get(&Asker::Nobody, "/metrics").await;
    assert!(reply.headers["content-type"].to_str().unwrap().starts_with("application/openmetrics-text; version=1.0.0"));
    let text = String::from_utf8(reply.bytes).unwrap();
    for line in [
        "# TYPE clavitor_requests counter",
        "clavitor_requests_total 1",
        "clavitor_errors_total 1",
        "clavitor_ready 1.0",
        "clavitor_sessions 0.0",
        "clavitor_store_stopped 0.0",
        "clavitor_connections_open 0.0",
        "clavitor_connections_refused_total 0",
        "clavitor_connections_evicted_total 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(
        text.ends_with("# EOF\n") && !text.contains("certificate") && !text.contains("backup"),
        "what is not known is left out: {text}"
    );
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(names.len(), unique.len());
}

#[tokio::test]
async fn metrics_from_elsewhere_need_the_operators_token() {
    let token = "a-token-of-the-operator";
    let node = TestNode::with_metrics_token(token);
    let ask = async |peer: &str, who: &Asker<'_>| node.ask_from(peer, who, Method::GET, "/metrics", None).await.status;
    let elsewhere = "192.0.2.1:40000";
    assert_eq!(ask(elsewhere, &Asker::Hosted(token)).await, StatusCode::OK);
    for wrong in ["", "a-token-of-the-operato", "a-token-of-the-operator2", "A-TOKEN-OF-THE-OPERATOR"] {
        assert_eq!(ask(elsewhere, &Asker::Hosted(wrong)).await, StatusCode::NOT_FOUND, "{wrong}");
    }
    assert_eq!(ask(elsewhere, &Asker::Nobody).await, StatusCode::NOT_FOUND);
    assert_eq!(ask("127.0.0.1:40000", &Asker::Nobody).await, StatusCode::OK);
    assert_eq!(ask("127.0.0.9:40000", &Asker::Nobody).await, StatusCode::NOT_FOUND, "a proxy that the operator named");
}

#[tokio::test]
async fn a_node_with_a_name_of_the_world_wants_the_token_from_this_machine_too() {
    let ask = async |node: &TestNode, host: &str, who: Option<&str>| {
        let mut request = Request::get("/metrics").header(header::HOST, host);
        if let Some(token) = who {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        node.send(request.body(Body::empty()).unwrap()).await.status
    };
    let named = TestNode::named(Limits::default(), &["vault.example"]);
    assert_eq!(ask(&named, "vault.example", None).await, StatusCode::NOT_FOUND, "something may pass on whole connections");
    assert_eq!(ask(&named, "vault.example", Some(METRICS_TOKEN)).await, StatusCode::OK);
    let local = TestNode::named(Limits::default(), &["localhost"]);
    assert_eq!(ask(&local, "localhost", None).await, StatusCode::OK, "this name is nobody else's");
    let mut passed_on = TestNode::new();
    let mut config = passed_on.app.node().config().clone();
    config.proxy_protocol = true;
    passed_on.app = App::new(Node::new(passed_on.vault.clone(), config).unwrap());
    assert_eq!(ask(&passed_on, "localhost:1984", None).await, StatusCode::NOT_FOUND, "a client on the proxy's machine");
}

#[tokio::test]
async fn strangers_hear_which_checks_fail_and_not_how() {
    let node = TestNode::with_metrics_token(METRICS_TOKEN);
    let ask = async |peer: &str, who: &Asker<'_>| node.ask_from(peer, who, Method::GET, "/readyz", None).await;
    let elsewhere = "192.0.2.1:40000";
    assert_eq!(ask(elsewhere, &Asker::Nobody).await.ok(), json!({"ready": true, "checks": []}));
    node.app.node().stop();
    for stranger in [Asker::Nobody, Asker::Hosted("a-guess")] {
        let reply = ask(elsewhere, &stranger).await;
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
        let checks = reply.json()["checks"].as_array().unwrap().clone();
        assert!(checks.len() == 1 && checks[0]["check"] == "process" && checks[0]["state"] == "fail", "{checks:?}");
        assert!(!checks[0]["detail"].as_str().unwrap().contains("stopping"), "{checks:?}");
    }
    for (peer, watcher) in [(elsewhere, Asker::Hosted(METRICS_TOKEN)), ("127.0.0.1:40000", Asker::Nobody)] {
        let reply = ask(peer, &watcher).await;
        let text = String::from_utf8(reply.bytes).unwrap();
        assert!(text.contains("the node is stopping") && text.contains("\"check\":\"disk\""), "{text}");
    }
}

#[tokio::test]
async fn asking_over_and_over_does_not_make_the_node_look_again() {
    let node = TestNode::new();
    let looks = Arc::new(AtomicUsize::new(0));
    let looked = looks.clone();
    node.app.node().keeper().certificate_from(move |_| {
        looked.fetch_add(1, Ordering::SeqCst);
        None
    });
    for _ in 0..20 {
        node.get(&Asker::Nobody, "/readyz").await;
    }
    assert_eq!(looks.load(Ordering::SeqCst), 1);
    node.pass(1);
    node.get(&Asker::Nobody, "/readyz").await;
    assert_eq!(looks.load(Ordering::SeqCst), 2);
}
