//! The vault on a real database in a temporary folder, asked by named callers: the owner, strangers, enrolled agents, hosted agents.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests: a panic is a failed test")]

mod adoption;
mod agents;
mod audit;
mod backup;
mod calls;
mod changes;
mod concurrency;
mod crash;
mod disk;
mod entries;
mod hosted;
mod house;
mod migration;
mod people;
mod recovery;
mod release;
mod store;
