//! The orders of a rotation, carried out over ssh by the network that they do not touch; the inventory's change by its own editor.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::way::Way;
use super::{Context, Failure, Kind};
use crate::inventory::{Day, Inventory, Keys, NetworkName, NodeName};
use crate::remote::{Bounds, Pipe, RemoteError, Ssh, plain};
use crate::tunnel::rotation::{Hands, Place, Rotation, Serving};

/// One order is a few calls of `wg`.
const ORDER: Bounds = Bounds::seconds(30);

/// Whoever carries the orders out.
pub(super) struct Orders<'a> {
    context: &'a Context,
    inventory: &'a Inventory,
    node: NodeName,
    without: &'a [NodeName],
    ssh: Ssh,
    runtime: tokio::runtime::Runtime,
    stop: Signal,
}

impl<'a> Orders<'a> {
    pub(super) fn new(
        context: &'a Context,
        inventory: &'a Inventory,
        node: &NodeName,
        without: &'a [NodeName],
        way: &Way,
    ) -> Result<Self, Failure> {
        let ssh = way.open(context, inventory)?;
        let general = |error| Failure::general("no runtime").why(error);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(general)?;
        // From here on Ctrl-C waits for the order that is under way.
        let stop = runtime.block_on(async { signal(SignalKind::interrupt()) }).map_err(general)?;
        Ok(Self { context, inventory, node: node.clone(), without, ssh, runtime, stop })
    }

    /// Whether every spoke that will be asked is there, before anything is begun.
    pub(super) fn look_at(&self, serving: &Serving) -> Result<(), Failure> {
        let by = named(&serving.network).map(other).map_err(Failure::general)?;
        for spoke in serving.spokes.iter().filter(|spoke| !self.goes_without(spoke)) {
            let node: NodeName = spoke.parse().map_err(|_| Failure::general(format!("{spoke:?} is no node's name")))?;
            self.script(&node, by, "wg show interfaces").map_err(|why| {
                let failure =
                    Failure::new(Kind::Unreachable, format!("{spoke} cannot learn a new key by network {}; nothing was begun", by.word()));
                failure.why(why).next(format!("clavitor-fleet diagnose {spoke}; if it is gone, the same with --without {spoke}"))
            })?;
        }
        Ok(())
    }

    fn hub(&self, network: NetworkName) -> &NodeName {
        &self.inventory.networks.get(network).hub
    }

    fn hand_over(&self, of: NetworkName, print: &str, read: &str) -> Result<String, String> {
        let from = Pipe { node: self.hub(of), network: of, command: print };
        let to = Pipe { node: &self.node, network: other(of), command: read };
        let said = self.runtime.block_on(self.ssh.pipe(from, to, ORDER)).map_err(|error| error.to_string())?;
        if said.is_success() { Ok(String::new()) } else { Err(format!("from {} to {}: {}", from.node, to.node, plain(&said.err))) }
    }

    fn script(&self, node: &NodeName, by: NetworkName, commands: &str) -> Result<String, String> {
        let said = self.runtime.block_on(self.ssh.script_by(by, node, commands, ORDER)).map_err(|error: RemoteError| error.to_string())?;
        if said.is_success() { Ok(said.out) } else { Err(format!("{node}: {}", plain(&said.err))) }
    }
}

/// The one that stays as it is.
const fn other(network: NetworkName) -> NetworkName {
    if matches!(network, NetworkName::A) { NetworkName::B } else { NetworkName::A }
}

fn named(word: &str) -> Result<NetworkName, String> {
    NetworkName::ALL.into_iter().find(|network| network.word() == word).ok_or_else(|| format!("the inventory has no network {word}"))
}

impl Hands for Orders<'_> {
    fn run(&mut self, place: &Place, commands: &str) -> Result<String, String> {
        match place {
            Place::Hub(network) => self.script(self.hub(named(network)?), named(network)?, commands),
            Place::Node { touched: Some(network) } => self.script(&self.node, other(named(network)?), commands),
            Place::Node { touched: None } => {
                self.script(&self.node, NetworkName::A, commands).or_else(|_| self.script(&self.node, NetworkName::B, commands))
            }
            Place::Spoke { node, touched } => {
                let node = node.parse().map_err(|_| format!("{node:?} is no node's name"))?;
                self.script(&node, other(named(touched)?), commands)
            }
            Place::Between { network, print } => self.hand_over(named(network)?, print, commands),
            Place::Here => Err("that is done here".to_owned()),
        }
    }

    fn record(&mut self, rotation: &Rotation) -> Result<(), String> {
        let new = rotation.new.ok_or("there is no new key")?.to_string().parse().map_err(|error| format!("the new key: {error}"))?;
        let old = self.inventory.node(&self.node).and_then(|node| node.keys.clone()).ok_or("the inventory has no keys of it")?;
        let keys = Keys { wireguard: new, since: Day::of_unix_s(self.context.now_unix_s()), ..old };
        self.context.write_keys(&self.node, &keys).map_err(|failure| failure.to_string())
    }

    fn now_s(&self) -> u64 {
        self.context.now_unix_s()
    }

    fn wait_s(&mut self, seconds: u64) {
        // A timer belongs to the runtime in which it is made.
        self.runtime.block_on(async { tokio::time::sleep(Duration::from_secs(seconds)).await });
    }

    fn tell(&mut self, rotation: &Rotation, words: &str) {
        let (at, of) = rotation.progress();
        self.context.say(format_args!("[{}/{of}] {}", (at + 1).min(of), plain(words)));
    }

    fn goes_without(&self, spoke: &str) -> bool {
        self.without.iter().any(|name| name.as_str() == spoke)
    }

    fn interrupted(&mut self) -> bool {
        let stop = &mut self.stop;
        let now = async { tokio::time::timeout(Duration::ZERO, stop.recv()).await };
        self.runtime.block_on(now).is_ok()
    }
}
