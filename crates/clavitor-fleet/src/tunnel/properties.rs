//! What holds of every plan, whatever the fleet.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use proptest::prelude::*;

use super::*;

/// Names by number, and a key that is some point of the curve.
fn member(number: u8, enrolled: bool) -> Member {
    let key = enrolled.then(|| key(number));
    Member { name: format!("node-{number}"), number, endpoint: Some(IpAddr::from([203, 0, 113, number])), key }
}

fn key(number: u8) -> PublicKey {
    PublicKey::from_bytes(x25519_dalek::x25519([number; 32], x25519_dalek::X25519_BASEPOINT_BYTES)).expect("a public key")
}

fn network(index: u8, hub: &str) -> Network {
    let subnet = |last: u8, prefix: u8| Ipv4Net::new_assert(Ipv4Addr::new(10, 84, index, last), prefix);
    Network {
        name: ["a", "b"][usize::from(index)].into(),
        interface: format!("wg{index}"),
        subnet: subnet(0, 24),
        hub: hub.into(),
        port: 51820 + u16::from(index),
        operators: subnet(240, 28),
        keepalive_s: KEEPALIVE_S,
    }
}

prop_compose! {
    /// Two hubs, up to thirty spokes, up to four operators; some have no key yet.
    fn topologies()(
        numbers in proptest::collection::btree_set(1_u8..240, 2..32),
        enrolled in proptest::collection::vec(any::<bool>(), 32),
        operators in proptest::collection::btree_set(241_u8..255, 0..4),
    ) -> Topology {
        let members: Vec<Member> = numbers.iter().zip(&enrolled).map(|(number, enrolled)| member(*number, *enrolled)).collect();
        let operators = operators.iter().map(|number| Operator { name: format!("person-{number}"), number: *number, key: Some(key(*number)) });
        let (a, b) = (network(0, &members[0].name), network(1, &members[1].name));
        Topology { networks: vec![a, b], operators: operators.collect(), members }
    }
}

fn plan(topology: &Topology) -> Plan {
    Plan::of(topology).expect("a plan")
}

fn passes(rule: &Rule, by: &str, from: Ipv4Addr, to: Ipv4Addr) -> bool {
    let within =
        |subnets: &[IpNet], address: Ipv4Addr| subnets.is_empty() || subnets.iter().any(|subnet| subnet.contains(&IpAddr::from(address)));
    let by = |interface: &Option<String>| interface.as_ref().is_none_or(|interface| interface == by);
    by(&rule.comes_by) && by(&rule.leaves_by) && within(&rule.from, from) && within(&rule.to, to)
}

/// Whether anything that `from` puts its own address on comes out at `to`, each being a member or an operator of the network: through a tunnel, the hub's forwarding and a tunnel.
fn carries(plan: &Plan, network: &Network, from: Ipv4Addr, to: Ipv4Addr) -> bool {
    let hub = plan.nodes[&network.hub].interface(&network.name).expect("an interface");
    let has = |address: Ipv4Addr| hub.peers.iter().any(|peer| peer.allowed.iter().any(|subnet| subnet.contains(&IpAddr::from(address))));
    let forwards = plan.nodes[&network.hub].firewall.forward.iter().any(|rule| passes(rule, &hub.name, from, to));
    has(from) && has(to) && forwards
}

