//! The wheel by itself: caps, pace, end, and that a turn calls few.

use std::net::IpAddr;

use proptest::prelude::*;

use super::{Due, Measures, Prefix, SeatId, Wheel};

const MEASURES: Measures = Measures { held_max: 1_000, held_per_prefix_max: 16, spokes: 50, rounds_max: 30, slow_rounds: 10 };

fn neighbour(number: u32) -> Prefix {
    IpAddr::from(number.to_be_bytes()).into()
}

/// Everything that is sent to one seat until its end: the turn and the number of each byte, and the turn of the end.
fn hold(wheel: &mut Wheel<()>, seat: SeatId, slow: impl Fn(u64) -> bool) -> (Vec<(u64, u16)>, u64) {
    let mut bytes = Vec::new();
    for turn in 0..10_000 {
        loop {
            match wheel.ask(seat, slow(turn)) {
                Due::Byte(number) => bytes.push((turn, number)),
                Due::Later => break,
                Due::End => return (bytes, turn),
            }
        }
        wheel.turn();
    }
    panic!("it is held for ever")
}

#[test]
fn one_byte_a_round_for_thirty_rounds() {
    let mut wheel = Wheel::new(MEASURES);
    let seat = wheel.sit(neighbour(1)).unwrap();
    let (bytes, end) = hold(&mut wheel, seat, |_| false);
    assert_eq!(bytes.iter().map(|(_, number)| *number).collect::<Vec<_>>(), (0..30).collect::<Vec<_>>());
    assert!(bytes[0].0 >= 1 && bytes[0].0 <= 50);
    assert!(bytes.windows(2).all(|pair| pair[1].0 - pair[0].0 == 50));
    assert!(end <= 30 * 50 && end > 28 * 50);
}

#[test]
fn a_slow_one_gets_a_byte_in_ten_rounds_and_ends_no_later() {
    let mut wheel = Wheel::new(MEASURES);
    let seat = wheel.sit(neighbour(1)).unwrap();
    let (bytes, end) = hold(&mut wheel, seat, |_| true);
    assert_eq!(bytes.len(), 3);
    assert!(bytes.windows(2).all(|pair| pair[1].0 - pair[0].0 == 500));
    assert!((30 * 50..=31 * 50).contains(&end));
}

#[test]
fn a_byte_that_was_not_sent_is_due_again_and_the_end_is_no_later() {
    let mut wheel: Wheel<()> = Wheel::new(MEASURES);
    let seat = wheel.sit(neighbour(1)).unwrap();
    let mut numbers = Vec::new();
    for _ in 0..=30 * 50 {
        match wheel.ask(seat, false) {
            Due::Byte(number) => {
                numbers.push(number);
                if numbers.len() <= 3 {
                    wheel.skip(seat);
                }
            }
            Due::Later => {}
            Due::End => panic!("too early"),
        }
        wheel.turn();
    }
    assert_eq!(numbers[..3], [0, 0, 0]);
    assert_eq!(numbers[3..], (0..27).collect::<Vec<u16>>());
    assert_eq!(wheel.ask(seat, false), Due::End);
}

#[test]
fn it_slows_down_on_the_way() {
    let mut wheel = Wheel::new(MEASURES);
    let seat = wheel.sit(neighbour(1)).unwrap();
    let (bytes, _) = hold(&mut wheel, seat, |turn| turn > 500);
    assert!((11..=13).contains(&bytes.len()), "{bytes:?}");
}

#[test]
fn sixteen_of_a_neighbour_and_a_thousand_in_all() {
    let mut wheel: Wheel<()> = Wheel::new(MEASURES);
    let ours: Vec<SeatId> = (0..16).map(|_| wheel.sit(neighbour(1)).unwrap()).collect();
    assert_eq!(wheel.sit(neighbour(1)), None);
    let v6 = |text: &str| Prefix::from(text.parse::<IpAddr>().unwrap());
    for host in 0..16 {
        assert!(wheel.sit(v6(&format!("2001:db8::{host:x}"))).is_some());
    }
    assert_eq!(wheel.sit(v6("2001:db8::ffff")), None, "a /64 is one neighbour");
    assert!(wheel.sit(v6("2001:db8:0:1::1")).is_some());
    wheel.leave(ours[3]);
    assert!(wheel.sit(neighbour(1)).is_some(), "a place that was left is free");
    for number in 100..100 + 1_000 - 33 {
        assert!(wheel.sit(neighbour(number)).is_some());
    }
    assert_eq!((wheel.held(), wheel.sit(neighbour(9_999))), (1_000, None));
}

#[test]
fn a_turn_calls_a_fiftieth() {
    let mut wheel = Wheel::new(MEASURES);
    for number in 0..1_000 {
        let seat = wheel.sit(neighbour(number)).unwrap();
        assert_eq!(wheel.wait(seat, number), None);
    }
    let called: Vec<usize> = (0..50).map(|_| wheel.turn().len()).collect();
    assert!(called.iter().all(|called| *called == 20), "{called:?}");
    assert!(wheel.turn().is_empty(), "who was called and is not back in its seat is not called again");
    for number in 0..1_000 {
        assert_eq!(wheel.wait(SeatId(number), number.into()), None);
    }
    assert_eq!(wheel.all(|number| *number % 2 == 0).len(), 500);
    assert_eq!(wheel.longest(10), (0..10).map(|number| 2 * number + 1).collect::<Vec<_>>());
    assert_eq!(wheel.all(|_| true).len(), 490);
}

#[test]
fn who_left_is_not_called_and_a_seat_that_is_not_there_ends() {
    let mut wheel = Wheel::new(MEASURES);
    let seat = wheel.sit(neighbour(1)).unwrap();
    assert_eq!((wheel.ask(seat, false), wheel.wait(seat, 1)), (Due::Later, None));
    wheel.leave(seat);
    wheel.leave(seat);
    assert_eq!(wheel.held(), 0);
    assert!((0..100).all(|_| wheel.turn().is_empty()));
    assert_eq!((wheel.ask(seat, false), wheel.wait(seat, 2)), (Due::End, Some(2)));
}

proptest! {
    /// Whatever comes and goes, the counts are those of a list.
    #[test]
    fn counts_hold(steps in prop::collection::vec((0_u32..8, 0_usize..6), 1..300)) {
        let measures = Measures { held_max: 12, held_per_prefix_max: 3, spokes: 5, ..MEASURES };
        let (mut wheel, mut list): (Wheel<()>, Vec<(u32, SeatId)>) = (Wheel::new(measures), Vec::new());
        for (from, step) in steps {
            match step {
                0..=2 => {
                    let room = list.len() < 12 && list.iter().filter(|(other, _)| *other == from).count() < 3;
                    let seat = wheel.sit(neighbour(from));
                    prop_assert_eq!(seat.is_some(), room);
                    list.extend(seat.map(|seat| (from, seat)));
                }
                3 | 4 if !list.is_empty() => wheel.leave(list.swap_remove(from as usize % list.len()).1),
                _ => {
                    wheel.turn();
                }
            }
            prop_assert_eq!(wheel.held(), list.len());
            prop_assert_eq!(wheel.spokes.iter().map(Vec::len).sum::<usize>(), list.len());
            prop_assert_eq!(wheel.neighbours.values().map(|count| usize::from(*count)).sum::<usize>(), list.len());
        }
    }
}
