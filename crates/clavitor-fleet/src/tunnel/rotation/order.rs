//! Actions as commands for a machine's shell. Every word in them is a name, a number, an address or a public key of the plan: nothing that a shell would read otherwise.

use std::net::IpAddr;

use super::{Action, Answer, Rotation, Which};
use crate::tunnel::plan::{FOLDER, hub_preshared_key_file, private_key_file, spoke_preshared_key_file};
use crate::tunnel::{Peer, PeerName, Plan, PublicKey};

/// Who carries an action out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The node, reached by another network than the one that the action is about, where there is one.
    Node {
        /// The network whose tunnel is touched; none if none is.
        touched: Option<String>,
    },
    /// The hub of this network.
    Hub(String),
    /// This machine: the inventory.
    Here,
}

/// Both ends of the tunnels whose key changes.
#[derive(Debug, Clone)]
pub struct Ends {
    node: String,
    legs: Vec<Leg>,
}

#[derive(Debug, Clone)]
struct Leg {
    network: String,
    interface: String,
    address: IpAddr,
    hub: Peer,
}

impl Ends {
    /// The ends of a node's tunnels; None if it is not in the plan, or is a hub: every other node would have to learn a hub's new key at once.
    pub fn of(plan: &Plan, node: &str) -> Option<Self> {
        let planned = plan.nodes.get(node).filter(|planned| !planned.forwards())?;
        let legs = planned.interfaces.iter().filter_map(|interface| {
            let hub = interface.peers.first()?.clone();
            Some(Leg { network: interface.network.clone(), interface: interface.name.clone(), address: interface.address.into(), hub })
        });
        Some(Self { node: node.to_owned(), legs: legs.collect() })
    }

    /// The networks in which the node has a tunnel.
    pub fn networks(&self) -> Vec<String> {
        self.legs.iter().map(|leg| leg.network.clone()).collect()
    }

    fn leg(&self, network: &str) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.network == network)
    }

    /// Where an action is carried out, and the commands; None for a rotation that is about other tunnels, or has no new key yet where one is needed.
    pub fn order(&self, rotation: &Rotation, action: &Action) -> Option<(Place, String)> {
        let key = |which: &Which| if *which == Which::Old { Some(rotation.old) } else { rotation.new };
        let next = next_key_file();
        let on_node = |network: &str, text: String| (Place::Node { touched: Some(network.to_owned()) }, text);
        let on_hub = |network: &str, text: String| (Place::Hub(network.to_owned()), text);
        Some(match action {
            Action::MakeKey => {
                let text = format!("umask 077 && mkdir -p {FOLDER} && {{ test -s {next} || wg genkey >{next}; }} && wg pubkey <{next}");
                (Place::Node { touched: None }, text)
            }
            Action::AddPeer(network) => on_hub(network, self.admit(network, rotation.new?, false)?),
            Action::TrialUp(network) => on_node(network, self.trial(network)?),
            Action::TrialDown(network) => on_node(
                network,
                format!("ip link del dev {0} 2>/dev/null || ! ip link show dev {0} >/dev/null 2>&1", trial(self.leg(network)?)),
            ),
            Action::See { network, .. } => on_hub(network, format!("wg show {} latest-handshakes", self.leg(network)?.interface)),
            Action::Admit { network, which } => on_hub(network, self.admit(network, key(which)?, true)?),
            Action::Use { network, which } => on_node(network, self.use_key(network, *which)?),
            Action::Keep => {
                // A second time there is nothing left to move.
                let text = format!(
                    "if test -s {next}; then mv -f {next} {0} && sync {FOLDER}; else test -s {0}; fi && wg pubkey <{0} >{FOLDER}/wireguard.pub",
                    private_key_file()
                );
                (Place::Node { touched: None }, text)
            }
            Action::Forget { network, which } => {
                let Some(key) = key(which) else { return Some(on_hub(network, "true".to_owned())) };
                on_hub(network, format!("wg set {} peer {key} remove", self.leg(network)?.interface))
            }
            Action::DropKey => (Place::Node { touched: None }, format!("rm -f {next}")),
            Action::Record => (Place::Here, String::new()),
        })
    }

    /// What the printed words of an order say.
    pub fn answer(&self, rotation: &Rotation, action: &Action, printed: &str) -> Result<Answer, String> {
        match action {
            Action::MakeKey => printed.trim().parse().map(Answer::Key).map_err(|error| format!("the node's new key: {error}")),
            Action::See { which, .. } => {
                let key = if *which == Which::Old { Some(rotation.old) } else { rotation.new };
                let key = key.map(|key| key.to_string()).unwrap_or_default();
                let seen = printed.lines().filter_map(|line| line.split_once('\t')).any(|(peer, at)| peer == key && at.trim() != "0");
                Ok(Answer::Handshake(seen))
            }
            _ => Ok(Answer::Nothing),
        }
    }

    /// The peer on the hub, with or without the node's address. With it, the tunnel begins anew, so that a handshake that is seen afterwards came afterwards.
    fn admit(&self, network: &str, key: PublicKey, with_address: bool) -> Option<String> {
        let leg = self.leg(network)?;
        let file = hub_preshared_key_file(network, &PeerName::Node(self.node.clone()));
        let (interface, bits) = (&leg.interface, if leg.address.is_ipv4() { 32 } else { 128 });
        Some(if with_address {
            let address = leg.address;
            format!(
                "wg set {interface} peer {key} remove && wg set {interface} peer {key} preshared-key {file} allowed-ips {address}/{bits}"
            )
        } else {
            format!("wg set {interface} peer {key} preshared-key {file}")
        })
    }

    /// An interface of its own with the next key and the same hub. It has no address: nothing but handshakes and keepalives passes.
    fn trial(&self, network: &str) -> Option<String> {
        let leg = self.leg(network)?;
        let (name, next, file) = (trial(leg), next_key_file(), spoke_preshared_key_file(network));
        let (key, endpoint) = (leg.hub.public_key, leg.hub.endpoint?);
        let add = format!("{{ ip link show dev {name} >/dev/null 2>&1 || ip link add dev {name} type wireguard; }}");
        let set = format!("wg set {name} private-key {next} peer {key} preshared-key {file} endpoint {endpoint} persistent-keepalive 1");
        Some(format!("{add} && {set} && ip link set dev {name} up"))
    }

    /// Another private key on the running interface. Turning the keepalive off and on makes it say something at once, under the new key.
    fn use_key(&self, network: &str, which: Which) -> Option<String> {
        let leg = self.leg(network)?;
        let file = if which == Which::Old { private_key_file() } else { next_key_file() };
        let (interface, key, seconds) = (&leg.interface, leg.hub.public_key, leg.hub.keepalive_s.unwrap_or(crate::tunnel::KEEPALIVE_S));
        let poke = format!(
            "wg set {interface} peer {key} persistent-keepalive off && wg set {interface} peer {key} persistent-keepalive {seconds}"
        );
        Some(format!("wg set {interface} private-key {file} && {poke}"))
    }
}

fn next_key_file() -> String {
    format!("{}.next", private_key_file())
}

/// Names of interfaces have at most 15 characters; `wg0` gives `wg0-trial`.
fn trial(leg: &Leg) -> String {
    format!("{:.9}-trial", leg.interface)
}
