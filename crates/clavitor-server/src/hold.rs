//! Connections that an edition keeps: HTTP lets go of them, and what is left is a stream, a place at the door, and the head of an answer. Nothing here waits
//! for a client: what cannot be done at once is not done.

use std::{
    future::{Future as _, poll_fn},
    mem,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, UNIX_EPOCH},
};

use axum::{http::header, response::Response};
use rustix::net::sockopt;
use tokio::{io::AsyncWrite as _, task::unconstrained};

use crate::{accept::Stream, connection::Draining, door::Guest};

/// What a held client sends is thrown away, so much at a time.
const DISCARDED_BYTES_MAX: usize = 2 << 10;
/// What the system keeps of it meanwhile.
const RECEIVE_BUFFER_BYTES_MAX: usize = 4 << 10;

type Keep = Box<dyn FnOnce(Held) + Send>;

/// In the extensions of a response: who keeps the connection.
#[derive(Clone)]
pub(crate) struct Hold(Arc<Mutex<Option<Keep>>>);

/// Makes `response` one whose body is sent by whom `keep` hands the connection to. Where HTTP cannot let go of the connection, `response` is sent as it is,
/// and `keep` is dropped.
pub fn hold(mut response: Response, keep: impl FnOnce(Held) + Send + 'static) -> Response {
    response.extensions_mut().insert(Hold(Arc::new(Mutex::new(Some(Box::new(keep))))));
    response
}

impl Hold {
    /// Who keeps the connection of this response, if somebody does.
    pub(crate) fn take(response: &mut Response) -> Option<Keep> {
        let Self(keep) = response.extensions_mut().remove()?;
        keep.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What became of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// They are on their way.
    All,
    /// The client takes none for now.
    Nothing,
    /// Nothing can be sent any more.
    Broken,
}

/// A connection without HTTP, in the middle of an answer in chunks. It counts at the door and in the drain until it is dropped.
pub struct Held {
    stream: Box<dyn Stream>,
    /// Until it is sent.
    head: Vec<u8>,
    guest: Guest,
    _draining: Draining,
}

impl Held {
    /// `head` is what [`head`] makes.
    pub(crate) fn new(stream: Box<dyn Stream>, head: Vec<u8>, guest: Guest, draining: Draining) -> Self {
        let socket = stream.socket();
        let _ = sockopt::set_socket_recv_buffer_size(socket, RECEIVE_BUFFER_BYTES_MAX);
        // The socket still knows the task that spoke HTTP, and keeps its memory, until somebody else asks.
        let _ = once(|context| socket.poll_read_ready(context));
        let _ = once(|context| socket.poll_write_ready(context));
        Self { stream, head, guest, _draining: draining }
    }

    /// Sends more of the body, and the head before the first of it.
    pub fn send(&mut self, bytes: &[u8]) -> Sent {
        let size = format!("{:x}\r\n", bytes.len());
        self.write(&[size.as_bytes(), bytes, b"\r\n"].concat())
    }

    /// Ends the answer and the connection, as far as the client takes it.
    pub fn end(mut self) {
        if self.write(b"0\r\n\r\n") == Sent::All {
            let _ = once(|context| Pin::new(&mut self.stream).poll_shutdown(context));
        }
    }

    /// Whether the client has hung up. Throws away some of what it has sent.
    pub fn is_over(&self) -> bool {
        // Below TLS: nothing that it sends is worth being decrypted, or kept until it can be.
        match self.stream.socket().try_read(&mut [0; DISCARDED_BYTES_MAX]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }

    /// Whether the place is somebody else's by now.
    pub fn must_leave(&self) -> bool {
        self.guest.has_left()
    }

    fn write(&mut self, bytes: &[u8]) -> Sent {
        // What TLS was not rid of the last time goes first.
        match once(|context| Pin::new(&mut self.stream).poll_flush(context)) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(_)) => return Sent::Broken,
            Poll::Pending => return Sent::Nothing,
        }
        let head = mem::take(&mut self.head);
        let all = if head.is_empty() { bytes } else { &[&head, bytes].concat() };
        match once(|context| Pin::new(&mut self.stream).poll_write(context, all)) {
            Poll::Ready(Ok(sent)) if sent == all.len() => Sent::All,
            // Half a chunk: whoever takes so little is not waited for.
            Poll::Ready(_) => Sent::Broken,
            Poll::Pending => {
                self.head = head;
                Sent::Nothing
            }
        }
    }
}

/// Asks once. Whatever is not ready does not call, and is asked again another time; so it does not matter who has been asked before (tokio's budget of a task).
fn once<T>(poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    pin!(unconstrained(poll_fn(poll))).poll(&mut Context::from_waker(Waker::noop()))
}

/// A response's head as HTTP/1.1 writes it (RFC 9112), for a body in chunks.
pub(crate) fn head(response: &Response, now_ms: u64) -> Vec<u8> {
    let status = response.status();
    let mut head = format!("HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or_default()).into_bytes();
    for (name, value) in response.headers().iter().filter(|(name, _)| *name != header::CONTENT_LENGTH) {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(now_ms));
    head.extend_from_slice(format!("transfer-encoding: chunked\r\ndate: {date}\r\n\r\n").as_bytes());
    head
}
