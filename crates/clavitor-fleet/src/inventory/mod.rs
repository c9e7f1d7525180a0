//! The inventory: `fleet.toml` as types. Everything else the tool knows is derived from it. Only public keys are in it.

mod check;
mod day;
mod draft;
mod finding;
mod fleet;
mod key;
mod name;
mod node;
mod note;
mod place;
mod read;
pub mod schema;
mod shape;
mod subnet;
mod text;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use day::{Day, Moment};
pub use draft::{Draft, Refusal};
pub use finding::{Finding, Level, Parsed, nearest};
pub use fleet::{Fleet, Network, NetworkName, Networks, Operator, Plan, Provider, Rollout, Severity};
pub use key::{IdentityKey, SshKey, WireguardKey};
pub use name::{Country, Domain, InterfaceName, NodeName, OperatorName, PlanName, ProviderName};
pub use node::{BreakGlass, HubService, Keys, Node, Role, State};
pub use subnet::Subnet;

use crate::money::Usd;

/// The inventory as it is shipped: the plan of sixteen nodes.
pub const SHIPPED: &str = include_str!("../../fleet.toml");

/// The version of the format that this program reads.
pub const SCHEMA: u32 = 1;

/// Everything `fleet.toml` says, checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// The version of the format: 1.
    pub schema: u32,
    /// The fleet as a whole.
    pub fleet: Fleet,
    /// The two tunnel networks.
    #[serde(rename = "network")]
    pub networks: Networks,
    /// Who rents machines out.
    #[serde(rename = "provider")]
    pub providers: BTreeMap<ProviderName, Provider>,
    /// What can be rented.
    #[serde(rename = "plan")]
    pub plans: BTreeMap<PlanName, Plan>,
    /// When silence is an incident.
    #[serde(default)]
    pub severity: Severity,
    /// How a new version goes round.
    #[serde(default)]
    pub rollout: Rollout,
    /// Who may reach the nodes.
    #[serde(default, rename = "operator")]
    pub operators: BTreeMap<OperatorName, Operator>,
    /// The machines, retired ones too.
    #[serde(rename = "node")]
    pub nodes: BTreeMap<NodeName, Node>,
}

impl Inventory {
    /// The node of this name, retired ones too.
    pub fn node(&self, name: &NodeName) -> Option<&Node> {
        self.nodes.get(name)
    }

    /// Nodes that are there or will be, in the order of their names.
    pub fn wanted(&self) -> impl Iterator<Item = (&NodeName, &Node)> {
        self.nodes.iter().filter(|(_, node)| node.is_wanted())
    }

    /// Nodes in service, in the order of their names.
    pub fn active(&self) -> impl Iterator<Item = (&NodeName, &Node)> {
        self.nodes.iter().filter(|(_, node)| node.is_active())
    }

    /// The hubs of network A and network B, in this order. A checked inventory has both.
    pub fn hubs(&self) -> impl Iterator<Item = (NetworkName, &NodeName, &Node)> {
        self.networks.iter().filter_map(|(network, of)| Some((network, &of.hub, self.nodes.get(&of.hub)?)))
    }

    /// The networks whose hub this node is.
    pub fn hub_of(&self, node: &NodeName) -> impl Iterator<Item = NetworkName> {
        self.networks.iter().filter(move |(_, network)| network.hub == *node).map(|(name, _)| name)
    }

    /// The node's address in a tunnel network; none for a name that is not in the inventory.
    pub fn tunnel_address(&self, node: &NodeName, network: NetworkName) -> Option<Ipv4Addr> {
        Some(self.nodes.get(node)?.address_in(self.networks.get(network)))
    }

    /// The node's public name.
    pub fn host_name(&self, node: &NodeName) -> String {
        format!("{node}.{}", self.fleet.domain)
    }

    /// The lowest number that was never given and lies outside the operators' range; none when all are taken.
    pub fn free_number(&self) -> Option<u8> {
        let is_free = |number: &u8| {
            let of_node = self.nodes.values().any(|node| node.number == *number);
            let of_operator = self.operators.values().any(|operator| operator.number == *number);
            let fits = self.networks.iter().all(|(_, network)| {
                let address = network.subnet.address(*number);
                network.subnet.contains(address) && address != network.subnet.last() && !network.operators.contains(address)
            });
            fits && !of_node && !of_operator
        };
        (1..=254).find(is_free)
    }

    /// What the node costs a month: what it says itself, or its plan's price. None where neither is known.
    pub fn cost(&self, node: &Node) -> Option<Usd> {
        node.cost_usd.or_else(|| self.plans.get(&node.plan)?.price_usd)
    }
}

impl Node {
    /// The node's address in this tunnel network.
    pub fn address_in(&self, network: &Network) -> Ipv4Addr {
        network.subnet.address(self.number)
    }
}

impl Operator {
    /// The operator's address in this tunnel network.
    pub fn address_in(&self, network: &Network) -> Ipv4Addr {
        network.subnet.address(self.number)
    }
}
