//! The management network for real: two hubs, spokes and an operator, each in namespaces of its own, set up from the crate's own plan.

mod lab;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    process::{Child, Stdio},
};

use anyhow::{Context as _, Result};
use clavitor_fleet::tunnel::rotation::{Driven, Ending, Ends, Hands, Input, Place, Rotation, drive, journal_path, read_journal};
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

/// Carries a rotation's orders out over ssh, from the operator's machine.
struct OverSsh<'a> {
    fleet: &'a Fleet,
    node: u8,
    told: Vec<String>,
    orders_left: usize,
    /// Whether the node opens no interface on trial that answers.
    cut_trials: bool,
}

impl Hands for OverSsh<'_> {
    fn run(&mut self, place: &Place, commands: &str) -> Result<String, String> {
        self.orders_left = self.orders_left.saturating_sub(1);
        let address = match place {
            Place::Hub(network) if network == "a" => in_a(1),
            Place::Hub(_) => in_b(2),
            Place::Node { touched: Some(network) } if network == "a" => in_b(self.node),
            Place::Node { .. } => in_a(self.node),
            Place::Between { network, print } => {
                let (from, to) = if network == "a" { (in_a(1), in_b(self.node)) } else { (in_b(2), in_a(self.node)) };
                let secret = self.fleet.operator.over_ssh(&from.to_string(), print).map_err(|error| format!("{error:#}"))?;
                let mut child = self
                    .fleet
                    .operator
                    .ssh(&to.to_string())
                    .arg(commands)
                    .stdin(Stdio::piped())
                    .spawn()
                    .map_err(|error| error.to_string())?;
                let mut input = child.stdin.take().ok_or("no input")?;
                std::io::Write::write_all(&mut input, secret.as_bytes()).map_err(|error| error.to_string())?;
                drop(input);
                let ended = child.wait().map_err(|error| error.to_string())?;
                return if ended.success() { Ok(String::new()) } else { Err(format!("it ended with {ended}")) };
            }
            Place::Here => return Err("not over ssh".into()),
        };
        if self.cut_trials && commands.contains("-trial private-key") {
            return Ok(String::new());
        }
        self.fleet.operator.over_ssh(&address.to_string(), commands).map_err(|error| format!("{error:#}"))
    }

    fn record(&mut self, rotation: &Rotation) -> Result<(), String> {
        self.told.push(format!("recorded {:?}", rotation.new));
        Ok(())
    }

    fn now_s(&self) -> u64 {
        // Counts looks instead of reading a clock: what cannot come is not waited for as long as what can.
        let looks = self.told.iter().filter(|words| words.contains("waits for a handshake")).count() as u64;
        looks * if self.cut_trials { 20 } else { 1 }
    }

    fn wait_s(&mut self, seconds: u64) {
        std::thread::sleep(std::time::Duration::from_secs(seconds));
    }

    fn tell(&mut self, _: &Rotation, words: &str) {
        self.told.push(words.to_owned());
    }

    fn interrupted(&self) -> bool {
        self.orders_left == 0
    }
}

/// Asks five times a second until it is stopped.
fn pinging(machine: &Machine, address: Ipv4Addr) -> Result<Child> {
    Ok(machine.command("ping").args(["-n", "-i", "0.2", &address.to_string()]).stdout(Stdio::piped()).spawn()?)
}

/// Which of the requests were answered, and how many there were.
fn answered(machine: &Machine, mut pinging: Child) -> Result<BTreeSet<u32>> {
    machine.run("pkill -INT -x ping")?; // the machine sees no processes but its own
    let mut text = String::new();
    std::io::Read::read_to_string(&mut pinging.stdout.take().context("its output")?, &mut text)?;
    pinging.wait()?;
    Ok(text.lines().filter_map(|line| line.split_once("icmp_seq=")?.1.split(' ').next()?.parse().ok()).collect())
}

