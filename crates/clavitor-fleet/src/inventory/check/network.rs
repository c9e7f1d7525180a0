//! The two tunnel networks and their hubs.

use super::Subject;
use crate::inventory::note::Notes;
use crate::inventory::{Network, NetworkName, Subnet};

/// 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918) and 100.64.0.0/10 (RFC 6598).
const PRIVATE: &[&str] = &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

pub(super) fn check(subject: &Subject<'_>, notes: &mut Notes) {
    for (name, network) in subject.inventory.networks.iter() {
        addresses(name, network, notes);
        hub(subject, name, network, notes);
    }
    differ(subject, notes);
    strays(subject, notes);
}

fn addresses(name: NetworkName, network: &Network, notes: &mut Notes) {
    let key = format!("network.{}", name.word());
    let is_private = PRIVATE.iter().filter_map(|range| range.parse::<Subnet>().ok()).any(|range| range.encloses(&network.subnet));
    if !is_private {
        notes.error(format!("{key}.subnet"), format!("{} is not a private network: its addresses belong to somebody", network.subnet));
    }
    if !(16..=28).contains(&network.subnet.prefix_bits()) {
        notes.error(format!("{key}.subnet"), format!("{} has no room for this fleet, or too much: /16 to /28", network.subnet));
    }
    if !network.subnet.encloses(&network.operators) || network.subnet == network.operators {
        notes
            .error(format!("{key}.operators"), format!("the operators' range {} is not a part of {}", network.operators, network.subnet))
            .help("nodes and operators share the network and never an address");
    }
}

fn hub(subject: &Subject<'_>, name: NetworkName, network: &Network, notes: &mut Notes) {
    let key = format!("network.{}.hub", name.word());
    if !subject.must_stand(notes, &key, "node", network.hub.as_str()) {
        return;
    }
    let Some(node) = subject.inventory.node(&network.hub) else { return };
    if !node.is_wanted() {
        notes.error(&key, format!("{} is retired, and every node of network {} meets there", network.hub, name.word()));
    } else if !node.is_hub() {
        notes.error(&key, format!("{} is not a hub", network.hub)).help(format!("write role = \"hub\" in [node.{}]", network.hub));
    }
}

/// Losing one hub, its provider or its country must leave the other one.
fn differ(subject: &Subject<'_>, notes: &mut Notes) {
    let (a, b) = (&subject.inventory.networks.a, &subject.inventory.networks.b);
    if a.subnet.overlaps(&b.subnet) {
        notes.error("network.b.subnet", format!("{} overlaps {} of network a", b.subnet, a.subnet));
    }
    if a.interface == b.interface {
        notes.error("network.b.interface", format!("both networks have the interface {}", b.interface));
    }
    if a.hub == b.hub {
        notes.error("network.b.hub", format!("{} is the hub of both networks: losing it would lock every node", b.hub));
        return;
    }
    let (Some(first), Some(second)) = (subject.inventory.node(&a.hub), subject.inventory.node(&b.hub)) else { return };
    if first.provider == second.provider {
        notes.error("network.b.hub", format!("{} and {} are both at {}: hubs stand at different providers", a.hub, b.hub, first.provider));
    }
    if first.country == second.country {
        notes.error("network.b.hub", format!("{} and {} are both in {}: hubs stand in different countries", a.hub, b.hub, first.country));
    }
}

/// Hubs where no network meets, and services on nodes that are none.
fn strays(subject: &Subject<'_>, notes: &mut Notes) {
    for (name, node) in subject.inventory.wanted() {
        if node.is_hub() && subject.inventory.hub_of(name).next().is_none() {
            notes.warning(format!("node.{name}.role"), format!("{name} is a hub, and no network meets there"));
        }
        if !node.is_hub() && !node.services.is_empty() {
            notes.error(format!("node.{name}.services"), format!("{name} is not a hub, and only hubs run services beside Clavitor"));
        }
    }
}
