//! When a backup is due, which may go afterwards, and when the operator hears of a failure. Pure: the time comes in.

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
/// A stamp further ahead than this was made by a clock that ran ahead.
const SKEW_MS_MAX: u64 = 5 * MINUTE_MS;
/// The first retry comes after this; each further one after twice as long.
const RETRY_MS_MIN: u64 = 5 * MINUTE_MS;
const RETRY_MS_MAX: u64 = HOUR_MS;
/// While backups fail, the operator hears of it again after this.
const REMIND_MS: u64 = 24 * HOUR_MS;

/// What the operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// From one backup to the next.
    pub every_ms: u64,
    /// How many are kept, at least one.
    pub keep: usize,
}

/// A backup that is whole. Numbers only grow, whatever the clock does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// Its number.
    pub number: u64,
    /// When it was taken, Unix milliseconds.
    pub taken_ms: u64,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Time went by.
    Tick,
    /// A backup was written and verified.
    Written(Kept),
    /// A backup was not written.
    Failed,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Write a backup under this number.
    Write(u64),
    /// Remove the backup with this number; enough newer ones are whole.
    Remove(u64),
    /// Tell the operator that backups fail.
    TellFailing,
    /// Tell the operator that they work again.
    TellWorking,
}

/// What is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// Whole backups, by number.
    kept: Vec<Kept>,
    writing: bool,
    failing: Option<Failing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Failing {
    times: u32,
    last_ms: u64,
    told_ms: u64,
}

impl State {
    /// The same with what was found in the folder.
    pub fn with(mut self, mut kept: Vec<Kept>) -> Self {
        kept.sort_unstable();
        self.kept = kept;
        self
    }

    /// The newest whole backup.
    pub fn newest(&self) -> Option<Kept> {
        self.kept.last().copied()
    }

    /// How many whole ones there are.
    pub fn count(&self) -> usize {
        self.kept.len()
    }

    /// The next state, and what is to be done in this order.
    pub fn step(mut self, plan: &Plan, now_ms: u64, input: Input) -> (Self, Vec<Output>) {
        let outputs = match input {
            Input::Tick => self.tick(plan, now_ms),
            Input::Written(kept) => self.written(plan, kept),
            Input::Failed => self.failed(now_ms),
        };
        (self, outputs)
    }

    fn tick(&mut self, plan: &Plan, now_ms: u64) -> Vec<Output> {
        if self.writing || !self.is_due(plan, now_ms) {
            return Vec::new();
        }
        self.writing = true;
        vec![Output::Write(self.newest().map_or(1, |newest| newest.number + 1))]
    }

    fn is_due(&self, plan: &Plan, now_ms: u64) -> bool {
        if let Some(failing) = self.failing {
            // A clock that was set back must not put the retry off.
            return now_ms < failing.last_ms || now_ms - failing.last_ms >= retry_ms(failing.times);
        }
        self.newest().is_none_or(|newest| {
            now_ms >= newest.taken_ms.saturating_add(plan.every_ms) || newest.taken_ms > now_ms.saturating_add(SKEW_MS_MAX)
        })
    }

    fn written(&mut self, plan: &Plan, kept: Kept) -> Vec<Output> {
        self.writing = false;
        self.kept.push(kept);
        self.kept.sort_unstable();
        let mut outputs = Vec::new();
        if self.failing.take().is_some() {
            outputs.push(Output::TellWorking);
        }
        let spare = self.kept.len().saturating_sub(plan.keep.max(1));
        outputs.extend(self.kept.drain(..spare).map(|old| Output::Remove(old.number)));
        outputs
    }

    fn failed(&mut self, now_ms: u64) -> Vec<Output> {
        self.writing = false;
        let before = self.failing;
        let remind = before.is_none_or(|before| now_ms < before.told_ms || now_ms - before.told_ms >= REMIND_MS);
        let told_ms = before.filter(|_| !remind).map_or(now_ms, |before| before.told_ms);
        self.failing = Some(Failing { times: before.map_or(1, |before| before.times.saturating_add(1)), last_ms: now_ms, told_ms });
        if remind { vec![Output::TellFailing] } else { Vec::new() }
    }
}

