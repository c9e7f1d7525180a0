//! Passkeys: what is taken, and one fault at a time.

use axum::http::StatusCode;
use clavitor_api::Blob;
use serde_json::{Value, json};

use crate::{
    browser::{Browser, ceremony},
    key::Key,
    node::{Asker, ORIGIN, Reply, TestNode},
};

async fn finish(node: &TestNode, body: &Value) -> Reply {
    node.post(&Asker::Nobody, "/v1/session/finish", body).await
}

#[tokio::test]
async fn a_passkey_signs_in_and_says_whose_it_is() {
    let node = TestNode::new();
    let mut browser = Browser::make_vault(&node, "whose").await;
    let info = browser.sign_in(&node).await.ok();
    assert_eq!(info["vault_id"], browser.person.vault().to_string());
    assert_eq!(info["fresh_until_ms"].as_u64().unwrap(), node.now_ms() + 300_000);
    let unlockers = node.get(&Asker::Person(&browser), "/v1/unlockers").await.ok();
    assert_eq!(unlockers["unlockers"].as_array().unwrap().len(), 1);
    assert!(unlockers["unlockers"][0]["synced"].is_boolean());
}

#[tokio::test]
async fn a_ceremony_works_once_even_after_a_wrong_answer() {
    let node = TestNode::new();
    let mut browser = Browser::make_vault(&node, "once").await;
    let begun = ceremony(&node.post(&Asker::Nobody, "/v1/session/begin", &json!({})).await);
    let good = browser.key.get(&begun, "required").await;
    let mut bad = good.clone();
    bad.signature.0[10] ^= 1;
    let body = |credential| json!({"ceremony_id": begun.ceremony_id, "credential": credential});
    assert_eq!(finish(&node, &body(bad)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(finish(&node, &body(good)).await.code(), "gone");
}

#[tokio::test]
async fn a_ceremony_ends_after_five_minutes() {
    let node = TestNode::new();
    let mut browser = Browser::make_vault(&node, "late").await;
    let begun = ceremony(&node.post(&Asker::Nobody, "/v1/session/begin", &json!({})).await);
    let credential = browser.key.get(&begun, "required").await;
    node.pass(301);
    let late = finish(&node, &json!({"ceremony_id": begun.ceremony_id, "credential": credential})).await;
    assert_eq!((late.status, late.code().as_str()), (StatusCode::GONE, "gone"));
}

#[tokio::test]
async fn every_single_fault_of_an_assertion_is_refused() {
    let node = TestNode::new();
    let mut browser = Browser::make_vault(&node, "faults").await;
    type Fault = (&'static str, fn(&mut clavitor_api::AssertionCredential));
    let faults: [Fault; 6] = [
        ("another user handle", |credential| credential.user_handle = Some(Blob(vec![9; 16]))),
        ("no user handle", |credential| credential.user_handle = None),
        ("an unknown credential", |credential| credential.raw_id.0[0] ^= 1),
        ("a changed counter", |credential| credential.authenticator_data.0[36] ^= 1),
        ("a changed flag", |credential| credential.authenticator_data.0[32] ^= 4),
        ("changed client data", |credential| credential.client_data_json.0.push(b' ')),
    ];
    for (name, fault) in faults {
        let begun = ceremony(&node.post(&Asker::Nobody, "/v1/session/begin", &json!({})).await);
        let mut credential = browser.key.get(&begun, "required").await;
        fault(&mut credential);
        let refused = finish(&node, &json!({"ceremony_id": begun.ceremony_id, "credential": credential})).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::UNAUTHORIZED, "unauthenticated"), "{name}");
        assert!(refused.cookie().is_none(), "{name}");
    }
}

#[tokio::test]
async fn a_touch_without_a_finger_or_from_another_origin_is_no_sign_in() {
    let node = TestNode::new();
    let mut browser = Browser::make_vault(&node, "touch").await;
    browser.key.verifies(false);
    let begun = ceremony(&node.post(&Asker::Nobody, "/v1/session/begin", &json!({})).await);
    let credential = browser.key.get(&begun, "discouraged").await;
    let touched = finish(&node, &json!({"ceremony_id": begun.ceremony_id, "credential": credential})).await;
    assert_eq!(touched.status, StatusCode::UNAUTHORIZED);

    browser.key.verifies(true);
    browser.key.origin = "http://localhost:8080".to_owned();
    let begun = ceremony(&node.post(&Asker::Nobody, "/v1/session/begin", &json!({})).await);
    let credential = browser.key.get(&begun, "required").await;
    let elsewhere = finish(&node, &json!({"ceremony_id": begun.ceremony_id, "credential": credential})).await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_registration_without_a_finger_makes_no_vault_and_uses_the_ceremony_up() {
    let node = TestNode::new();
    let (token, vault) = (node.setup_token(), "22".repeat(16));
    let begin = json!({"setup_token": token, "vault_id": vault});
    let begun = ceremony(&node.post(&Asker::Nobody, "/v1/setup/begin", &begin).await);
    let mut key = Key::new(ORIGIN, "touch only");
    key.verifies(false);
    let credential = key.create(&begun, [0x22; 16], "discouraged").await;
    let unlocker = json!({"id": "00".repeat(32), "sealed_vmk": "AA", "record": "AA", "passkey": {"ceremony_id": begun.ceremony_id, "credential": credential}});
    let finish = json!({"setup_token": token, "vault_id": vault, "change": {"unlockers": [unlocker]}});
    let refused = node.post(&Asker::Nobody, "/v1/setup/finish", &finish).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::BAD_REQUEST, "not_valid"));
    assert_eq!(node.post(&Asker::Nobody, "/v1/setup/finish", &finish).await.code(), "gone");
    assert_eq!(node.get(&Asker::Nobody, "/v1/node").await.ok()["setup_needed"], true);
}

#[tokio::test]
async fn a_setup_link_works_once_and_for_a_day() {
    let node = TestNode::new();
    let begin = |token: &str| json!({"setup_token": token, "vault_id": "22".repeat(16)});
    let first = node.setup_token();
    let second = node.setup_token();
    assert_eq!(node.post(&Asker::Nobody, "/v1/setup/begin", &begin(&first)).await.code(), "gone", "a new link ends the old one");
    node.post(&Asker::Nobody, "/v1/setup/begin", &begin(&second)).await.ok();
    node.pass(24 * 3600 + 1);
    assert_eq!(node.post(&Asker::Nobody, "/v1/setup/begin", &begin(&second)).await.code(), "gone");
    assert_eq!(node.post(&Asker::Nobody, "/v1/setup/begin", &begin("guess")).await.status, StatusCode::GONE);
    Browser::make_vault(&node, "first").await;
    assert_eq!(node.get(&Asker::Nobody, "/v1/node").await.ok()["setup_needed"], false);
    Browser::make_vault(&node, "one more").await;
}