proptest! {
    #[test]
    fn no_spoke_reaches_a_spoke(topology in topologies()) {
        let plan = plan(&topology);
        for network in &topology.networks {
            let spokes: Vec<&Member> = topology.members.iter().filter(|member| member.name != network.hub).collect();
            let addresses: Vec<Ipv4Addr> = spokes.iter().filter_map(|member| network.address(member.number)).collect();
            for from in &addresses {
                prop_assert!(addresses.iter().all(|to| !carries(&plan, network, *from, *to)));
            }
            for spoke in spokes {
                let interface = plan.nodes[&spoke.name].interface(&network.name).expect("an interface");
                let accepted = interface.peers.iter().flat_map(|peer| &peer.allowed);
                prop_assert!(accepted.into_iter().all(|subnet| addresses.iter().all(|address| !subnet.contains(&IpAddr::from(*address)))));
                let here: Vec<&Rule> = plan.nodes[&spoke.name].firewall.input.iter().filter(|rule| rule.comes_by.as_ref() == Some(&interface.name)).collect();
                prop_assert!(here.iter().all(|rule| addresses.iter().all(|address| !passes(rule, &interface.name, *address, interface.address))));
            }
        }
    }

    #[test]
    fn operators_reach_port_22_of_every_node_and_nothing_else_is_forwarded(topology in topologies()) {
        let plan = plan(&topology);
        for network in &topology.networks {
            for operator in &topology.operators {
                let from = network.address(operator.number).expect("an address");
                for node in topology.members.iter().filter(|node| node.key.is_some() && node.name != network.hub) {
                    prop_assert!(carries(&plan, network, from, network.address(node.number).expect("an address")));
                }
            }
        }
        for rule in plan.nodes.values().flat_map(|node| &node.firewall.forward) {
            prop_assert!(rule.logged && rule.service == Service::Tcp(22) && rule.comes_by.is_some() && rule.comes_by == rule.leaves_by);
        }
    }

    #[test]
    fn no_address_belongs_to_two_peers_of_an_interface(topology in topologies()) {
        for interface in plan(&topology).nodes.values().flat_map(|node| &node.interfaces) {
            let allowed: Vec<IpNet> = interface.peers.iter().flat_map(|peer| peer.allowed.clone()).collect();
            for (index, subnet) in allowed.iter().enumerate() {
                prop_assert!(allowed.iter().skip(index + 1).all(|other| !subnet.contains(other) && !other.contains(subnet)), "{interface:?}");
            }
        }
    }

    #[test]
    fn login_is_never_open_to_everybody(topology in topologies()) {
        for node in plan(&topology).nodes.values() {
            prop_assert!(!node.firewall.public_tcp.contains(&22));
            for rule in node.firewall.input.iter().filter(|rule| rule.service == Service::Tcp(22)) {
                prop_assert!(rule.comes_by.is_some() && !rule.from.is_empty());
            }
        }
    }

    #[test]
    fn a_node_more_or_less_changes_the_hubs_and_nobody_else(topology in topologies(), pick in any::<prop::sample::Index>()) {
        let before = plan(&topology);
        let gone = pick.get(&topology.members).name.clone();
        prop_assume!(topology.networks.iter().all(|network| network.hub != gone));
        let mut fewer = topology.clone();
        fewer.members.retain(|member| member.name != gone);
        let after = plan(&fewer);
        prop_assert!(!after.nodes.contains_key(&gone));
        for (name, now) in &after.nodes {
            let named = now.interfaces.iter().flat_map(|interface| &interface.peers).any(|peer| peer.name == PeerName::Node(gone.clone()));
            prop_assert!(!named);
            if topology.networks.iter().all(|network| network.hub != *name) {
                prop_assert_eq!(now, &before.nodes[name]);
            }
        }
    }

    #[test]
    fn the_order_of_the_lists_does_not_matter(topology in topologies()) {
        let mut turned = topology.clone();
        turned.members.reverse();
        turned.operators.reverse();
        prop_assert_eq!(plan(&topology), plan(&turned));
    }
}

fn small() -> Topology {
    let members = (1..=4).map(|number| member(number, true)).collect();
    let operators = vec![Operator { name: "oncall".into(), number: 241, key: Some(key(241)) }];
    Topology { networks: vec![network(0, "node-1"), network(1, "node-2")], members, operators }
}

#[test]
fn a_spoke_speaks_to_its_hub_and_the_hub_to_everybody() {
    let plan = plan(&small());
    let spoke = interface_text(&plan.nodes["node-3"].interfaces[1]);
    let expected = format!(
        "[Interface]\n\n# node-2\n[Peer]\nPublicKey = {}\nAllowedIPs = 10.84.1.2/32, 10.84.1.240/28\nEndpoint = 203.0.113.2:51821\nPersistentKeepalive = 25\n",
        key(2)
    );
    assert_eq!(spoke, expected);
    let hub = interface_text(&plan.nodes["node-1"].interfaces[0]);
    assert!(hub.starts_with("[Interface]\nListenPort = 51820\n\n# node-2\n[Peer]\n"), "{hub}");
    assert!(hub.contains("# operator oncall\n") && hub.contains("AllowedIPs = 10.84.0.241/32\n") && !hub.contains("Endpoint"), "{hub}");
}

