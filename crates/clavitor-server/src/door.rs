//! Who may come in: connections counted by neighbour, by how fast they come, and in all; and who leaves when the house is full.
//!
//! The roster is a pure state machine; the door around it is a lock, a name for each guest, and a bell that tells one to leave.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

use crate::{
    limits::Limits,
    offences::Offences,
    rates::{Buckets, Prefix, Rate},
    turned::Places,
};

/// A prefix from which somebody proved who he is counts as known for this long.
const KNOWN_MS: u64 = 3_600_000;

/// Why a connection is not served. Nothing is sent: the cheapest answer to a flood is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turned {
    /// Its prefix has as many connections as it may.
    PrefixFull,
    /// Its prefix opens them too fast.
    PrefixFast,
    /// One of its connections went too far, and nobody is known from there.
    Offended,
    /// Prefixes that nobody is known from open them too fast together.
    StrangersFast,
    /// All places are taken by callers who proved who they are.
    Full,
}

struct Seat {
    /// `None` until a proxy has said whose connection it is.
    prefix: Option<Prefix>,
    proved: bool,
    bell: Arc<Notify>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stranger {
    New,
    Back,
}

/// The open connections. Ids rise, so that the smallest is the oldest.
struct Roster {
    limits: Limits,
    seats: BTreeMap<u64, Seat>,
    by_prefix: HashMap<Prefix, usize>,
    speed: Buckets<Prefix>,
    /// Separate for prefixes that come for the first time: a crowd that keeps coming back does not stand in their way.
    strangers: Buckets<Stranger>,
    known: HashMap<Prefix, u64>,
    offences: Offences,
    next: u64,
}

impl Roster {
    fn new(limits: &Limits) -> Self {
        let speed = Rate { per_minute: limits.connections_per_minute_max, burst: limits.connections_burst_max };
        let strangers = Rate { per_minute: limits.stranger_connections_per_minute_max, burst: limits.stranger_connections_burst_max };
        Self {
            speed: Buckets::new(speed, limits.prefixes_max),
            strangers: Buckets::new(strangers, 2),
            offences: Offences::new(limits.offence_ms, limits.prefixes_max),
            limits: limits.clone(),
            seats: BTreeMap::new(),
            by_prefix: HashMap::new(),
            known: HashMap::new(),
            next: 0,
        }
    }

    fn is_known(&self, prefix: Prefix, now_ms: u64) -> bool {
        self.known.get(&prefix).is_some_and(|since| now_ms.saturating_sub(*since) < KNOWN_MS)
    }

    /// Whether one more connection of `prefix` may be there.
    fn admits(&mut self, prefix: Prefix, now_ms: u64) -> Result<(), Turned> {
        if self.offences.count(prefix, now_ms) {
            return Err(Turned::Offended);
        }
        if self.by_prefix.get(&prefix).copied().unwrap_or(0) >= self.limits.connections_per_prefix_max {
            return Err(Turned::PrefixFull);
        }
        let stranger = if self.speed.remembers(prefix) { Stranger::Back } else { Stranger::New };
        self.speed.take(prefix, 1, now_ms).map_err(|_| Turned::PrefixFast)?;
        if !self.is_known(prefix, now_ms) {
            self.strangers.take(stranger, 1, now_ms).map_err(|_| Turned::StrangersFast)?;
        }
        Ok(())
    }

    /// A seat for one more connection, and who has to leave for it. A proxy's connection has no prefix yet.
    fn enter(&mut self, prefix: Option<Prefix>, now_ms: u64) -> Result<(u64, Arc<Notify>, Option<Seat>), Turned> {
        if let Some(prefix) = prefix {
            self.admits(prefix, now_ms)?;
        }
        let leaves = if self.seats.len() >= self.limits.connections_max { Some(self.evict().ok_or(Turned::Full)?) } else { None };
        let (id, bell) = (self.next, Arc::new(Notify::new()));
        self.next += 1;
        self.seats.insert(id, Seat { prefix, proved: false, bell: bell.clone() });
        if let Some(prefix) = prefix {
            *self.by_prefix.entry(prefix).or_default() += 1;
        }
        Ok((id, bell, leaves))
    }

    /// A proxy has said whose connection it is.
    fn announce(&mut self, id: u64, prefix: Prefix, now_ms: u64) -> Result<(), Turned> {
        self.admits(prefix, now_ms)?;
        if let Some(seat) = self.seats.get_mut(&id)
            && seat.prefix.is_none()
        {
            seat.prefix = Some(prefix);
            *self.by_prefix.entry(prefix).or_default() += 1;
        }
        Ok(())
    }

