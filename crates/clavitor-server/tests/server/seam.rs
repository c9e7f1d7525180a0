//! What an edition can add and hear, with one made for the purpose.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use clavitor_server::{
    Limits,
    answer::Word,
    edition::{Edition, Response, Unmatched},
    operation::{Call, Operation},
    refusal::Refusal,
    who::Anyone,
};

use crate::{
    agent::Agent,
    node::{Asker, TestNode},
    story::{household, terms},
};

/// An edition with a route of its own, and a status of its own for what is not there.
struct Own;

async fn own(_: Call<Anyone>, (): ()) -> Result<Word, Refusal> {
    Ok(Word("own"))
}

impl Edition for Own {
    fn name(&self) -> &'static str {
        "own"
    }

    fn operations(&self) -> Vec<Operation> {
        vec![Operation::new(Method::GET, "/v1/own", "own", "A route of this edition only.", own)]
    }

    fn unmatched(&self, request: &Unmatched<'_>) -> Response {
        let mut response = Response::default();
        *response.status_mut() = if (request.proven)() { StatusCode::IM_A_TEAPOT } else { StatusCode::GONE };
        response
    }
}

fn node() -> TestNode {
    TestNode::of(Arc::new(Own), Limits::default())
}

#[tokio::test]
async fn an_edition_brings_routes_and_answers_what_is_not_there() {
    let node = node();
    assert_eq!(node.get(&Asker::Nobody, "/v1/own").await.bytes, b"own");
    assert_eq!(node.get(&Asker::Nobody, "/v1/node").await.ok()["edition"], "own");
    assert_eq!(node.ask(&Asker::Nobody, Method::PUT, "/v1/own", None).await.status, StatusCode::GONE);
    assert_eq!(node.get(&Asker::Nobody, "/nothing").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn an_edition_hears_whether_the_caller_is_somebody() {
    let node = node();
    let (mut browser, scope) = household(&node, "somebody").await;
    let agent = Agent::enrolled(&node, &mut browser, &terms(&node, "deploy", scope), "deploy").await;
    let (hosted, changes) = browser.person.host(&terms(&node, "chat", scope), node.now_ms()).unwrap();
    browser.change(&node, changes).await.ok();
    let token = hosted.token.clone();
    for somebody in [Asker::Person(&browser), Asker::Agent(&agent), Asker::Hosted(&token)] {
        assert_eq!(node.get(&somebody, "/nothing").await.status, StatusCode::IM_A_TEAPOT);
    }
    for nobody in [Asker::Nobody, Asker::Cookie("made-up"), Asker::Hosted("made-up")] {
        assert_eq!(node.get(&nobody, "/nothing").await.status, StatusCode::GONE);
    }
}
