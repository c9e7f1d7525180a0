//! What an operator does to a node and what befalls it, with the real program: stop, restart, kill, damage, power loss, a full disk, a clock that jumps, and what the doctor says of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on has failed

mod agent;
mod caller;
mod clock;
mod damage;
mod disk;
mod doctor;
mod house;
mod kill;
mod mount;
mod power;
mod restart;
mod signals;
mod watchdog;
#[path = "../../../clavitor-server/tests/server/wire.rs"]
#[allow(dead_code, reason = "written for more tests than these")]
mod wire;
#[path = "../../../../bench/src/world.rs"]
#[allow(dead_code, reason = "written for more than these tests")]
mod world;
