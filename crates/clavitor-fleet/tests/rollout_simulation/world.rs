//! Everything around the state machine: nodes, a network that loses answers, deaths, lies, an operator who is killed and comes back, clocks that jump. After each step the rules are checked.

use std::collections::BTreeMap;

use clavitor_fleet::{
    inventory::NodeName,
    rollout::{Command, Input, Outcome, Output, Plan, Report, State, step},
};

use crate::{chance::Chance, faults::Faults, node::Node, plans};

/// A run that lasts longer than this many steps does not end.
const STEPS_MAX: usize = 20_000;

/// An answer on its way.
struct Letter {
    due_ms: u64,
    node: NodeName,
    command: Command,
    report: Report,
}

/// One run.
pub(crate) struct World {
    pub(crate) chance: Chance,
    pub(crate) faults: Faults,
    pub(crate) nodes: BTreeMap<NodeName, Node>,
    /// True time; the operator's is ahead of it by `skew_ms`.
    now_ms: u64,
    skew_ms: i64,
    letters: Vec<Letter>,
    /// Commands that a broken connection still holds; they reach the node later.
    stray: Vec<(u64, NodeName, Command)>,
    /// What the journal holds: times and inputs.
    written: Vec<(u64, Input)>,
    /// Away only within a step.
    state: Option<State>,
    plan: Plan,
    /// Nobody but chance may take the last server away.
    deaths: usize,
    pub(crate) lies: usize,
    pub(crate) resumes: usize,
    /// The first order of this kind reaches its node only so many milliseconds after the operator was killed over it.
    pub(crate) late: Option<(Command, u64)>,
    is_killed: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Result<Self, String> {
        let mut chance = Chance::new(seed);
        let faults = Faults::new(&mut chance);
        Self::with(chance, faults)
    }

    pub(crate) fn with(mut chance: Chance, faults: Faults) -> Result<Self, String> {
        let plan = plans::make(&mut chance)?;
        let names = plan.nodes().chain(plan.bystanders()).cloned().collect::<Vec<_>>();
        let nodes = names.into_iter().map(|name| (name, faults.node(&mut chance))).collect();
        Ok(Self {
            chance,
            faults,
            nodes,
            now_ms: 1_000_000,
            skew_ms: 0,
            letters: Vec::new(),
            stray: Vec::new(),
            written: Vec::new(),
            state: Some(State::new(plan.clone())),
            plan,
            deaths: 0,
            lies: 0,
            resumes: 0,
            late: None,
            is_killed: false,
        })
    }

    pub(crate) const fn is_undisturbed(&self) -> bool {
        self.deaths == 0 && self.lies == 0
    }

    pub(crate) const fn is_faultless(&self) -> bool {
        self.faults.are_none()
    }

    pub(crate) fn state(&self) -> Result<&State, String> {
        self.state.as_ref().ok_or_else(|| "no state".to_owned())
    }

    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    fn at_ms(&self) -> u64 {
        self.now_ms.saturating_add_signed(self.skew_ms)
    }

    /// From the operator's yes to an end after which the operator does not try again.
    pub(crate) fn run(&mut self) -> Result<Outcome, String> {
        self.input(Input::Approved)?;
        for _ in 0..STEPS_MAX {
            if let Some(outcome) = self.state()?.outcome() {
                self.judge_end(outcome)?;
                if outcome.is_closed() || self.resumes >= self.faults.resumes_max {
                    return Ok(outcome);
                }
                let away_ms = self.chance.below(300_000);
                self.come_back(away_ms)?;
                continue;
            }
            self.strike()?;
            // Ctrl-C may have ended it.
            if self.state()?.outcome().is_none() {
                self.turn()?;
            }
            if std::mem::take(&mut self.is_killed) {
                self.come_back(1_000)?;
            }
        }
        Err(format!("no end after {STEPS_MAX} steps: {:?}", self.state()?))
    }

    /// The next thing that happens: an answer, a stray command, or the alarm clock.
    fn turn(&mut self) -> Result<(), String> {
        let alarm = self.state()?.wakes_ms().map(|at| at.saturating_add_signed(-self.skew_ms).max(self.now_ms));
        let letter = self.letters.iter().map(|letter| letter.due_ms).min();
        let stray = self.stray.iter().map(|stray| stray.0).min();
        let Some(next) = [alarm, letter, stray].into_iter().flatten().min() else {
            return Err("nothing is under way and nothing will happen".to_owned());
        };
        // A clock that was set back may keep the alarm far away: the driver looks up at least every ten seconds.
        self.pass(next.min(self.now_ms + 10_000))?;
        if let Some(place) = self.stray.iter().position(|stray| stray.0 <= self.now_ms) {
            let (_, name, command) = self.stray.swap_remove(place);
            self.reach(&name, command);
            return self.check_rules();
        }
        if let Some(place) = self.letters.iter().position(|letter| letter.due_ms <= self.now_ms) {
            let letter = self.letters.swap_remove(place);
            return self.input(Input::Answered { node: letter.node, command: letter.command, report: letter.report });
        }
        self.input(Input::Tick)
    }

