//! The harvest budget, and that unknown looks like forbidden.

use axum::http::{Method, StatusCode};
use clavitor_server::Limits;
use serde_json::json;

use crate::{
    agent::Agent,
    node::{Asker, Reply, TestNode},
    proofs::{sent, strangers},
    story::{PASSWORD, household, login, terms},
};

#[tokio::test]
async fn a_thousand_requests_at_once_release_no_more_than_the_budget() {
    let node = TestNode::with(Limits { agent_burst_max: 2_000, ..Limits::default() });
    let (mut browser, scope) = household(&node, "harvest").await;
    let mut entries = Vec::new();
    for number in 0..20 {
        let (entry, changes) = browser.person.add_entry(login(&format!("Login {number}"), scope), node.now_ms()).unwrap();
        browser.change(&node, changes).await.ok();
        entries.push(entry);
    }
    let agent = Agent::enrolled(&node, &mut browser, &terms(&node, "Bot", scope), "bot").await;
    let asks: Vec<_> = (0..1_000)
        .map(|number| json!({"entry_id": entries[number % 20].to_string(), "field_ids": [PASSWORD.to_string()], "mode": "use"}))
        .collect();
    let asker = Asker::Agent(&agent);
    let replies = at_once(asks.iter().map(|ask| node.post(&asker, "/v1/agent/release", ask))).await;

    let mut released: Vec<_> =
        replies.iter().filter(|reply| reply.status == StatusCode::OK).map(|reply| reply.json()["entry"]["entry_id"].to_string()).collect();
    released.sort_unstable();
    released.dedup();
    assert!((1..=3).contains(&released.len()), "{} distinct entries", released.len());
    let refused: Vec<_> = replies.iter().filter(|reply| reply.status != StatusCode::OK).map(Reply::code).collect();
    assert!(refused.iter().all(|code| ["budget_exceeded", "agent_locked"].contains(&code.as_str())), "{refused:?}");
    let waits = replies.iter().filter(|reply| reply.code() == "budget_exceeded");
    assert!(
        waits.clone().count() > 0
            && waits.clone().all(|reply| reply.status == StatusCode::TOO_MANY_REQUESTS && reply.headers.contains_key("retry-after"))
    );
}

/// Runs all of them on one thread, each as far as it goes, until all are done.
async fn at_once<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in &mut waiting {
            if done.is_none()
                && let std::task::Poll::Ready(reply) = future.as_mut().poll(context)
            {
                *done = Some(reply);
            }
        }
        if waiting.iter().all(|(_, done)| done.is_some()) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}

#[tokio::test]
async fn unknown_and_forbidden_are_the_same_answer() {
    let node = TestNode::new();
    let (mut browser, scope) = household(&node, "hidden").await;
    let (other, changes) = browser.person.add_scope("Private", node.now_ms()).unwrap();
    browser.change(&node, changes).await.ok();
    let (hidden, changes) = browser.person.add_entry(login("Private", other), node.now_ms()).unwrap();
    browser.change(&node, changes).await.ok();
    let agent = Agent::enrolled(&node, &mut browser, &terms(&node, "Bot", scope), "bot").await;

    let ask = |entry: String| json!({"entry_id": entry, "field_ids": [PASSWORD.to_string()], "mode": "use"});
    let forbidden = node.post(&Asker::Agent(&agent), "/v1/agent/release", &ask(hidden.to_string())).await;
    let unknown = node.post(&Asker::Agent(&agent), "/v1/agent/release", &ask("77".repeat(16))).await;
    assert_eq!((forbidden.status, forbidden.bytes), (StatusCode::NOT_FOUND, unknown.bytes));

    let (stranger, _) = household(&node, "stranger").await;
    let of_another = node.get(&Asker::Person(&stranger), &format!("/v1/entries/{hidden}")).await;
    let of_nobody = node.get(&Asker::Person(&stranger), &format!("/v1/entries/{}", "77".repeat(16))).await;
    let no_id = node.get(&Asker::Person(&stranger), "/v1/entries/nothing").await;
    let no_route = node.get(&Asker::Person(&stranger), "/v1/nothing").await;
    assert_eq!((of_another.status, &of_another.bytes), (StatusCode::NOT_FOUND, &of_nobody.bytes));
    assert_eq!((&no_id.bytes, &no_route.bytes), (&of_nobody.bytes, &of_nobody.bytes));
    let lock = node.ask(&Asker::Person(&stranger), Method::POST, &format!("/v1/agents/{}/lock", agent.id()), None).await;
    assert_eq!((lock.status, &lock.bytes), (StatusCode::NOT_FOUND, &of_nobody.bytes));
}

#[tokio::test]
async fn a_looping_agent_waits_and_neither_a_stranger_nor_another_agent_uses_up_its_rate() {
    let node = TestNode::with(Limits { agent_burst_max: 4, agent_per_minute_max: 60, ..Limits::default() });
    let (mut browser, scope) = household(&node, "loop").await;
    let agent = Agent::enrolled(&node, &mut browser, &terms(&node, "Bot", scope), "bot").await;
    let other = Agent::enrolled(&node, &mut browser, &terms(&node, "Other", scope), "other").await;
    for _ in 0..6 {
        let proof = strangers(&node, &agent, "GET", "/v1/agent", "one stranger");
        let refused = sent(&node, &agent.id().to_string(), &[proof], None).await;
        assert!(["unauthenticated", "rate_limited"].contains(&refused.code().as_str()), "{}", refused.code());
    }
    for _ in 0..4 {
        node.get(&Asker::Agent(&agent), "/v1/agent").await.ok();
    }
    for path in ["/v1/agent", "/v1/agent/entries"] {
        let refused = node.get(&Asker::Agent(&agent), path).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
        assert_eq!((&refused.json()["retry_after_s"], &refused.headers["retry-after"]), (&json!(1), &"1".parse().unwrap()));
    }
    node.get(&Asker::Agent(&other), "/v1/agent").await.ok();
    node.pass(1);
    node.get(&Asker::Agent(&agent), "/v1/agent").await.ok();
}

#[tokio::test]
async fn a_looping_hosted_agent_waits_too() {
    let node = TestNode::with(Limits { agent_burst_max: 4, agent_per_minute_max: 60, ..Limits::default() });
    let (mut browser, scope) = household(&node, "hosted loop").await;
    let (hosted, changes) = browser.person.host(&terms(&node, "CI", scope), node.now_ms()).unwrap();
    browser.change(&node, changes).await.ok();
    let asker = Asker::Hosted(&hosted.token);
    for _ in 0..4 {
        node.get(&asker, "/v1/hosted/entries").await.ok();
    }
    assert_eq!(node.get(&asker, "/v1/hosted/entries").await.code(), "rate_limited");
    node.pass(1);
    node.get(&asker, "/v1/agent").await.ok();
}
