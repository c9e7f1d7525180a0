//! The rendered NixOS configuration: its form, what it says when it is evaluated, the finished units, and the scripts of the nodes.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod break_glass;
mod declared;
mod enrolment;
mod evaluated;
mod fleet;
mod form;
#[path = "../lab/mod.rs"]
mod lab;
mod nix;
mod safety;
mod scripts;
mod units;
