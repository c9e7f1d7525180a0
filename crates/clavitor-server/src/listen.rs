//! Where listening sockets come from: from the service manager, which keeps them open while the node restarts, or made here.

use std::{collections::BTreeSet, env, io, net::SocketAddr};

use listenfd::ListenFd;
use thiserror::Error;
use tokio::net::TcpListener;

/// What a listening socket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The vault, over TLS.
    Https,
    /// Challenges and a plain refusal, without TLS.
    Http,
}

/// Why the sockets that the service manager handed over cannot be used.
#[derive(Debug, Error)]
pub enum HandedOverError {
    /// Something else than a listening TCP socket.
    #[error("the service manager handed over something that is no TCP socket: {0}")]
    NotTcp(#[source] io::Error),
    /// A name that says nothing to us.
    #[error("the service manager handed over a socket named {0:?}; name them with FileDescriptorName=https and FileDescriptorName=http")]
    Name(String),
    /// No names, and more ports than two.
    #[error(
        "the service manager handed over sockets on {0} ports and no names; name them with FileDescriptorName=https and FileDescriptorName=http"
    )]
    Ports(usize),
}

/// The sockets that the service manager handed over.
#[derive(Debug, Default)]
pub struct HandedOver(Vec<(Purpose, TcpListener)>);

impl HandedOver {
    /// Takes them (sd_listen_fds(3)): by their names if they have ours, else by port: the higher one is for TLS. Once only.
    ///
    /// # Errors
    /// [`HandedOverError`].
    pub fn take_from_environment() -> Result<Self, HandedOverError> {
        let names: Vec<String> = env::var("LISTEN_FDNAMES").map_or_else(|_| Vec::new(), |names| names.split(':').map(Into::into).collect());
        let mut handed_over = ListenFd::from_env();
        let mut sockets = Vec::new();
        for index in 0..handed_over.len() {
            let Some(socket) = handed_over.take_tcp_listener(index).map_err(HandedOverError::NotTcp)? else { continue };
            socket.set_nonblocking(true).map_err(HandedOverError::NotTcp)?;
            let listener = TcpListener::from_std(socket).map_err(HandedOverError::NotTcp)?;
            let port = listener.local_addr().map_err(HandedOverError::NotTcp)?.port();
            sockets.push((names.get(index).cloned().unwrap_or_default(), port, listener));
        }
        let signs: Vec<(&str, u16)> = sockets.iter().map(|(name, port, _)| (name.as_str(), *port)).collect();
        let purposes = purposes(&signs)?;
        Ok(Self(purposes.into_iter().zip(sockets.into_iter().map(|(_, _, listener)| listener)).collect()))
    }

    /// Those for a purpose, as they came.
    pub fn take(&mut self, purpose: Purpose) -> Vec<TcpListener> {
        let (taken, left) = std::mem::take(&mut self.0).into_iter().partition(|(found, _)| *found == purpose);
        self.0 = left;
        Vec::from_iter(taken).into_iter().map(|(_, listener): (Purpose, TcpListener)| listener).collect()
    }
}

/// What each socket is for, by name and port. A unit that names nothing gives each socket its own name, such as `clavitor.socket`.
fn purposes(sockets: &[(&str, u16)]) -> Result<Vec<Purpose>, HandedOverError> {
    let ours = |name: &str| matches!(name, "https" | "http");
    if sockets.iter().any(|(name, _)| ours(name)) {
        let named = |(name, _): &(&str, u16)| match *name {
            "https" => Ok(Purpose::Https),
            "http" => Ok(Purpose::Http),
            other => Err(HandedOverError::Name(other.to_owned())),
        };
        return sockets.iter().map(named).collect();
    }
    let ports: BTreeSet<u16> = sockets.iter().map(|(_, port)| *port).collect();
    if ports.len() > 2 {
        return Err(HandedOverError::Ports(ports.len()));
    }
    let highest = ports.last().copied();
    Ok(sockets.iter().map(|(_, port)| if Some(*port) == highest { Purpose::Https } else { Purpose::Http }).collect())
}

/// Listens on an address. Where the machine has no IPv6, `[::]` means every IPv4 address.
///
/// # Errors
/// What the system says.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(error) if address.is_ipv6() && address.ip().is_unspecified() && error.kind() != io::ErrorKind::AddrInUse => {
            TcpListener::bind((std::net::Ipv4Addr::UNSPECIFIED, address.port())).await.map_err(|_| error)
        }
        bound => bound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Purpose::{Http, Https};

    #[test]
    fn names_win_and_ports_are_next() {
        let of = |sockets: &[(&str, u16)]| purposes(sockets).unwrap();
        assert_eq!(of(&[("http", 443), ("https", 80), ("https", 80)]), [Http, Https, Https]);
        assert_eq!(of(&[("clavitor.socket", 443), ("clavitor.socket", 80), ("", 443)]), [Https, Http, Https]);
        assert_eq!(of(&[("", 8443)]), [Https]);
        assert_eq!(of(&[]), []);
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        assert!(purposes(&[("https", 443), ("clavitor.socket", 80)]).unwrap_err().to_string().contains("clavitor.socket"));
        assert!(purposes(&[("", 80), ("", 443), ("", 8443)]).unwrap_err().to_string().contains("3 ports"));
    }

    #[tokio::test]
    async fn an_address_in_use_is_an_error_and_not_another_address() {
        let taken = bind("[::]:0".parse().unwrap()).await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = bind(SocketAddr::new(taken.local_addr().unwrap().ip(), port)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
