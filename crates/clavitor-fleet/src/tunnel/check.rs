//! What a topology must hold before a plan is drawn from it. The inventory's own checks find all of this first, with a line and a column; this is what the plan relies on.

use std::collections::BTreeMap;

use super::{Topology, topology::Network};

/// Why no plan can be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// A hub that is no member.
    #[error("the hub of network {network} is {hub}, which is not among the nodes that are planned or active: name another hub first")]
    HubMissing {
        /// The network.
        network: String,
        /// The name it gives.
        hub: String,
    },
    /// A hub without a public address cannot be reached by its spokes.
    #[error("{hub} is the hub of network {network} and has no public address")]
    HubWithoutAddress {
        /// The network.
        network: String,
        /// Its hub.
        hub: String,
    },
    /// One machine for both networks leaves nothing to fall back on, and is an interface conflict as well.
    #[error("{hub} is the hub of two networks: the second network is there for the day on which that machine is lost")]
    HubTwice {
        /// The node.
        hub: String,
    },
    /// Two networks share addresses, an interface or a name.
    #[error("networks {first} and {second} have the same {what}")]
    NetworksMeet {
        /// One.
        first: String,
        /// The other.
        second: String,
        /// `name`, `interface` or `addresses`.
        what: &'static str,
    },
    /// The operators' range is no part of the network.
    #[error("the operators' range of network {network} does not lie in its subnet")]
    OperatorsOutside {
        /// The network.
        network: String,
    },
    /// An address that two would have.
    #[error("{first} and {second} have the same number {number}")]
    NumberTwice {
        /// The number.
        number: u8,
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// A number that is no address of a node, or of an operator, in a network.
    #[error("{who} has the number {number}, which is not an address of {}", if *.operator { "the operators' range" } else { "a node" })]
    NumberOutside {
        /// The node or operator.
        who: String,
        /// The number.
        number: u8,
        /// Whether it is an operator.
        operator: bool,
    },
    /// Two peers of an interface with one key are one peer to WireGuard.
    #[error("{first} and {second} have the same public key: each machine makes its own")]
    KeyTwice {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
}

pub(super) fn check(topology: &Topology) -> Result<(), TopologyError> {
    networks(topology)?;
    numbers(topology)?;
    keys(topology)
}

fn networks(topology: &Topology) -> Result<(), TopologyError> {
    for (index, network) in topology.networks.iter().enumerate() {
        let (name, hub) = (network.name.clone(), network.hub.clone());
        let Some(member) = topology.member(&network.hub) else {
            return Err(TopologyError::HubMissing { network: name, hub });
        };
        if member.endpoint.is_none() {
            return Err(TopologyError::HubWithoutAddress { network: name, hub });
        }
        if !network.subnet.contains(&network.operators) {
            return Err(TopologyError::OperatorsOutside { network: name });
        }
        for other in topology.networks.iter().skip(index + 1) {
            if other.hub == network.hub {
                return Err(TopologyError::HubTwice { hub });
            }
            if let Some(what) = common(network, other) {
                return Err(TopologyError::NetworksMeet { first: name, second: other.name.clone(), what });
            }
        }
    }
    Ok(())
}

fn common(one: &Network, other: &Network) -> Option<&'static str> {
    let found = [
        ("name", one.name == other.name),
        ("interface", one.interface == other.interface),
        ("addresses", one.subnet.contains(&other.subnet) || other.subnet.contains(&one.subnet)),
    ];
    found.into_iter().find(|(_, same)| *same).map(|(what, _)| what)
}

fn numbers(topology: &Topology) -> Result<(), TopologyError> {
    let nodes = topology.members.iter().map(|member| (member.name.clone(), member.number, false));
    let operators = topology.operators.iter().map(|operator| (format!("operator {}", operator.name), operator.number, true));
    let mut seen: BTreeMap<u8, String> = BTreeMap::new();
    for (who, number, operator) in nodes.chain(operators) {
        let fits = |network: &Network| {
            let address = network.address(number);
            address.is_some_and(|address| network.operators.contains(&address) == operator)
        };
        if !topology.networks.iter().all(fits) {
            return Err(TopologyError::NumberOutside { who, number, operator });
        }
        if let Some(first) = seen.insert(number, who.clone()) {
            return Err(TopologyError::NumberTwice { number, first, second: who });
        }
    }
    Ok(())
}

fn keys(topology: &Topology) -> Result<(), TopologyError> {
    let nodes = topology.members.iter().map(|member| (member.name.clone(), member.key));
    let operators = topology.operators.iter().map(|operator| (format!("operator {}", operator.name), operator.key));
    let mut seen = BTreeMap::new();
    for (who, key) in nodes.chain(operators) {
        let Some(key) = key else { continue };
        if let Some(first) = seen.insert(key, who.clone()) {
            return Err(TopologyError::KeyTwice { first, second: who });
        }
    }
    Ok(())
}
