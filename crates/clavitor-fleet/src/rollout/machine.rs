//! The rollout as one pure state machine: `step(state, input) -> (state, outputs)`. The clock is passed in; the same code runs for real, in the simulation, and when a journal is replayed.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::inventory::NodeName;

use super::{
    command::{Command, Report},
    outcome::Outcome,
    phase::{NodeState, Phase},
    plan::Plan,
};

/// What happens to a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Input {
    /// The operator has read the plan and said yes.
    Approved,
    /// A node's answer, or that there is none.
    Answered {
        /// Who was asked.
        node: NodeName,
        /// What was asked.
        command: Command,
        /// What came back.
        report: Report,
    },
    /// Time has passed.
    Tick,
    /// The operator wants to stop now: what is under way is finished, nothing new begins.
    Interrupted,
    /// The operator goes on with what stopped, or what was cut off.
    Resumed,
    /// The operator gives up: what is not confirmed goes back.
    Aborted,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Output {
    /// Ask a node. Its answer comes as [`Input::Answered`].
    Ask {
        /// Whom.
        node: NodeName,
        /// What.
        command: Command,
    },
    /// Nothing more happens, unless the operator resumes or aborts.
    Ended(Outcome),
}

/// What the rollout as a whole is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The plan waits for a yes.
    Proposed,
    /// Before a wave, and after the last: who must serve is asked, then whether anybody else does.
    Gate(Gate),
    /// After a new start: what was half way in the wave is brought to rest before anything is begun.
    Settle(usize),
    /// The wave with this place in the plan is under way.
    Wave(usize),
    /// A wave is through; it is watched until then.
    Soak {
        /// The wave's place in the plan.
        wave: usize,
        /// Operator's clock.
        until_ms: u64,
    },
    /// Nothing more happens.
    Ended(Outcome),
}

/// The question before a wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The wave that comes next; the number of waves after the last one.
    pub wave: usize,
    /// Nodes that were confirmed a moment ago: each must serve.
    must: VecDeque<NodeName>,
    /// Others outside the wave: one must serve. Empty once one does.
    any: VecDeque<NodeName>,
    asked: Option<NodeName>,
    tries: u32,
    not_before_ms: u64,
}

/// Why no further node is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    No,
    Fault,
    Interrupt,
    Abort,
}

/// A rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    plan: Plan,
    stage: Stage,
    stop: Stop,
    /// What stopped it, if that was no node's own fault.
    why: Option<String>,
    nodes: BTreeMap<NodeName, NodeState>,
}

impl State {
    /// A plan that nobody has said yes to.
    pub fn new(plan: Plan) -> Self {
        let nodes = plan.nodes().map(|node| (node.clone(), NodeState::new())).collect();
        Self { plan, stage: Stage::Proposed, stop: Stop::No, why: None, nodes }
    }

    /// The plan.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What the rollout is doing.
    pub const fn stage(&self) -> &Stage {
        &self.stage
    }

    /// How it ended, once it has.
    pub const fn outcome(&self) -> Option<Outcome> {
        if let Stage::Ended(outcome) = self.stage { Some(outcome) } else { None }
    }

    /// Each node.
    pub const fn nodes(&self) -> &BTreeMap<NodeName, NodeState> {
        &self.nodes
    }

    /// What stopped it, if that was no node's own fault.
    pub fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// What has been asked and not answered.
    pub fn asked(&self) -> impl Iterator<Item = (&NodeName, Command)> {
        let gate = if let Stage::Gate(gate) = &self.stage { gate.asked.as_ref() } else { None };
        let nodes = self.nodes.iter().filter_map(|(node, state)| Some((node, state.asked?)));
        nodes.chain(gate.map(|node| (node, Command::Serving)))
    }

    /// When a tick will be of use; nothing while only answers are waited for.
    pub fn wakes_ms(&self) -> Option<u64> {
        match &self.stage {
            // What is under way is finished, and nothing else.
            _ if self.stop == Stop::Interrupt => None,
            Stage::Proposed | Stage::Ended(_) => None,
            Stage::Soak { until_ms, .. } => Some(*until_ms),
            Stage::Gate(gate) => gate.asked.is_none().then_some(gate.not_before_ms),
            Stage::Settle(_) | Stage::Wave(_) => {
                let idle = self.nodes.values().filter(|state| state.asked.is_none() && state.phase.command().is_some());
                idle.map(|state| state.not_before_ms).min()
            }
        }
    }
}

/// One step.
pub fn step(mut state: State, at_ms: u64, input: Input) -> (State, Vec<Output>) {
    let was_ended = state.outcome().is_some();
    state.take(at_ms, input);
    let mut outputs = Vec::new();
    state.advance(at_ms, &mut outputs);
    if let (false, Some(outcome)) = (was_ended, state.outcome()) {
        outputs.push(Output::Ended(outcome));
    }
    (state, outputs)
}

