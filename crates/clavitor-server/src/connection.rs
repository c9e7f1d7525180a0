//! One connection: HTTP over an open stream, within the limits, until it ends, is too slow, has had enough, or has to leave.

use std::{
    error::Error,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, Version, header},
    response::Response,
};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use thiserror::Error;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use crate::{
    accept::{Answer, Peer, Stream},
    app::Overdrawn,
    door::Guest,
    hold::{self, Held, Hold},
    limits::Limits,
    watch::{Watch, Watched},
};

/// Open connections, and the word that asks them to end.
pub(crate) struct Drain(watch::Sender<bool>);

/// What a connection holds of the [`Drain`] while it is open.
#[derive(Clone)]
pub(crate) struct Draining(watch::Receiver<bool>);

impl Drain {
    pub(crate) fn new() -> (Self, Draining) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Draining(receiver))
    }

    /// Asks all to end in order; resolves when they have.
    pub(crate) async fn ended(self, last: Draining) {
        self.0.send_replace(true);
        drop(last);
        self.0.closed().await;
    }
}

impl Draining {
    fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when a connection is to end because the node does. One that is quiet is kept a moment longer: a request may be on its way, and closing under
    /// it would fail it; it is answered, and told that it was the last.
    async fn leaving(&mut self, watch: &Watch, limits: &Limits) {
        self.asked().await;
        if watch.is_quiet() {
            tokio::time::sleep(Duration::from_millis(limits.linger_ms_max)).await;
        }
    }

    async fn asked(&mut self) {
        // Without anybody who could ask, nobody does.
        if self.0.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Ends HTTP on a connection that goes on without it.
#[derive(Debug, Error)]
#[error("it is held")]
struct LetGo;

/// What a connection has used up of its patience.
#[derive(Default)]
struct Tally {
    requests: AtomicUsize,
    refused: AtomicUsize,
    enough: Notify,
    too_much: Notify,
}

impl Tally {
    /// Counts an answer; whether it is the last. Of an address that went too far on another connection, nothing is borne any more.
    fn count(&self, response: &Response, limits: &Limits, guest: &Guest, now_ms: u64) -> bool {
        let overdrawn = response.status() == StatusCode::TOO_MANY_REQUESTS || response.extensions().get::<Overdrawn>().is_some();
        let refused = if overdrawn { self.refused.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
        let requests = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        if refused == limits.refused_per_connection_max {
            guest.offended(now_ms);
        }
        let offends = refused >= limits.refused_per_connection_max || (overdrawn && guest.is_offender(now_ms));
        let last = offends || requests >= limits.requests_per_connection_max;
        if last {
            self.enough.notify_one();
        }
        // Whoever was told and goes on all the same is not waited for.
        if refused >= 2 * limits.refused_per_connection_max {
            self.too_much.notify_one();
        }
        last
    }
}

/// Serves one connection. A stop and too many requests end it in order: `Connection: close`, or GOAWAY; everything else cuts it off.
pub(crate) async fn serve<A, S>(answerer: A, stream: S, peer: Peer, guest: Guest, mut draining: Draining)
where
    A: Answer,
    S: Stream,
{
    let limits = answerer.node().config().limits.clone();
    let (watch, tally) = (Watch::new(&limits), Arc::new(Tally::default()));
    let stream = TokioIo::new(Watched::new(stream, watch.clone()));
    let told = draining.clone();
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(guest.clone());
        let (answerer, watch, busy, tally) = (answerer.clone(), watch.clone(), watch.busy(), tally.clone());
        let (stop, guest, version) = (told.clone(), guest.clone(), request.version());
        async move {
            let mut response = answerer.answer(request.map(Body::new)).await;
            let node = answerer.node();
            let last = tally.count(&response, &node.config().limits, &guest, node.now_ms()) || stop.is_asked();
            if last && version < Version::HTTP_2 {
                // Requests that have come already are not begun any more.
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            // What was answered before has to be taken first, and would be lost. The library waits for that itself, unless it answered before a body had come whole.
            if let Some(keep) = Hold::take(&mut response)
                && version == Version::HTTP_11
                && !(last || watch.is_stalled())
            {
                let head = hold::head(&response, answerer.node().now_ms());
                watch.hand_over(move |stream| keep(Held::new(stream, head, guest, stop)));
                return Err(LetGo);
            }
            drop(busy);
            Ok(response)
        }
    });
    let builder = http(&limits, A::HTTP2);
    let mut serving = pin!(builder.serve_connection(stream, service));
    let (mut ending, mut cut_at) = (false, None);
    loop {
        tokio::select! {
            result = &mut serving => {
                if let Err(error) = result {
                    if watch.is_flooded() || is_enough(&*error) {
                        guest.offended(answerer.node().now_ms());
                    }
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            () = draining.leaving(&watch, &limits), if !ending => {}
            () = tally.enough.notified(), if !ending => {
                tracing::debug!("connection has had enough requests");
                cut_at = Some(Instant::now() + Duration::from_millis(limits.header_ms_max));
            }
            () = tally.too_much.notified() => return tracing::debug!("connection went on after it had had enough"),
            () = at(cut_at), if cut_at.is_some() => return tracing::debug!("connection did not end in order"),
            () = watch.expired() => return tracing::debug!("connection was too slow"),
            () = guest.must_leave() => return tracing::debug!("connection made place for another"),
        }
        ending = true;
        serving.as_mut().graceful_shutdown();
    }
}

/// Whether the library ended a connection because too much was asked of it: streams that are reset at once, headers without end.
fn is_enough(error: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    causes.any(|cause| cause.downcast_ref().and_then(h2::Error::reason) == Some(h2::Reason::ENHANCE_YOUR_CALM))
}

async fn at(moment: Option<Instant>) {
    if let Some(moment) = moment {
        tokio::time::sleep_until(moment).await;
    }
}

/// hyper with every limit set by us; its own header deadline needs the timer and is the net under [`Watch`].
fn http(limits: &Limits, http2: bool) -> auto::Builder<TokioExecutor> {
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut builder = if http2 { builder } else { builder.http1_only() };
    let net = Duration::from_millis(limits.idle_ms_max + limits.header_ms_max);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(net)
        .max_headers(limits.header_fields_max)
        .max_buf_size(limits.header_bytes_max.max(8 << 10))
        // Who has asked and closes its side waits for the answer; otherwise it depended on whether the end came with the question or after it.
        .half_close(true)
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_max)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX))
        .initial_connection_window_size(limits.window_bytes_max)
        .initial_stream_window_size(limits.window_bytes_max / 2)
        .max_send_buf_size(64 << 10)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .keep_alive_interval(Duration::from_millis(limits.idle_ms_max / 2))
        .keep_alive_timeout(Duration::from_millis(limits.header_ms_max));
    builder
}
