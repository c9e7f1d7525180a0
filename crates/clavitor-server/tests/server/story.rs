//! The whole story without a network: a vault, entries, an agent that uses a credential, a hosted agent, recovery, signing out.

use axum::http::{Method, StatusCode};
use clavitor_crypto::{
    FieldId, ScopeId,
    code::Code,
    field_kind::{FieldKind, Tier},
    manifest::Capabilities,
};
use clavitor_person::{AgentTerms, Draft, FieldDraft, Seeded};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

use crate::{
    agent::Agent,
    browser::Browser,
    key::Key,
    node::{Asker, ORIGIN, TestNode},
    wire,
};

pub(crate) const USERNAME: FieldId = FieldId([1; 16]);
pub(crate) const PASSWORD: FieldId = FieldId([2; 16]);
pub(crate) const CARD: FieldId = FieldId([3; 16]);
pub(crate) const TOKEN: FieldId = FieldId([4; 16]);
pub(crate) const CODES: FieldId = FieldId([5; 16]);

/// A login with a field of every tier.
pub(crate) fn login(title: &str, scope: ScopeId) -> Draft {
    Draft::new("login", title)
        .with(FieldDraft::new(USERNAME, FieldKind::Username, "user", b"ada"))
        .with(FieldDraft::new(PASSWORD, FieldKind::Password, "password", b"correct horse"))
        .with(FieldDraft::new(TOKEN, FieldKind::ApiKey, "token", b"hosted value").at(Tier::Hosted))
        .with(FieldDraft::new(CODES, FieldKind::Totp, "codes", b"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").at(Tier::Hosted))
        .with(FieldDraft::new(CARD, FieldKind::CardNumber, "card", b"4111111111111111"))
        .in_scope(scope)
}

/// Agents of the tests work for ten years.
pub(crate) fn terms(node: &TestNode, name: &str, scope: ScopeId) -> AgentTerms {
    AgentTerms::new(name, scope, node.now_ms() / 1000 + 315_360_000)
}

/// A vault with two ways in and a scope.
pub(crate) async fn household(node: &TestNode, seed: &str) -> (Browser, ScopeId) {
    let mut browser = Browser::make_vault(node, seed).await;
    browser.add_passkey(node, &mut Key::new(ORIGIN, &format!("{seed} second"))).await.ok();
    let (scope, changes) = browser.person.add_scope("Work", node.now_ms()).unwrap();
    browser.change(node, changes).await.ok();
    (browser, scope)
}

#[tokio::test]
async fn an_agent_uses_a_credential_that_the_server_could_not_have_read() {
    let node = TestNode::new();
    let (mut browser, scope) = household(&node, "story").await;
    let (entry, changes) = browser.person.add_entry(login("Bank", scope), node.now_ms()).unwrap();
    browser.change(&node, changes).await.ok();

    let page = node.get(&Asker::Person(&browser), "/v1/entries?limit=10").await.ok();
    assert_eq!(page["total"], 1);
    let detail = node.get(&Asker::Person(&browser), &format!("/v1/entries/{entry}")).await.ok();
    browser.person.load_entry(&wire::stored(&detail)).unwrap();

    let agent = Agent::enrolled(&node, &mut browser, &terms(&node, "Deploy bot", scope), "bot").await;
    let me = node.get(&Asker::Agent(&agent), "/v1/agent").await.ok();
    assert_eq!((me["active"].as_bool(), me["locked"].as_bool()), (Some(true), Some(false)));
    let listed = node.get(&Asker::Agent(&agent), "/v1/agent/entries").await.ok();
    assert_eq!(listed["entries"][0]["entry_id"], entry.to_string());

    let ask = json!({"entry_id": entry.to_string(), "field_ids": [PASSWORD.to_string()], "mode": "use", "reason": "deploys the site"});
    let released = node.post(&Asker::Agent(&agent), "/v1/agent/release", &ask).await.ok();
    let opened = agent.double.open_field(&wire::stored(&released["entry"]), PASSWORD).unwrap();
    assert_eq!(opened.text().unwrap(), "correct horse");

    let card = json!({"entry_id": entry.to_string(), "field_ids": [CARD.to_string()], "mode": "use"});
    let refused = node.post(&Asker::Agent(&agent), "/v1/agent/release", &card).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::FORBIDDEN, "tier_too_high"));
    assert_eq!(refused.json()["exists"], true);

    let learnt = node.get(&Asker::Person(&browser), &format!("/v1/agents/{}/learnt", agent.id())).await.ok();
    assert_eq!(learnt["fields"].as_array().unwrap().len(), 1);
    let audit = node.get(&Asker::Person(&browser), "/v1/audit?limit=1000").await.ok();
    let reasons: Vec<_> = audit["events"].as_array().unwrap().iter().filter_map(|event| event["detail"].as_str()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("deploys the site")), "{reasons:?}");
}