impl State {
    fn take(&mut self, at_ms: u64, input: Input) {
        match input {
            Input::Approved if self.stage == Stage::Proposed => self.stage = self.gate(0),
            Input::Answered { node, command, report } => self.answered(&node, command, report, at_ms),
            Input::Interrupted if self.is_running() && self.stop != Stop::Abort => self.stop = Stop::Interrupt,
            Input::Resumed if self.may_go_on() => self.resume(at_ms),
            Input::Aborted if self.may_go_on() => self.abort(at_ms),
            Input::Approved | Input::Tick | Input::Interrupted | Input::Resumed | Input::Aborted => {}
        }
    }

    const fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Gate(_) | Stage::Settle(_) | Stage::Wave(_) | Stage::Soak { .. })
    }

    fn may_go_on(&self) -> bool {
        self.stage != Stage::Proposed && self.outcome().is_none_or(|outcome| !outcome.is_closed())
    }

    fn answered(&mut self, node: &NodeName, command: Command, report: Report, at_ms: u64) {
        if command == Command::Serving {
            return self.gate_answered(node, report, at_ms);
        }
        let limits = *self.plan.limits();
        let Some(state) = self.nodes.get_mut(node).filter(|state| state.asked == Some(command)) else { return };
        state.answer(command, report, at_ms, &limits);
        if state.why.is_some() && self.stop == Stop::No {
            self.stop = Stop::Fault;
        }
    }

    /// Everything that was not confirmed gets another turn; what may be half way is looked at first.
    fn resume(&mut self, at_ms: u64) {
        let limits = *self.plan.limits();
        (self.stop, self.why) = (Stop::No, None);
        self.nodes.values_mut().for_each(|state| state.restart(at_ms, &limits));
        let next = self.next_wave();
        self.stage = if self.is_in_flight() { Stage::Settle(next) } else { self.gate(next) };
    }

    fn abort(&mut self, at_ms: u64) {
        self.resume(at_ms);
        self.stop = Stop::Abort;
        for state in self.nodes.values_mut().filter(|state| state.phase == Phase::Looking) {
            state.why = Some("the rollout was given up".to_owned());
        }
        self.stage = Stage::Settle(self.next_wave());
    }

    fn is_in_flight(&self) -> bool {
        self.nodes.values().any(|state| state.phase.is_in_flight())
    }

    /// The first wave with a node that is not confirmed; the number of waves when there is none.
    fn next_wave(&self) -> usize {
        let is_open = |node| self.nodes.get(node).is_some_and(|state: &NodeState| state.phase != Phase::Confirmed);
        self.plan.waves().iter().position(|wave| wave.iter().any(is_open)).unwrap_or(self.plan.waves().len())
    }

    /// Nodes of the wave before must serve, and one outside the next wave.
    fn gate(&self, wave: usize) -> Stage {
        let waves = self.plan.waves();
        let must: VecDeque<_> = wave.checked_sub(1).and_then(|before| waves.get(before)).into_iter().flatten().cloned().collect();
        let next = waves.get(wave);
        let outside = self.plan.nodes().filter(|node| next.is_some_and(|next| !next.contains(node)));
        let any = outside.chain(self.plan.bystanders().iter().filter(|_| next.is_some())).cloned().collect();
        Stage::Gate(Gate { wave, must, any, asked: None, tries: 0, not_before_ms: 0 })
    }

    fn gate_answered(&mut self, node: &NodeName, report: Report, at_ms: u64) {
        let limits = *self.plan.limits();
        let Stage::Gate(gate) = &mut self.stage else { return };
        if gate.asked.as_ref() != Some(node) {
            return;
        }
        gate.asked = None;
        let is_must = gate.must.front() == Some(node);
        match report {
            // A node that must serve is also one that does.
            Report::Done => {
                gate.must.retain(|other| other != node);
                gate.any.clear();
                gate.tries = 0;
            }
            Report::Failed(why) | Report::Lost(why) if is_must => {
                gate.tries += 1;
                gate.not_before_ms = at_ms.saturating_add(limits.again_ms);
                if gate.tries >= limits.tries_max {
                    self.why = Some(format!("{node} was confirmed and no longer serves: {why}"));
                    self.stop = Stop::Fault;
                }
            }
            _ => {
                gate.any.pop_front();
                if gate.any.is_empty() {
                    self.why = Some("no node outside the next wave serves".to_owned());
                    self.stop = Stop::Fault;
                }
            }
        }
    }

    fn advance(&mut self, at_ms: u64, outputs: &mut Vec<Output>) {
        if self.stop == Stop::Interrupt && self.is_running() {
            if self.asked().next().is_none() {
                self.stage = Stage::Ended(Outcome::Interrupted);
            }
            return;
        }
        match &self.stage {
            Stage::Proposed | Stage::Ended(_) => {}
            Stage::Gate(_) => self.advance_gate(at_ms, outputs),
            Stage::Settle(wave) => self.advance_settle(*wave, at_ms, outputs),
            Stage::Wave(wave) => self.advance_wave(*wave, at_ms, outputs),
            Stage::Soak { wave, until_ms } => self.advance_soak(*wave, *until_ms, at_ms, outputs),
        }
    }

    fn advance_gate(&mut self, at_ms: u64, outputs: &mut Vec<Output>) {
        let Stage::Gate(gate) = &mut self.stage else { return };
        if gate.asked.is_some() {
            return;
        }
        let next = gate.must.front().or_else(|| gate.any.front()).cloned();
        match next {
            _ if self.stop != Stop::No => self.stage = Stage::Ended(Outcome::Unhealthy),
            Some(node) if at_ms >= gate.not_before_ms => {
                gate.asked = Some(node.clone());
                outputs.push(Output::Ask { node, command: Command::Serving });
            }
            Some(_) => {}
            None if gate.wave < self.plan.waves().len() => {
                let wave = gate.wave;
                self.stage = Stage::Wave(wave);
                self.advance_wave(wave, at_ms, outputs);
            }
            None => self.stage = Stage::Ended(Outcome::Completed),
        }
    }

    fn advance_soak(&mut self, wave: usize, until_ms: u64, at_ms: u64, outputs: &mut Vec<Output>) {
        let soak_ms = self.plan.limits().soak_ms;
        if at_ms >= until_ms {
            self.stage = self.gate(wave + 1);
            self.advance_gate(at_ms, outputs);
        } else if until_ms - at_ms > soak_ms {
            // The clock went back: the watch begins again rather than lasting for ever.
            self.stage = Stage::Soak { wave, until_ms: at_ms.saturating_add(soak_ms) };
        }
    }

    fn advance_settle(&mut self, wave: usize, at_ms: u64, outputs: &mut Vec<Output>) {
        self.ask(wave, at_ms, outputs);
        if self.is_in_flight() {
            return;
        }
        self.forgive(wave);
        if self.stop == Stop::No {
            self.stage = self.gate(self.next_wave());
            self.advance_gate(at_ms, outputs);
        } else {
            self.nodes.values_mut().for_each(NodeState::stop);
            self.stage = Stage::Ended(self.judge());
        }
    }

    fn advance_wave(&mut self, wave: usize, at_ms: u64, outputs: &mut Vec<Output>) {
        let (stopped, plan) = (self.stop != Stop::No, &self.plan);
        let names = plan.waves().get(wave).into_iter().flatten();
        for name in names.clone() {
            let Some(state) = self.nodes.get_mut(name) else { continue };
            if stopped {
                state.stop();
            } else if state.phase == Phase::Waiting {
                state.enter(Phase::Preflight);
            }
        }
        let all_passed = !names.clone().any(|name| self.nodes.get(name).is_some_and(|state| state.phase.is_undecided()));
        for name in names {
            let ready = self.nodes.get_mut(name).filter(|state| state.phase == Phase::Ready && all_passed);
            ready.into_iter().for_each(|state| state.enter(Phase::BackingUp));
        }
        self.ask(wave, at_ms, outputs);
        let settled = self.phases(wave).all(Phase::is_settled);
        self.forgive(wave);
        if settled && self.stop == Stop::No && self.phases(wave).all(|phase| phase == Phase::Confirmed) {
            self.stage = Stage::Soak { wave, until_ms: at_ms.saturating_add(self.plan.limits().soak_ms) };
        } else if settled {
            self.nodes.values_mut().for_each(NodeState::stop);
            self.stage = Stage::Ended(self.judge());
        }
    }

    /// A fault that ended in a confirmed node after all stops nothing: the wave is watched, and its nodes must serve, as any other's.
    fn forgive(&mut self, wave: usize) {
        if self.stop == Stop::Fault && self.phases(wave).next().is_some() && self.phases(wave).all(|phase| phase == Phase::Confirmed) {
            self.stop = Stop::No;
        }
    }

    fn phases(&self, wave: usize) -> impl Iterator<Item = Phase> {
        let names = self.plan.waves().get(wave).into_iter().flatten();
        names.map(|name| self.nodes.get(name).map_or(Phase::Unknown, |state| state.phase))
    }

    /// Each node of the wave that has a next step and no open question is asked.
    fn ask(&mut self, wave: usize, at_ms: u64, outputs: &mut Vec<Output>) {
        let limits = *self.plan.limits();
        for name in self.plan.waves().get(wave).into_iter().flatten() {
            let Some(state) = self.nodes.get_mut(name).filter(|state| state.asked.is_none()) else { continue };
            let is_due = at_ms >= state.not_before_ms || is_back(at_ms, state, limits.again_ms);
            if let Some(command) = state.phase.command().filter(|_| is_due) {
                state.begin(command, at_ms, &limits);
                outputs.push(Output::Ask { node: name.clone(), command });
            }
        }
    }

    /// How it ended, from where the nodes stand.
    fn judge(&self) -> Outcome {
        let any = |wanted: Phase| self.nodes.values().any(|state| state.phase == wanted);
        match self.stop {
            _ if any(Phase::Unknown) => Outcome::Unknown,
            Stop::Abort => Outcome::Aborted,
            _ if any(Phase::Restored) => Outcome::RolledBack,
            _ => Outcome::Refused,
        }
    }
}

/// Whether the clock went back behind the pause that was wanted.
const fn is_back(at_ms: u64, state: &NodeState, again_ms: u64) -> bool {
    state.not_before_ms.saturating_sub(at_ms) > again_ms
}
