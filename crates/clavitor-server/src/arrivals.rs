//! Connections as they come, before anybody is let in. A socket costs one system call here; only one that is let in is given to the runtime.

use std::{
    io,
    net::{SocketAddr, TcpStream},
};

use rustix::net::{SocketFlags, acceptfrom_with, sockopt};
use tokio::{
    io::{Interest, unix::AsyncFd},
    net::TcpListener,
};

use crate::limits::Limits;

/// A listening socket.
pub(crate) struct Arrivals(AsyncFd<std::net::TcpListener>);

impl Arrivals {
    /// Takes a listener over, and sets what its connections are bound by.
    pub(crate) fn new(listener: TcpListener, limits: &Limits) -> io::Result<Self> {
        bind(&listener, limits)?;
        #[allow(deprecated, reason = "for what could close its socket while it is watched; a listener that is owned here cannot")]
        let watched = AsyncFd::with_interest(listener.into_std()?, Interest::READABLE)?;
        Ok(Self(watched))
    }

    /// The next connection, which does not block, and who is at its other end.
    pub(crate) async fn next(&self) -> io::Result<(TcpStream, SocketAddr)> {
        // A crowd that comes without end must not keep everybody else from running.
        tokio::task::coop::consume_budget().await;
        loop {
            let mut ready = self.0.readable().await?;
            if let Ok(accepted) = ready.try_io(|listener| accept(listener.get_ref())) {
                return accepted;
            }
        }
    }
}

fn accept(listener: &std::net::TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (socket, peer) = acceptfrom_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
    let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok()).ok_or(io::ErrorKind::AddrNotAvailable)?;
    Ok((socket.into(), peer))
}

/// What the system keeps of a connection, and for how long when the other side is gone. Linux gives a listener's settings to each of its connections, which
/// saves three calls for each.
fn bind(listener: &TcpListener, limits: &Limits) -> io::Result<()> {
    // Answers are small and complete; waiting to fill a packet only adds delay.
    sockopt::set_tcp_nodelay(listener, true)?;
    sockopt::set_socket_send_buffer_size(listener, limits.send_buffer_bytes_max)?;
    sockopt::set_tcp_user_timeout(listener, u32::try_from(2 * limits.write_ms_max).unwrap_or(u32::MAX))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_has_what_its_listener_was_told() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let limits = Limits { send_buffer_bytes_max: 32 << 10, write_ms_max: 7_000, ..Limits::default() };
        let arrivals = Arrivals::new(listener, &limits).unwrap();
        let theirs = TcpStream::connect(address).unwrap();
        let (ours, peer) = arrivals.next().await.unwrap();
        assert_eq!(peer, theirs.local_addr().unwrap());
        assert!(sockopt::tcp_nodelay(&ours).unwrap());
        // The system counts what it needs for itself too.
        assert_eq!(sockopt::socket_send_buffer_size(&ours).unwrap(), 64 << 10);
        assert_eq!(sockopt::tcp_user_timeout(&ours).unwrap(), 14_000);
        let ours = tokio::net::TcpStream::from_std(ours).unwrap();
        assert_eq!(ours.try_read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