#[test]
fn a_key_changes_while_the_tunnels_are_in_use() -> Result<()> {
    let fleet = standing(&ALL)?;
    let (node, number) = ("spoke-3", 3);
    fleet.node(node).make_interfaces_in_userspace()?;
    let plan = fleet.plan()?;
    let ends = Ends::of(&plan, node).context("both ends")?;
    assert!(Ends::of(&plan, "hub-a").is_none());
    let old = fleet.topology.member(node).and_then(|member| member.key).context("a key")?;
    let journal = journal_path(fleet.lab.folder(), node);
    let hands = |orders_left, cut_trials| OverSsh { fleet: &fleet, node: number, told: Vec::new(), orders_left, cut_trials };
    let rotation = || Rotation::new(node, ends.networks(), old, 0);
    let peers = |hub: &str, interface: &str| fleet.node(hub).run(&format!("wg show {interface} allowed-ips | sort"));
    let before = [peers("hub-a", "wg0")?, peers("hub-b", "wg1")?];

    let asked = [pinging(fleet.node("hub-a"), in_a(number))?, pinging(fleet.node("hub-b"), in_b(number))?];
    // A new key with which no handshake comes is taken back, and nothing is left of it.
    let ended = drive(rotation(), Input::Go, &ends, &journal, &mut hands(usize::MAX, true))?;
    assert!(matches!(&ended, Driven::Ended(Ending::TakenBack(why)) if why.contains("no handshake")), "{ended:?}");
    assert_eq!([peers("hub-a", "wg0")?, peers("hub-b", "wg1")?], before);
    assert!(read_journal(&journal)?.is_none());

    // The tool is killed in the middle of network a, and run again.
    assert_eq!(drive(rotation(), Input::Go, &ends, &journal, &mut hands(8, false))?, Driven::Interrupted);
    let kept = read_journal(&journal)?.context("a journal")?;
    assert!(kept.at > 5 && kept.new.is_some(), "{kept:?}");
    let mut second = hands(usize::MAX, false);
    let ended = drive(kept.clone(), Input::Go, &ends, &journal, &mut second)?;
    assert_eq!(ended, Driven::Ended(Ending::Rotated), "{:#?}", second.told);
    assert_eq!(second.told.last(), Some(&format!("recorded {:?}", kept.new)));

    let new = kept.new.context("a new key")?;
    assert_eq!(fleet.node(node).run("wg pubkey </var/lib/fleet/wireguard.key")?.trim(), new.to_string());
    assert!(!fleet.node(node).can("ls /var/lib/fleet/*.next"), "nothing is left over");
    for (hub, network) in [("hub-a", "a"), ("hub-b", "b")] {
        let [here, there] = [(node, format!("psk-{network}")), (hub, format!("psk-{network}.d/{node}"))]
            .map(|(machine, file)| fleet.node(machine).run(&format!("cat /var/lib/fleet/{file}")));
        let (here, there) = (here?, there?);
        assert!(here == there && !here.starts_with("AAAAAAAA"), "both ends of a pair have its new secret");
        assert!(!fleet.node(hub).can("ls /var/lib/fleet/*/*.next"));
    }
    for (hub, interface, before) in [("hub-a", "wg0", &before[0]), ("hub-b", "wg1", &before[1])] {
        let sorted = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(sorted(&peers(hub, interface)?), sorted(&before.replace(&old.to_string(), &new.to_string())), "{hub}");
    }
    assert!(fleet.node("hub-a").pings(in_a(number)) && fleet.node("hub-b").pings(in_b(number)));

    let [a, b] = asked;
    let (a, b) = (answered(fleet.node("hub-a"), a)?, answered(fleet.node("hub-b"), b)?);
    let last = a.last().min(b.last()).copied().context("answers")?;
    let neither: Vec<u32> = (1..=last).filter(|request| !a.contains(request) && !b.contains(request)).collect();
    assert!(neither.is_empty(), "unanswered in both networks at once: {neither:?} of {last}");
    assert!(a.len() as u32 > last / 2 && b.len() as u32 > last / 2, "{} and {} of {last} answered", a.len(), b.len());
    eprintln!("{} and {} of {last} answered", a.len(), b.len());
    Ok(())
}
