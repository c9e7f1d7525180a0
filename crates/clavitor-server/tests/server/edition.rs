//! Which edition these tests are about, and what is so in this one only.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use clavitor_server::edition::{Community, Edition};

use crate::node::{Asker, TestNode};

/// The edition of every node of this test program.
pub(crate) fn under_test() -> Arc<dyn Edition> {
    Arc::new(Community)
}

#[tokio::test]
async fn what_is_not_there_is_plainly_not_there() {
    let node = TestNode::new();
    for path in ["/wp-login.php", "/.env", "/v1/nothing"] {
        let reply = node.get(&Asker::Nobody, path).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::NOT_FOUND, "not_found"));
        assert!(!reply.headers.contains_key("connection"), "the connection can be used again");
    }
    let reply = node.ask(&Asker::Nobody, Method::PUT, "/v1/node", None).await;
    assert_eq!((reply.status, reply.json()["remedy"].as_str()), (StatusCode::METHOD_NOT_ALLOWED, Some("Use GET.")));
}
