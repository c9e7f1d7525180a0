//! The accept loop: hyper over any stream, with deadlines that hold, bounded connections, and an orderly end.

use std::{
    collections::HashMap,
    future::Future,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::body::Body;
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

use crate::{
    app::App,
    limits::Limits,
    rates::Prefix,
    watch::{Watch, Watched},
};

/// Where a request came from: the socket's address, never a header.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// What stands between the socket and HTTP: nothing, or TLS.
pub trait Front: Clone + Send + Sync + 'static {
    /// The stream that HTTP is spoken on.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Opens it; the header deadline runs.
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

/// Serves until `shutdown` resolves, then lets open requests finish within the drain limit.
pub async fn serve<F: Front>(app: App, listener: TcpListener, front: F, shutdown: impl Future<Output = ()>) {
    let limits = app.node().config().limits.clone();
    let (graceful, slots) = (GracefulShutdown::new(), Slots::default());
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((socket, peer)) => {
                let Some(slot) = slots.take(peer, &limits) else { continue };
                tokio::spawn(connection(app.clone(), socket, Peer(peer), front.clone(), graceful.watcher(), slot));
            }
            Err(error) => {
                // Out of descriptors, or a peer that hung up at once: neither is a reason to stop, nor to spin.
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    app.node().stop();
    drop(listener);
    if tokio::time::timeout(Duration::from_millis(limits.drain_ms_max), graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

async fn connection<F: Front>(
    app: App,
    socket: TcpStream,
    peer: Peer,
    front: F,
    watcher: hyper_util::server::graceful::Watcher,
    _slot: Slot,
) {
    let limits = app.node().config().limits.clone();
    // Answers are small and complete; waiting to fill a packet only adds delay.
    let _ = socket.set_nodelay(true);
    let opening = tokio::time::timeout(Duration::from_millis(limits.header_ms_max), front.open(socket));
    let Ok(Ok(stream)) = opening.await else { return };
    let watch = Watch::new(&limits);
    let stream = TokioIo::new(Watched::new(stream, watch.clone()));
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let (app, busy) = (app.clone(), watch.busy());
        async move {
            let response = app.answer(request.map(Body::new)).await;
            drop(busy);
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let builder = http(&limits);
    let serving = watcher.watch(builder.serve_connection(stream, service));
    tokio::select! {
        result = serving => {
            if let Err(error) = result {
                tracing::debug!(%error, "connection ended");
            }
        }
        () = watch.expired() => tracing::debug!("connection was too slow"),
    }
}

/// hyper with every limit set by us; its own header deadline needs the timer and is the net under [`Watch`].
fn http(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let net = Duration::from_millis(limits.idle_ms_max + limits.header_ms_max);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(net)
        .max_headers(limits.header_fields_max)
        .max_buf_size(limits.header_bytes_max.max(8 << 10))
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_max)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .keep_alive_interval(Duration::from_millis(limits.idle_ms_max / 2))
        .keep_alive_timeout(Duration::from_millis(limits.header_ms_max));
    builder
}

/// Open connections, counted by neighbour and in all.
#[derive(Clone, Default)]
struct Slots(Arc<Mutex<HashMap<Prefix, usize>>>);

struct Slot {
    slots: Slots,
    prefix: Prefix,
}

impl Slots {
    fn with<T>(&self, change: impl FnOnce(&mut HashMap<Prefix, usize>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self, peer: SocketAddr, limits: &Limits) -> Option<Slot> {
        let prefix = Prefix::from(peer.ip());
        self.with(|open| {
            let ours = open.get(&prefix).copied().unwrap_or(0);
            if ours >= limits.connections_per_prefix_max || open.values().sum::<usize>() >= limits.connections_max {
                return None;
            }
            open.insert(prefix, ours + 1);
            Some(Slot { slots: self.clone(), prefix })
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.with(|open| {
            let left = open.get(&self.prefix).copied().unwrap_or(1) - 1;
            if left == 0 {
                open.remove(&self.prefix)
            } else {
                open.insert(self.prefix, left)
            };
        });
    }
}
