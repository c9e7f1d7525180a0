//! What may go wrong in a run, in parts of a thousand.

use crate::{
    chance::Chance,
    node::{Guard, Node},
};

/// The faults of one run; some runs have none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// Of all questions.
    pub(crate) lost: u64,
    /// Of all checks.
    pub(crate) lies: u64,
    /// Of all steps: a node dies, or comes back.
    pub(crate) deaths: u64,
    /// Of all steps: the operator is killed.
    pub(crate) kills: u64,
    /// Of all steps: Ctrl-C.
    pub(crate) interrupts: u64,
    /// Of all steps: the operator's clock is set.
    pub(crate) jumps: u64,
    /// Of all new starts: the rollout is given up instead.
    pub(crate) aborts: u64,
    /// Of all nodes: the new version does not work there.
    broken: u64,
    /// Of all nodes: the disk is full.
    full: u64,
    /// Whether commands of broken connections may arrive later.
    pub(crate) strays: bool,
    pub(crate) resumes_max: usize,
    guard_off: bool,
}

impl Faults {
    pub(crate) const fn new(chance: &mut Chance) -> Self {
        if chance.permille(100) {
            return Self {
                resumes_max: 0,
                guard_off: true,
                lost: 0,
                lies: 0,
                deaths: 0,
                kills: 0,
                interrupts: 0,
                jumps: 0,
                aborts: 0,
                broken: 0,
                full: 0,
                strays: false,
            };
        }
        let guard_off = chance.permille(500);
        Self {
            lost: if chance.permille(600) { chance.below(250) } else { 0 },
            lies: if chance.permille(300) { chance.below(200) } else { 0 },
            // Without the guard, a machine that loses its timer with its power is beyond the state machine.
            deaths: if !guard_off && chance.permille(300) { chance.below(40) } else { 0 },
            kills: if chance.permille(500) { chance.below(60) } else { 0 },
            interrupts: if chance.permille(200) { chance.below(20) } else { 0 },
            jumps: if chance.permille(200) { chance.below(100) } else { 0 },
            aborts: chance.below(200),
            broken: if chance.permille(400) { chance.below(300) } else { 0 },
            full: if chance.permille(100) { chance.below(200) } else { 0 },
            strays: !guard_off && chance.permille(500),
            resumes_max: chance.below(6) as usize,
            guard_off,
        }
    }

    /// Nothing goes wrong by chance, and the operator comes back once.
    pub(crate) fn none() -> Self {
        Self { resumes_max: 1, ..Self::default() }
    }

    pub(crate) const fn node(&self, chance: &mut Chance) -> Node {
        let guard = if self.guard_off { Guard::Off } else { Guard::On };
        let works = !chance.permille(self.broken);
        Node::new(works, !chance.permille(self.full), guard, self.are_none())
    }

    pub(crate) const fn are_none(&self) -> bool {
        self.lost + self.lies + self.deaths + self.kills + self.interrupts + self.jumps + self.broken + self.full == 0
    }
}
