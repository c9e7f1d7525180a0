//! The Commercial program from outside, against a receiver of alerts that is a real TCP server; and its alerts over a simulated day.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on has failed

mod day;
mod delivered;
mod node;
mod recorder;
mod reports;
