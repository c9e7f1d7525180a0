//! Connections that are not served. Each is left waiting for a moment before it is reset: whoever comes back at once comes back slowly, and what comes
//! meanwhile costs the node nothing but a socket.

use std::{
    collections::VecDeque,
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustix::net::sockopt;
use tokio::time::Instant;

use crate::limits::Limits;

/// What the system keeps of what somebody sends who waits.
const RECEIVE_BUFFER_BYTES_MAX: usize = 4 << 10;

/// Places to wait at, for all listeners of a node.
#[derive(Clone)]
pub(crate) struct Places {
    taken: Arc<AtomicUsize>,
    max: usize,
}

/// One of them, free again when this is dropped.
struct Place(Arc<AtomicUsize>);

impl Places {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { taken: Arc::default(), max: limits.turned_away_max }
    }

    fn take(&self) -> Option<Place> {
        let more = |taken: usize| (taken < self.max).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Place(Arc::clone(&self.taken)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Those whom one listener has turned away, oldest first.
pub(crate) struct Waiting {
    places: Places,
    time: Duration,
    sockets: VecDeque<(Instant, Place, TcpStream)>,
}

impl Waiting {
    pub(crate) fn new(places: Places, limits: &Limits) -> Self {
        Self { places, time: Duration::from_millis(limits.turned_away_ms), sockets: VecDeque::new() }
    }

    /// Turns a connection away; at once, if no place is free.
    pub(crate) fn add(&mut self, socket: TcpStream, now: Instant) {
        // A reset leaves nothing behind on our side.
        let _ = sockopt::set_socket_linger(&socket, Some(Duration::ZERO));
        if let Some(place) = self.places.take() {
            let _ = sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER_BYTES_MAX);
            self.sockets.push_back((now + self.time, place, socket));
        }
    }

    /// Resolves when one has waited long enough; never, if nobody waits.
    pub(crate) async fn due(&self) {
        match self.sockets.front() {
            Some((due, ..)) => tokio::time::sleep_until(*due).await,
            None => std::future::pending().await,
        }
    }

    /// Resets those who have waited long enough.
    pub(crate) fn let_go(&mut self, now: Instant) {
        while self.sockets.front().is_some_and(|(due, ..)| *due <= now) {
            self.sockets.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, net::TcpListener};

    use super::*;

    /// Both ends of a connection.
    fn pair(listener: &TcpListener) -> (TcpStream, TcpStream) {
        let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        theirs.set_nonblocking(true).unwrap();
        (listener.accept().unwrap().0, theirs)
    }

    /// Whether it is reset; a second look at one that was sees its end.
    fn is_over(mut client: &TcpStream) -> bool {
        match client.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    #[test]
    fn whoever_is_turned_away_waits_and_is_reset_and_so_many_wait_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let limits = Limits { turned_away_max: 3, turned_away_ms: 2_000, ..Limits::default() };
        let places = Places::new(&limits);
        let taken = || places.taken.load(Ordering::Relaxed);
        let (mut one, mut other) = (Waiting::new(places.clone(), &limits), Waiting::new(places.clone(), &limits));
        let start = Instant::now();
        let mut clients = Vec::new();
        for number in 0..5_u64 {
            let (ours, theirs) = pair(&listener);
            let waiting = if number == 1 { &mut other } else { &mut one };
            waiting.add(ours, start + Duration::from_millis(number));
            clients.push(theirs);
        }
        assert_eq!((one.sockets.len(), other.sockets.len(), taken()), (2, 1, 3));
        assert_eq!(clients.iter().map(is_over).collect::<Vec<_>>(), [false, false, false, true, true]);
        one.let_go(start + Duration::from_millis(2_001));
        assert_eq!((one.sockets.len(), taken()), (1, 2));
        assert_eq!(clients.iter().map(is_over).collect::<Vec<_>>(), [true, false, false, true, true]);
        drop((one, other));
        assert_eq!(taken(), 0);
        assert!(clients.iter().all(is_over));
    }
}
