//! The plan as data: for every node its interfaces, their peers, and the rules of its firewall.

use std::{
    collections::BTreeMap,
    fmt,
    net::{Ipv4Addr, SocketAddr},
};

use ipnet::IpNet;
use serde::Serialize;

use super::{Firewall, PublicKey};

/// Where a node keeps what it made for itself, and what its hubs handed over. Root's, mode 0700.
pub(super) const FOLDER: &str = "/var/lib/fleet";

/// What every node has to do so that the management network stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// One part for each node that is not retired, by its name.
    pub nodes: BTreeMap<String, NodePlan>,
}

/// One node's part of the plan. It does not depend on the node's own key, so a node that is not enrolled has one too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodePlan {
    /// One interface for each network, in the order of the networks' names.
    pub interfaces: Vec<Interface>,
    /// What may come in and what may pass through, over all interfaces.
    pub firewall: Firewall,
}

/// What a node is in one network. The hub of one network is a spoke of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It listens, and every other member is its peer.
    Hub,
    /// It opens the way to the hub, its only peer.
    Spoke,
}

/// A WireGuard interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// The network's name: `a`, `b`.
    pub network: String,
    /// The interface's name: `wg0`, `wg1`.
    pub name: String,
    /// What the node is in this network.
    pub role: Role,
    /// The node's address in it.
    pub address: Ipv4Addr,
    /// The network's prefix, which goes with the address, so that what is meant for the network never leaves by another interface.
    pub prefix: u8,
    /// UDP port: on hubs only.
    pub listen_port: Option<u16>,
    /// Where the node keeps the private key that it made at its first start.
    pub private_key_file: String,
    /// Whom it talks to, by name.
    pub peers: Vec<Peer>,
    /// Who would be a peer and has no public key yet.
    pub awaited: Vec<PeerName>,
}

/// Whom a peer stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerName {
    /// A node.
    Node(String),
    /// An operator's machine.
    Operator(String),
}

/// The other end of a tunnel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Peer {
    /// Whose it is.
    pub name: PeerName,
    /// Its public key.
    pub public_key: PublicKey,
    /// Where it listens; a literal address. Only hubs listen.
    pub endpoint: Option<SocketAddr>,
    /// Source addresses that are accepted from it, and addresses that are sent to it. No address belongs to two peers of an interface.
    pub allowed: Vec<IpNet>,
    /// Seconds between packets that keep the way open; on the side that opens it.
    pub keepalive_s: Option<u16>,
    /// Where this end keeps the key that only this pair knows (a hedge against machines that break the key exchange).
    /// The file is there from the first start: of all zeros, which is WireGuard's word for "none", until the hub has handed over a real one.
    pub preshared_key_file: String,
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(name) => f.write_str(name),
            Self::Operator(name) => write!(f, "operator {name}"),
        }
    }
}

/// Where every node keeps its private key.
pub(super) fn private_key_file() -> String {
    format!("{FOLDER}/wireguard.key")
}

/// Where a spoke keeps what it shares with the hub of a network: `psk-a`, `psk-b`.
pub(super) fn spoke_preshared_key_file(network: &str) -> String {
    format!("{FOLDER}/psk-{network}")
}

/// Where a hub keeps what it shares with one peer: `psk-a.d/tokyo`, `psk-a.d/operator.oncall`. No node's name has a dot.
pub(super) fn hub_preshared_key_file(network: &str, peer: &PeerName) -> String {
    match peer {
        PeerName::Node(name) => format!("{FOLDER}/psk-{network}.d/{name}"),
        PeerName::Operator(name) => format!("{FOLDER}/psk-{network}.d/operator.{name}"),
    }
}

impl NodePlan {
    /// The interface in a network.
    pub fn interface(&self, network: &str) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.network == network)
    }

    /// Whether the node is the hub of any network, so that its system must forward packets.
    pub fn forwards(&self) -> bool {
        self.interfaces.iter().any(|interface| interface.role == Role::Hub)
    }
}