#[tokio::test]
async fn an_owner_locks_an_agent_and_unlocks_it_with_a_fresh_passkey() {
    let node = TestNode::new();
    let (mut browser, scope) = household(&node, "locks").await;
    let agent = Agent::enrolled(&node, &mut browser, &terms(&node, "Bot", scope), "bot").await;
    let (lock, unlock) = (format!("/v1/agents/{}/lock", agent.id()), format!("/v1/agents/{}/unlock", agent.id()));
    assert_eq!(node.ask(&Asker::Person(&browser), Method::POST, &lock, None).await.status, StatusCode::NO_CONTENT);
    let refused = node.get(&Asker::Agent(&agent), "/v1/agent/entries").await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::FORBIDDEN, "agent_locked"));
    node.pass(301);
    let stale = node.ask(&Asker::Person(&browser), Method::POST, &unlock, None).await;
    assert_eq!((stale.status, stale.code().as_str()), (StatusCode::FORBIDDEN, "fresh_passkey_needed"));
    browser.sign_in(&node).await.ok();
    assert_eq!(node.ask(&Asker::Person(&browser), Method::POST, &unlock, None).await.status, StatusCode::NO_CONTENT);
    node.get(&Asker::Agent(&agent), "/v1/agent/entries").await.ok();
}

#[tokio::test]
async fn a_hosted_agent_reads_tier_1_of_its_scope_and_hears_why_not_above() {
    let node = TestNode::new();
    let (mut browser, scope) = household(&node, "hosted").await;
    let (entry, changes) = browser.person.add_entry(login("Bank", scope), node.now_ms()).unwrap();
    browser.change(&node, changes).await.ok();
    let all = Capabilities::USE.with(Capabilities::TOTP).with(Capabilities::REVEAL);
    let (hosted, changes) = browser.person.host(&terms(&node, "CI", scope).allowing(all), node.now_ms()).unwrap();
    browser.change(&node, changes).await.ok();
    let asker = Asker::Hosted(&hosted.token);

    let me = node.get(&asker, "/v1/agent").await.ok();
    assert_eq!((me["agent_id"].as_str(), me["manifest"].is_null()), (Some(hosted.agent.to_string().as_str()), true));
    let list = node.get(&asker, "/v1/hosted/entries").await.ok();
    assert_eq!(list["entries"][0]["title"], "Bank");
    assert!(!list.to_string().contains("hosted value"), "listing names releases no value");

    let field = |name: &str| format!("/v1/hosted/entries/{entry}/fields/{name}");
    assert_eq!(node.get(&asker, &field("token")).await.ok()["value"], "hosted value");
    assert_eq!(node.get(&asker, &field(&TOKEN.to_string())).await.ok()["value"], "hosted value");
    let code = node.get(&asker, &format!("/v1/hosted/entries/{entry}/totp")).await.ok();
    assert_eq!(code["code"].as_str().unwrap().len(), 6);
    for name in ["password", "card"] {
        let refused = node.get(&asker, &field(name)).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::FORBIDDEN, "tier_too_high"), "{name}");
        assert!(refused.json()["remedy"].is_string());
    }
}