    fn pass(&mut self, to_ms: u64) -> Result<(), String> {
        self.now_ms = self.now_ms.max(to_ms);
        self.nodes.values_mut().for_each(|node| node.pass(self.now_ms));
        self.check_rules()
    }

    fn input(&mut self, input: Input) -> Result<(), String> {
        let at_ms = self.at_ms();
        self.written.push((at_ms, input.clone()));
        let before = self.state.take().ok_or("no state")?;
        let (state, outputs) = step(before, at_ms, input);
        self.state = Some(state);
        self.check_waves(&outputs)?;
        for output in outputs {
            if let Output::Ask { node, command } = output {
                self.send(node, command)?;
            }
        }
        self.check_rules()
    }

    /// The network: on time, late, lost before, lost after, lost and delivered later.
    fn send(&mut self, name: NodeName, command: Command) -> Result<(), String> {
        if command == Command::Switch {
            self.check_switch(&name)?;
        }
        if let Some((_, delay_ms)) = self.late.take_if(|late| late.0 == command) {
            self.stray.push((self.now_ms + delay_ms, name, command));
            self.is_killed = true;
            return Ok(());
        }
        let takes_ms = 50 + self.chance.below(if command == Command::Copy { 30_000 } else { 3_000 });
        let lost = || Report::Lost("the connection broke".to_owned());
        let is_lost = self.chance.permille(self.faults.lost) || !self.nodes.get(&name).is_some_and(|node| node.is_alive);
        let report = match self.chance.below(3) {
            _ if !is_lost => self.reach(&name, command),
            0 => lost(),
            1 => {
                self.reach(&name, command);
                lost()
            }
            _ => {
                if self.faults.strays {
                    self.stray.push((self.now_ms + self.chance.below(40_000), name.clone(), command));
                }
                lost()
            }
        };
        let report = self.lie(command, report);
        self.letters.push(Letter { due_ms: self.now_ms + takes_ms, node: name, command, report });
        Ok(())
    }

    fn reach(&mut self, name: &NodeName, command: Command) -> Report {
        let confirm_ms = self.plan.limits().confirm_ms;
        match self.nodes.get_mut(name) {
            Some(node) if node.is_alive => node.obey(command, self.now_ms, confirm_ms, &mut self.chance),
            _ => Report::Lost("no route".to_owned()),
        }
    }

    fn lie(&mut self, command: Command, report: Report) -> Report {
        if !matches!(command, Command::Check(_) | Command::Serving) || !self.chance.permille(self.faults.lies) {
            return report;
        }
        self.lies += 1;
        if report == Report::Done { Report::Failed("a lie".to_owned()) } else { Report::Done }
    }

    /// What chance does between two steps.
    fn strike(&mut self) -> Result<(), String> {
        if self.chance.permille(self.faults.deaths) {
            let place = self.chance.below(self.nodes.len() as u64) as usize;
            if let Some(node) = self.nodes.values_mut().nth(place) {
                if node.is_alive {
                    self.deaths += 1;
                    node.is_alive = false;
                } else {
                    node.reboot();
                }
            }
        }
        if self.chance.permille(self.faults.jumps) {
            self.skew_ms = self.chance.below(7_200_000) as i64 - 3_600_000;
        }
        if self.chance.permille(self.faults.interrupts) {
            self.input(Input::Interrupted)?;
        }
        if self.chance.permille(self.faults.kills) {
            let away_ms = self.chance.below(300_000);
            return self.come_back(away_ms);
        }
        Ok(())
    }

    /// The operator's process is gone, or ended. Later it is started again: the journal is replayed and the rollout resumed, or given up.
    fn come_back(&mut self, away_ms: u64) -> Result<(), String> {
        self.resumes += 1;
        self.letters.clear();
        self.pass(self.now_ms + away_ms / 3)?;
        self.pass(self.now_ms + away_ms)?;
        let replayed = self.replay();
        if replayed != *self.state()? {
            return Err("the journal gives another state than the run".to_owned());
        }
        self.state = Some(replayed);
        let input = if self.chance.permille(self.faults.aborts) { Input::Aborted } else { Input::Resumed };
        self.input(input)
    }

    fn replay(&self) -> State {
        let start = State::new(self.plan.clone());
        self.written.iter().fold(start, |state, (at_ms, input)| step(state, *at_ms, input.clone()).0)
    }
}
