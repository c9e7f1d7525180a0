//! What a plan is drawn from: the networks, the nodes that are not retired, the operators. The inventory is turned into this, and tests make it by hand.

use std::net::IpAddr;

use super::{PublicKey, Subnet};

/// How often a spoke sends something, so that whatever tracks connections on the way keeps the way open (the figure WireGuard's own page names).
pub const KEEPALIVE_S: u16 = 25;

/// One of the networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its short name: `a`, `b`.
    pub name: String,
    /// The interface on every node: `wg0`, `wg1`.
    pub interface: String,
    /// Its addresses.
    pub subnet: Subnet,
    /// The node that is its hub.
    pub hub: String,
    /// The UDP port on which the hub listens.
    pub port: u16,
    /// The addresses of operators, a part of `subnet` in which no node has its address.
    pub operators: Subnet,
    /// How often spokes send something, in seconds; [`KEEPALIVE_S`] but in tests.
    pub keepalive_s: u16,
}

/// A node that takes part: planned or active, never retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name in the inventory.
    pub name: String,
    /// The number of its address in every network, counted from the first.
    pub number: u8,
    /// Its public address, always a literal: a name could be moved by whoever moves the service.
    pub endpoint: Option<IpAddr>,
    /// Its public key, once it is enrolled.
    pub key: Option<PublicKey>,
}

/// A person who may reach port 22 of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Their name in the inventory.
    pub name: String,
    /// The number of their machine's address in every network.
    pub number: u8,
    /// The public key of their machine, once they have made one.
    pub key: Option<PublicKey>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// The networks, in the order of their names.
    pub networks: Vec<Network>,
    /// The nodes.
    pub members: Vec<Member>,
    /// The operators.
    pub operators: Vec<Operator>,
}

impl Topology {
    /// A node by its name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}
