//! Where each node is and which host key it has: `ssh_config` and `known_hosts`, written from the inventory before every use. Nobody is trusted on first use.

use std::{fmt::Write as _, net::IpAddr, path::Path};

use crate::inventory::{Inventory, NetworkName, Node, NodeName};

use super::Settings;

/// One way to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The tunnel network.
    pub network: NetworkName,
    /// The node's address in it.
    pub address: IpAddr,
}

/// A node as ssh has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name, under which its host key is kept.
    pub name: NodeName,
    /// Its host key as in the inventory, kind and base64; none before it is enrolled.
    pub host_key: Option<String>,
    /// The ways to it, the preferred one first.
    pub routes: Vec<Route>,
}

impl Target {
    /// The node of an inventory, its networks in the order in which they shall be tried.
    pub fn of(inventory: &Inventory, name: &NodeName, node: &Node, first: NetworkName) -> Self {
        let mut networks: Vec<_> = inventory.networks.iter().collect();
        networks.sort_by_key(|(network, _)| *network != first);
        let route = |(network, of): (NetworkName, &crate::inventory::Network)| Route { network, address: node.address_in(of).into() };
        Self {
            name: name.clone(),
            host_key: node.keys.as_ref().map(|keys| keys.ssh_host.without_comment()),
            routes: networks.into_iter().map(route).collect(),
        }
    }
}

/// The name of a node over one network in `ssh_config`.
pub(super) fn alias(node: &NodeName, network: NetworkName) -> String {
    format!("{node}.{}", network.word())
}

/// One line for each node that has a key. The name stands for all its addresses.
pub(super) fn known_hosts<'a>(targets: impl Iterator<Item = &'a Target>) -> String {
    targets.filter_map(|target| Some(format!("{} {}\n", target.name, target.host_key.as_ref()?))).collect()
}

/// An entry for each route, then what holds for all.
pub(super) fn config<'a>(targets: impl Iterator<Item = &'a Target>, settings: &Settings, known_hosts: &Path) -> String {
    let mut text = String::from("# Written by clavitor-fleet from the inventory; changes are lost.\n");
    for (target, route) in targets.flat_map(|target| target.routes.iter().map(move |route| (target, route))) {
        let _ = write!(text, "Host {}\n  HostName {}\n  HostKeyAlias {}\n", alias(&target.name, route.network), route.address, target.name);
    }
    let _ = write!(text, "Host *\n  User {}\n  Port {}\n  UserKnownHostsFile {}\n", settings.user, settings.port, value(known_hosts));
    if let Some(identity) = &settings.identity {
        let _ = write!(text, "  IdentityFile {}\n  IdentitiesOnly yes\n", value(identity));
    }
    // A connection that falls silent is noticed after one and a half times as long as one that does not come about.
    let (connect_s, alive_s) = (settings.connect_s_max, settings.connect_s_max.div_ceil(2));
    let _ = write!(text, "  ConnectTimeout {connect_s}\n  ServerAliveInterval {alive_s}\n  ServerAliveCountMax 3\n");
    text.push_str(FOR_ALL);
    text
}

/// Nobody is asked anything, and nothing is shared between connections.
const FOR_ALL: &str = "\
  BatchMode yes
  StrictHostKeyChecking yes
  GlobalKnownHostsFile /dev/null
  UpdateHostKeys no
  CheckHostIP no
  ConnectionAttempts 1
  ControlMaster no
  ControlPath none
  ForwardAgent no
  ForwardX11 no
  PermitLocalCommand no
  PasswordAuthentication no
  KbdInteractiveAuthentication no
  RequestTTY no
  LogLevel ERROR
";

/// A path as ssh reads it: quoted, and per cent signs are not its own.
fn value(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('%', "%%"))
}
