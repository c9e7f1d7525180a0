//! The binary with a name and a certificate authority: it gets its certificate by itself, and may be killed at any moment. Needs Debian's package `pebble`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on has failed

#[path = "../../../clavitor-server/tests/acme/authority.rs"]
mod authority;
mod expiry;
mod flags;
mod node;
#[path = "../../../clavitor-server/tests/acme/pebble.rs"]
#[allow(dead_code, reason = "written for more tests than these")]
mod pebble;
#[path = "../../../clavitor-server/tests/acme/visitor.rs"]
mod visitor;

use std::{path::Path, time::Duration};

use node::Node;
use pebble::{Ask, Pebble, until};
use visitor::Visitor;

const KILLS: usize = 5;

#[tokio::test]
async fn a_name_is_enough_for_a_certificate() {
    let (https, http) = (pebble::free_port(), pebble::free_port());
    let pebble = Pebble::start(&Ask::new(https, http)).await;
    let data = tempfile::tempdir().unwrap();
    let node = Node::start(data.path(), &pebble, https, http);
    let visitor = Visitor::new(&pebble.issuing_root().await);
    until_served(&visitor, https).await;
    let answer = visitor.get(https, "/livez").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(data.path().join("acme/certificate.json").exists());
    drop(node);
}

#[tokio::test]
async fn killed_in_the_middle_of_renewals_it_always_comes_back_with_a_certificate() {
    let (https, http) = (pebble::free_port(), pebble::free_port());
    let pebble = Pebble::start(&Ask { validity_s: 8, ..Ask::new(https, http) }).await;
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("acme");
    let visitor = Visitor::new(&pebble.issuing_root().await);
    for kill in 0..KILLS {
        let mut node = Node::start(data.path(), &pebble, https, http);
        if kill > 0 {
            until_served(&visitor, https).await;
        }
        until(|| folder.join("order.json").exists()).await;
        // A little later each time, so that the kill meets every step of an order.
        tokio::time::sleep(Duration::from_millis(kill as u64 * 150)).await;
        node.kill();
        assert_whole(&folder);
    }
    let node = Node::start(data.path(), &pebble, https, http);
    until_served(&visitor, https).await;
    assert!(!node.log().contains("damaged"), "{}", node.log());
}

async fn until_served(visitor: &Visitor, https: u16) {
    let waiting = async {
        while visitor.get(https, "/livez").await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(pebble::PATIENCE, waiting).await.is_ok(), "no good certificate was ever served");
}

/// Every file that has its final name is complete.
fn assert_whole(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.extension().is_none_or(|kind| kind != "damaged"), "{}", path.display());
        if path.extension().is_some_and(|kind| kind == "json") {
            let read: Result<serde_json::Value, _> = serde_json::from_slice(&std::fs::read(&path).unwrap());
            assert!(read.is_ok(), "{} is torn", path.display());
        }
    }
}