#[tokio::test]
async fn recovery_waits_for_its_delay_and_can_be_cancelled() {
    let node = TestNode::new();
    let mut browser = Browser::make_vault(&node, "recovery").await;
    let code = Code::make_with(&mut Seeded::new("kit"));
    let changes = browser.person.set_recovery(&code, node.now_ms()).unwrap();
    browser.change(&node, changes).await.ok();
    let vault = browser.person.vault();
    let proof = BASE64URL_NOPAD.encode(code.recovery_proof(&vault).expose());
    let request = json!({"vault_id": vault.to_string(), "proof": proof});

    let early = node.post(&Asker::Nobody, "/v1/recovery/claim", &request).await;
    assert_eq!((early.status, early.code().as_str()), (StatusCode::GONE, "gone"));
    let started = node.post(&Asker::Nobody, "/v1/recovery/start", &request).await.ok();
    let wait_s = (started["release_at_ms"].as_u64().unwrap() - node.now_ms()) / 1000;
    let waiting = node.post(&Asker::Nobody, "/v1/recovery/claim", &request).await;
    assert_eq!((waiting.status, waiting.code().as_str()), (StatusCode::TOO_EARLY, "recovery_delay"));
    assert_eq!(waiting.json()["retry_after_s"], wait_s);
    assert_eq!(waiting.headers["retry-after"], wait_s.to_string().as_str());

    assert_eq!(node.ask(&Asker::Person(&browser), Method::POST, "/v1/recovery/cancel", None).await.status, StatusCode::NO_CONTENT);
    node.pass(wait_s);
    assert_eq!(node.post(&Asker::Nobody, "/v1/recovery/claim", &request).await.code(), "gone");
    node.post(&Asker::Nobody, "/v1/recovery/start", &request).await.ok();
    node.pass(wait_s);
    let claimed = node.post(&Asker::Nobody, "/v1/recovery/claim", &request).await;
    claimed.ok();
    let cookie = claimed.cookie().unwrap();
    let state = node.get(&Asker::Cookie(&cookie), "/v1/vault").await.ok();
    assert_eq!(state["unlocker"]["id"], clavitor_crypto::UnlockerId::of_recovery().to_string());
    assert!(state["unlocker"]["synced"].is_null());

    let wrong = json!({"vault_id": vault.to_string(), "proof": BASE64URL_NOPAD.encode(&[7; 32])});
    let unknown = json!({"vault_id": "11".repeat(16), "proof": proof});
    let (wrong, unknown) =
        (node.post(&Asker::Nobody, "/v1/recovery/start", &wrong).await, node.post(&Asker::Nobody, "/v1/recovery/start", &unknown).await);
    assert_eq!((wrong.status, &wrong.bytes), (StatusCode::NOT_FOUND, &unknown.bytes));
}

#[tokio::test]
async fn signing_out_ends_the_session_and_signing_in_again_gives_another() {
    let node = TestNode::new();
    let mut browser = Browser::make_vault(&node, "out").await;
    let first = browser.cookie.clone();
    browser.sign_in(&node).await.ok();
    assert_ne!(first, browser.cookie);
    let out = node.ask(&Asker::Person(&browser), Method::DELETE, "/v1/session", None).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.headers["set-cookie"].to_str().unwrap().starts_with("__Host-clavitor=; Max-Age=0;"));
    assert_eq!(node.get(&Asker::Person(&browser), "/v1/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_ends_when_idle_and_at_the_latest_after_eight_hours() {
    let node = TestNode::new();
    let mut browser = Browser::make_vault(&node, "idle").await;
    node.pass(15 * 60 - 1);
    node.get(&Asker::Person(&browser), "/v1/session").await.ok();
    // The prolongation is written behind the answer; a second write comes after it.
    node.post(&Asker::Nobody, "/v1/session/begin", &json!({})).await.ok();
    node.pass(15 * 60 - 1);
    node.get(&Asker::Person(&browser), "/v1/session").await.ok();
    node.post(&Asker::Nobody, "/v1/session/begin", &json!({})).await.ok();
    node.pass(15 * 60 + 1);
    assert_eq!(node.get(&Asker::Person(&browser), "/v1/session").await.status, StatusCode::UNAUTHORIZED);

    browser.sign_in(&node).await.ok();
    for _ in 0..48 {
        node.get(&Asker::Person(&browser), "/v1/session").await;
        node.post(&Asker::Nobody, "/v1/session/begin", &json!({})).await.ok();
        node.pass(10 * 60);
    }
    assert_eq!(node.get(&Asker::Person(&browser), "/v1/session").await.status, StatusCode::UNAUTHORIZED);
}
