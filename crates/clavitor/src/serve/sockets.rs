//! The sockets of a node: those that the service manager handed over, else its own.

use std::{io, net::SocketAddr};

use anyhow::{Context as _, anyhow, bail};
use clavitor_server::listen::{self, HandedOver, Purpose};
use tokio::net::TcpListener;

use crate::reach::{self, Reach};

/// Listening sockets.
pub(super) struct Sockets {
    /// Where the vault is served; never none.
    pub(super) main: Vec<TcpListener>,
    /// Where plain HTTP sends people on.
    pub(super) http: Vec<TcpListener>,
}

/// Takes or opens what the flags ask for.
pub(super) async fn open(reach: &Reach) -> anyhow::Result<Sockets> {
    let mut handed_over = HandedOver::take_from_environment()?;
    let (mut main, mut http) = (handed_over.take(Purpose::Https), handed_over.take(Purpose::Http));
    if reach.names.is_empty() {
        main.append(&mut http);
        for listener in &main {
            reach::loopback(listener.local_addr()?)?;
        }
    }
    // With socket activation the manager decides about both ports; one of its sockets alone does not make us open the other.
    if main.is_empty() && http.is_empty() {
        main.push(bind(reach.main).await?);
        if let Some(address) = reach.http {
            http.push(bind(address).await?);
        }
    }
    if main.is_empty() {
        bail!("the service manager handed over a socket for plain HTTP and none for HTTPS; add one with FileDescriptorName=https");
    }
    Ok(Sockets { main, http })
}

impl Sockets {
    /// Where the vault is served.
    pub(super) fn address(&self) -> anyhow::Result<SocketAddr> {
        let first = self.main.first().context("no socket")?;
        Ok(first.local_addr()?)
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    listen::bind(address).await.map_err(|error| anyhow!("cannot listen on {address}: {error}{}", remedy(error.kind())))
}

fn remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::PermissionDenied => {
            ". Ports below 1024 are not for everybody: let the service manager open them (socket activation), give the service CAP_NET_BIND_SERVICE, or say \
             --https-bind and --http-bind with other ports"
        }
        io::ErrorKind::AddrInUse => ". Another program listens there, `ss -ltnp` shows which: stop it, or choose another port",
        _ => "",
    }
}
