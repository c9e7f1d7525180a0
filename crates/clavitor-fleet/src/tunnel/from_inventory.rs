//! The inventory as a topology: what of it matters to the management network.

use super::{Member, Network, Operator, PublicKey, Topology};
use crate::inventory::{Inventory, WireguardKey};

impl Topology {
    /// The topology of an inventory: every node that is not retired. A key that is no point of the curve counts as absent; the inventory's own check names it.
    pub fn of(inventory: &Inventory) -> Self {
        let networks = inventory.networks.iter().map(|(name, network)| Network {
            name: name.word().to_owned(),
            interface: network.interface.to_string(),
            subnet: network.subnet.into(),
            hub: network.hub.to_string(),
            port: network.port,
            operators: network.operators.into(),
            keepalive_s: network.keepalive_s,
        });
        let members = inventory.wanted().map(|(name, node)| Member {
            name: name.to_string(),
            number: node.number,
            endpoint: Some(node.address),
            key: node.keys.as_ref().and_then(|keys| checked(&keys.wireguard)),
        });
        let operators = inventory.operators.iter().map(|(name, operator)| Operator {
            name: name.to_string(),
            number: operator.number,
            key: operator.wireguard.as_ref().and_then(checked),
        });
        Self { networks: networks.collect(), members: members.collect(), operators: operators.collect() }
    }
}

fn checked(key: &WireguardKey) -> Option<PublicKey> {
    PublicKey::from_bytes(key.bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        inventory::SHIPPED,
        tunnel::{Plan, Role},
    };

    #[test]
    fn the_shipped_inventory_has_a_plan_before_any_machine_has_a_key() {
        let inventory = Inventory::parse(SHIPPED, "fleet.toml").inventory.expect("the shipped inventory");
        let plan = Plan::of(&Topology::of(&inventory)).expect("a plan");
        assert_eq!(plan.nodes.len(), 16);
        let zurich = &plan.nodes["zurich"];
        assert_eq!(
            zurich.interface("a").map(|interface| (interface.role, interface.awaited.len(), interface.peers.len())),
            Some((Role::Hub, 16, 0))
        );
        assert_eq!(plan.nodes["tokyo"].interface("b").map(|interface| interface.address.to_string()), Some("10.84.1.2".into()));
    }
}
