//! What links one visit to the next: every manifest between two versions, page by page, and a log that is proved to have grown.

use clavitor_crypto::{hash::sha256, manifest::Manifest, signed::Unverified};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use crate::{
    agent::Agent,
    browser::Browser,
    node::{Asker, TestNode},
    story::{household, terms},
};

/// Many manifests, one for each scope.
async fn scopes(node: &TestNode, browser: &mut Browser, count: usize) {
    for number in 0..count {
        let (_, changes) = browser.person.add_scope(&format!("Scope {number}"), node.now_ms()).unwrap();
        browser.change(node, changes).await.ok();
    }
}

async fn between(node: &TestNode, who: &Asker<'_>, path: &str, after: u64) -> Vec<Vec<u8>> {
    let (mut found, mut next) = (Vec::new(), Some(after));
    while let Some(from) = next {
        let page = node.get(who, &format!("{path}?after={from}")).await.ok();
        let blobs = page["manifests"].as_array().unwrap().iter();
        found.extend(blobs.map(|blob| BASE64URL_NOPAD.decode(blob.as_str().unwrap().as_bytes()).unwrap()));
        next = page["next"].as_u64();
    }
    found
}

#[tokio::test]
async fn manifests_in_between_are_given_without_a_gap_to_the_owner_and_to_an_agent() {
    let node = TestNode::new();
    let (mut browser, scope) = household(&node, "links").await;
    let agent = Agent::enrolled(&node, &mut browser, &terms(&node, "Deploy bot", scope), "bot").await;
    let seen = browser.person.manifest().clone();
    // More than one page.
    scopes(&node, &mut browser, 70).await;
    let after = seen.body().version;
    let owners = between(&node, &Asker::Person(&browser), "/v1/manifests", after).await;
    assert_eq!(owners, between(&node, &Asker::Agent(&agent), "/v1/agent/manifests", after).await);
    let mut hash = *seen.hash();
    for (bytes, version) in owners.iter().zip(after + 1..) {
        let signed = Unverified::<Manifest>::parse(bytes).unwrap();
        assert_eq!((signed.claims().version, signed.claims().previous), (version, hash));
        hash = sha256(&[&bytes[64..]]);
    }
    let newest = browser.person.manifest().body();
    assert_eq!((newest.version, newest.previous), (after + 1 + owners.len() as u64, hash), "the one in force is not among them");
    assert!(between(&node, &Asker::Person(&browser), "/v1/manifests", newest.version).await.is_empty());
}

#[tokio::test]
async fn an_agent_that_asks_gets_the_head_of_the_log_with_its_proof() {
    let node = TestNode::new();
    let (mut browser, scope) = household(&node, "heads").await;
    let agent = Agent::enrolled(&node, &mut browser, &terms(&node, "Deploy bot", scope), "bot").await;
    let me = node.get(&Asker::Agent(&agent), "/v1/agent").await.ok();
    assert!(me["log"].is_null(), "who does not ask gets none");
    let first = node.get(&Asker::Agent(&agent), "/v1/agent?log_from=0").await.ok();
    let size = |status: &Value| status["log"]["checkpoint"].as_str().unwrap().lines().nth(1).unwrap().parse::<u64>().unwrap();
    scopes(&node, &mut browser, 3).await;
    let later = node.get(&Asker::Agent(&agent), &format!("/v1/agent?log_from={}", size(&first))).await.ok();
    assert!(size(&later) > size(&first));
    assert!(!later["log"]["consistency"].as_array().unwrap().is_empty());
    let beyond = node.get(&Asker::Agent(&agent), "/v1/agent?log_from=999999").await.ok();
    assert_eq!(
        (size(&beyond), beyond["log"]["consistency"].as_array().unwrap().len()),
        (size(&later), 0),
        "the agent sees that it is shorter"
    );
}
