//! The log holds nothing that a caller wrote: no body, no path, no header, no token.

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::http::Method;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    browser::Browser,
    node::{Asker, TestNode},
};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn nothing_that_a_caller_wrote_is_logged() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_max_level(tracing::Level::TRACE).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let node = TestNode::new();
    let mut browser = Browser::make_vault(&node, "logs").await;
    let first = browser.cookie.clone();
    browser.sign_in(&node).await.ok();
    let needle = "needle-4111111111111111";
    let bodies = [
        json!({"prf": {"results": {"first": needle}}}),
        json!({needle: 1}),
        json!({"setup_token": needle, "vault_id": needle}),
        json!({"setup_token": needle, "vault_id": "00".repeat(16)}),
        json!({"ceremony_id": "00".repeat(16), "credential": {"raw_id": needle}}),
    ];
    for body in &bodies {
        for path in ["/v1/setup/begin", "/v1/session/finish", "/v1/enrol", "/v1/changes"] {
            node.post(&Asker::Person(&browser), path, body).await;
        }
    }
    node.get(&Asker::Hosted(needle), "/v1/agent").await;
    node.get(&Asker::Cookie(needle), &format!("/v1/entries/{needle}?{needle}")).await;
    node.ask(&Asker::Nobody, Method::PUT, &format!("/{needle}"), None).await;
    drop(guard);

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("request refused") && log.contains("SecretRefused"), "the log is on: {log}");
    for secret in ["needle", first.as_str(), browser.cookie.as_str()] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