#[test]
fn the_hub_of_one_network_is_a_spoke_of_the_other() {
    let plan = plan(&small());
    let interfaces = &plan.nodes["node-1"].interfaces;
    assert_eq!([interfaces[0].role, interfaces[1].role], [Role::Hub, Role::Spoke]);
    assert_eq!(interfaces[1].peers[0].name, PeerName::Node("node-2".into()));
    assert_eq!(interfaces[1].peers[0].preshared_key_file, "/var/lib/fleet/psk-b");
    assert_eq!(interfaces[0].peers[3].preshared_key_file, "/var/lib/fleet/psk-a.d/operator.oncall");
    assert!(plan.nodes["node-1"].forwards() && !plan.nodes["node-3"].forwards());
}

#[test]
fn a_running_interface_is_told_only_what_changed() {
    let (before, mut topology) = (plan(&small()), small());
    topology.members.retain(|member| member.number != 3);
    topology.members.push(member(9, true));
    let (hub, now) = (&before.nodes["node-1"].interfaces[0], plan(&topology));
    let told = changes(hub, &now.nodes["node-1"].interfaces[0]);
    assert_eq!(told[0], ["set", "wg0", "peer", &key(3).to_string(), "remove"]);
    assert_eq!(told[1][..4], ["set", "wg0", "peer", &key(9).to_string()]);
    assert_eq!(told.len(), 2);
    assert!(changes(hub, hub).is_empty());
}

#[test]
fn who_has_no_key_yet_is_awaited() {
    let mut topology = small();
    topology.members[2].key = None;
    let without = plan(&topology);
    assert_eq!(without.nodes["node-1"].interfaces[0].awaited, [PeerName::Node("node-3".into())]);
    assert_eq!(without.nodes["node-3"], plan(&small()).nodes["node-3"], "a node's own plan does not wait for its key");
}

#[test]
fn an_operators_file_names_no_secret_and_both_hubs() {
    let topology = small();
    let text = laptop_text(&topology, &topology.operators[0], "/etc/wireguard");
    assert!(
        text.contains("Address = 10.84.0.241/32, 10.84.1.241/32\nPostUp = wg set %i private-key /etc/wireguard/wireguard.key\n"),
        "{text}"
    );
    assert_eq!(text.matches("[Peer]").count(), 2);
    assert!(!text.contains("PrivateKey") && !text.contains("PresharedKey"));
    let interface_ends = text.find("[Peer]").expect("a peer");
    assert!(text.rfind("PostUp").expect("a command") < interface_ends, "wg-quick reads PostUp of the interface only");
}

#[test]
fn a_topology_that_does_not_hold_together_is_refused() {
    let refused = |change: &dyn Fn(&mut Topology)| {
        let mut topology = small();
        change(&mut topology);
        Plan::of(&topology).expect_err("an error").to_string()
    };
    assert!(refused(&|it| it.networks[0].hub = "lima".into()).contains("name another hub first"));
    assert!(refused(&|it| it.networks[1].hub = "node-1".into()).contains("hub of two networks"));
    assert!(refused(&|it| it.members[0].endpoint = None).contains("no public address"));
    assert!(refused(&|it| it.members[3].number = 3).contains("node-3 and node-4 have the same number 3"));
    assert!(refused(&|it| it.members[3].number = 250).contains("not an address of a node"));
    assert!(refused(&|it| it.operators[0].number = 9).contains("not an address of the operators' range"));
    assert!(refused(&|it| it.members[3].key = it.members[2].key).contains("each machine makes its own"));
    assert!(refused(&|it| it.networks[1].subnet = it.networks[0].subnet).contains("same addresses"));
    assert!(refused(&|it| it.networks[1].interface = "wg0".into()).contains("same interface"));
    assert!(refused(&|it| it.networks[0].operators = "10.99.0.0/28".parse().expect("a subnet")).contains("does not lie in its subnet"));
}