fn retry_ms(times: u32) -> u64 {
    RETRY_MS_MIN.saturating_mul(1 << times.saturating_sub(1).min(10)).min(RETRY_MS_MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAN: Plan = Plan { every_ms: 24 * HOUR_MS, keep: 3 };
    const START_MS: u64 = 1_800_000_000_000;

    fn kept(number: u64, taken_ms: u64) -> Kept {
        Kept { number, taken_ms }
    }

    fn after(state: State, now_ms: u64, input: Input) -> (State, Vec<Output>) {
        state.step(&PLAN, now_ms, input)
    }

    #[test]
    fn the_first_is_due_at_once_and_only_once() {
        let (state, outputs) = after(State::default(), START_MS, Input::Tick);
        assert_eq!(outputs, [Output::Write(1)]);
        let (state, outputs) = after(state, START_MS + HOUR_MS, Input::Tick);
        assert_eq!(outputs, [], "one at a time");
        let (state, outputs) = after(state, START_MS, Input::Written(kept(1, START_MS)));
        assert_eq!((outputs, state.newest()), (vec![], Some(kept(1, START_MS))));
        assert_eq!(after(state.clone(), START_MS + PLAN.every_ms - 1, Input::Tick).1, []);
        assert_eq!(after(state, START_MS + PLAN.every_ms, Input::Tick).1, [Output::Write(2)]);
    }

    #[test]
    fn a_restart_does_not_begin_anew() {
        let state = State::default().with(vec![kept(8, START_MS), kept(7, START_MS - PLAN.every_ms)]);
        assert_eq!(after(state.clone(), START_MS + HOUR_MS, Input::Tick).1, []);
        assert_eq!(after(state, START_MS + PLAN.every_ms, Input::Tick).1, [Output::Write(9)]);
    }

    #[test]
    fn the_oldest_go_and_only_after_the_new_one_is_whole() {
        let state = State::default().with((1..=4).map(|number| kept(number, START_MS + number)).collect());
        let now_ms = START_MS + 2 * PLAN.every_ms;
        let (state, outputs) = after(state, now_ms, Input::Tick);
        assert_eq!(outputs, [Output::Write(5)]);
        let (failed, outputs) = after(state.clone(), now_ms, Input::Failed);
        assert_eq!((outputs, failed.count()), (vec![Output::TellFailing], 4));
        let (state, outputs) = after(state, now_ms, Input::Written(kept(5, now_ms)));
        assert_eq!((outputs, state.count()), (vec![Output::Remove(1), Output::Remove(2)], 3));
    }

    #[test]
    fn failures_are_retried_more_and_more_slowly_and_told_once_a_day() {
        let mut state = State::default().with(vec![kept(1, START_MS - PLAN.every_ms)]);
        let (mut attempts, mut told) = (0, 0);
        for minute in 0..48 * 60 {
            let now_ms = START_MS + minute * MINUTE_MS;
            let (next, outputs) = after(state, now_ms, Input::Tick);
            state = next;
            if outputs == [Output::Write(2)] {
                attempts += 1;
                let (next, outputs) = after(state, now_ms, Input::Failed);
                told += outputs.len();
                state = next;
            }
        }
        assert!((45..60).contains(&attempts), "{attempts}");
        assert_eq!(told, 2);
        let (state, outputs) = after(state, START_MS, Input::Written(kept(2, START_MS)));
        assert_eq!(outputs, [Output::TellWorking]);
        assert_eq!(after(state, START_MS, Input::Failed).1, [Output::TellFailing], "a new failure is news");
    }

    #[test]
    fn a_clock_that_was_set_back_costs_one_backup_more_and_stops_nothing() {
        let ahead_ms = START_MS + 365 * PLAN.every_ms;
        let (state, outputs) = after(State::default().with(vec![kept(4, ahead_ms)]), START_MS, Input::Tick);
        assert_eq!(outputs, [Output::Write(5)]);
        let (state, outputs) = after(state, START_MS, Input::Written(kept(5, START_MS)));
        assert_eq!(outputs, []);
        assert_eq!(after(state.clone(), START_MS + HOUR_MS, Input::Tick).1, []);
        assert_eq!(state.newest(), Some(kept(5, START_MS)), "the newest is the one with the highest number");
        let (failing, _) = after(State::default(), ahead_ms, Input::Failed);
        assert_eq!(after(failing, START_MS, Input::Tick).1, [Output::Write(1)], "the retry is not a year away");
    }

    proptest! {
        /// Whatever the clock and the disk do: the newest whole backup is never removed, never fewer than `keep` are left where there were as many, and
        /// never two written at once.
        #[test]
        fn the_newest_stays(keep in 0usize..5, moves in prop::collection::vec((0u64..3 * 24 * HOUR_MS, any::<bool>(), any::<bool>()), 1..200)) {
            let plan = Plan { every_ms: 24 * HOUR_MS, keep };
            let (mut state, mut now_ms, mut shelf, mut writing) = (State::default(), START_MS, Vec::<u64>::new(), None);
            for (jump_ms, back, fails) in moves {
                now_ms = if back { now_ms - jump_ms / 2 } else { now_ms + jump_ms };
                let input = match writing.take() {
                    Some(_) if fails => Input::Failed,
                    Some(number) => { shelf.push(number); Input::Written(kept(number, now_ms)) }
                    None => Input::Tick,
                };
                let (next, outputs) = state.step(&plan, now_ms, input);
                state = next;
                for output in outputs {
                    match output {
                        Output::Write(number) => {
                            prop_assert!(writing.replace(number).is_none() && shelf.iter().all(|old| *old < number));
                        }
                        Output::Remove(number) => {
                            prop_assert!(shelf.len() > keep.max(1));
                            prop_assert!(shelf.last() != Some(&number));
                            shelf.retain(|other| *other != number);
                        }
                        Output::TellFailing | Output::TellWorking => {}
                    }
                }
                prop_assert!(shelf.len() <= keep.max(1));
                prop_assert_eq!(state.newest().map(|newest| newest.number), shelf.last().copied());
            }
        }
    }
}
