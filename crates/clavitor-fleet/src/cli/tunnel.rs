//! `tunnel`: what the management network asks of a node, and what an operator's machine needs to be part of it.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Context, Done, Failure, Kind};
use crate::inventory::{NodeName, OperatorName};
use crate::tunnel::{Interface, NodePlan, Plan, Role, Topology, laptop_text};

const EXAMPLES: &str = "\
Examples:
  clavitor-fleet tunnel plan tokyo                       interfaces, peers and firewall of one node
  clavitor-fleet tunnel plan --json                      of all of them
  clavitor-fleet tunnel config soc >/etc/wireguard/fleet.conf
  wg-quick up fleet                                      on the operator's machine, which keeps its private key to itself";

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
    }
}

#[derive(Serialize)]
struct Config {
    operator: String,
    text: String,
}

fn config(context: &Context, topology: &Topology, name: &OperatorName, folder: &str) -> Done {
    let Some(operator) = topology.operators.iter().find(|operator| operator.name == name.as_str()) else {
        let known: Vec<&str> = topology.operators.iter().map(|operator| operator.name.as_str()).collect();
        return Err(
            Failure::new(Kind::NotFound, format!("no operator is called {name}")).why(format!("the inventory has {}", known.join(", ")))
        );
    };
    if folder.contains(|sign: char| !sign.is_ascii_alphanumeric() && !"/._-".contains(sign)) {
        return Err(Failure::new(
            Kind::Usage,
            format!("{folder:?} stands in commands of a shell: letters, digits, '/', '.', '_' and '-' only"),
        ));
    }
    if operator.key.is_none() {
        context.say(format_args!("{name} has no tunnel key yet. On their machine: (umask 077; wg genkey >{folder}/wireguard.key); wg pubkey <{folder}/wireguard.key"));
        context.say(format_args!("Put what that prints under [operator.{name}] as wireguard = \"...\", render, and deploy both hubs."));
    }
    let text = laptop_text(topology, operator, folder);
    context.answer(&Config { operator: operator.name.clone(), text: text.clone() }, || text)
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
