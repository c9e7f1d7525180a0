//! Actions as commands for a machine's shell. Every word in them is a name, a number, an address or a public key of the plan: nothing that a shell would read otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::program::Tie;
use super::{Action, Answer, Rotation, Which};
use crate::tunnel::plan::{FOLDER, hub_preshared_key_file, private_key_file, spoke_preshared_key_file};
use crate::tunnel::{Interface, NodePlan, Peer, PeerName, Plan, PublicKey, Role, peer_arguments};

/// Characters of a pair's secret as `wg genpsk` prints it.
const PAIR_CHARS: usize = 45;

/// Who carries an action out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The node, reached by another network than the one that the action is about, where there is one.
    Node {
        /// The network whose tunnel is touched; none if none is.
        touched: Option<String>,
    },
    /// A spoke of the network whose hub changes its key, reached by the other network.
    Spoke {
        /// The spoke.
        node: String,
        /// The network whose tunnel is touched.
        touched: String,
    },
    /// The hub of this network.
    Hub(String),
    /// A secret's way from the hub of this network to the node, by the other network: what the hub prints is what the node reads, and nobody keeps it on the way.
    Between {
        /// The hub's network.
        network: String,
        /// What prints it, on the hub.
        print: String,
    },
    /// This machine: the inventory.
    Here,
}

/// Both ends of the tunnels whose key changes.
#[derive(Debug, Clone)]
pub struct Ends {
    node: String,
    legs: Vec<Leg>,
    serving: Option<OwnNetwork>,
    /// Keys that somebody has. A node that calls one of them its new key would take that machine's place.
    taken: BTreeSet<PublicKey>,
}

#[derive(Debug, Clone)]
struct Leg {
    network: String,
    interface: String,
    address: IpAddr,
    hub: Peer,
}

/// The network of which the node is the hub: its interface there, and each spoke's interface with the hub as its peer.
#[derive(Debug, Clone)]
struct OwnNetwork {
    network: String,
    interface: String,
    spokes: BTreeMap<String, (String, Peer)>,
}

impl OwnNetwork {
    fn of(plan: &Plan, own: &Interface) -> Self {
        let tied = |(name, planned): (&String, &NodePlan)| {
            let interface = planned.interface(&own.network).filter(|interface| interface.role == Role::Spoke)?;
            Some((name.clone(), (interface.name.clone(), interface.peers.first()?.clone())))
        };
        Self { network: own.network.clone(), interface: own.name.clone(), spokes: plan.nodes.iter().filter_map(tied).collect() }
    }
}

impl Ends {
    /// The ends of a node's tunnels; None if it is not in the plan.
    pub fn of(plan: &Plan, node: &str) -> Option<Self> {
        let planned = plan.nodes.get(node)?;
        let spoke_of = planned.interfaces.iter().filter(|interface| interface.role == Role::Spoke);
        let legs = spoke_of.filter_map(|interface| {
            let hub = interface.peers.first()?.clone();
            Some(Leg { network: interface.network.clone(), interface: interface.name.clone(), address: interface.address.into(), hub })
        });
        let own = planned.interfaces.iter().find(|interface| interface.role == Role::Hub);
        let interfaces = plan.nodes.values().flat_map(|planned| &planned.interfaces);
        Some(Self {
            node: node.to_owned(),
            legs: legs.collect(),
            serving: own.map(|own| OwnNetwork::of(plan, own)),
            taken: interfaces.flat_map(|interface| &interface.peers).map(|peer| peer.public_key).collect(),
        })
    }

    /// The network of which the node is the hub, and all who are tied to it.
    pub fn own_network(&self) -> Option<(&str, impl Iterator<Item = &str>)> {
        self.serving.as_ref().map(|own| (own.network.as_str(), own.spokes.keys().map(String::as_str)))
    }

    /// The networks in which the node is a spoke, and knows the hub.
    pub fn networks(&self) -> Vec<String> {
        self.legs.iter().map(|leg| leg.network.clone()).collect()
    }

