//! The accept loop: hyper over any stream, with deadlines that hold, bounded connections, and an orderly end.

use std::{future::Future, io, net::SocketAddr, pin::pin, time::Duration};

use axum::{body::Body, extract::Request, response::Response};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::Instant,
};

use crate::{
    Node,
    arrivals::Arrivals,
    connection::{self, Drain, Draining},
    door::Guest,
    proxy,
    turned::Waiting,
};

/// Where a request came from: the socket's address, never a header.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// What HTTP is spoken on.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// The socket under it.
    fn socket(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

/// What stands between the socket and HTTP: nothing, or TLS.
pub trait Front: Clone + Send + Sync + 'static {
    /// The stream that HTTP is spoken on.
    type Stream: Stream;

    /// Opens it; `tls_handshake_ms_max` runs.
    fn open(&self, socket: TcpStream) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// Nothing stands between.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Front for Plain {
    type Stream = TcpStream;

    async fn open(&self, socket: TcpStream) -> io::Result<TcpStream> {
        Ok(socket)
    }
}

/// What answers the requests of a listener. Cheap to clone.
pub trait Answer: Clone + Send + Sync + 'static {
    /// Whether HTTP/2 is spoken besides HTTP/1.1.
    const HTTP2: bool;

    /// The node, whose limits hold and whose door counts.
    fn node(&self) -> &Node;

    /// Answers one request. The peer's address is in its extensions.
    fn answer(&self, request: Request<Body>) -> impl Future<Output = Response> + Send;
}

/// Serves until `shutdown` resolves, then lets open requests finish within the drain limit.
pub async fn serve<A: Answer, F: Front>(answerer: A, listener: TcpListener, front: F, shutdown: impl Future<Output = ()>) {
    let limits = answerer.node().config().limits.clone();
    let (drain, draining) = Drain::new();
    let arrivals = match Arrivals::new(listener, &limits) {
        Ok(arrivals) => arrivals,
        Err(error) => return tracing::error!(%error, "the listening socket cannot be used"),
    };
    let mut waiting = Waiting::new(answerer.node().door().outside(), &limits);
    let (mut shutdown, mut beat) = (pin!(shutdown), answerer.node().pulse().join());
    loop {
        let accepted = tokio::select! {
            accepted = arrivals.next() => accepted,
            () = waiting.due() => {
                waiting.let_go(Instant::now());
                continue;
            }
            () = beat.asked() => continue,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((socket, peer)) => {
                let node = answerer.node();
                // A proxy's connection is somebody else's; whose, it says itself.
                let counted = (!node.config().trusts(peer.ip())).then(|| peer.ip());
                let Ok(guest) = node.door().knock(counted, node.now_ms()) else {
                    waiting.add(socket, Instant::now());
                    continue;
                };
                match TcpStream::from_std(socket) {
                    Ok(socket) => drop(tokio::spawn(open(answerer.clone(), socket, Peer(peer), front.clone(), draining.clone(), guest))),
                    Err(error) => tracing::warn!(%error, "a connection cannot be used"),
                }
            }
            Err(error) => {
                // Out of descriptors, or a peer that hung up at once: neither is a reason to stop, nor to spin.
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    answerer.node().stop();
    drop((arrivals, waiting));
    if tokio::time::timeout(Duration::from_millis(limits.drain_ms_max), drain.ended(draining)).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

/// What comes before HTTP: the proxy's word about its client, and the front.
async fn open<A: Answer, F: Front>(answerer: A, mut socket: TcpStream, peer: Peer, front: F, draining: Draining, guest: Guest) {
    let tls_handshake_ms_max = answerer.node().config().limits.tls_handshake_ms_max;
    let opening = async {
        let peer = proxy::peer(answerer.node(), &mut socket, peer, &guest).await?;
        Ok::<_, io::Error>((front.open(socket).await?, peer))
    };
    let opened = tokio::select! {
        opened = tokio::time::timeout(Duration::from_millis(tls_handshake_ms_max), opening) => opened,
        () = guest.must_leave() => return,
    };
    match opened {
        Ok(Ok((stream, peer))) => connection::serve(answerer, stream, peer, guest, draining).await,
        Ok(Err(error)) => tracing::debug!(kind = ?error.kind(), "connection did not open"),
        Err(_) => tracing::debug!("connection opened too slowly"),
    }
}
