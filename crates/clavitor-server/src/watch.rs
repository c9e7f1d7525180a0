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
    sync::Notify,
    time::Instant,
};

use crate::{
    accept::Stream,
    frames::{Frames, PREFACE, Protocol},
    framing::Framing,
    limits::Limits,
};

const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Who has the stream when HTTP is through with it.
type Next = Box<dyn FnOnce(Box<dyn Stream>) + Send>;

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

/// An answer waits to be taken.
#[derive(Clone, Copy)]
struct Stall {
    since: Instant,
    taken_bytes: usize,
}

struct State {
    phase: Phase,
    requests: usize,
    protocol: Protocol,
    framing: Framing,
    frames: Frames,
    stall: Option<Stall>,
    /// Bytes that were taken since the idle deadline was last moved.
    taken_bytes: usize,
    /// More frames came than may.
    flooded: bool,
    next: Option<Next>,
}

/// The deadlines of one connection. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Watch {
    began: Instant,
    header: Duration,
    idle: Duration,
    write: Duration,
    write_bytes_min: usize,
    state: Arc<Mutex<State>>,
    stalled: Arc<Notify>,
}

/// What came is not read any further.
#[derive(Debug)]
enum Refused {
    /// Too many HTTP/2 frames that ask for nothing.
    Frames,
    /// A request that could be read in two ways, while no other is being answered, or while one is.
    Framing { alone: bool },
}

/// A request that is being answered.
pub(crate) struct Busy(Watch);

