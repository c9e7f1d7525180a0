//! What an operator does to a node and what befalls it, with the real program: stop, restart, kill, damage, power loss, and what the doctor says of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on has failed

mod damage;
mod doctor;
mod house;
mod kill;
mod power;
mod restart;
mod signals;
mod watchdog;
