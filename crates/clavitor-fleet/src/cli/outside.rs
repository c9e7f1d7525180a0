//! How nodes are seen from outside: the flags of a look over TLS at their public addresses.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use clavitor_outbound::Prober;

use super::{Failure, Kind};

/// The flags.
#[derive(Debug, Clone, Args)]
pub(crate) struct Outside {
    /// Where nodes serve
    #[arg(long, value_name = "PORT", default_value_t = 443, help_heading = "Looking from outside")]
    https_port: u16,
    /// More certificate authorities than the public ones, in PEM
    #[arg(long, value_name = "FILE", help_heading = "Looking from outside")]
    ca_file: Option<PathBuf>,
}

impl Outside {
    /// Where a node with this public address serves.
    pub(crate) const fn at(&self, address: IpAddr) -> SocketAddr {
        SocketAddr::new(address, self.https_port)
    }

    /// Whoever looks.
    pub(crate) fn prober(&self) -> Result<Prober, Failure> {
        Prober::new(self.ca_file.as_deref()).map_err(|error| Failure::new(Kind::NotFound, error.to_string()))
    }
}