impl Watch {
    /// Starts with the header deadline: a connection on which nothing comes is a slow one.
    pub(crate) fn new(limits: &Limits) -> Self {
        let began = Instant::now();
        let state = State {
            phase: Phase::Header(began),
            requests: 0,
            protocol: Protocol::Unknown(0),
            framing: Framing::new(limits.header_bytes_max),
            frames: Frames::new(limits.idle_frames_burst_max, limits.idle_frames_per_second_max),
            stall: None,
            taken_bytes: 0,
            flooded: false,
            next: None,
        };
        Self {
            began,
            header: Duration::from_millis(limits.header_ms_max),
            idle: Duration::from_millis(limits.idle_ms_max),
            write: Duration::from_millis(limits.write_ms_max),
            write_bytes_min: limits.write_bytes_min,
            state: Arc::new(Mutex::new(state)),
            stalled: Arc::new(Notify::new()),
        }
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

    /// Bytes have arrived. On HTTP/2 they need not be a request: acknowledgements and pings leave the idle deadline where it was, and are counted.
    fn read(&self, bytes: &[u8]) -> Result<(), Refused> {
        self.with(|state| {
            let before = state.protocol;
            let rest = state.protocol.read(bytes);
            match state.protocol {
                Protocol::Unknown(_) => Ok(()),
                Protocol::Http2 => state.frames.read(rest, self.began.elapsed()).map_err(|_| {
                    state.flooded = true;
                    Refused::Frames
                }),
                Protocol::Http1 => {
                    if matches!(state.phase, Phase::Idle(_)) {
                        state.phase = Phase::Header(Instant::now());
                    }
                    // What looked like the other protocol's first bytes were this one's.
                    let held = if let Protocol::Unknown(seen) = before { seen + bytes.len() - rest.len() } else { 0 };
                    let read = state.framing.read(&PREFACE[..held]).and_then(|()| state.framing.read(rest));
                    let alone = state.requests == 0;
                    read.map_err(|_| Refused::Framing { alone })
                }
            }
        })
    }

    /// The client has taken so many bytes, or none for now. Whoever takes an answer slowly is not idle.
    fn wrote(&self, taken: Poll<usize>) {
        self.with(|state| {
            let Poll::Ready(bytes) = taken else {
                if state.stall.is_none() {
                    state.stall = Some(Stall { since: Instant::now(), taken_bytes: 0 });
                    self.stalled.notify_one();
                }
                return;
            };
            state.frames.sent(bytes);
            state.taken_bytes += bytes;
            if state.taken_bytes >= self.write_bytes_min {
                state.taken_bytes = 0;
                if matches!(state.phase, Phase::Idle(_)) {
                    state.phase = Phase::Idle(Instant::now());
                }
            }
            if let Some(stall) = &mut state.stall {
                stall.taken_bytes += bytes;
                state.stall = state.stall.filter(|stall| stall.taken_bytes < self.write_bytes_min);
            }
        });
    }

    /// Whether no request is under way and the peer cannot be told by the protocol that none will be answered any more, as HTTP/2 can.
    pub(crate) fn is_quiet(&self) -> bool {
        self.with(|state| !matches!(state.protocol, Protocol::Http2) && state.phase != Phase::Busy)
    }

    /// Whether more HTTP/2 frames came than may.
    pub(crate) fn is_flooded(&self) -> bool {
        self.with(|state| state.flooded)
    }

    /// Whether an answer waits to be taken.
    pub(crate) fn is_stalled(&self) -> bool {
        self.with(|state| state.stall.is_some())
    }

    /// The stream goes to `next` as soon as HTTP lets go of it; otherwise it ends then.
    pub(crate) fn hand_over(&self, next: impl FnOnce(Box<dyn Stream>) + Send + 'static) {
        self.with(|state| state.next = Some(Box::new(next)));
    }

    /// The client has taken everything.
    fn flushed(&self) {
        self.with(|state| state.stall = None);
    }

    /// The next moment at which a deadline may have passed, and whether it is one.
    fn deadline(&self, now: Instant) -> (Instant, bool) {
        self.with(|state| {
            let phase = match state.phase {
                Phase::Header(since) => (since + self.header, true),
                Phase::Idle(since) => (since + self.idle, true),
                Phase::Busy => (now + self.header, false),
            };
            let stall = state.stall.map_or(phase, |stall| (stall.since + self.write, true));
            if stall.0 < phase.0 { stall } else { phase }
        })
    }

    /// Resolves when a deadline has passed.
    pub(crate) async fn expired(&self) {
        loop {
            let (next, _) = self.deadline(Instant::now());
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = self.stalled.notified() => {}
            }
            let now = Instant::now();
            if let (at, true) = self.deadline(now)
                && at <= now
            {
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
pub(crate) struct Watched<S: Stream> {
    /// There until this is dropped.
    stream: Option<S>,
    watch: Watch,
}

impl<S: Stream> Watched<S> {
    /// Watches `stream`.
    pub(crate) fn new(stream: S, watch: Watch) -> Self {
        Self { stream: Some(stream), watch }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut S>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Says why, if it can be said at once and is not in the middle of another answer.
    fn refuse(&mut self, context: &mut Context<'_>, refused: &Refused) -> io::Error {
        if let Refused::Framing { alone: true } = refused {
            let _ = self.stream().map(|stream| stream.poll_write(context, BAD_REQUEST));
            let _ = self.stream().map(|stream| stream.poll_flush(context));
        }
        io::Error::other(match refused {
            Refused::Frames => "too many frames that ask for nothing",
            Refused::Framing { .. } => "a request that could be read in two ways",
        })
    }
}

impl<S: Stream> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = self.stream()?.poll_read(context, buffer);
        if buffer.filled().len() == before {
            return polled;
        }
        match self.watch.read(&buffer.filled()[before..]) {
            Ok(()) => polled,
            Err(refused) => Poll::Ready(Err(self.refuse(context, &refused))),
        }
    }
}

impl<S: Stream> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = self.stream()?.poll_write(context, bytes);
        self.watch.wrote(taken(&polled));
        polled
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let polled = self.stream()?.poll_write_vectored(context, pieces);
        self.watch.wrote(taken(&polled));
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = self.stream()?.poll_flush(context);
        match polled {
            Poll::Pending => self.watch.wrote(Poll::Pending),
            Poll::Ready(_) => self.watch.flushed(),
        }
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(context)
    }
}

impl<S: Stream> Drop for Watched<S> {
    fn drop(&mut self) {
        if let Some((next, stream)) = self.watch.with(|state| state.next.take()).zip(self.stream.take()) {
            next(Box::new(stream));
        }
    }
}

fn taken(polled: &Poll<io::Result<usize>>) -> Poll<usize> {
    match polled {
        Poll::Pending => Poll::Pending,
        Poll::Ready(Ok(bytes)) => Poll::Ready(*bytes),
        Poll::Ready(Err(_)) => Poll::Ready(0),
    }
}
