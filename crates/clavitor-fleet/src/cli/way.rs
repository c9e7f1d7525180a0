//! How verbs reach nodes: the flags of the tunnel and of ssh, the same for all of them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Context, Failure, Kind};
use crate::inventory::{Inventory, NetworkName, Node, NodeName};
use crate::remote::{RemoteError, Settings, Ssh};
use crate::status::DATA;

/// Flags of verbs that look at nodes through the tunnel.
#[derive(Debug, Clone, Args)]
pub(crate) struct Way {
    /// Who logs in on nodes
    #[arg(long, value_name = "USER", default_value = "root", help_heading = "Reaching nodes")]
    ssh_user: String,
    /// Where sshd listens on nodes
    #[arg(long, value_name = "PORT", default_value_t = 22, help_heading = "Reaching nodes")]
    ssh_port: u16,
    /// Your key; without it ssh asks its agent and its usual files
    #[arg(long, value_name = "FILE", help_heading = "Reaching nodes")]
    identity: Option<PathBuf>,
    /// Which network is tried first; the other one follows
    #[arg(long, value_enum, default_value_t = First::A, help_heading = "Reaching nodes")]
    network: First,
    /// Seconds after which a connection that is not there is given up, and the other network tried
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60), help_heading = "Reaching nodes")]
    connect_s: u64,
    /// Where nodes keep their vault
    #[arg(long, value_name = "FOLDER", default_value = DATA, help_heading = "Reaching nodes")]
    pub(crate) data: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum First {
    A,
    B,
}

impl Way {
    /// The network that is tried first.
    pub(crate) const fn first(&self) -> NetworkName {
        match self.network {
            First::A => NetworkName::A,
            First::B => NetworkName::B,
        }
    }

    /// The way to all active nodes.
    pub(crate) fn open(&self, context: &Context, inventory: &Inventory) -> Result<Ssh, Failure> {
        let settings = Settings {
            folder: context.state_folder(),
            user: self.ssh_user.clone(),
            port: self.ssh_port,
            identity: self.identity.clone(),
            connect_s_max: self.connect_s,
        };
        Ssh::of(inventory, settings, self.first()).map_err(|error| missed(&error))
    }
}

/// The active nodes, or those of them that were named.
pub(crate) fn chosen<'a>(context: &Context, inventory: &'a Inventory, only: &[NodeName]) -> Result<Vec<(&'a NodeName, &'a Node)>, Failure> {
    for name in only {
        if !context.node(inventory, name)?.is_active() {
            return Err(Failure::new(Kind::Refused, format!("{name} is not in service"))
                .next(format!("clavitor-fleet show {name}; once it is enrolled and runs: clavitor-fleet node activate {name}")));
        }
    }
    let chosen: Vec<_> = inventory.active().filter(|(name, _)| only.is_empty() || only.contains(name)).collect();
    if chosen.is_empty() {
        return Err(none_active());
    }
    Ok(chosen)
}

/// Before the first node is in service there is nothing to ask, and nothing to deploy to.
pub(crate) fn none_active() -> Failure {
    Failure::new(Kind::Refused, "no node of the inventory is active")
        .next("clavitor-fleet bootstrap NODE --nixos DIR, clavitor-fleet node enrol NODE, then clavitor-fleet node activate NODE")
}

/// Why a node did not answer, for a verb about this one node.
pub(crate) fn missed(error: &RemoteError) -> Failure {
    let kind = if matches!(error, RemoteError::Here(_)) { Kind::General } else { Kind::Unreachable };
    Failure::new(kind, error.to_string())
}

/// Runs async work to its end on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::general("no runtime").why(error))?.block_on(work)
}
