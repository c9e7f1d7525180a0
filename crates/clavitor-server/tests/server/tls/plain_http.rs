//! Wrong addresses: port 80, a bare IP address, another name.

use clavitor_server::Limits;
use tokio::net::TcpStream;

use super::{NAME, Served, ask, get};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn asked(served: &Served, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(served.http).await.unwrap();
    ask(&mut stream, request).await
}

#[track_caller]
fn is_a_page((head, body): &(String, String), status: u16, words: &str) {
    assert!(head.starts_with(&format!("http/1.1 {status}")), "{head}");
    assert!(head.contains("content-type: text/html") && body.contains(words), "{head}{body}");
    assert!(head.contains("content-security-policy: default-src 'none'; style-src 'sha256-"), "{head}");
    assert!(!head.contains("location:") && !head.contains("set-cookie"), "{head}");
    assert!(body.contains("href=\"https://vault.test/\""));
}

#[track_caller]
fn is_an_error((head, body): &(String, String), status: u16, code: &str) {
    assert!(head.starts_with(&format!("http/1.1 {status}")) && !head.contains("location:"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["code"], code);
    assert!(body["message"].as_str().unwrap().contains("https://vault.test"), "{body}");
}

#[tokio::test]
async fn port_80_shows_people_the_address_and_tells_programs() {
    let served = Served::start().await;
    let page = asked(&served, &get("/", NAME, BROWSER)).await;
    is_a_page(&page, 400, "plain HTTP");
    assert!(!page.0.contains("strict-transport-security"), "which counts over TLS only");
    is_an_error(&asked(&served, &get("/v1/vault", NAME, BROWSER)).await, 400, "bad_request");
    let post =
        format!("POST /v1/session/begin HTTP/1.1\r\nhost: {NAME}\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{{}}");
    is_an_error(&asked(&served, &post).await, 400, "bad_request");
}

#[tokio::test]
async fn a_bare_address_gets_the_reason_on_both_ports() {
    let served = Served::start().await;
    for host in ["192.168.1.5", "[fd00::5]", "printer.local", "evil.test:80"] {
        is_a_page(&asked(&served, &get("/", host, BROWSER)).await, 400, "bare IP address");
        let mut stream = served.dial().await;
        is_a_page(&ask(&mut stream, &get("/", host, BROWSER)).await, 400, "bare IP address");
        is_an_error(&ask(&mut stream, &get("/v1/vault", host, "*/*")).await, 400, "bad_request");
    }
}

#[tokio::test]
async fn a_second_name_serves_programs_and_sends_people_to_the_first() {
    let served = Served::start().await;
    let mut stream = served.dial().await;
    is_a_page(&ask(&mut stream, &get("/", "zurich.test", BROWSER)).await, 400, "several names");
    assert!(ask(&mut stream, &get("/v1/vault", "zurich.test", "*/*")).await.0.starts_with("http/1.1 401"));
    assert!(ask(&mut stream, &get("/", "VAULT.test:8443", BROWSER)).await.0.starts_with("http/1.1 200"));
}

#[tokio::test]
async fn before_the_first_certificate_port_80_says_so() {
    let served = Served::without_certificate(Limits::default()).await;
    let page = asked(&served, &get("/", NAME, BROWSER)).await;
    is_a_page(&page, 503, "getting its certificate");
    assert!(page.0.contains("retry-after: 30"));
    is_an_error(&asked(&served, &get("/v1/vault", NAME, "*/*")).await, 503, "unavailable");
}

#[tokio::test]
async fn strangers_have_a_rate_on_port_80_and_challenges_have_none() {
    let limits = Limits { requests_per_minute_max: 3, ..Limits::default() };
    let served = Served::without_certificate(limits).await;
    served.challenges.put("token", "token.thumbprint");
    let mut heads = Vec::new();
    for _ in 0..5 {
        heads.push(asked(&served, &get("/", NAME, "*/*")).await.0);
    }
    assert!(heads[0].starts_with("http/1.1 503") && heads[4].starts_with("http/1.1 429"), "{heads:?}");
    assert!(heads.iter().all(|head| head.contains("connection: close")));
    assert!(asked(&served, &get("/.well-known/acme-challenge/token", NAME, "*/*")).await.0.starts_with("http/1.1 200"));
}

#[tokio::test]
async fn challenges_are_answered_on_port_80_under_any_name() {
    let served = Served::start().await;
    served.challenges.put("token", "token.thumbprint");
    for host in [NAME, "192.0.2.1"] {
        let (head, body) = asked(&served, &get("/.well-known/acme-challenge/token", host, "*/*")).await;
        assert!(head.starts_with("http/1.1 200") && head.contains("application/octet-stream"), "{head}");
        assert_eq!(body, "token.thumbprint");
    }
    is_an_error(&asked(&served, &get("/.well-known/acme-challenge/other", NAME, "*/*")).await, 400, "bad_request");
    served.challenges.remove("token");
    is_an_error(&asked(&served, &get("/.well-known/acme-challenge/token", NAME, "*/*")).await, 400, "bad_request");
}
