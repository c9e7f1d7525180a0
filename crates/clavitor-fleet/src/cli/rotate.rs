//! `node rotate`: a node's tunnel key changes, over the tunnels themselves.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::way::Way;
use super::{Context, Done, Failure, Kind};
use crate::inventory::{Day, Inventory, Keys, NetworkName, NodeName};
use crate::remote::{Bounds, Ssh, plain, quote};
use crate::tunnel::rotation::{Driven, Ending, Ends, Hands, Input, Place, Rotation, drive, journal_path, read_journal};
use crate::tunnel::{Plan, Topology};

/// One order is a few calls of `wg`.
const ORDER: Bounds = Bounds::seconds(30);
const ANSWER_BYTES_MAX: u64 = 16;

/// `node rotate`
#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// The node's name
    node: NodeName,
    /// Go back to the old key, if a rotation was begun and the node has not kept the new one yet
    #[arg(long)]
    abort: bool,
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
    /// `rotated` or `taken_back`
    ended: &'static str,
    old: String,
    new: Option<String>,
    why: Option<String>,
}

pub(super) fn rotate(context: &Context, asked: &Rotate) -> Done {
    let inventory = context.load()?;
    let node = context.node(&inventory, &asked.node)?;
    let name = asked.node.to_string();
    let topology = Topology::of(&inventory);
    let plan = Plan::of(&topology).map_err(|error| Failure::new(Kind::Inventory, "there is no plan for the tunnels").why(error))?;
    let refused = |message: String| Failure::new(Kind::Refused, message);
    let old = topology.member(&name).and_then(|member| member.key).ok_or_else(|| {
        refused(format!("{name} has no tunnel key to change, or is retired")).next(format!("clavitor-fleet node enrol {name}"))
    })?;
    if node.is_hub() {
        let why = "every other node would have to learn its new key at once";
        return Err(refused(format!("{name} is a hub: its key changes with the hub"))
            .why(why)
            .next("docs/OPERATIONS.md, \"A hub is lost\""));
    }
    let ends = Ends::of(&plan, &name).ok_or_else(|| refused(format!("{name} has no tunnels")))?;
    if ends.networks().len() < 2 {
        return Err(refused(format!("a hub has no key yet, so there is only one way to {name}")).next("enrol both hubs first"));
    }
    let folder = context.state_folder();
    let journal = journal_path(&folder, &name);
    let begun = read_journal(&journal).map_err(|error| Failure::general(format!("{} cannot be read", journal.display())).why(error))?;
    let (rotation, first) = beginning(context, asked, begun, &ends, old)?;
    context.say(format_args!(
        "{name}: a new key is tried beside the old one, then network {} moves over, and the old key goes. The node can be reached all the time.",
        ends.networks().join(", then ")
    ));
    if asked.dry_run {
        return context
            .answer(&rotation, || format!("{name}: nothing was done; step {} of {}", rotation.progress().0, rotation.progress().1));
    }
    confirm(context, asked.yes)?;
    // No rollout and no other rotation runs beside this one.
    let _open = super::rollout::open(context)?;
    let mut hands = OverSsh::new(context, &inventory, asked)?;
    let driven = drive(rotation, first, &ends, &journal, &mut hands)
        .map_err(|error| Failure::general(format!("{} cannot be written; nothing more was done", journal.display())).why(error))?;
    finish(context, &name, &hands, driven)
}

fn beginning(
    context: &Context,
    asked: &Rotate,
    begun: Option<Rotation>,
    ends: &Ends,
    old: crate::tunnel::PublicKey,
) -> Result<(Rotation, Input), Failure> {
    let first = if asked.abort { Input::Abort } else { Input::Go };
    match begun {
        // The inventory has the new key already when only the end of the journal was lost.
        Some(begun) if begun.old == old || begun.new == Some(old) => {
            context.say(format_args!("A rotation was begun: it goes on at step {} of {}.", begun.progress().0 + 1, begun.progress().1));
            Ok((begun, first))
        }
        Some(_) => {
            Err(Failure::new(Kind::Refused, format!("a rotation of {} was begun with another key than the inventory has", asked.node))
                .why("the inventory was changed meanwhile"))
        }
        None if asked.abort => Err(Failure::new(Kind::NotFound, format!("no rotation of {} was begun", asked.node))),
        None => Ok((Rotation::new(asked.node.as_str(), ends.networks(), old, context.now_unix_s()), first)),
    }
}

fn finish(context: &Context, name: &str, hands: &OverSsh<'_>, driven: Driven) -> Done {
    let again = format!("clavitor-fleet node rotate {name}");
    let Some(last) = &hands.last else { return Err(Failure::general("nothing was done")) };
    let told = |ended, why| Told {
        schema: "clavitor.fleet-rotation/1",
        node: name.to_owned(),
        ended,
        old: last.old.to_string(),
        new: last.new.map(|key| key.to_string()),
        why,
    };
    match driven {
        Driven::Ended(Ending::Rotated) => {
            context.say("Render, and deploy both hubs next: until then a hub that restarts knows the old key only.");
            context.answer(&told("rotated", None), || format!("{name} uses its new key in both networks"))
        }
        Driven::Ended(Ending::TakenBack(why)) => {
            let failure = Failure::new(Kind::RolledBack, format!("{name} uses its old key in both networks")).why(why);
            Err(failure.next(again))
        }
        Driven::Ended(Ending::Stopped(why)) => {
            Err(Failure::new(Kind::Unconfirmed, format!("the rotation of {name} stopped half way")).why(why).next(again))
        }
        Driven::Interrupted => {
            Err(Failure::new(Kind::Interrupted, format!("the rotation of {name} waits where it was"))
                .next(format!("{again}, or with --abort")))
        }
    }
}

