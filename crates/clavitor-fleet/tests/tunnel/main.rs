//! The management network for real: two hubs, spokes and an operator, each in namespaces of its own, set up from the crate's own plan.

#[path = "../lab/mod.rs"]
mod lab;
mod operator;
mod rotate;

use std::{collections::BTreeMap, net::Ipv4Addr};

use anyhow::{Context as _, Result};
use clavitor_fleet::tunnel::{Member, Network, NodePlan, Operator, Plan, Topology};
use lab::{Lab, Machine, wait_for};

const KEEPALIVE_S: u16 = 1;
const OPERATOR: u8 = 241;

fn network(name: &str, index: u8, hub: &str) -> Result<Network> {
    let (subnet, operators) = (format!("10.84.{index}.0/24").parse()?, format!("10.84.{index}.240/28").parse()?);
    Ok(Network {
        name: name.into(),
        interface: format!("wg{index}"),
        subnet,
        hub: hub.into(),
        port: 51820,
        operators,
        keepalive_s: KEEPALIVE_S,
    })
}

const fn in_a(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 84, 0, number)
}

const fn in_b(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 84, 1, number)
}

/// Machines that follow a plan.
struct Fleet {
    lab: Lab,
    topology: Topology,
    machines: BTreeMap<String, Machine>,
    operator: Machine,
}

impl Fleet {
    fn new() -> Result<Self> {
        let mut lab = Lab::new()?;
        let operator = lab.machine("operator")?;
        let key = operator.first_boot()?;
        let operators = vec![Operator { name: "oncall".into(), number: OPERATOR, key: Some(key) }];
        let networks = vec![network("a", 0, "hub-a")?, network("b", 1, "hub-b")?];
        Ok(Self { lab, topology: Topology { networks, members: Vec::new(), operators }, machines: BTreeMap::new(), operator })
    }

    /// A node that was started for the first time and is in the topology from now on.
    fn enrol(&mut self, name: &str, number: u8) -> Result<()> {
        let machine = self.lab.machine(name)?;
        let key = machine.first_boot()?;
        self.topology.members.push(Member { name: name.into(), number, endpoint: Some(machine.address.into()), key: Some(key) });
        self.machines.insert(name.into(), machine);
        Ok(())
    }

    fn plan(&self) -> Result<Plan> {
        Ok(Plan::of(&self.topology)?)
    }

    fn node(&self, name: &str) -> &Machine {
        &self.machines[name]
    }

    fn bring_up(&self, name: &str) -> Result<NodePlan> {
        let plan = self.plan()?.nodes.remove(name).context("a plan")?;
        self.node(name).bring_up(&plan)?;
        Ok(plan)
    }
}

fn standing(with_firewall: &[&str]) -> Result<Fleet> {
    let mut fleet = Fleet::new()?;
    for (name, number) in [("hub-a", 1), ("hub-b", 2), ("spoke-3", 3), ("spoke-4", 4), ("spoke-5", 5)] {
        fleet.enrol(name, number)?;
    }
    let login = fleet.operator.make_login_key()?;
    for (name, machine) in &fleet.machines {
        let plan = fleet.bring_up(name)?;
        if with_firewall.contains(&name.as_str()) {
            machine.load_firewall(&plan)?;
        }
        let host_key = machine.start_sshd(&[22, 443], &login)?;
        let number = fleet.topology.member(name).context("a member")?.number;
        fleet.operator.trust_host(&format!("{},{}", in_a(number), in_b(number)), &host_key)?;
    }
    fleet.operator.bring_up_laptop(&fleet.topology, "oncall")?;
    for number in 3..=5 {
        wait_for("the hubs reach the spokes", || fleet.node("hub-a").pings(in_a(number)) && fleet.node("hub-b").pings(in_b(number)))?;
    }
    wait_for("the operator reaches a hub", || fleet.operator.pings(in_a(1)) && fleet.operator.pings(in_b(2)))?;
    Ok(fleet)
}

const ALL: [&str; 5] = ["hub-a", "hub-b", "spoke-3", "spoke-4", "spoke-5"];

