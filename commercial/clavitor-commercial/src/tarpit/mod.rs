//! The tarpit: whoever asks for what is not there, and is nobody, gets the answer one byte a second.

pub(crate) mod budget;
pub(crate) mod exempt;
pub(crate) mod ledger;
pub(crate) mod wheel;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use clavitor_server::{
    Shutdown,
    config::Clock,
    edition::{Body, Gauge, Response, Unmatched, http, plain},
    hold::{Held, Sent, hold},
};
use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval},
};

use budget::{Budget, DRIP_WIRE_BYTES, HEAD_WIRE_BYTES};
use ledger::Ledger;
pub use wheel::Measures;
use wheel::{Due, SeatId, Wheel};

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module tarpit";

/// The plain answer's code behind spaces, so that a program that waits for all of it can read it.
const BYTES: &[u8; 30] = b"          {\"code\":\"not_found\"}";

/// Let go at each turn while the node has hardly a place left.
const LET_GO_AT_ONCE: usize = 32;

/// How the tarpit is built. Tests make it small and quick.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Who is held, and for how many rounds.
    pub measures: Measures,
    /// From one turn of the wheel to the next.
    pub turn_ms: u64,
    /// Traffic in a month, headers of all layers included; afterwards it slows down.
    pub wire_bytes_per_month_max: u64,
}

impl Default for Limits {
    /// A round is a second; a tenth of the traffic that the smallest machines have in a month.
    fn default() -> Self {
        let measures = Measures { held_max: 1_000, held_per_prefix_max: 16, spokes: 50, rounds_max: 30, slow_rounds: 10 };
        Self { measures, turn_ms: 20, wire_bytes_per_month_max: 50_000_000_000 }
    }
}

struct State {
    wheel: Wheel<Caught>,
    budget: Budget,
    /// Somebody turns the wheel. Nobody is held otherwise: there would be no end.
    turning: bool,
    /// The node has hardly a place left, so nobody more is held.
    crowded: bool,
}

/// The tarpit. Shared by its connections.
pub(crate) struct Tarpit {
    state: Mutex<State>,
    occupied: Notify,
    ledger: OnceLock<Ledger>,
    turn: Duration,
    clock: Clock,
    held_ever: AtomicU64,
    shed: AtomicU64,
}

impl Tarpit {
    /// An empty one, which does not hold anybody before it is turned.
    pub(crate) fn new(limits: Limits, clock: Clock) -> Arc<Self> {
        let state = State {
            wheel: Wheel::new(limits.measures),
            budget: Budget::new(limits.wire_bytes_per_month_max),
            turning: false,
            crowded: false,
        };
        let (held_ever, shed) = (AtomicU64::new(0), AtomicU64::new(0));
        let turn = Duration::from_millis(limits.turn_ms.max(1));
        Arc::new(Self { state: Mutex::new(state), occupied: Notify::new(), ledger: OnceLock::new(), turn, clock, held_ever, shed })
    }

    /// Goes on with what an earlier process spent this month.
    pub(crate) fn open(&self, data: &Path) {
        let (ledger, spent) = Ledger::open(data);
        if self.ledger.set(ledger).is_ok() {
            self.lock().budget.resume((self.clock)() / 1000, spent);
        }
    }

    /// Keeps what was spent so far. Blocks for one small write, if anything was.
    pub(crate) fn keep(&self) {
        let spent = self.lock().budget.spent_in();
        if let Some(ledger) = self.ledger.get() {
            ledger.keep(spent);
        }
    }

