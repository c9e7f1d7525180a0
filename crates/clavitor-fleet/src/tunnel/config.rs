//! The texts that WireGuard's own tools read: `wg setconf` for an interface, and a `wg-quick` file for an operator's laptop.

use std::{fmt::Write as _, net::SocketAddr};

use super::{Interface, Operator, Peer, PublicKey, Topology};

/// The peers and the port of an interface, as `wg syncconf` and `wg setconf` read them. No key but public ones: the private key and the keys of pairs are
/// set from their files, with [`Interface::secret_arguments`].
pub fn interface_text(interface: &Interface) -> String {
    let mut text = String::from("[Interface]\n");
    let mut line = |part: std::fmt::Arguments<'_>| {
        let _ = writeln!(text, "{part}"); // writing to a string cannot fail
    };
    if let Some(port) = interface.listen_port {
        line(format_args!("ListenPort = {port}"));
    }
    for peer in &interface.peers {
        let allowed: Vec<String> = peer.allowed.iter().map(ToString::to_string).collect();
        line(format_args!("\n# {}\n[Peer]\nPublicKey = {}\nAllowedIPs = {}", peer.name, peer.public_key, allowed.join(", ")));
        if let Some(endpoint) = peer.endpoint {
            line(format_args!("Endpoint = {endpoint}"));
        }
        if let Some(seconds) = peer.keepalive_s {
            line(format_args!("PersistentKeepalive = {seconds}"));
        }
    }
    text
}

impl Interface {
    /// What follows `wg` to set the interface's private key and the keys of its pairs from the files in which the machine keeps them.
    pub fn secret_arguments(&self) -> Vec<String> {
        let own = ["set", &self.name, "private-key", &self.private_key_file].map(str::to_owned);
        let pairs = self.peers.iter().flat_map(|peer| {
            let key = peer.public_key.to_string();
            ["peer".to_owned(), key, "preshared-key".to_owned(), peer.preshared_key_file.clone()]
        });
        own.into_iter().chain(pairs).collect()
    }
}

/// What follows `wg` to bring a running interface from one plan to the next. Peers that stay as they are are not named, so their tunnels go on undisturbed.
pub fn changes(before: &Interface, after: &Interface) -> Vec<Vec<String>> {
    let kept = |key: PublicKey| after.peers.iter().any(|peer| peer.public_key == key);
    let gone = before.peers.iter().filter(|peer| !kept(peer.public_key));
    let gone = gone.map(|peer| ["set", &before.name, "peer", &peer.public_key.to_string(), "remove"].map(str::to_owned).to_vec());
    let new = after.peers.iter().filter(|peer| !before.peers.contains(peer)).map(|peer| peer_arguments(&after.name, peer));
    gone.chain(new).collect()
}

/// What follows `wg` to add a peer, or to give it these settings.
pub fn peer_arguments(interface: &str, peer: &Peer) -> Vec<String> {
    let allowed: Vec<String> = peer.allowed.iter().map(ToString::to_string).collect();
    let mut words: Vec<String> = ["set", interface, "peer", &peer.public_key.to_string()].map(str::to_owned).to_vec();
    words.extend(["preshared-key".to_owned(), peer.preshared_key_file.clone(), "allowed-ips".to_owned(), allowed.join(",")]);
    if let Some(endpoint) = peer.endpoint {
        words.extend(["endpoint".to_owned(), endpoint.to_string()]);
    }
    words.extend(["persistent-keepalive".to_owned(), peer.keepalive_s.map_or_else(|| "off".to_owned(), |seconds| seconds.to_string())]);
    words
}

/// A `wg-quick` file for an operator's own machine, with both hubs. Its private key is read from a file in `folder` there, by `wg` itself, and so are the keys it
/// shares with hubs, where there are any.
pub fn laptop_text(topology: &Topology, operator: &Operator, folder: &str) -> String {
    let addresses = topology.networks.iter().filter_map(|network| network.address(operator.number));
    let addresses: Vec<String> = addresses.map(|address| format!("{address}/32")).collect();
    let mut text = format!("# The management network, for {}.\n[Interface]\nAddress = {}\n", operator.name, addresses.join(", "));
    let _ = writeln!(text, "PostUp = wg set %i private-key {folder}/wireguard.key");
    let mut peers = String::new();
    for network in &topology.networks {
        let Some((hub, key)) = topology.member(&network.hub).and_then(|hub| Some((hub, hub.key?))) else {
            let _ =
                writeln!(peers, "\n# Hub {} ({}) has no key yet: write this file again once it is enrolled.", network.name, network.hub);
            continue;
        };
        let _ = writeln!(text, "PostUp = test ! -s {folder}/psk-{0} || wg set %i peer {key} preshared-key {folder}/psk-{0}", network.name);
        let _ = writeln!(peers, "\n# Hub {}: {}\n[Peer]\nPublicKey = {key}\nAllowedIPs = {}", network.name, hub.name, network.subnet);
        if let Some(endpoint) = hub.endpoint {
            let _ = writeln!(peers, "Endpoint = {}", SocketAddr::new(endpoint, network.port));
        }
        let _ = writeln!(peers, "PersistentKeepalive = {}", network.keepalive_s);
    }
    text + &peers
}
