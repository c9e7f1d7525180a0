//! Certificates from a real ACME server: Pebble with its own name server on loopback, and in front of it, where a test needs what Pebble lacks, a small
//! relay that adds renewal information, profiles and rate limits. Needs Debian's package `pebble` (`scripts/install test`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on has failed

mod authority;
mod faults;
mod issue;
mod keys;
mod pebble;
mod place;
mod relay;
mod renew;
mod visitor;
