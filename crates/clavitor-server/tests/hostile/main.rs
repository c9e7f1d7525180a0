//! A hostile client over real sockets. Each attack ends with the refusal or the close that docs/API.md promises, leaves no connection behind, and the node
//! still answers everybody else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on has failed

#[path = "../server/agent.rs"]
#[allow(dead_code)] // the other tests use all of it
mod agent;
#[path = "../server/browser.rs"]
#[allow(dead_code)]
mod browser;
#[path = "../server/edition.rs"]
mod edition;
#[path = "../server/key.rs"]
#[allow(dead_code, reason = "written for more tests than these")]
mod key;
#[path = "../server/node.rs"]
#[allow(dead_code)]
mod node;
#[path = "../server/wire.rs"]
#[allow(dead_code)]
mod wire;

mod crowds;
mod floods;
mod handshakes;
mod house;
mod http2;
mod offenders;
mod oversize;
mod slow;
mod smuggling;
mod spoofing;
