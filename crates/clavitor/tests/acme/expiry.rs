//! The authority stays away until the certificate has ended, and comes back: what the operator sees, and that nobody has to do anything.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{
    node::{Node, WATCHER},
    pebble::{self, Ask, Pebble, until},
    until_served,
    visitor::Visitor,
};

/// Long enough for three failed renewals before the end, on a busy machine too.
const VALIDITY_S: u64 = 24;

/// What curl reads there: as somebody who does not look at certificates, and the status on a line of its own.
fn curl(url: &str, port: u16) -> String {
    let mut curl = Command::new("curl");
    curl.args(["--header", &format!("authorization: Bearer {WATCHER}")]);
    curl.args(["--silent", "--insecure", "--resolve", &format!("vault.test:{port}:127.0.0.1"), "--write-out", "\n%{http_code}", url]);
    String::from_utf8(curl.stdin(Stdio::null()).output().unwrap().stdout).unwrap()
}

/// The status of /readyz, and its line about the certificate.
fn ready(https: u16) -> (String, String) {
    let said = curl(&format!("https://vault.test:{https}/readyz"), https);
    let Some((body, status)) = said.rsplit_once('\n') else { return Default::default() };
    let Ok(read) = serde_json::from_str::<Value>(body) else { return Default::default() };
    let found = read["checks"].as_array().unwrap().iter().find(|check| check["check"] == "certificate").unwrap();
    (status.to_owned(), format!("{} {}", found["state"].as_str().unwrap(), found["detail"].as_str().unwrap()))
}

/// The kinds of the alerts, in order, each once in a row.
fn told(node: &Node) -> Vec<String> {
    let log = node.log();
    let mut kinds: Vec<String> =
        log.lines().filter_map(|line| Some(line.split_once("OPERATOR ALERT [")?.1.split_once(']')?.0.to_owned())).collect();
    kinds.dedup();
    kinds
}

#[tokio::test]
async fn the_authority_is_away_until_the_certificate_has_ended() {
    let (https, http) = (pebble::free_port(), pebble::free_port());
    let mut pebble = Pebble::start(&Ask { validity_s: VALIDITY_S, ..Ask::new(https, http) }).await;
    let data = tempfile::tempdir().unwrap();
    let node = Node::start(data.path(), &pebble, https, http);
    let root = pebble.issuing_root().await;
    until_served(&Visitor::new(&root), https).await;
    until(|| !data.path().join("acme/order.json").exists()).await;
    pebble.down();
    assert_eq!(told(&node), Vec::<String>::new(), "all is well");

    until(|| ready(https).1.contains("renewing fails")).await;
    until(|| told(&node) == ["certificate_failing", "certificate_expiring"]).await;
    assert!(node.log().contains("cannot be reached") && node.log().contains("authority_unreachable"), "{}", node.log());
    until(|| ready(https) == ("503".to_owned(), "fail it has expired".to_owned())).await;
    let visits = async {
        // Each is a new one: who resumes a session does not look at the certificate again.
        while Visitor::new(&root).get(https, "/livez").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(pebble::PATIENCE, visits).await.is_ok(), "whoever looks at certificates stays away");
    // Whoever does not, and port 80, are served as before.
    assert!(curl(&format!("https://vault.test:{https}/livez"), https).ends_with("\n200"));
    assert!(curl(&format!("http://vault.test:{http}/"), http).contains(&format!("https://vault.test:{https}")));
    until(|| node.log().contains("life_percent=0")).await;

    pebble.up().await;
    // The authority that comes back has another root: only a certificate that is new satisfies this visitor.
    let after = Visitor::new(&pebble.issuing_root().await);
    until_served(&after, https).await;
    until(|| told(&node) == ["certificate_failing", "certificate_expiring", "certificate_renewed"]).await;
    until(|| ready(https).0 == "200").await;
}
