//! What every response carries.

use axum::http::{StatusCode, header};
use clavitor_server::router::operations;

use crate::{
    browser::Browser,
    node::{Asker, TestNode},
};

#[tokio::test]
async fn every_answer_is_closed_by_default() {
    let node = TestNode::new();
    let mut paths: Vec<String> = operations().iter().map(|operation| operation.path.to_owned()).collect();
    paths.extend(["/".to_owned(), "/setup".to_owned(), "/nothing".to_owned()]);
    for path in paths {
        let headers = node.get(&Asker::Nobody, &path).await.headers;
        let value = |name: &str| headers.get(name).unwrap_or_else(|| panic!("{name} is missing at {path}")).to_str().unwrap();
        assert_eq!(value("x-content-type-options"), "nosniff");
        assert_eq!(value("referrer-policy"), "no-referrer");
        assert_eq!(value("cross-origin-opener-policy"), "same-origin");
        assert_eq!(value("cross-origin-embedder-policy"), "require-corp");
        assert_eq!(value("cross-origin-resource-policy"), "same-origin");
        assert!(value("permissions-policy").contains("publickey-credentials-get=(self)"));
        let policy = value("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(value("x-request-id").len(), 16);
        assert!(!headers.contains_key("access-control-allow-origin"));
        assert!(!headers.contains_key("server"));
        if path.starts_with("/v1") {
            assert_eq!(value("cache-control"), "no-store");
        }
    }
}

#[tokio::test]
async fn the_cookie_belongs_to_this_origin_alone() {
    let node = TestNode::new();
    let mut browser = Browser::make_vault(&node, "cookie").await;
    let signed_in = browser.sign_in(&node).await;
    let cookie = signed_in.headers[header::SET_COOKIE].to_str().unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(pair.strip_prefix("__Host-clavitor=").unwrap().len(), 43, "256 bits");
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Strict");
    assert!(!String::from_utf8_lossy(&signed_in.bytes).contains(&browser.cookie), "the token is in the cookie and nowhere else");
}

#[tokio::test]
async fn the_page_is_served_at_its_two_addresses_and_the_rest_is_not_found() {
    let node = TestNode::new();
    for path in ["/", "/setup"] {
        let reply = node.get(&Asker::Nobody, path).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(reply.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("trusted-types 'none'"));
        assert!(!String::from_utf8_lossy(&reply.bytes).contains("://"), "the page names no other site");
    }
    for path in ["/setup/", "/admin", "/.env", "/assets/", "/../etc/passwd", "/%2e%2e/etc/passwd"] {
        assert_eq!(node.get(&Asker::Nobody, path).await.code(), "not_found", "{path}");
    }
}
