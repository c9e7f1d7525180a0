//! Numbers, addresses and keys: each is given once, and those of retired nodes never again.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::IpAddr;

use super::Subject;
use crate::inventory::note::Notes;
use crate::inventory::{Network, Node, NodeName, State, Subnet};

/// RFC 5737.
const DOCUMENTATION: &[&str] = &["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"];

pub(super) fn check(subject: &Subject<'_>, notes: &mut Notes) {
    unique_numbers(subject, notes);
    unique_keys(subject, notes);
    let mut taken = BTreeMap::new();
    for (name, node) in &subject.inventory.nodes {
        in_networks(subject, name, node, notes);
        for (key, address) in addresses(node).filter(|_| node.is_wanted()) {
            let key = format!("node.{name}.{key}");
            once(&mut taken, notes, &key, address, name.as_str(), "address");
            endpoint(subject, node, &key, address, notes);
        }
        let families = node.address2.map(|second| second.is_ipv4() == node.address.is_ipv4());
        if families == Some(true) {
            notes.error(format!("node.{name}.address2"), "the second address is for the other family, IPv4 beside IPv6");
        }
    }
}

fn addresses(node: &Node) -> impl Iterator<Item = (&'static str, IpAddr)> {
    [("address", Some(node.address)), ("address2", node.address2)].into_iter().filter_map(|(key, address)| Some((key, address?)))
}

/// Nodes and operators count together, retired nodes too.
fn unique_numbers(subject: &Subject<'_>, notes: &mut Notes) {
    let inventory = subject.inventory;
    let mut taken = BTreeMap::new();
    // Retired nodes first, so that the newcomer is the one that has to move.
    let (retired, wanted): (Vec<_>, Vec<_>) = inventory.nodes.iter().partition(|(_, node)| node.state == State::Retired);
    for (name, node) in retired {
        once(
            &mut taken,
            notes,
            &format!("node.{name}.number"),
            node.number,
            &format!("{name}, which is retired: numbers are never given again"),
            "number",
        );
    }
    for (name, node) in wanted {
        once(&mut taken, notes, &format!("node.{name}.number"), node.number, name.as_str(), "number");
    }
    for (name, operator) in &inventory.operators {
        once(&mut taken, notes, &format!("operator.{name}.number"), operator.number, &format!("operator {name}"), "number");
    }
}

fn unique_keys(subject: &Subject<'_>, notes: &mut Notes) {
    let mut taken = BTreeMap::new();
    for (name, node) in &subject.inventory.nodes {
        let Some(keys) = &node.keys else { continue };
        let each = [
            ("wireguard", keys.wireguard.to_string()),
            ("ssh_host", keys.ssh_host.without_comment()),
            ("identity", keys.identity.to_string()),
        ];
        for (kind, key) in each {
            once(&mut taken, notes, &format!("node.{name}.keys.{kind}"), key, name.as_str(), "key");
        }
    }
    for (name, operator) in &subject.inventory.operators {
        if let Some(key) = &operator.wireguard {
            once(&mut taken, notes, &format!("operator.{name}.wireguard"), key.to_string(), &format!("operator {name}"), "key");
        }
    }
}

/// Reports a value that somebody has already.
fn once<V: Ord + Display>(taken: &mut BTreeMap<V, String>, notes: &mut Notes, key: &str, value: V, owner: &str, what: &str) {
    match taken.get(&value) {
        Some(other) => drop(notes.error(key, format!("the {what} {value} is taken by {other}"))),
        None => drop(taken.insert(value, owner.to_owned())),
    }
}

fn in_networks(subject: &Subject<'_>, name: &NodeName, node: &Node, notes: &mut Notes) {
    for (network_name, network) in subject.inventory.networks.iter() {
        if let Some(why) = outside(network, node.number) {
            notes.error(format!("node.{name}.number"), format!("number {} is {why} of network {}", node.number, network_name.word()));
            return;
        }
        if network.operators.contains(node.address_in(network)) {
            let message = format!("number {} lies in the operators' range {}", node.number, network.operators);
            notes.error(format!("node.{name}.number"), message).perhaps(free(subject));
            return;
        }
    }
}

/// Why a number is nobody's address.
pub(super) fn outside(network: &Network, number: u8) -> Option<&'static str> {
    let address = network.subnet.address(number);
    match address {
        _ if !network.subnet.contains(address) => Some("outside"),
        _ if address == network.subnet.first() => Some("the name"),
        _ if address == network.subnet.last() => Some("the broadcast address"),
        _ => None,
    }
}

fn free(subject: &Subject<'_>) -> Option<String> {
    Some(format!("the next free number is {}", subject.inventory.free_number()?))
}

/// The address must be one that the whole Internet can reach, outside the tunnel.
fn endpoint(subject: &Subject<'_>, node: &Node, key: &str, address: IpAddr, notes: &mut Notes) {
    let in_tunnel = |address| subject.inventory.networks.iter().any(|(_, network)| network.subnet.contains(address));
    let unreachable = match address {
        IpAddr::V4(v4) => {
            in_tunnel(v4)
                || v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_multicast()
                || v4.is_broadcast()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() || v6.is_unique_local() || v6.is_unicast_link_local()
        }
    };
    if unreachable {
        notes.error(key, format!("{address} cannot be reached from outside; the tunnel needs the machine's public address"));
    } else if is_documentation(address) && node.is_active() {
        notes
            .warning(key, format!("{address} is of a range for documentation, and the node is active"))
            .help("write the machine's own address");
    }
}

/// RFC 5737 and RFC 3849.
fn is_documentation(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => DOCUMENTATION.iter().filter_map(|range| range.parse::<Subnet>().ok()).any(|range| range.contains(v4)),
        IpAddr::V6(v6) => v6.segments()[..2] == [0x2001, 0x0db8],
    }
}
