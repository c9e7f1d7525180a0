//! An hour in a microsecond: outages, jitter, what is kept and what is said.

use super::*;

const INTERVAL_MS: u64 = 30_000;
const PACE: Pace = Pace { interval_ms: INTERVAL_MS, kept_max: 20 };

/// Drives a machine against a world that is up or down, and writes down what it does.
struct Drive {
    pusher: Pusher<u64>,
    now_ms: u64,
    number: u64,
    sent: Vec<u64>,
    tried: Vec<u64>,
    said: Vec<String>,
    waits: Vec<u64>,
}

impl Drive {
    fn new(pace: Pace) -> Self {
        Self { pusher: Pusher::new(pace, 0), now_ms: 0, number: 0, sent: vec![], tried: vec![], said: vec![], waits: vec![] }
    }

    /// One turn: due, sampled, sent, waited.
    fn turn(&mut self, up: bool) {
        let mut inputs = VecDeque::from([Input::Due { now_ms: self.now_ms, random: self.number * 7_919 }]);
        while let Some(input) = inputs.pop_front() {
            for output in self.pusher.step(input) {
                match output {
                    Output::Sample => {
                        self.number += 1;
                        inputs.push_back(Input::Sampled(self.number));
                    }
                    Output::Send(sample) => {
                        self.tried.push(sample);
                        if up {
                            self.sent.push(sample);
                        } else {
                            self.now_ms += 5_000;
                        }
                        let outcome = if up { Ok(()) } else { Err(Fault::Deadline) };
                        inputs.push_back(Input::Done { now_ms: self.now_ms, outcome });
                    }
                    Output::Wait { ms } => {
                        self.waits.push(ms);
                        self.now_ms += ms;
                    }
                    other => self.said.push(format!("{other:?}")),
                }
            }
        }
    }
}

#[test]
fn samples_go_out_one_by_one_with_jitter_around_the_interval() {
    let mut drive = Drive::new(PACE);
    (0..200).for_each(|_| drive.turn(true));
    assert_eq!(drive.sent, (1..=200).collect::<Vec<_>>());
    assert!(drive.said.is_empty());
    let (low, high) = (INTERVAL_MS * 9 / 10, INTERVAL_MS * 11 / 10);
    assert!(drive.waits.iter().all(|wait| (low..=high).contains(wait)), "{:?}", drive.waits);
    assert!(drive.waits.iter().any(|wait| *wait < INTERVAL_MS - 1_000) && drive.waits.iter().any(|wait| *wait > INTERVAL_MS + 1_000));
    let mean = drive.waits.iter().sum::<u64>() / 200;
    assert!(mean.abs_diff(INTERVAL_MS) < 1_500, "{mean}");
}

#[test]
fn after_an_outage_the_last_twenty_arrive_oldest_first() {
    let mut drive = Drive::new(PACE);
    drive.turn(true);
    (0..30).for_each(|_| drive.turn(false));
    assert_eq!((drive.sent.clone(), drive.pusher.kept(), drive.pusher.failures()), (vec![1], 20, 30));
    assert_eq!(drive.tried.len(), 31, "an outage costs one try an interval, however much waits");
    drive.turn(true);
    assert_eq!(drive.sent[1..], (13..=32).collect::<Vec<_>>());
    assert_eq!(drive.pusher.kept(), 0);
}

#[test]
fn a_change_of_state_is_said_once() {
    let mut drive = Drive::new(PACE);
    drive.turn(true);
    drive.turn(false);
    drive.turn(true);
    assert!(drive.said.len() == 1 && drive.said[0].contains("alerted: false"), "{:?}", drive.said);
    (0..50).for_each(|_| drive.turn(false));
    drive.turn(true);
    let said: Vec<&str> = drive.said[1..].iter().map(|line| line.split([' ', '(']).next().unwrap()).collect();
    assert_eq!(said, ["Silent", "Back"]);
    assert!(drive.said.last().unwrap().contains("alerted: true"));
}

#[test]
fn a_watcher_without_memory_gets_the_newest_only() {
    let mut drive = Drive::new(Pace { kept_max: 1, ..PACE });
    (0..5).for_each(|_| drive.turn(false));
    drive.turn(true);
    assert_eq!((drive.sent, drive.tried), (vec![6], vec![1, 2, 3, 4, 5, 6]));
}

#[test]
fn a_machine_that_slept_does_not_make_up_for_what_it_missed() {
    let mut drive = Drive::new(PACE);
    drive.turn(true);
    drive.now_ms += 86_400_000;
    (0..3).for_each(|_| drive.turn(true));
    assert!(drive.waits[1..].iter().sum::<u64>() >= 40_000, "{:?}", drive.waits);
}
