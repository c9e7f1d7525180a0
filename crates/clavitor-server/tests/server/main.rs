//! The server from outside: every test says who is asking, and asks a whole node with a real store in a temporary folder.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on has failed

mod agent;
mod alerts;
mod bad_input;
mod browser;
mod connection;
mod edition;
mod headers;
mod heartbeat;
mod hold;
mod key;
mod lines;
mod logs;
mod node;
mod operator;
mod passkeys;
mod past;
mod proofs;
mod release;
mod routes;
mod schedule;
mod seam;
mod story;
mod tls;
mod vitals;
mod watchers;
mod wire;
