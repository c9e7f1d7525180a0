//! A node as the rollout sees it: what runs, what boots, the mark, the timer. It does what the real commands do, by its own clock, and does not care who asks.

use clavitor_fleet::rollout::{Command, Report, Sight, System};

use crate::chance::Chance;

/// Whether the node refuses to switch without a mark and a timer, as the real script does. Half the runs leave it to the state machine alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    On,
    Off,
}

/// One machine.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) runs: System,
    pub(crate) boots: System,
    pub(crate) is_marked: bool,
    /// When the timer fires, true time.
    pub(crate) timer_ms: Option<u64>,
    pub(crate) is_alive: bool,
    /// Whether its new version works.
    pub(crate) new_works: bool,
    pub(crate) has_room: bool,
    /// A restart of the service is under way until then.
    restarts_until_ms: u64,
    pub(crate) guard: Guard,
    /// Whether units sometimes fail, and a look sometimes comes at a bad moment.
    is_calm: bool,
    /// What it goes back to.
    fallback: System,
}

impl Node {
    pub(crate) const fn new(new_works: bool, has_room: bool, guard: Guard, is_calm: bool) -> Self {
        Self {
            runs: System::Old,
            boots: System::Old,
            is_marked: false,
            timer_ms: None,
            is_alive: true,
            new_works,
            has_room,
            restarts_until_ms: 0,
            guard,
            is_calm,
            fallback: System::Old,
        }
    }

    /// What people see.
    pub(crate) const fn serves(&self) -> bool {
        self.is_alive && (matches!(self.runs, System::Old) || self.new_works)
    }

    /// It runs the new system, nobody has confirmed it, and nothing will bring it back.
    pub(crate) fn is_stranded(&self) -> bool {
        self.is_alive && self.runs == System::New && self.boots == System::Old && self.timer_ms.is_none()
    }

    pub(crate) fn is_in_flight(&self) -> bool {
        self.is_marked || self.runs != self.boots
    }

    /// Time passes; the timer fires.
    pub(crate) fn pass(&mut self, now_ms: u64) {
        if self.is_alive && self.timer_ms.is_some_and(|at| at <= now_ms) {
            self.timer_ms = None;
            if self.is_marked {
                self.back();
            }
        }
    }

    const fn back(&mut self) {
        (self.runs, self.boots, self.is_marked) = (self.fallback, self.fallback, false);
    }

    /// Power comes back: what boots runs, and what lay in memory is gone.
    pub(crate) const fn reboot(&mut self) {
        (self.runs, self.is_marked, self.timer_ms, self.is_alive) = (self.boots, false, None, true);
    }

    /// Does what is asked, and says the truth about it.
    pub(crate) fn obey(&mut self, command: Command, now_ms: u64, confirm_ms: u64, chance: &mut Chance) -> Report {
        let failed = |why: &str| Report::Failed(why.to_owned());
        match command {
            Command::Serving | Command::Check(_) if !self.serves() || now_ms < self.restarts_until_ms => failed("no answer"),
            Command::Check(_) if self.runs != System::New => failed("the old version answers"),
            Command::Serving | Command::Check(_) | Command::Backup | Command::Copy => Report::Done,
            Command::Preflight if self.runs == System::New && self.boots == System::New && !self.is_marked => Report::Already,
            Command::Preflight if !self.has_room => failed("the disk is full"),
            // There is one rollout in a run: the mark is its own.
            Command::Preflight if self.is_marked => Report::Unsettled,
            Command::Preflight => Report::Done,
            Command::Arm if self.guard == Guard::On && self.runs == System::New => failed("it runs it already"),
            Command::Arm => {
                (self.is_marked, self.timer_ms, self.fallback) = (true, Some(now_ms + confirm_ms), self.runs);
                Report::Done
            }
            Command::Switch if self.guard == Guard::On && (!self.is_marked || self.timer_ms.is_none()) => failed("not armed"),
            Command::Switch => {
                (self.runs, self.restarts_until_ms) = (System::New, now_ms + chance.below(8_000));
                if !self.is_calm && chance.permille(20) { failed("a unit did not start") } else { Report::Done }
            }
            Command::Confirm if !self.is_marked || self.runs != System::New => failed("the timer was faster"),
            Command::Confirm => {
                (self.boots, self.is_marked, self.timer_ms) = (System::New, false, None);
                Report::Done
            }
            Command::Rollback if !self.is_calm && self.is_marked && chance.permille(30) => failed("a unit did not stop"),
            // A confirmation that was on its way had been faster: nothing says any more what was before.
            Command::Rollback if !self.is_marked && self.runs == System::New && self.boots == System::New => failed("it is confirmed"),
            Command::Rollback => {
                if self.is_marked || self.runs != self.boots {
                    self.back();
                }
                (self.timer_ms, self.is_marked) = (None, false);
                Report::Done
            }
            Command::Look => Report::Seen(Sight {
                runs: self.runs,
                boots: self.boots,
                is_armed: self.timer_ms.is_some(),
                is_marked: self.is_marked,
                is_busy: !self.is_calm && chance.permille(20),
            }),
        }
    }
}
