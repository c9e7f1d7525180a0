//! The management network: a WireGuard plan drawn from the fleet's topology as pure data, its texts, and the rotation of keys.
//!
//! Two networks, each with one hub and an interface of its own on every node. A spoke has one peer, the hub, and accepts from it the hub's own
//! address and the operators'; a hub has every other node and every operator by one address each, and forwards nothing but operators to port 22
//! of nodes. A hub is a spoke of the other network. Nothing here holds, makes or reads a private key: those are made on the machine they belong to.

mod check;
mod config;
mod draw;
mod firewall;
mod from_inventory;
mod key;
mod pair;
mod plan;
pub mod rotation;
mod topology;

#[cfg(test)]
mod properties;

pub use check::TopologyError;
pub use config::{changes, interface_text, laptop_text, peer_arguments};
pub use firewall::{Firewall, Rule, Service};
pub use key::{KeyError, PublicKey};
pub use pair::{Desk, pair_script};
pub use plan::{Interface, NodePlan, Peer, PeerName, Plan, Role};
pub use topology::{KEEPALIVE_S, Member, Network, Operator, Topology};