    fn leg(&self, network: &str) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.network == network)
    }

    /// Where an action is carried out, and the commands; None for a rotation that is about other tunnels, or has no new key yet where one is needed.
    pub fn order(&self, rotation: &Rotation, action: &Action) -> Option<(Place, String)> {
        let key = |which: &Which| if *which == Which::Old { Some(rotation.old) } else { rotation.new };
        let next_key = next(&private_key_file());
        let on_node = |network: &str, text: String| (Place::Node { touched: Some(network.to_owned()) }, text);
        let on_hub = |network: &str, text: String| (Place::Hub(network.to_owned()), text);
        // A hub is always reached by the network that it does not serve: in its own the operator's machine knows the old key only.
        let on_any = |text: String| (Place::Node { touched: self.serving.as_ref().map(|own| own.network.clone()) }, text);
        let on_spoke = |tie: &Tie, text: String| (Place::Spoke { node: tie.spoke.clone(), touched: tie.network.clone() }, text);
        Some(match action {
            Action::MakeKey => {
                let text = format!(
                    "umask 077 && mkdir -p {FOLDER} && {{ test -s {next_key} || wg genkey >{next_key}; }} && wg pubkey <{next_key}"
                );
                on_any(text)
            }
            Action::MakePair(network) => {
                let next = next(&self.hub_file(network));
                let make = format!("umask 077 && mkdir -p {FOLDER}/psk-{network}.d && {{ test -s {next} || wg genpsk >{next}; }}");
                on_hub(network, make)
            }
            Action::HandOver(network) => {
                let place = Place::Between { network: network.clone(), print: format!("cat {}", next(&self.hub_file(network))) };
                let file = next(&spoke_preshared_key_file(network));
                // 32 bytes in base64 and the end of the line; less is a connection that broke.
                (place, format!("umask 077 && cat >{file} && test $(wc -c <{file}) -eq {PAIR_CHARS}"))
            }
            Action::KeepPair(network) => {
                let file = self.hub_file(network);
                on_hub(network, format!("if test -s {0}; then mv -f {0} {file}; fi", next(&file)))
            }
            Action::DropPair(network) => on_hub(network, format!("rm -f {}", next(&self.hub_file(network)))),
            Action::AddPeer(network) => on_hub(network, self.admit(network, Which::New, rotation.new?, false)?),
            Action::TrialUp(network) => on_node(network, self.trial(network)?),
            Action::TrialDown(network) => on_node(
                network,
                format!("ip link del dev {0} 2>/dev/null || ! ip link show dev {0} >/dev/null 2>&1", trial(self.leg(network)?)),
            ),
            Action::See { network, .. } => on_hub(network, format!("wg show {} latest-handshakes", self.leg(network)?.interface)),
            Action::Admit { network, which } => on_hub(network, self.admit(network, *which, key(which)?, true)?),
            Action::Use { network, which } => on_node(network, self.use_key(network, *which)?),
            Action::Keep => {
                // A second time there is nothing left to move.
                let files = std::iter::once(private_key_file()).chain(self.legs.iter().map(|leg| spoke_preshared_key_file(&leg.network)));
                let moves: Vec<String> = files.map(|file| format!("{{ ! test -s {0} || mv -f {0} {file}; }}", next(&file))).collect();
                let text = format!("{} && sync {FOLDER} && wg pubkey <{1} >{FOLDER}/wireguard.pub", moves.join(" && "), private_key_file());
                on_any(text)
            }
            Action::Forget { network, which } => {
                let Some(key) = key(which) else { return Some(on_hub(network, "true".to_owned())) };
                on_hub(network, format!("wg set {} peer {key} remove", self.leg(network)?.interface))
            }
            Action::Learn(tie) => {
                let (interface, hub) = self.tied(tie)?;
                let (key, file, endpoint) = (rotation.new?, &hub.preshared_key_file, hub.endpoint?);
                let text = format!("wg set {interface} peer {key} preshared-key {file} endpoint {endpoint} persistent-keepalive 1");
                on_spoke(tie, text)
            }
            Action::Serve { network, which } => {
                let own = self.serving.as_ref().filter(|own| own.network == *network)?;
                let file = if *which == Which::Old { private_key_file() } else { next_key };
                on_node(network, format!("wg set {} private-key {file}", own.interface))
            }
            Action::Meet { tie, .. } => on_spoke(tie, format!("wg show {} latest-handshakes", self.tied(tie)?.0)),
            Action::Turn { tie, which } => on_spoke(tie, self.turn(tie, *which, key(which)?)?),
            Action::Unlearn { tie, which } => {
                let Some(key) = key(which) else { return Some(on_spoke(tie, "true".to_owned())) };
                on_spoke(tie, format!("wg set {} peer {key} remove", self.tied(tie)?.0))
            }
            Action::DropKey => on_any(format!("rm -f {next_key} {FOLDER}/psk-*.next")),
            Action::Record => (Place::Here, String::new()),
        })
    }

    fn hub_file(&self, network: &str) -> String {
        hub_preshared_key_file(network, &PeerName::Node(self.node.clone()))
    }

    /// What the printed words of an order say.
    pub fn answer(&self, rotation: &Rotation, action: &Action, printed: &str) -> Result<Answer, String> {
        match action {
            Action::MakeKey => match printed.trim().parse() {
                Ok(key) if self.taken.contains(&key) => Err("the node says that its new key is one that somebody already has".to_owned()),
                Ok(key) => Ok(Answer::Key(key)),
                Err(error) => Err(format!("the node's new key: {error}")),
            },
            Action::See { which, .. } | Action::Meet { which, .. } => {
                let key = if *which == Which::Old { Some(rotation.old) } else { rotation.new };
                let key = key.map(|key| key.to_string()).unwrap_or_default();
                let seen = printed.lines().filter_map(|line| line.split_once('\t')).any(|(peer, at)| peer == key && at.trim() != "0");
                Ok(Answer::Handshake(seen))
            }
            _ => Ok(Answer::Nothing),
        }
    }

    fn tied(&self, tie: &Tie) -> Option<&(String, Peer)> {
        self.serving.as_ref().filter(|own| own.network == tie.network)?.spokes.get(&tie.spoke)
    }

    /// The hub as a spoke's peer under one of its keys, with the addresses, which leave the other key. Going back the tunnel begins anew, so that a handshake that is
    /// seen afterwards came afterwards.
    fn turn(&self, tie: &Tie, which: Which, key: PublicKey) -> Option<String> {
        let (interface, hub) = self.tied(tie)?;
        let set = peer_arguments(interface, &Peer { public_key: key, ..hub.clone() }).join(" ");
        let anew = if which == Which::Old { format!("wg set {interface} peer {key} remove && ") } else { String::new() };
        Some(format!("{anew}wg {set}"))
    }

    /// The peer on the hub, with or without the node's address. With it, the tunnel begins anew, so that a handshake that is seen afterwards came afterwards.
    fn admit(&self, network: &str, which: Which, key: PublicKey, with_address: bool) -> Option<String> {
        let leg = self.leg(network)?;
        let file = self.hub_file(network);
        let file = if which == Which::New { next(&file) } else { file };
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
        let (name, own, file) = (trial(leg), next(&private_key_file()), next(&spoke_preshared_key_file(network)));
        let (key, endpoint) = (leg.hub.public_key, leg.hub.endpoint?);
        let add = format!("{{ ip link show dev {name} >/dev/null 2>&1 || ip link add dev {name} type wireguard; }}");
        let set = format!("wg set {name} private-key {own} peer {key} preshared-key {file} endpoint {endpoint} persistent-keepalive 1");
        Some(format!("{add} && {set} && ip link set dev {name} up"))
    }

    /// Another private key on the running interface. Turning the keepalive off and on makes it say something at once, under the new key.
    fn use_key(&self, network: &str, which: Which) -> Option<String> {
        let leg = self.leg(network)?;
        let file = |file: String| if which == Which::Old { file } else { next(&file) };
        let (own, pair) = (file(private_key_file()), file(spoke_preshared_key_file(network)));
        let (interface, key, seconds) = (&leg.interface, leg.hub.public_key, leg.hub.keepalive_s.unwrap_or(crate::tunnel::KEEPALIVE_S));
        let poke = format!(
            "wg set {interface} peer {key} persistent-keepalive off && wg set {interface} peer {key} persistent-keepalive {seconds}"
        );
        Some(format!("wg set {interface} private-key {own} peer {key} preshared-key {pair} && {poke}"))
    }
}

/// Where what comes stands beside what goes.
fn next(file: &str) -> String {
    format!("{file}.next")
}

/// Names of interfaces have at most 15 characters; `wg0` gives `wg0-trial`.
fn trial(leg: &Leg) -> String {
    format!("{:.9}-trial", leg.interface)
}
