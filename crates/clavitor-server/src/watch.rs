//! Deadlines of one connection, on the stream itself: hyper's own do not cover what comes before the first request, nor tell idle from slow.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use crate::limits::Limits;

const HTTP2_PREFACE_START: &[u8] = b"PRI * HTTP/2";

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A request's header is on its way since then.
    Header(Instant),
    /// Requests are being answered.
    Busy,
    /// Nothing is under way since then.
    Idle(Instant),
}

struct State {
    phase: Phase,
    requests: usize,
    http2: bool,
    first_read: bool,
}

/// The deadlines of one connection. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Watch {
    header: Duration,
    idle: Duration,
    state: Arc<Mutex<State>>,
}

/// A request that is being answered.
pub(crate) struct Busy(Watch);

impl Watch {
    /// Starts with the header deadline: a connection on which nothing comes is a slow one.
    pub(crate) fn new(limits: &Limits) -> Self {
        let state = State { phase: Phase::Header(Instant::now()), requests: 0, http2: false, first_read: true };
        let (header, idle) = (Duration::from_millis(limits.header_ms_max), Duration::from_millis(limits.idle_ms_max));
        Self { header, idle, state: Arc::new(Mutex::new(state)) }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A request has arrived whole, as far as its header goes.
    pub(crate) fn busy(&self) -> Busy {
        self.with(|state| {
            state.requests += 1;
            state.phase = Phase::Busy;
        });
        Busy(self.clone())
    }

    /// Bytes have arrived. On HTTP/2 they need not be a request: acknowledgements and pings leave the idle deadline where it was.
    fn read(&self, bytes: &[u8]) {
        self.with(|state| {
            if std::mem::take(&mut state.first_read) {
                state.http2 = bytes.starts_with(HTTP2_PREFACE_START);
            }
            if matches!(state.phase, Phase::Idle(_)) && !state.http2 {
                state.phase = Phase::Header(Instant::now());
            }
        });
    }

    /// Resolves when a deadline has passed.
    pub(crate) async fn expired(&self) {
        loop {
            let deadline = match self.with(|state| state.phase) {
                Phase::Header(since) => since + self.header,
                Phase::Idle(since) => since + self.idle,
                Phase::Busy => Instant::now() + self.header,
            };
            tokio::time::sleep_until(deadline).await;
            let passed = match self.with(|state| state.phase) {
                Phase::Header(since) => since + self.header <= Instant::now(),
                Phase::Idle(since) => since + self.idle <= Instant::now(),
                Phase::Busy => false,
            };
            if passed {
                return;
            }
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.with(|state| {
            state.requests -= 1;
            if state.requests == 0 {
                state.phase = Phase::Idle(Instant::now());
            }
        });
    }
}

/// A stream that tells its [`Watch`] when bytes arrive.
pub(crate) struct Watched<S> {
    stream: S,
    watch: Watch,
}

impl<S> Watched<S> {
    /// Watches `stream`.
    pub(crate) fn new(stream: S, watch: Watch) -> Self {
        Self { stream, watch }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.watch.read(&buffer.filled()[before..]);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
