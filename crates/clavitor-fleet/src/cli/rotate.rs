//! `node rotate`: a node's or a hub's tunnel key changes, over the tunnels themselves.

use clap::Args;
use serde::Serialize;

use super::rotate_orders::Orders;
use super::way::{Way, chosen};
use super::{Context, Done, Failure, Kind, deploy::confirm, kuma::kept};
use crate::inventory::{Inventory, NodeName};
use crate::state_folder::StateFolder;
use crate::tunnel::rotation::{Driven, Ending, Ends, Input, Rotation, Serving, drive, journal_name};
use crate::tunnel::{Plan, PublicKey, Topology};

const EXAMPLES: &str = "\
Examples:
  clavitor-fleet node rotate tokyo
  clavitor-fleet node rotate tokyo --abort             back to the old key, while that is possible
  clavitor-fleet node rotate zurich --without sydney   a hub; sydney is dead and learns the new key with its next deploy

Interrupted (Ctrl-C, a lost connection, a dead battery), the same line goes on where it was. Exit code 8: the old key is in use again; 9: it stopped half way.";

/// `node rotate`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Rotate {
    /// The node's name
    node: NodeName,
    /// Go back to the old key, if a rotation was begun and the node has not kept the new one yet
    #[arg(long)]
    abort: bool,
    /// Of a hub: do not ask this node, which is dead; it learns the new key with its next deploy. Can be repeated
    #[arg(long, value_name = "NODE")]
    without: Vec<NodeName>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Show what would be done and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    way: Way,
}

#[derive(Debug, Serialize)]
struct Told {
    schema: &'static str,
    node: String,
    /// `rotated`; every other ending is a failure.
    ended: &'static str,
    old: String,
    new: Option<String>,
    /// Operators whose own machines know the old key of a hub.
    operators: Vec<String>,
    /// Nodes that have to be deployed before they start anew.
    deploy: Vec<String>,
}

pub(super) fn rotate(context: &Context, asked: &Rotate) -> Done {
    let inventory = context.load()?;
    chosen(context, &inventory, std::slice::from_ref(&asked.node))?;
    chosen(context, &inventory, &asked.without)?;
    // No rollout and no other rotation runs beside this one, and none is left half done.
    let _open = if asked.dry_run { None } else { Some(super::rollout::open(context)?) };
    let state = StateFolder::at(context.state_folder());
    refuse_another(&state, &inventory, &asked.node)?;
    let name = asked.node.as_str();
    let topology = Topology::of(&inventory);
    let plan = Plan::of(&topology).map_err(|error| Failure::new(Kind::Inventory, "there is no plan for the tunnels").why(error))?;
    let old = topology.member(name).and_then(|member| member.key);
    let old =
        old.ok_or_else(|| refused(format!("{name} has no tunnel key to change")).next(format!("clavitor-fleet node enrol {name}")))?;
    let ends = Ends::of(&plan, name).ok_or_else(|| refused(format!("{name} has no tunnels")))?;
    let ways = ends.networks().len() + usize::from(ends.own_network().is_some());
    if ways < 2 || !hubs_are_there(&inventory) {
        let failure = refused(format!("there is only one way to {name}: a hub is not in service, or has no key yet"));
        return Err(failure.next("enrol and activate both hubs first"));
    }
    let begun: Option<Rotation> = state.read_json(&journal_name(name)).map_err(kept)?;
    let (rotation, first) = beginning(context, &inventory, asked, begun, &ends, old)?;
    say_plan(context, &inventory, asked, &rotation);
    if asked.dry_run {
        let (at, of) = rotation.progress();
        return context.answer(&rotation, || format!("{name}: nothing was done; step {at} of {of}"));
    }
    confirm(context, asked.yes)?;
    let mut orders = Orders::new(context, &inventory, &asked.node, &asked.without, &asked.way)?;
    if let Some(serving) = rotation.serving.as_ref().filter(|_| rotation.new.is_none()) {
        orders.look_at(serving)?;
    }
    let (rotation, driven) = drive(rotation, first, &ends, &state, &mut orders).map_err(kept)?;
    finish(context, &inventory, &rotation, driven)
}

fn refused(message: String) -> Failure {
    Failure::new(Kind::Refused, message)
}

fn hubs_are_there(inventory: &Inventory) -> bool {
    inventory.networks.iter().all(|(_, network)| inventory.node(&network.hub).is_some_and(|hub| hub.is_active() && hub.keys.is_some()))
}

/// Each rotation takes for granted that the other machines' keys stay as they are.
fn refuse_another(state: &StateFolder, inventory: &Inventory, node: &NodeName) -> Done {
    for other in inventory.nodes.keys().filter(|other| *other != node) {
        if state.read(&journal_name(other.as_str())).map_err(kept)?.is_some() {
            let next = format!("clavitor-fleet node rotate {other}, or with --abort");
            return Err(refused(format!("a rotation of {other} is not over")).why("one key changes at a time").next(next));
        }
    }
    Ok(())
}

