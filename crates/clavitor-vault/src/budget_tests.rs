//! The budget as a machine: examples, and what must hold for every sequence of requests.

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { per_minute: 3, per_hour: 10 };
const START: u64 = 1_000_000_000;

fn entry(number: u8) -> EntryId {
    EntryId([number; 16])
}

fn step(state: &mut State, number: u8, now_ms: u64) -> Outcome {
    state.step(LIMITS, entry(number), now_ms)
}

#[test]
fn three_entries_a_minute_however_often_each() {
    let mut state = State::default();
    for round in 0..50 {
        for number in 0..3 {
            assert_eq!(step(&mut state, number, START + round), Outcome::Within);
        }
    }
    assert_eq!(step(&mut state, 3, START + 50), Outcome::Breached { retry_after_ms: COOLING_MS });
}

#[test]
fn ten_entries_an_hour() {
    let mut state = State::default();
    for number in 0..10 {
        assert_eq!(step(&mut state, number, START + u64::from(number) * MINUTE_MS), Outcome::Within);
    }
    let now_ms = START + 10 * MINUTE_MS;
    assert_eq!(state.used(now_ms, HOUR_MS), 10);
    let Outcome::Breached { retry_after_ms } = step(&mut state, 10, now_ms) else { panic!("not breached") };
    assert_eq!(retry_after_ms, 50 * MINUTE_MS + 1, "when the oldest of the ten is an hour ago");
    assert_eq!(step(&mut state, 10, now_ms + retry_after_ms), Outcome::Within);
}

#[test]
fn cooling_is_no_further_breach_and_a_late_second_one_cools_again() {
    let mut state = State::default();
    (0..3).for_each(|number| assert_eq!(step(&mut state, number, START), Outcome::Within));
    assert!(matches!(step(&mut state, 3, START), Outcome::Breached { .. }));
    for _ in 0..10 {
        assert_eq!(step(&mut state, 3, START + 1000), Outcome::Cooling { retry_after_ms: COOLING_MS - 1000 });
    }
    let later = START + SECOND_BREACH_MS;
    (0..3).for_each(|number| assert_eq!(step(&mut state, number, later), Outcome::Within));
    assert!(matches!(step(&mut state, 3, later), Outcome::Breached { .. }), "two hours later it is a first breach again");
    let soon = later + COOLING_MS;
    (0..3).for_each(|number| assert_eq!(step(&mut state, number, soon), Outcome::Within));
    assert_eq!(step(&mut state, 3, soon), Outcome::LockedNow);
    assert_eq!(step(&mut state, 0, soon + 10 * HOUR_MS), Outcome::Locked);
    state.unlock();
    assert_eq!(step(&mut state, 3, soon), Outcome::Within);
}

#[test]
fn a_clock_that_goes_back_frees_nothing() {
    let mut state = State::default();
    (0..3).for_each(|number| assert_eq!(step(&mut state, number, START), Outcome::Within));
    assert!(matches!(step(&mut state, 3, START - HOUR_MS), Outcome::Breached { .. }));
}

#[test]
fn no_budget_is_no_entry() {
    let none = Limits { per_minute: 0, per_hour: 0 };
    assert!(matches!(State::default().step(none, entry(1), START), Outcome::Breached { .. }));
}

proptest! {
    /// In every window there are never more distinct entries within the budget than the limit, and what is stored says the same as what is remembered.
    #[test]
    fn never_more_than_the_limit(
        requests in prop::collection::vec((0u8..30, 0u64..400_000), 1..200),
        per_minute in 0u32..6,
        per_hour in 0u32..12,
    ) {
        let limits = Limits { per_minute, per_hour };
        let (mut state, mut now_ms, mut within) = (State::default(), START, Vec::new());
        for (number, wait_ms) in requests {
            now_ms += wait_ms;
            let stored = state.asked.iter().map(|(id, last_ms)| (*id, *last_ms)).collect::<Vec<_>>();
            let mut loaded = State::load(stored, state.cooling_until_ms, state.last_breach_ms, state.locked);
            let outcome = state.step(limits, entry(number), now_ms);
            prop_assert_eq!(loaded.step(limits, entry(number), now_ms), outcome);
            prop_assert_eq!(&loaded, &state);
            match outcome {
                Outcome::Within => within.push((now_ms, number)),
                Outcome::LockedNow => state.unlock(),
                _ => {}
            }
            for (window_ms, limit) in [(MINUTE_MS, per_minute), (HOUR_MS, per_hour)] {
                let since = now_ms.saturating_sub(window_ms - 1);
                let mut distinct: Vec<u8> = within.iter().filter(|(at, _)| *at >= since).map(|(_, number)| *number).collect();
                distinct.sort_unstable();
                distinct.dedup();
                // The owner's unlock starts afresh, so each unlock may add one budget to a window.
                let unlocks = if outcome == Outcome::LockedNow { within.clear(); 1 } else { 0 };
                prop_assert!(distinct.len() as u32 <= limit.max(unlocks * limit));
            }
        }
    }
}