    /// Keeps it at this pace until the node goes away; so much a kill can make it forget.
    pub(crate) async fn keep_every(self: Arc<Self>, pause: Duration, shutdown: Shutdown) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => return,
            }
            let tarpit = self.clone();
            // It cannot be cancelled, and a panic in it is no reason for one here.
            let _ = tokio::task::spawn_blocking(move || tarpit.keep()).await;
        }
    }

    /// Holds the request, or answers it at once.
    pub(crate) fn answer(self: &Arc<Self>, request: &Unmatched<'_>) -> Response {
        if exempt::is_exempt(request) || !self.lock().turning || (request.proven)() {
            return plain(request);
        }
        let Some(seat) = self.sit(request) else {
            self.shed.fetch_add(1, Ordering::Relaxed);
            return plain(request);
        };
        self.held_ever.fetch_add(1, Ordering::Relaxed);
        self.occupied.notify_one();
        // Whoever cannot be held by then has all of it at once.
        let mut response = Response::new(Body::from(BYTES.trim_ascii_start()));
        *response.status_mut() = http::StatusCode::NOT_FOUND;
        let headers = response.headers_mut();
        headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        headers.insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
        let seat = Seat { tarpit: self.clone(), id: seat };
        hold(response, |held| seat.tarpit.clone().wait(Caught { held, seat }))
    }

    fn sit(&self, request: &Unmatched<'_>) -> Option<SeatId> {
        let now_s = (self.clock)() / 1000;
        let mut state = self.lock();
        let seat = (state.turning && !state.crowded).then(|| state.wheel.sit(request.from.into())).flatten()?;
        state.budget.spend(now_s, HEAD_WIRE_BYTES);
        Some(seat)
    }

    /// Turns the wheel while somebody is held, until the node goes away; then everybody is let go. As long as the node has hardly a place left for others, those
    /// who are held longest are let go, some at each turn.
    pub(crate) async fn turn(&self, crowded: impl Fn() -> bool, shutdown: Shutdown) {
        self.lock().turning = true;
        tokio::select! {
            () = self.turn_for_ever(crowded) => {}
            () = shutdown.cancelled() => {}
        }
        let everybody = {
            let mut state = self.lock();
            state.turning = false;
            state.wheel.all(|_| true)
        };
        everybody.into_iter().for_each(Caught::end);
    }

    async fn turn_for_ever(&self, crowded: impl Fn() -> bool) {
        loop {
            // An empty wheel stands still: an idle node does not wake up fifty times a second.
            self.occupied.notified().await;
            let mut turns = interval(self.turn);
            turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while self.held() > 0 {
                turns.tick().await;
                let (crowded, mut state) = (crowded(), self.lock());
                state.crowded = crowded;
                let called = state.wheel.turn();
                let mut leaving = Vec::new();
                if crowded {
                    leaving.extend(state.wheel.all(|caught| caught.held.must_leave()));
                    leaving.extend(state.wheel.longest(LET_GO_AT_ONCE));
                }
                drop(state);
                leaving.into_iter().for_each(Caught::end);
                called.into_iter().for_each(|caught| self.visit(caught));
            }
            self.lock().crowded = false;
        }
    }

    /// Sends one what is due and puts it back into its seat, unless this is its end. Waits for nobody.
    fn visit(&self, mut caught: Caught) {
        if caught.held.is_over() {
            return;
        }
        if caught.held.must_leave() {
            return caught.end();
        }
        loop {
            match self.due(caught.seat.id) {
                Due::Later => return self.wait(caught),
                Due::End => return caught.end(),
                Due::Byte(number) => {
                    let at = usize::from(number) % BYTES.len();
                    match caught.held.send(&BYTES[at..=at]) {
                        Sent::All => {}
                        Sent::Nothing => self.lock().wheel.skip(caught.seat.id),
                        Sent::Broken => return,
                    }
                }
            }
        }
    }

    /// Whoever comes when nobody turns the wheel any more is let go.
    fn wait(&self, caught: Caught) {
        let mut state = self.lock();
        let left = if state.turning { state.wheel.wait(caught.seat.id, caught) } else { Some(caught) };
        drop(state);
        left.into_iter().for_each(Caught::end);
    }

    fn due(&self, seat: SeatId) -> Due {
        let now_s = (self.clock)() / 1000;
        let mut state = self.lock();
        if !state.turning {
            return Due::End;
        }
        let slow = state.budget.is_spent();
        let due = state.wheel.ask(seat, slow);
        if let Due::Byte(_) = due {
            state.budget.spend(now_s, DRIP_WIRE_BYTES);
        }
        due
    }

    fn held(&self) -> usize {
        self.lock().wheel.held()
    }

    /// Figures for metrics and reports.
    pub(crate) fn gauges(&self) -> [Gauge; 4] {
        let (held, spent) = {
            let state = self.lock();
            (state.wheel.held() as u64, state.budget.spent())
        };
        let (held_ever, shed) = (self.held_ever.load(Ordering::Relaxed), self.shed.load(Ordering::Relaxed));
        [
            Gauge { name: "tarpit_held", help: "Connections that are held now.", value: held },
            Gauge { name: "tarpit_held_total", help: "Connections that were held since the start.", value: held_ever },
            Gauge { name: "tarpit_shed", help: "Requests that found no place and were answered at once, since the start.", value: shed },
            Gauge { name: "tarpit_wire_bytes", help: "Traffic of the tarpit this month, estimated.", value: spent },
        ]
    }

    /// The state is changed in whole steps; a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A seat of the wheel, free again when this is dropped.
struct Seat {
    tarpit: Arc<Tarpit>,
    id: SeatId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.tarpit.lock().wheel.leave(self.id);
    }
}

/// One who is held.
struct Caught {
    held: Held,
    seat: Seat,
}

impl Caught {
    fn end(self) {
        self.held.end();
    }
}