fn beginning(
    context: &Context,
    inventory: &Inventory,
    asked: &Rotate,
    begun: Option<Rotation>,
    ends: &Ends,
    old: PublicKey,
) -> Result<(Rotation, Input), Failure> {
    let first = if asked.abort { Input::Abort } else { Input::Go };
    match begun {
        // The inventory has the new key already when only the end of the journal was lost.
        Some(begun) if begun.old == old || begun.new == Some(old) => {
            let (at, of) = begun.progress();
            if at < of {
                context.say(format_args!("A rotation was begun: it goes on at step {} of {of}.", at + 1));
            }
            Ok((begun, first))
        }
        Some(_) => Err(refused(format!("a rotation of {} was begun with another key than the inventory has", asked.node))
            .why("the inventory was changed meanwhile")
            .next(format!("give it back the key of {}, or move that file away", journal_name(asked.node.as_str())))),
        None if asked.abort => Err(Failure::new(Kind::NotFound, format!("no rotation of {} was begun", asked.node))),
        None => {
            let active = |name: &str| inventory.active().any(|(node, _)| node.as_str() == name);
            let serving = ends.own_network().map(|(network, spokes)| Serving {
                network: network.to_owned(),
                spokes: spokes.filter(|name| active(name)).map(str::to_owned).collect(),
            });
            Ok((Rotation::new(asked.node.as_str(), ends.networks(), serving, old, context.now_unix_s()), first))
        }
    }
}

fn say_plan(context: &Context, inventory: &Inventory, asked: &Rotate, rotation: &Rotation) {
    let (name, networks) = (&rotation.node, rotation.networks.join(", then "));
    let Some(Serving { network, spokes }) = &rotation.serving else {
        let what = format!("a new key is tried beside the old one, then network {networks} moves over, and the old key goes");
        return context.say(format_args!("{name}: {what}. The node can be reached all the time."));
    };
    let is_left = |name: &&str| asked.without.iter().any(|other| other.as_str() == *name);
    let asked_for: Vec<&str> = spokes.iter().map(String::as_str).filter(|name| !is_left(name)).collect();
    context.say(format_args!(
        "{name} is hub {network}. A new key is tried beside the old one in network {networks}; {} learn it; network {network} moves over; the old key goes. \
         Until then network {networks} carries every order, and network {network} is away for a few seconds a node.",
        asked_for.join(", ")
    ));
    for left in &asked.without {
        context.say(format_args!("{left} is not asked: network {network} is closed to it until its next deploy."));
    }
    let operators = operators(inventory);
    if !operators.is_empty() {
        let names = operators.join(", ");
        context.say(format_args!(
            "Afterwards network {network} is closed to the machines of {names} until they write their tunnel's file again."
        ));
    }
}

fn operators(inventory: &Inventory) -> Vec<String> {
    inventory.operators.iter().filter(|(_, operator)| operator.wireguard.is_some()).map(|(name, _)| name.to_string()).collect()
}

fn finish(context: &Context, inventory: &Inventory, rotation: &Rotation, driven: Driven) -> Done {
    let name = rotation.node.as_str();
    let again = format!("clavitor-fleet node rotate {name}");
    match driven {
        Driven::Ended(Ending::Rotated) => rotated(context, inventory, rotation),
        Driven::Ended(Ending::TakenBack(why)) => {
            let failure = Failure::new(Kind::RolledBack, format!("{name} uses its old key in both networks")).why(why);
            Err(failure.next(again))
        }
        Driven::Ended(Ending::Stopped(why)) => {
            let gone = rotation.waits_for().map(|spoke| format!("; if {spoke} is gone, with --without {spoke}"));
            let failure = Failure::new(Kind::Unconfirmed, format!("the rotation of {name} stopped half way")).why(why);
            Err(failure.next(again + &gone.unwrap_or_default()))
        }
        Driven::Interrupted => {
            Err(Failure::new(Kind::Interrupted, format!("the rotation of {name} waits where it was"))
                .next(format!("{again}, or with --abort")))
        }
    }
}

fn rotated(context: &Context, inventory: &Inventory, rotation: &Rotation) -> Done {
    let hubs = || inventory.networks.iter().map(|(_, network)| network.hub.to_string());
    let (operators, deploy) = match &rotation.serving {
        None => (Vec::new(), hubs().collect::<Vec<_>>()),
        Some(serving) => (operators(inventory), serving.spokes.clone()),
    };
    context.say(format_args!("Render, and deploy {} next: what starts anew before that knows the old key only.", deploy.join(", ")));
    for operator in &operators {
        context.say(format_args!(
            "{operator}: clavitor-fleet tunnel config {operator} >/etc/wireguard/fleet.conf, then wg-quick down fleet and up"
        ));
    }
    let told = Told {
        schema: "clavitor.fleet-rotation/1",
        node: rotation.node.clone(),
        ended: "rotated",
        old: rotation.old.to_string(),
        new: rotation.new.map(|key| key.to_string()),
        operators,
        deploy,
    };
    context.answer(&told, || format!("{} uses its new key in both networks", rotation.node))
}
