//! A day without a receiver, in simulated time and with a real queue on a real disk: crashes in between, answers that get lost, and at the end every alert is there.

use std::{collections::BTreeMap, path::Path};

use clavitor_commercial::alerts::{
    delivery::{Answer, Delivery, Fate, Next},
    event::{Event, Sender},
    queue::{Queue, QueueLimits},
};
use clavitor_server::alert::Alert;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DOWN_MS: std::ops::Range<u64> = HOUR_MS..25 * HOUR_MS;
const END_MS: u64 = 27 * HOUR_MS;

/// Knuth's linear congruential generator: the same seed is the same day.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 17
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.next().is_multiple_of(many)
    }
}

/// What the other side has: how often each id came, and in which order the ids came first.
#[derive(Default)]
struct Receiver {
    times: BTreeMap<String, usize>,
    order: Vec<String>,
}

struct Day<'a> {
    folder: &'a Path,
    chance: Chance,
    now_ms: u64,
    queue: Option<Queue>,
    delivery: Delivery,
    receiver: Receiver,
    raised: Vec<String>,
    attempts_while_down: usize,
}

impl Day<'_> {
    /// Another process on the same folder.
    fn restart(&mut self) {
        self.queue = None;
        self.queue = Some(Queue::open(self.folder, QueueLimits::default()).unwrap());
        self.delivery = Delivery::default();
    }

    fn queue(&mut self) -> &mut Queue {
        self.queue.as_mut().unwrap()
    }

    fn raise(&mut self) {
        let event = Event::new(&Alert::ClockJumped { by_s: 7 }, &Sender::default(), self.now_ms / 1000);
        self.raised.push(event.id.clone());
        assert!(self.queue().push(event).durable);
    }

    fn send(&mut self) {
        let event = self.queue().front().unwrap().clone();
        let down = DOWN_MS.contains(&self.now_ms);
        let answer = if down { [Answer::Lost, Answer::Status(503)][(self.chance.next() % 2) as usize] } else { self.receive(&event) };
        self.attempts_while_down += usize::from(down);
        // A crash after the receiver has it and before we know.
        if self.chance.one_in(60) {
            self.restart();
            return;
        }
        let (now_ms, chance) = (self.now_ms, self.chance.next());
        if self.delivery.hear(now_ms, answer, chance) == Fate::Taken {
            self.queue().end(&event.id);
        }
    }

    fn receive(&mut self, event: &Event) -> Answer {
        let times = self.receiver.times.entry(event.id.clone()).or_default();
        *times += 1;
        if *times == 1 {
            self.receiver.order.push(event.id.clone());
        }
        if self.chance.one_in(10) { Answer::Lost } else { Answer::Status(202) }
    }

    /// Moves on to whatever comes first: the next alert, or the next attempt.
    fn run(&mut self) {
        let mut next_alert_ms = 0;
        while self.now_ms < END_MS {
            let waiting = !self.queue().is_empty();
            let due = match self.delivery.next(self.now_ms, waiting) {
                Next::Send => {
                    self.send();
                    self.now_ms += 50;
                    continue;
                }
                Next::Wait { until_ms } => until_ms,
                Next::Idle => u64::MAX,
            };
            // The last hour is quiet, so that the queue can become empty.
            if next_alert_ms <= due && next_alert_ms < END_MS - HOUR_MS {
                self.now_ms = self.now_ms.max(next_alert_ms);
                self.raise();
                next_alert_ms = self.now_ms + self.chance.next() % (40 * MINUTE_MS);
            } else {
                self.now_ms = due.min(END_MS);
            }
        }
    }
}

fn day(seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut day = Day {
        folder: folder.path(),
        chance: Chance(seed),
        now_ms: 0,
        queue: None,
        delivery: Delivery::default(),
        receiver: Receiver::default(),
        raised: Vec::new(),
        attempts_while_down: 0,
    };
    day.restart();
    day.run();
    assert!(day.raised.len() > 40, "seed {seed}: {} alerts", day.raised.len());
    assert_eq!(day.receiver.order, day.raised, "seed {seed}: each has arrived, in order, and nothing else");
    assert!(day.queue().is_empty(), "seed {seed}");
    // Half of five minutes at the least between two attempts, but for the first few after each start.
    let attempts = day.attempts_while_down;
    assert!((280..900).contains(&attempts), "seed {seed}: {attempts} attempts in a day");
}

#[test]
fn a_day_without_a_receiver_loses_nothing_and_does_not_hammer() {
    for seed in 1..=4 {
        day(seed);
    }
}

#[test]
fn when_the_receiver_is_back_all_is_there_within_minutes() {
    let folder = tempfile::tempdir().unwrap();
    let mut queue = Queue::open(folder.path(), QueueLimits::default()).unwrap();
    for _ in 0..50 {
        queue.push(Event::new(&Alert::StoreStopped, &Sender::default(), 0));
    }
    let (mut delivery, mut now_ms, back_ms) = (Delivery::default(), 0, 24 * HOUR_MS);
    while !queue.is_empty() {
        match delivery.next(now_ms, true) {
            Next::Send => {
                let answer = if now_ms < back_ms { Answer::Lost } else { Answer::Status(200) };
                if delivery.hear(now_ms, answer, u64::MAX) == Fate::Taken {
                    let id = queue.front().unwrap().id.clone();
                    queue.end(&id);
                    now_ms += 50;
                }
            }
            Next::Wait { until_ms } => now_ms = until_ms,
            Next::Idle => panic!("something is queued"),
        }
    }
    assert!(now_ms - back_ms <= 5 * MINUTE_MS + 50 * 50, "{} ms", now_ms - back_ms);
}
