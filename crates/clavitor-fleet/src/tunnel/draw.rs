//! From the topology to the plan.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;

use super::plan::{hub_preshared_key_file, private_key_file, spoke_preshared_key_file};
use super::{
    Firewall, Interface, Member, Network, NodePlan, Peer, PeerName, Plan, PublicKey, Role, Rule, Service, Topology, TopologyError, check,
};

const SSH: u16 = 22;
const PUBLIC_TCP: [u16; 2] = [80, 443];

impl Plan {
    /// The plan of a topology. A topology that holds together gives the same plan every time, whatever the order of its lists.
    pub fn of(topology: &Topology) -> Result<Self, TopologyError> {
        check::check(topology)?;
        let nodes = topology.members.iter().map(|member| (member.name.clone(), node(topology, member)));
        Ok(Self { nodes: nodes.collect() })
    }
}

fn node(topology: &Topology, member: &Member) -> NodePlan {
    let mut firewall = Firewall { public_tcp: PUBLIC_TCP.to_vec(), input: Vec::new(), forward: Vec::new() };
    let mut interfaces = Vec::new();
    for network in &topology.networks {
        let Some(address) = network.address(member.number) else { continue }; // checked before
        let role = if network.hub == member.name { Role::Hub } else { Role::Spoke };
        let (peers, awaited) = if role == Role::Hub { hub_peers(topology, network) } else { spoke_peers(topology, network) };
        interfaces.push(interface(network, role, address, peers, awaited));
        match role {
            Role::Hub => open_hub(&mut firewall, topology, network),
            Role::Spoke => open_spoke(&mut firewall, topology, network),
        }
    }
    NodePlan { interfaces, firewall }
}

fn interface(network: &Network, role: Role, address: Ipv4Addr, peers: Vec<Peer>, awaited: Vec<PeerName>) -> Interface {
    Interface {
        network: network.name.clone(),
        name: network.interface.clone(),
        role,
        address,
        prefix: network.subnet.prefix_len(),
        listen_port: (role == Role::Hub).then_some(network.port),
        private_key_file: private_key_file(),
        peers,
        awaited,
    }
}

/// The hub, and behind it the operators.
fn spoke_peers(topology: &Topology, network: &Network) -> (Vec<Peer>, Vec<PeerName>) {
    let name = PeerName::Node(network.hub.clone());
    let Some((hub, address)) = hub_of(topology, network) else { return (Vec::new(), vec![name]) };
    let Some((public_key, endpoint)) = hub.key.zip(hub.endpoint) else { return (Vec::new(), vec![name]) };
    let peer = Peer {
        name,
        public_key,
        endpoint: Some(SocketAddr::new(endpoint, network.port)),
        allowed: vec![IpNet::from(IpAddr::from(address)), network.operators.into()],
        keepalive_s: Some(network.keepalive_s),
        preshared_key_file: spoke_preshared_key_file(&network.name),
    };
    (vec![peer], Vec::new())
}

/// Every other node and every operator, by one address each.
fn hub_peers(topology: &Topology, network: &Network) -> (Vec<Peer>, Vec<PeerName>) {
    let nodes = topology.members.iter().filter(|member| member.name != network.hub);
    let nodes = nodes.map(|member| (PeerName::Node(member.name.clone()), member.number, member.key));
    let operators = topology.operators.iter().map(|operator| (PeerName::Operator(operator.name.clone()), operator.number, operator.key));
    let mut all: Vec<(PeerName, u8, Option<PublicKey>)> = nodes.chain(operators).collect();
    all.sort();
    let (mut peers, mut awaited) = (Vec::new(), Vec::new());
    for (name, number, key) in all {
        match key.zip(network.address(number)) {
            Some((key, address)) => peers.push(hub_peer(network, name, key, address)),
            None => awaited.push(name),
        }
    }
    (peers, awaited)
}

fn hub_peer(network: &Network, name: PeerName, public_key: PublicKey, address: Ipv4Addr) -> Peer {
    Peer {
        preshared_key_file: hub_preshared_key_file(&network.name, &name),
        name,
        public_key,
        endpoint: None,
        allowed: vec![IpNet::from(IpAddr::from(address))],
        keepalive_s: None,
    }
}

fn hub_of<'a>(topology: &'a Topology, network: &Network) -> Option<(&'a Member, Ipv4Addr)> {
    let hub = topology.member(&network.hub)?;
    Some((hub, network.address(hub.number)?))
}

fn rule(why: &'static str, service: Service) -> Rule {
    Rule { why, comes_by: None, leaves_by: None, from: Vec::new(), to: Vec::new(), service, logged: false }
}

/// The hub is let in, and so are its operators; nobody else has an address here.
fn open_spoke(firewall: &mut Firewall, topology: &Topology, network: &Network) {
    let Some((hub, address)) = hub_of(topology, network) else { return };
    let (comes_by, from) = (Some(network.interface.clone()), vec![IpNet::from(IpAddr::from(address)), network.operators.into()]);
    if let Some(endpoint) = hub.endpoint {
        firewall.input.push(answers(endpoint, network.port));
    }
    firewall.input.push(Rule { comes_by: comes_by.clone(), from: from.clone(), ..rule("login through the tunnel", Service::Tcp(SSH)) });
    firewall.input.push(Rule { comes_by, from, ..rule("is the tunnel there", Service::Ping) });
}

/// Without this rule, loading the firewall cuts the hub off until the spoke next sends something: the tracking of connections has not seen the tunnel begin.
fn answers(endpoint: IpAddr, port: u16) -> Rule {
    Rule { from: vec![IpNet::from(endpoint)], ..rule("the hub goes on through a reload of these rules", Service::UdpFrom(port)) }
}

/// Tunnels from anywhere; login for operators, here and on nodes behind the hub; nothing from one spoke to another, and no login from a spoke.
fn open_hub(firewall: &mut Firewall, topology: &Topology, network: &Network) {
    let tunnel = Some(network.interface.clone());
    let operators = vec![IpNet::from(network.operators)];
    firewall.input.push(rule("tunnels of the network", Service::Udp(network.port)));
    firewall.input.push(Rule { comes_by: tunnel.clone(), from: operators.clone(), ..rule("login through the tunnel", Service::Tcp(SSH)) });
    firewall.input.push(Rule { comes_by: tunnel.clone(), ..rule("is the tunnel there", Service::Ping) });
    let mut nodes: Vec<IpNet> = topology
        .members
        .iter()
        .filter(|member| member.name != network.hub)
        .filter_map(|member| network.address(member.number))
        .map(|address| IpNet::from(IpAddr::from(address)))
        .collect();
    nodes.sort();
    if !nodes.is_empty() {
        firewall.forward.push(Rule {
            comes_by: tunnel.clone(),
            leaves_by: tunnel,
            from: operators,
            to: nodes,
            logged: true,
            ..rule("operators log in to nodes", Service::Tcp(SSH))
        });
    }
}