    /// Takes a seat from nobody in particular: of the prefix with the most of those, the oldest.
    fn evict(&mut self) -> Option<Seat> {
        let mut strangers: HashMap<Option<Prefix>, (usize, u64)> = HashMap::new();
        for (id, seat) in self.seats.iter().filter(|(_, seat)| !seat.proved) {
            strangers.entry(seat.prefix).or_insert((0, *id)).0 += 1;
        }
        let (_, oldest) = strangers.into_values().max_by_key(|(count, oldest)| (*count, u64::MAX - oldest))?;
        self.leave(oldest)
    }

    fn leave(&mut self, id: u64) -> Option<Seat> {
        let seat = self.seats.remove(&id)?;
        if let Some(prefix) = seat.prefix
            && let Some(count) = self.by_prefix.get_mut(&prefix)
        {
            *count -= 1;
            if *count == 0 {
                self.by_prefix.remove(&prefix);
            }
        }
        Some(seat)
    }

    /// A connection went too far. That is held against its prefix, unless somebody there is known: then it may be one of many behind one address.
    fn offended(&mut self, id: u64, now_ms: u64) {
        let prefix = self.seats.get(&id).filter(|seat| !seat.proved).and_then(|seat| seat.prefix);
        if let Some(prefix) = prefix.filter(|prefix| !self.is_known(*prefix, now_ms)) {
            self.offences.add(prefix, now_ms);
        }
    }

    fn is_offender(&self, id: u64, now_ms: u64) -> bool {
        let prefix = self.seats.get(&id).and_then(|seat| seat.prefix);
        prefix.is_some_and(|prefix| self.offences.count(prefix, now_ms))
    }

    /// Somebody on this connection proved who he is, as a client at `prefix`.
    fn proved(&mut self, id: u64, prefix: Prefix, now_ms: u64) {
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.proved = true;
        }
        if self.known.len() >= self.limits.prefixes_max && !self.known.contains_key(&prefix) {
            self.known.retain(|_, since| now_ms.saturating_sub(*since) < KNOWN_MS);
            if self.known.len() >= self.limits.prefixes_max
                && let Some(stalest) = self.known.iter().min_by_key(|(_, since)| **since).map(|(key, _)| *key)
            {
                self.known.remove(&stalest);
            }
        }
        self.known.insert(prefix, now_ms);
        self.offences.forgive(prefix);
    }
}

/// What the door has seen since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DoorCounts {
    /// Connections that are open.
    pub open: u64,
    /// Connections that were not served.
    pub turned_away: u64,
    /// Connections that had to leave because all places were taken.
    pub evicted: u64,
}

struct Inner {
    roster: Mutex<Roster>,
    turned_away: AtomicU64,
    evicted: AtomicU64,
    outside: Places,
}

/// The door. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Door(Arc<Inner>);

/// An open connection; its place is free again when this is dropped.
#[derive(Clone)]
pub(crate) struct Guest(Arc<Place>);

struct Place {
    door: Door,
    id: u64,
    bell: Arc<Notify>,
}

impl Door {
    /// Nobody is there.
    pub(crate) fn new(limits: &Limits) -> Self {
        let roster = Mutex::new(Roster::new(limits));
        Self(Arc::new(Inner { roster, turned_away: AtomicU64::new(0), evicted: AtomicU64::new(0), outside: Places::new(limits) }))
    }

    fn roster(&self) -> MutexGuard<'_, Roster> {
        self.0.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection from `address`, or for one of a proxy that will say whose it is.
    ///
    /// # Errors
    /// [`Turned`]; the connection is to be dropped.
    pub(crate) fn knock(&self, address: Option<IpAddr>, now_ms: u64) -> Result<Guest, Turned> {
        let entered = self.roster().enter(address.map(Prefix::from), now_ms);
        let (id, bell, leaves) = entered.inspect_err(|_| self.turn_away())?;
        if let Some(seat) = leaves {
            self.0.evicted.fetch_add(1, Ordering::Relaxed);
            seat.bell.notify_one();
        }
        Ok(Guest(Arc::new(Place { door: self.clone(), id, bell })))
    }

    /// Where those who are turned away wait for it.
    pub(crate) fn outside(&self) -> Places {
        self.0.outside.clone()
    }

