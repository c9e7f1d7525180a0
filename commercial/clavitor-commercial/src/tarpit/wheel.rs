//! Who is held and when each is due: a timer wheel with one seat for each connection. Pure: turning it is somebody else's.
//!
//! A seat stays on its spoke for as long as it is held, so a turn looks at a fiftieth of the seats, and a thousand connections never wake at once.

use std::collections::HashMap;

use clavitor_server::Prefix;

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module tarpit/wheel";

/// The measures of a wheel.
#[derive(Debug, Clone, Copy)]
pub struct Measures {
    /// Connections that are held at once.
    pub held_max: u16,
    /// The same from one IPv4 address or IPv6 /64.
    pub held_per_prefix_max: u16,
    /// Turns of one round; a byte is due each round.
    pub spokes: u16,
    /// Rounds until a connection is let go.
    pub rounds_max: u16,
    /// Rounds between bytes when traffic must be spared.
    pub slow_rounds: u16,
}

/// A connection's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeatId(u16);

/// What a connection is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Send the byte with this number.
    Byte(u16),
    /// Nothing yet.
    Later,
    /// End the answer.
    End,
}

struct Seat<W> {
    from: Prefix,
    spoke: u16,
    due: u64,
    ends: u64,
    sent: u16,
    waiting: Option<W>,
}

/// The wheel. `W` is a connection, which is in its seat unless somebody deals with it.
pub(crate) struct Wheel<W> {
    measures: Measures,
    turns: u64,
    seats: Vec<Option<Seat<W>>>,
    free: Vec<u16>,
    spokes: Vec<Vec<u16>>,
    neighbours: HashMap<Prefix, u16>,
}

impl<W> Wheel<W> {
    /// Nobody is held; memory grows with who is.
    pub(crate) fn new(measures: Measures) -> Self {
        let spokes = (0..measures.spokes.max(1)).map(|_| Vec::new()).collect();
        Self { measures, turns: 0, seats: Vec::new(), free: Vec::new(), spokes, neighbours: HashMap::new() }
    }

    /// How many are held.
    pub(crate) fn held(&self) -> usize {
        self.seats.len() - self.free.len()
    }

    /// A seat, if there is one for this neighbour.
    pub(crate) fn sit(&mut self, from: Prefix) -> Option<SeatId> {
        let ours = self.neighbours.get(&from).copied().unwrap_or(0);
        if ours >= self.measures.held_per_prefix_max || self.held() >= usize::from(self.measures.held_max) {
            return None;
        }
        let spoke = self.emptiest();
        let number = self.free.pop().unwrap_or_else(|| self.add_seat());
        let round = self.round();
        // The next turn that stops at this spoke.
        let ahead = (u64::from(spoke) + round - self.turns % round - 1) % round + 1;
        let ends = self.turns + round * u64::from(self.measures.rounds_max);
        self.seats[usize::from(number)] = Some(Seat { from, spoke, due: self.turns + ahead, ends, sent: 0, waiting: None });
        self.spokes[usize::from(spoke)].push(number);
        self.neighbours.insert(from, ours + 1);
        Some(SeatId(number))
    }

    /// What is due at a seat.
    pub(crate) fn ask(&mut self, id: SeatId, slow: bool) -> Due {
        let rounds = if slow { u64::from(self.measures.slow_rounds) } else { 1 };
        let (turns, round, most) = (self.turns, self.round(), self.measures.rounds_max);
        let Some(seat) = self.seats.get_mut(usize::from(id.0)).and_then(Option::as_mut) else { return Due::End };
        // A byte that was due in time is sent, also by a machine that is late.
        if seat.sent >= most || (turns > seat.ends && seat.due > seat.ends) {
            return Due::End;
        }
        if turns < seat.due {
            return Due::Later;
        }
        seat.due += round * rounds;
        seat.sent += 1;
        Due::Byte(seat.sent - 1)
    }

    /// The byte that was due could not be sent; it is again a round later.
    pub(crate) fn skip(&mut self, id: SeatId) {
        if let Some(seat) = self.seats.get_mut(usize::from(id.0)).and_then(Option::as_mut) {
            seat.sent = seat.sent.saturating_sub(1);
        }
    }

    /// Puts a connection into its seat. Comes back if there is none.
    pub(crate) fn wait(&mut self, id: SeatId, who: W) -> Option<W> {
        match self.seats.get_mut(usize::from(id.0)) {
            Some(Some(seat)) => seat.waiting.replace(who),
            _ => Some(who),
        }
    }

    /// Turns by one spoke and returns who sits there.
    pub(crate) fn turn(&mut self) -> Vec<W> {
        self.turns += 1;
        let spoke = usize::try_from(self.turns % self.round()).unwrap_or_default();
        let seats = &mut self.seats;
        self.spokes[spoke].iter().filter_map(|number| seats[usize::from(*number)].as_mut()?.waiting.take()).collect()
    }

    /// Gives a seat back.
    pub(crate) fn leave(&mut self, id: SeatId) {
        let Some(seat) = self.seats.get_mut(usize::from(id.0)).and_then(Option::take) else { return };
        self.free.push(id.0);
        self.spokes[usize::from(seat.spoke)].retain(|number| *number != id.0);
        let left = self.neighbours.get(&seat.from).copied().unwrap_or(1) - 1;
        if left == 0 {
            self.neighbours.remove(&seat.from);
        } else {
            self.neighbours.insert(seat.from, left);
        }
    }

    /// Those who are held longest.
    pub(crate) fn longest(&mut self, count: usize) -> Vec<W> {
        let mut longest: Vec<_> = self.seats.iter_mut().flatten().filter(|seat| seat.waiting.is_some()).collect();
        longest.sort_by_key(|seat| seat.ends);
        longest.into_iter().take(count).filter_map(|seat| seat.waiting.take()).collect()
    }

    /// Everybody of whom this is true.
    pub(crate) fn all(&mut self, whom: impl Fn(&W) -> bool) -> Vec<W> {
        self.seats.iter_mut().flatten().filter_map(|seat| seat.waiting.take_if(|who| whom(who))).collect()
    }

    fn round(&self) -> u64 {
        self.spokes.len() as u64
    }

    fn add_seat(&mut self) -> u16 {
        self.seats.push(None);
        // `held_max` is of the same type, so a seat's number fits.
        u16::try_from(self.seats.len() - 1).unwrap_or(u16::MAX)
    }

    fn emptiest(&self) -> u16 {
        let emptiest = self.spokes.iter().enumerate().min_by_key(|(_, seats)| seats.len());
        emptiest.map_or(0, |(spoke, _)| u16::try_from(spoke).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
