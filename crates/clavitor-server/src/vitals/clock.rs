//! Notices that somebody set the wall clock: it and a clock that nobody can set have to agree about how much time has passed.

/// More than this between two readings is a jump; agents' proofs bear a minute.
const JUMP_S_MIN: i64 = 60;
/// A jump is shown for this long.
const SHOWN_S: u64 = 3_600;

/// Compares the two clocks. A pure state machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClockWatch {
    wall_ms: u64,
    steady_s: u64,
    jump: Option<(i64, u64)>,
}

impl ClockWatch {
    /// Begins with a reading of both: Unix milliseconds, and seconds of a steady clock.
    pub(super) fn new(wall_ms: u64, steady_s: u64) -> Self {
        Self { wall_ms, steady_s, jump: None }
    }

    /// The next reading. By how many seconds the wall clock jumped in between, if it did.
    pub(super) fn step(&mut self, wall_ms: u64, steady_s: u64) -> Option<i64> {
        let seconds = |ms: u64| i64::try_from(ms / 1000).unwrap_or(i64::MAX);
        let passed = i64::try_from(steady_s.saturating_sub(self.steady_s)).unwrap_or(i64::MAX);
        let off = seconds(wall_ms).saturating_sub(seconds(self.wall_ms)).saturating_sub(passed);
        (self.wall_ms, self.steady_s) = (wall_ms, steady_s);
        let jump = (off.abs() > JUMP_S_MIN).then_some(off);
        if let Some(off) = jump {
            self.jump = Some((off, steady_s));
        }
        jump
    }

    /// The last jump, while it is news.
    pub(super) fn shown(&self) -> Option<i64> {
        self.jump.filter(|(_, at)| self.steady_s.saturating_sub(*at) < SHOWN_S).map(|(off, _)| off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MS: u64 = 1_795_348_800_000;

    #[test]
    fn clocks_that_agree_never_jump() {
        let mut watch = ClockWatch::new(START_MS, 100);
        for turn in 1..200 {
            assert_eq!(watch.step(START_MS + turn * 30_400, 100 + turn * 30), None, "{turn}");
        }
        assert_eq!(watch.shown(), None);
    }

    #[test]
    fn a_jump_is_told_once_and_shown_for_an_hour() {
        let mut watch = ClockWatch::new(START_MS, 0);
        assert_eq!(watch.step(START_MS + 30_000 - 7_200_000, 30), Some(-7_200));
        assert_eq!(watch.step(START_MS + 60_000 - 7_200_000, 60), None);
        assert_eq!(watch.shown(), Some(-7_200));
        assert_eq!(watch.step(START_MS + 90_000, 90), Some(7_200), "and back");
        let mut steady = 90;
        while steady < 90 + SHOWN_S {
            assert_eq!(watch.shown(), Some(7_200));
            steady += 30;
            watch.step(START_MS + steady * 1000, steady);
        }
        assert_eq!(watch.shown(), None);
    }

    #[test]
    fn a_machine_that_slept_has_not_jumped() {
        let mut watch = ClockWatch::new(START_MS, 0);
        assert_eq!(watch.step(START_MS + 86_400_000, 86_400), None);
    }
}