    fn turn_away(&self) {
        self.0.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether somebody proved who he is from there lately.
    pub(crate) fn is_known(&self, address: IpAddr, now_ms: u64) -> bool {
        self.roster().is_known(address.into(), now_ms)
    }

    /// Counts for whoever watches the node.
    pub(crate) fn counts(&self) -> DoorCounts {
        DoorCounts {
            open: self.roster().seats.len() as u64,
            turned_away: self.0.turned_away.load(Ordering::Relaxed),
            evicted: self.0.evicted.load(Ordering::Relaxed),
        }
    }
}

impl Guest {
    /// The proxy says whose connection it is.
    ///
    /// # Errors
    /// [`Turned`]; the connection is to be dropped.
    pub(crate) fn announce(&self, address: IpAddr, now_ms: u64) -> Result<(), Turned> {
        let announced = self.0.door.roster().announce(self.0.id, address.into(), now_ms);
        announced.inspect_err(|_| self.0.door.turn_away())
    }

    /// Somebody on this connection proved who he is, as a client at `address`.
    pub(crate) fn proved(&self, address: IpAddr, now_ms: u64) {
        self.0.door.roster().proved(self.0.id, address.into(), now_ms);
    }

    /// This connection went too far.
    pub(crate) fn offended(&self, now_ms: u64) {
        self.0.door.roster().offended(self.0.id, now_ms);
    }

    /// Whether this one, or another of its prefix, went too far lately.
    pub(crate) fn is_offender(&self, now_ms: u64) -> bool {
        self.0.door.roster().is_offender(self.0.id, now_ms)
    }

    /// Resolves when the place is needed for somebody else.
    pub(crate) async fn must_leave(&self) {
        self.0.bell.notified().await;
    }

    /// Whether the place is somebody else's by now, for those who do not wait.
    pub(crate) fn has_left(&self) -> bool {
        !self.0.door.roster().seats.contains_key(&self.0.id)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.door.roster().leave(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            connections_max: 6,
            connections_per_prefix_max: 3,
            connections_per_minute_max: 60,
            connections_burst_max: 4,
            stranger_connections_per_minute_max: 60,
            stranger_connections_burst_max: 20,
            ..Limits::default()
        }
    }

