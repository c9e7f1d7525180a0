//! `tunnel`: what the management network asks of a node, and what an operator's machine needs to be part of it.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::way::Way;
use super::{Context, Done, Failure, Kind};
use crate::inventory::{NodeName, OperatorName};
use crate::tunnel::{Desk, Interface, NodePlan, Operator, Plan, Role, Topology, laptop_text, pair_script};

const EXAMPLES: &str = "\
Examples:
  clavitor-fleet tunnel plan tokyo                       interfaces, peers and firewall of one node
  clavitor-fleet tunnel plan --json                      of all of them
  clavitor-fleet tunnel config soc >/etc/wireguard/fleet.conf
  wg-quick up fleet                                      on the operator's machine, which keeps its private key to itself
  clavitor-fleet tunnel pair soc >pair.sh                look at it, then, on the operator's machine: bash pair.sh";

/// `tunnel`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Tunnel {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show a node's interfaces, peers and firewall, or those of every node
    Plan {
        /// The node's name; every node without it
        node: Option<NodeName>,
    },
    /// Write the wg-quick file for an operator's machine, with both hubs; it names key files and holds no secret
    Config {
        /// The operator's name
        operator: OperatorName,
        /// Where that machine keeps its private key (wireguard.key) and the keys it shares with hubs (psk-a, psk-b)
        #[arg(long, default_value = "/etc/wireguard")]
        folder: String,
    },
    /// Write a script that gives an operator's machine and each hub a secret of their own; it runs on that machine, with the tunnel up, and holds no secret
    Pair {
        /// The operator's name
        operator: OperatorName,
        /// Where that machine keeps its private key and the keys it shares with hubs (psk-a, psk-b)
        #[arg(long, default_value = "/etc/wireguard")]
        folder: String,
        /// The tunnel's interface there
        #[arg(long, default_value = "fleet")]
        interface: String,
        #[command(flatten)]
        way: Box<Way>,
    },
}

pub(super) fn tunnel(context: &Context, asked: &Tunnel) -> Done {
    let inventory = context.load()?;
    let topology = Topology::of(&inventory);
    match &asked.verb {
        Verb::Plan { node } => {
            let mut plan =
                Plan::of(&topology).map_err(|error| Failure::new(Kind::Inventory, "there is no plan for the tunnels").why(error))?;
            if let Some(name) = node {
                context.node(&inventory, name)?;
                plan.nodes.retain(|other, _| other == name.as_str());
            }
            context.answer(&plan, || plan.nodes.iter().map(|(name, node)| page(name, node)).collect())
        }
        Verb::Config { operator, folder } => config(context, &topology, operator, folder),
        Verb::Pair { operator, folder, interface, way } => {
            // What ssh reads is written anew, for the script to use.
            drop(way.open(context, &inventory)?);
            pair(context, &topology, operator, [folder, interface])
        }
    }
}

#[derive(Serialize)]
struct Config {
    schema: &'static str,
    operator: String,
    text: String,
    /// What is still to be done, line by line.
    next: Vec<String>,
}

fn config(context: &Context, topology: &Topology, name: &OperatorName, folder: &str) -> Done {
    let operator = known(topology, name)?;
    harmless(folder)?;
    let mut next = Vec::new();
    if operator.key.is_none() {
        next.extend([
            format!("{name} has no tunnel key yet. On their machine: (umask 077; wg genkey >{folder}/wireguard.key); wg pubkey <{folder}/wireguard.key"),
            format!("Put what that prints under [operator.{name}] as wireguard = \"...\", render, and deploy both hubs."),
        ]);
    }
    next.push(format!("When the tunnel is up, once: clavitor-fleet tunnel pair {name} >pair.sh; look at it; bash pair.sh. It gives the machine and each hub a secret of their own."));
    for line in &next {
        context.say(line);
    }
    let text = laptop_text(topology, operator, folder);
    let config = Config { schema: "clavitor.fleet-tunnel-config/1", operator: operator.name.clone(), text: text.clone(), next };
    context.answer(&config, || text)
}

fn pair(context: &Context, topology: &Topology, name: &OperatorName, [folder, interface]: [&str; 2]) -> Done {
    let operator = known(topology, name)?;
    [folder, interface].into_iter().try_for_each(harmless)?;
    let plan = Plan::of(topology).map_err(|error| Failure::new(Kind::Inventory, "there is no plan for the tunnels").why(error))?;
    let fleet = std::path::absolute(context.state_folder()).unwrap_or_else(|_| context.state_folder());
    let text = pair_script(topology, &plan, operator, Desk { folder, interface, fleet: &fleet }).ok_or_else(|| {
        let failure = Failure::new(Kind::Refused, format!("{name} cannot share a secret with both hubs yet"));
        let why = if operator.key.is_none() {
            "they have no tunnel key"
        } else {
            "a hub has no tunnel key, and each is told by the other one's network"
        };
        failure.why(why).next(if operator.key.is_none() {
            format!("clavitor-fleet tunnel config {name}")
        } else {
            "clavitor-fleet node enrol HUB".to_owned()
        })
    })?;
    let next =
        vec![format!("Look at it, then, on {name}'s machine and with the tunnel up: bash pair.sh. The same again renews the secrets.")];
    next.iter().for_each(|line| context.say(line));
    let told = Config { schema: "clavitor.fleet-tunnel-pair/1", operator: operator.name.clone(), text: text.clone(), next };
    context.answer(&told, || text)
}

fn known<'a>(topology: &'a Topology, name: &OperatorName) -> Result<&'a Operator, Failure> {
    topology.operators.iter().find(|operator| operator.name == name.as_str()).ok_or_else(|| {
        let known: Vec<&str> = topology.operators.iter().map(|operator| operator.name.as_str()).collect();
        Failure::new(Kind::NotFound, format!("no operator is called {name}")).why(format!("the inventory has {}", known.join(", ")))
    })
}

/// Stands in commands of a shell that others write.
fn harmless(word: &str) -> Done {
    if word.is_empty() || word.contains(|sign: char| !sign.is_ascii_alphanumeric() && !"/._-".contains(sign)) {
        let failure = format!("{word:?} stands in commands of a shell: letters, digits, '/', '.', '_' and '-' only");
        return Err(Failure::new(Kind::Usage, failure));
    }
    Ok(())
}

fn page(name: &str, node: &NodePlan) -> String {
    let mut text = format!("{name}\n");
    for interface in &node.interfaces {
        text += &interface_page(interface);
    }
    for rule in node.firewall.input.iter().chain(&node.firewall.forward) {
        let _ = writeln!(text, "  {:<9} {}", "accepts", rule.nft()); // writing to a string cannot fail
    }
    text
}

fn interface_page(interface: &Interface) -> String {
    let role = if interface.role == Role::Hub { "hub" } else { "spoke" };
    let mut text = format!("  {:<9} {role} of network {}, {}/{}", interface.name, interface.network, interface.address, interface.prefix);
    text += &interface.listen_port.map_or_else(String::new, |port| format!(", listens on UDP {port}"));
    text.push('\n');
    for peer in &interface.peers {
        let allowed: Vec<String> = peer.allowed.iter().map(ToString::to_string).collect();
        let endpoint = peer.endpoint.map_or_else(String::new, |endpoint| format!(" at {endpoint}"));
        let _ = writeln!(text, "    {:<16} {}{endpoint} {}", peer.name.to_string(), peer.public_key, allowed.join(" "));
    }
    for name in &interface.awaited {
        let _ = writeln!(text, "    {:<16} no key yet", name.to_string());
    }
    text
}
