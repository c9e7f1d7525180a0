//! What must hold after every step, and at the end.

use clavitor_fleet::{
    inventory::NodeName,
    rollout::{Outcome, Output, Phase, System},
};

use crate::{node::Guard, world::World};

impl World {
    /// Facts of the nodes, not words of the state machine.
    pub(crate) fn check_rules(&self) -> Result<(), String> {
        if let Some((name, _)) = self.nodes.iter().find(|(_, node)| node.is_stranded()) {
            return Err(format!("{name} runs the new system unconfirmed and without a timer"));
        }
        let in_flight: Vec<&NodeName> = self.nodes.iter().filter(|(_, node)| node.is_in_flight()).map(|(name, _)| name).collect();
        let plan = self.plan();
        if in_flight.len() > 1 {
            let are = |name| in_flight.contains(&name);
            if let Some((node, backup)) = plan.pairs().iter().find(|(node, backup)| are(node) && are(backup)) {
                return Err(format!("{node} and its backup {backup} are both in flight"));
            }
            if plan.waves().iter().filter(|wave| wave.iter().any(are)).count() > 1 {
                return Err(format!("two waves at once: {in_flight:?}"));
            }
        }
        let others = self.nodes.len() > 1;
        if others && in_flight.len() == self.nodes.len() {
            return Err("every node is in flight".to_owned());
        }
        if others && self.is_undisturbed() && !self.nodes.values().any(|node| node.serves()) {
            return Err("nobody serves, and neither a death nor a lie is to blame".to_owned());
        }
        Ok(())
    }

    /// A node is switched only while another one, outside its wave, has not been touched or has been confirmed.
    pub(crate) fn check_switch(&self, name: &NodeName) -> Result<(), String> {
        let node = self.nodes.get(name).ok_or("a stranger is switched")?;
        // Where nodes can lose their timer by themselves, they guard themselves.
        if node.guard == Guard::Off && (node.timer_ms.is_none() || !node.is_marked) {
            return Err(format!("{name} is told to switch and is not armed"));
        }
        let is_free = |(other, node): (&NodeName, &crate::node::Node)| other != name && !node.is_in_flight();
        if self.nodes.len() > 1 && !self.nodes.iter().any(is_free) {
            return Err(format!("{name} is told to switch while every other node is in flight"));
        }
        Ok(())
    }

    /// The state machine's own words: one wave at a time, one question for each node.
    pub(crate) fn check_waves(&self, outputs: &[Output]) -> Result<(), String> {
        let (plan, states) = (self.plan(), self.state()?.nodes());
        let busy = |wave: &&Vec<NodeName>| {
            wave.iter().any(|node| states.get(node).is_some_and(|state| !state.phase.is_settled() && state.phase != Phase::Waiting))
        };
        if plan.waves().iter().filter(busy).count() > 1 {
            return Err(format!("two waves at once: {:?}", self.state()?));
        }
        let twice = |(place, output): (usize, &Output)| {
            let Output::Ask { node: one, .. } = output else { return false };
            outputs.iter().take(place).any(|before| matches!(before, Output::Ask { node, .. } if node == one))
        };
        if outputs.iter().enumerate().any(twice) {
            return Err(format!("a node is asked two things at once: {outputs:?}"));
        }
        Ok(())
    }

    /// The end says what is so.
    pub(crate) fn judge_end(&self, outcome: Outcome) -> Result<(), String> {
        let (plan, states) = (self.plan(), self.state()?.nodes());
        for name in plan.nodes() {
            let (Some(node), Some(state)) = (self.nodes.get(name), states.get(name)) else {
                return Err("a node is missing".into());
            };
            let truth = match state.phase {
                Phase::Confirmed => node.boots == System::New && (node.runs == System::New || !node.is_alive) && !node.is_marked,
                Phase::Restored | Phase::Untouched => {
                    node.boots == System::Old && (node.runs == System::Old || !node.is_alive || self.faults.strays)
                }
                Phase::Unknown => true,
                _ => outcome == Outcome::Interrupted || state.phase == Phase::Waiting,
            };
            // Only checks that lie let a version through that does not work.
            if state.phase == Phase::Confirmed && !node.new_works && self.lies == 0 {
                return Err(format!("{name} was confirmed, and its new version does not work"));
            }
            if !truth {
                return Err(format!("{name} is said to be {:?} and is {node:?}", state.phase));
            }
        }
        let all = |wanted: Phase| plan.nodes().all(|name| states.get(name).is_some_and(|state| state.phase == wanted));
        let any = |wanted: Phase| states.values().any(|state| state.phase == wanted);
        let says = match outcome {
            Outcome::Completed => all(Phase::Confirmed),
            Outcome::Unknown => any(Phase::Unknown),
            Outcome::RolledBack => any(Phase::Restored) && !any(Phase::Unknown),
            Outcome::Refused => !any(Phase::Restored) && !any(Phase::Unknown) && !all(Phase::Confirmed),
            Outcome::Aborted => !any(Phase::Unknown),
            Outcome::Interrupted | Outcome::Unhealthy => true,
        };
        if !says {
            return Err(format!("the end is {outcome:?}, and the nodes say otherwise"));
        }
        // Without a fault of anybody, everything is done at the first go.
        if self.is_faultless() && outcome != Outcome::Completed {
            return Err(format!("nothing went wrong, and the end is {outcome:?}"));
        }
        Ok(())
    }
}