    fn at(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn is_told_to_leave(guest: &Guest) -> bool {
        let waker = std::task::Waker::noop();
        std::future::Future::poll(std::pin::pin!(guest.must_leave()), &mut std::task::Context::from_waker(waker)).is_ready()
    }

    #[test]
    fn a_prefix_has_so_many_places_and_a_place_comes_free() {
        let door = Door::new(&limits());
        for neighbours in [["192.0.2.1"; 4], ["2001:db8::1", "2001:db8::2", "2001:db8::3:4:5", "2001:db8::ffff:1:2:3"]] {
            let mut guests: Vec<_> = neighbours[..3].iter().map(|one| door.knock(at(one), 0).unwrap()).collect();
            assert_eq!(door.knock(at(neighbours[3]), 0).err(), Some(Turned::PrefixFull));
            guests.pop();
            assert!(door.knock(at(neighbours[3]), 0).is_ok());
        }
        assert_eq!(door.counts(), DoorCounts { open: 0, turned_away: 2, evicted: 0 });
    }

    #[test]
    fn a_prefix_that_comes_and_goes_too_fast_waits() {
        let door = Door::new(&limits());
        for _ in 0..4 {
            door.knock(at("192.0.2.1"), 0).unwrap();
        }
        assert_eq!(door.knock(at("192.0.2.1"), 0).err(), Some(Turned::PrefixFast));
        assert!(door.knock(at("192.0.2.2"), 0).is_ok());
        assert!(door.knock(at("192.0.2.1"), 1_000).is_ok());
    }

    #[test]
    fn strangers_share_a_rate_and_whoever_is_known_does_not_wait_for_them() {
        let door = Door::new(&limits());
        let friend = door.knock(at("203.0.113.7"), 0).unwrap();
        friend.proved("203.0.113.7".parse().unwrap(), 0);
        for number in 0..19 {
            door.knock(at(&format!("192.0.2.{number}")), 0).unwrap();
        }
        assert_eq!(door.knock(at("192.0.2.99"), 0).err(), Some(Turned::StrangersFast));
        assert!(door.knock(at("203.0.113.7"), 0).is_ok());
        assert!(door.is_known("203.0.113.7".parse().unwrap(), KNOWN_MS - 1));
        assert!(!door.is_known("203.0.113.7".parse().unwrap(), KNOWN_MS));
    }

    #[test]
    fn a_crowd_that_keeps_coming_back_leaves_room_for_whoever_comes_for_the_first_time() {
        let door = Door::new(&limits());
        for round in 0..4 {
            for number in 0..10 {
                let refused = door.knock(at(&format!("192.0.2.{number}")), 0).err();
                assert_eq!(refused, (round == 3).then_some(Turned::StrangersFast), "{round}");
            }
        }
        assert!(door.knock(at("198.51.100.1"), 0).is_ok());
    }

    #[test]
    fn when_all_places_are_taken_the_oldest_of_the_most_numerous_strangers_leaves() {
        let door = Door::new(&limits());
        let friend = door.knock(at("203.0.113.7"), 0).unwrap();
        friend.proved("203.0.113.7".parse().unwrap(), 0);
        let lonely = door.knock(at("192.0.2.1"), 0).unwrap();
        let pair: Vec<_> = (0..2).map(|_| door.knock(at("192.0.2.2"), 0).unwrap()).collect();
        let crowd: Vec<_> = (0..2).map(|_| door.knock(at("192.0.2.3"), 0).unwrap()).collect();
        let late = door.knock(at("198.51.100.1"), 0).unwrap();
        let told: Vec<bool> =
            [&friend, &lonely, &pair[0], &pair[1], &crowd[0], &crowd[1], &late].into_iter().map(is_told_to_leave).collect();
        assert_eq!(told, [false, false, true, false, false, false, false]);
        assert_eq!(door.counts(), DoorCounts { open: 6, turned_away: 0, evicted: 1 });
        drop(pair);
        assert_eq!(door.counts().open, 5, "who was told to leave has no place to give back");
    }

    #[test]
    fn whoever_is_proved_is_never_told_to_leave() {
        let door = Door::new(&limits());
        let friends: Vec<_> = (0..6).map(|number| door.knock(at(&format!("203.0.113.{number}")), 0).unwrap()).collect();
        for friend in &friends {
            friend.proved("203.0.113.1".parse().unwrap(), 0);
        }
        assert_eq!(door.knock(at("192.0.2.1"), 0).err(), Some(Turned::Full));
        assert!(!friends.iter().any(is_told_to_leave));
    }

    #[test]
    fn an_offence_is_held_against_its_prefix_for_a_while_unless_somebody_there_is_known() {
        let door = Door::new(&Limits { offence_ms: 1_000, connections_burst_max: 100, connections_per_prefix_max: 6, ..limits() });
        let guests: Vec<_> = (1..=2).map(|_| door.knock(at("192.0.2.1"), 0).unwrap()).collect();
        guests[0].offended(0);
        assert!(guests[1].is_offender(999));
        assert_eq!(door.knock(at("192.0.2.1"), 999).err(), Some(Turned::Offended));
        assert!(door.knock(at("192.0.2.2"), 999).is_ok());
        assert!(door.knock(at("192.0.2.1"), 1_000).is_ok());
        // Two behind one address: what the one did is forgotten when the other proves who he is, and not held against him afterwards.
        guests[0].offended(2_000);
        guests[1].proved("192.0.2.1".parse().unwrap(), 2_000);
        assert!(door.knock(at("192.0.2.1"), 2_000).is_ok());
        guests[0].offended(2_000);
        assert!(!guests[0].is_offender(2_000) && door.knock(at("192.0.2.1"), 2_000).is_ok());
        let proxy = door.knock(None, 2_000).unwrap();
        proxy.offended(2_000);
        assert!(!proxy.is_offender(2_000), "a proxy's connection is nobody's yet");
    }

    #[test]
    fn a_proxys_connection_counts_for_the_client_that_it_names() {
        let door = Door::new(&limits());
        let client: IpAddr = "192.0.2.1".parse().unwrap();
        let guests: Vec<_> = (0..5).map(|_| door.knock(None, 0).unwrap()).collect();
        for guest in &guests[..3] {
            guest.announce(client, 0).unwrap();
        }
        assert_eq!(guests[3].announce(client, 0).err(), Some(Turned::PrefixFull));
        assert_eq!(guests[4].announce("192.0.2.2".parse().unwrap(), 0), Ok(()));
        drop(guests);
        assert_eq!(door.counts().open, 0);
        assert!(door.0.roster.lock().unwrap().by_prefix.is_empty());
    }
}