/// The operator reads and says yes; a program says --yes.
fn confirm(context: &Context, yes: bool) -> Done {
    let not = || Failure::new(Kind::NotConfirmed, "nothing was done").next("the same with --yes, or answer yes on a terminal");
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(not().why("nobody is there to ask"));
    }
    context.say("Go on? Type yes:");
    let mut answer = String::new();
    let read = io::stdin().lock().take(ANSWER_BYTES_MAX).read_line(&mut answer);
    if read.is_ok() && answer.trim() == "yes" { Ok(()) } else { Err(not()) }
}

/// Orders over ssh; the inventory's change by its own editor.
struct OverSsh<'a> {
    context: &'a Context,
    inventory: &'a Inventory,
    node: NodeName,
    /// By network a first, and by network b first.
    ways: [Ssh; 2],
    runtime: tokio::runtime::Runtime,
    stopped: Arc<AtomicBool>,
    last: Option<Rotation>,
}

impl<'a> OverSsh<'a> {
    fn new(context: &'a Context, inventory: &'a Inventory, asked: &Rotate) -> Result<Self, Failure> {
        let ways = [asked.way.by(NetworkName::A).open(context, inventory)?, asked.way.by(NetworkName::B).open(context, inventory)?];
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::general("no runtime").why(error))?;
        let stopped = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stopped);
        runtime.spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                told.store(true, Ordering::Relaxed);
            }
        });
        Ok(Self { context, inventory, node: asked.node.clone(), ways, runtime, stopped, last: None })
    }
}

impl OverSsh<'_> {
    /// One ssh prints and another reads, with a pipe between them: the secret is in no argument, no file and no variable of this machine.
    fn hand_over(&self, hub_of: NetworkName, print: &str, read: &str) -> Result<String, String> {
        let other = if hub_of == NetworkName::A { NetworkName::B } else { NetworkName::A };
        let [from, to] =
            [(&self.inventory.networks.get(hub_of).hub, hub_of), (&self.node, other)].map(|(node, by)| format!("{node}.{}", by.word()));
        let [way, _] = &self.ways;
        let config = way.config_file();
        let ssh = |to: &str, what: &str| quote(["ssh", "-F", &config, "-T", "--", to, what]);
        let pipe = format!("{} | {}", ssh(&from, print), ssh(&to, read));
        let said =
            self.runtime.block_on(crate::remote::run(&["sh", "-c", &pipe], &[], way.folder(), ORDER)).map_err(|error| error.to_string())?;
        if said.is_success() { Ok(String::new()) } else { Err(format!("from {from} to {to}: {}", plain(&said.err))) }
    }
}

impl Hands for OverSsh<'_> {
    fn run(&mut self, place: &Place, commands: &str) -> Result<String, String> {
        let hub = |network: NetworkName| self.inventory.networks.get(network).hub.clone();
        let network = |word: &str| if word == NetworkName::A.word() { NetworkName::A } else { NetworkName::B };
        let (node, by) = match place {
            Place::Hub(name) => (hub(network(name)), network(name)),
            // By the network that is not touched.
            Place::Node { touched: Some(name) } if network(name) == NetworkName::A => (self.node.clone(), NetworkName::B),
            Place::Node { .. } => (self.node.clone(), NetworkName::A),
            Place::Between { network: name, print } => return self.hand_over(network(name), print, commands),
            Place::Here => return Err("that is done here".to_owned()),
        };
        let [a, b] = &self.ways;
        let way = if by == NetworkName::A { a } else { b };
        let said = self.runtime.block_on(way.script(&node, commands, &[], ORDER)).map_err(|error| error.to_string())?;
        if said.is_success() { Ok(said.out) } else { Err(format!("{node}: {}", plain(&said.err))) }
    }

    fn record(&mut self, rotation: &Rotation) -> Result<(), String> {
        let new = rotation.new.ok_or("there is no new key")?.to_string().parse().map_err(|error| format!("the new key: {error}"))?;
        let old = self.inventory.node(&self.node).and_then(|node| node.keys.clone()).ok_or("the inventory has no keys of it")?;
        let keys = Keys { wireguard: new, since: Day::of_unix_s(self.context.now_unix_s()), ..old };
        self.context.write_keys(&self.node, &keys).map_err(|failure| failure.message)
    }

    fn now_s(&self) -> u64 {
        self.context.now_unix_s()
    }

    fn wait_s(&mut self, seconds: u64) {
        self.runtime.block_on(tokio::time::sleep(Duration::from_secs(seconds)));
    }

    fn tell(&mut self, rotation: &Rotation, words: &str) {
        let (at, of) = rotation.progress();
        self.context.say(format_args!("[{}/{of}] {}", (at + 1).min(of), plain(words)));
        self.last = Some(rotation.clone());
    }

    fn interrupted(&self) -> bool {
        // Lets the one that listens for Ctrl-C have a look.
        self.runtime.block_on(tokio::task::yield_now());
        self.stopped.load(Ordering::Relaxed)
    }
}
