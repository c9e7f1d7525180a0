//! What a plan is drawn from: the networks, the nodes that are not retired, the operators. The inventory is turned into this, and tests make it by hand.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;

use super::PublicKey;

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
    pub subnet: Ipv4Net,
    /// The node that is its hub.
    pub hub: String,
    /// The UDP port on which the hub listens.
    pub port: u16,
    /// The addresses of operators, a part of `subnet` in which no node has its address.
    pub operators: Ipv4Net,
    /// How often spokes send something, in seconds; [`KEEPALIVE_S`] but in tests.
    pub keepalive_s: u16,
}

impl Network {
    /// The address with this number, counted from the first: 10.84.0.2 for 2 in 10.84.0.0/24. None outside of the network, and for its first and last address, which
    /// no machine has.
    pub fn address(&self, number: u8) -> Option<Ipv4Addr> {
        let address = Ipv4Addr::from_bits(self.subnet.network().to_bits().checked_add(u32::from(number))?);
        (self.subnet.contains(&address) && number != 0 && address != self.subnet.broadcast()).then_some(address)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_machines() {
        let subnet = |text: &str| Network {
            name: "a".into(),
            interface: "wg0".into(),
            subnet: text.parse().expect("a network"),
            hub: "zurich".into(),
            port: 51820,
            operators: "10.84.1.240/28".parse().expect("a network"),
            keepalive_s: KEEPALIVE_S,
        };
        let whole = subnet("10.84.1.0/24");
        assert_eq!(whole.address(7), Some(Ipv4Addr::new(10, 84, 1, 7)));
        assert_eq!((whole.address(0), whole.address(255)), (None, None));
        let part = subnet("10.84.0.240/28");
        assert_eq!(part.address(7), Some(Ipv4Addr::new(10, 84, 0, 247)));
        assert_eq!((part.address(15), part.address(16)), (None, None));
    }
}