#[test]
fn who_reaches_whom() -> Result<()> {
    let fleet = standing(&ALL)?;
    let (captured, hub, operator, stranger) = (fleet.node("spoke-3"), fleet.node("hub-a"), &fleet.operator, fleet.lab.internet());
    // Whoever captures a node can tell its WireGuard anything.
    let widen = |machine: &Machine, interface: &str, subnet: &str| -> Result<()> {
        let peer = machine.run(&format!("wg show {interface} peers"))?;
        machine.run(&format!("wg set {interface} peer {} allowed-ips {subnet}", peer.trim()))?;
        Ok(())
    };
    assert!(hub.connects(in_a(3), 22) && hub.connects(in_a(4), 22), "a hub reaches its spokes");
    assert!(!captured.pings(in_a(4)) && !captured.connects(in_a(4), 22), "a spoke does not reach a spoke");
    widen(captured, "wg0", "10.84.0.0/24")?;
    widen(captured, "wg1", "10.84.1.0/24")?;
    assert!(captured.pings(in_a(1)), "the captured node's own tunnel works");
    assert!(
        !captured.pings(in_a(4)) && !captured.connects(in_a(4), 22) && !captured.connects(in_b(4), 22),
        "nor does one that was captured"
    );
    widen(fleet.node("spoke-4"), "wg0", "10.84.0.0/24")?;
    assert!(!captured.pings(in_a(4)), "not even two of them reach each other: the hub passes nothing on");
    assert!(!captured.connects(in_a(1), 22) && !captured.connects(in_b(2), 22), "a spoke does not log in to a hub");

    let spoke = fleet.node("spoke-5").address;
    assert!(!stranger.connects(spoke, 22) && !stranger.connects(fleet.node("hub-a").address, 22), "login is closed on the public side");
    assert!(stranger.connects(spoke, 443), "and 443, by the same daemon, is not");
    assert_eq!(operator.over_ssh(&in_a(5).to_string(), "echo here")?, "here\n");

    // The hub is gone, with its disk and its cable.
    let mut fleet = fleet;
    fleet.machines.remove("hub-a").context("hub A")?.kill();
    assert!(!fleet.operator.connects(in_a(5), 22));
    assert_eq!(fleet.operator.over_ssh(&in_b(5).to_string(), "echo still here")?, "still here\n");
    Ok(())
}

#[test]
fn a_reload_of_the_firewall_does_not_cut_the_hub_off() -> Result<()> {
    let mut fleet = Fleet::new()?;
    for network in &mut fleet.topology.networks {
        network.keepalive_s = 600; // the spoke says nothing by itself that could mend it
    }
    for (name, number) in [("hub-a", 1), ("hub-b", 2), ("with", 3), ("without", 4)] {
        fleet.enrol(name, number)?;
    }
    for name in ["hub-a", "hub-b", "with", "without"] {
        fleet.bring_up(name)?;
    }
    let hub = fleet.node("hub-a");
    wait_for("the hub reaches both", || hub.pings(in_a(3)) && hub.pings(in_a(4)))?;
    let plan = fleet.plan()?;
    // The first load is the one that matters: connections are tracked from then on, and the tunnel began before.
    let mut lacking = plan.nodes["without"].clone();
    lacking.firewall.input.retain(|rule| !rule.nft().contains("udp sport"));
    assert_ne!(lacking, plan.nodes["without"]);
    fleet.node("without").load_firewall(&lacking)?;
    fleet.node("with").load_firewall(&plan.nodes["with"])?;
    assert!(!hub.pings(in_a(4)), "without its rule the hub is cut off, so the rule is what this test is about");
    assert!(hub.pings(in_a(3)), "with it the hub goes on at once");
    fleet.node("with").load_firewall(&plan.nodes["with"])?;
    assert!(hub.pings(in_a(3)), "and through every later reload");
    Ok(())
}

#[test]
fn a_node_comes_and_a_node_goes_and_nobody_else_notices() -> Result<()> {
    let mut fleet = standing(&ALL)?;
    let before = fleet.plan()?;
    let spoke_key = fleet.topology.member("spoke-3").and_then(|member| member.key).context("a key")?;
    let handshake = fleet.node("hub-a").last_handshake("wg0", spoke_key)?.context("a handshake")?;
    let sockets = fleet.node("spoke-3").run("wg show wg0 listen-port; wg show wg1 listen-port")?;

    fleet.enrol("spoke-6", 6)?;
    fleet.topology.members.retain(|member| member.name != "spoke-4");
    let after = fleet.plan()?;
    let mut orders = BTreeMap::new();
    for (name, plan) in after.nodes.iter().filter(|(name, _)| *name != "spoke-6") {
        orders.insert(name.as_str(), fleet.node(name).move_on(&before.nodes[name], plan)?);
        assert_eq!(before.nodes[name] == *plan, name.starts_with("spoke"), "{name}");
    }
    // Each hub takes one peer in and puts one out, in its own network; the firewall's list of nodes follows.
    assert_eq!(orders, BTreeMap::from([("hub-a", 2), ("hub-b", 2), ("spoke-3", 0), ("spoke-5", 0)]));
    for hub in ["hub-a", "hub-b"] {
        fleet.node(hub).load_firewall(&after.nodes[hub])?;
    }
    fleet.bring_up("spoke-6")?;
    wait_for("the hubs reach the new node", || fleet.node("hub-a").pings(in_a(6)) && fleet.node("hub-b").pings(in_b(6)))?;
    assert!(!fleet.node("hub-a").pings(in_a(4)) && !fleet.node("hub-b").pings(in_b(4)), "who is retired is out");
    assert!(fleet.node("hub-a").pings(in_a(3)) && fleet.node("hub-b").pings(in_b(5)));
    assert_eq!(fleet.node("hub-a").last_handshake("wg0", spoke_key)?, Some(handshake), "its tunnel was not made anew");
    assert_eq!(fleet.node("spoke-3").run("wg show wg0 listen-port; wg show wg1 listen-port")?, sockets);
    Ok(())
}
