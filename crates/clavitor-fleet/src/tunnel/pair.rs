//! The secret that an operator's machine shares with each hub: a script for that machine, because only there both ends are in reach.

use std::{fmt::Write as _, net::SocketAddr, path::Path};

use super::{Operator, Peer, PeerName, Plan, Topology};
use crate::remote::quote;

/// Where an operator's machine keeps its side.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The folder with its private key and its secrets.
    pub folder: &'a str,
    /// The tunnel's interface there.
    pub interface: &'a str,
    /// The folder in which ssh finds its configuration, absolute.
    pub fleet: &'a Path,
}

/// The script. Nothing in it is secret. None if not both hubs have keys and know the operator: each hub is told by the other one's network.
pub fn pair_script(topology: &Topology, plan: &Plan, operator: &Operator, desk: Desk<'_>) -> Option<String> {
    let fleet = desk.fleet.display().to_string();
    let mut text = format!("#!/usr/bin/env bash\n# For {}'s machine.\n", operator.name);
    for (name, value) in [("FOLDER", desk.folder), ("INTERFACE", desk.interface), ("FLEET", &fleet)] {
        let _ = writeln!(text, "{name}={}", quote([value])); // writing to a string cannot fail
    }
    text += include_str!("pair.sh");
    for network in &topology.networks {
        let other = topology.networks.iter().find(|other| other.name != network.name)?;
        let hub = topology.member(&network.hub)?;
        let interface = plan.nodes.get(&hub.name)?.interface(&network.name)?;
        let peer = interface.peers.iter().find(|peer| peer.name == PeerName::Operator(operator.name.clone()))?;
        let own = format!(
            "endpoint {} allowed-ips {} persistent-keepalive {}",
            SocketAddr::new(hub.endpoint?, network.port),
            network.subnet,
            network.keepalive_s
        );
        let words = [
            &network.name,
            &format!("{}.{}", hub.name, other.name),
            &interface.name,
            &hub.key?.to_string(),
            &peer.public_key.to_string(),
            &peer.preshared_key_file,
            &hub_settings(peer),
            &own,
        ];
        let _ = writeln!(text, "pair {}", quote(words.map(String::as_str)));
    }
    Some(text)
}

fn hub_settings(peer: &Peer) -> String {
    let allowed: Vec<String> = peer.allowed.iter().map(ToString::to_string).collect();
    format!("allowed-ips {}", allowed.join(","))
}
