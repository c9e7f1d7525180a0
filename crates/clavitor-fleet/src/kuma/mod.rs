//! The fleet's monitors in a stock Uptime Kuma: two push monitors for each node, one quiet and patient for two beats, one that wakes somebody after five minutes.
//!
//! Kuma has no interface for programs but the one of its own page: Socket.IO events. What is used of them is as Uptime Kuma 2 handles them; [`wire`] speaks
//! the transport, [`session`] the events, and [`plan`] decides, without input or output, what has to change.

mod plan;
mod session;
mod wire;

pub use plan::{Change, Level, Mark, Monitor, Plan, Wanted, plan};
pub use session::{Credentials, Session, Tag};
pub use wire::KumaError;
