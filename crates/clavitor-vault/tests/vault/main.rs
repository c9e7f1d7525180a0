//! The vault on a real database in a temporary folder, asked by named callers: the owner, strangers, enrolled agents, hosted agents.

mod agents;
mod audit;
mod backup;
mod changes;
mod concurrency;
mod crash;
mod disk;
mod entries;
mod hosted;
mod house;
mod people;
mod recovery;
mod release;
mod store;
