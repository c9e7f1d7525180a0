//! A plan, a phase and an end in words: what the operator reads before saying yes, while it runs, and afterwards.

use std::fmt::Write as _;

use crate::inventory::NodeName;

use super::{
    command::Check,
    machine::State,
    outcome::Outcome,
    phase::{NodeState, Phase},
    plan::{ANY_VERSION, Plan},
};

/// The plan, as it is shown before it is confirmed.
pub fn plan_words(plan: &Plan) -> String {
    let (limits, count) = (plan.limits(), plan.nodes().count());
    let what = if plan.version() == ANY_VERSION { "the system before".to_owned() } else { format!("version {}", plan.version()) };
    let mut text =
        format!("Rollout {}: {what} to {count} node{} in {} wave{}\n", plan.id(), s(count), plan.waves().len(), s(plan.waves().len()));
    for (place, wave) in plan.waves().iter().enumerate() {
        let hub = if wave.iter().any(|node| plan.is_hub(node)) { "  (hub)" } else { "" };
        let _ = writeln!(text, "  wave {}  {}{hub}", place + 1, names(wave.iter()));
    }
    if !plan.bystanders().is_empty() {
        let _ = writeln!(text, "  not touched: {}", names(plan.bystanders().iter()));
    }
    let _ = write!(
        text,
        "Each node: preflight, online backup, copy, a rollback timer of {} s, switch, three checks within {} s, confirm. Between waves {} s of watching.\n\
         It stops at the first failure: that node goes back, by command or by its own timer, and what was not begun stays as it is.\n",
        limits.confirm_ms / 1000,
        limits.check_ms_max / 1000,
        limits.soak_ms / 1000
    );
    if count + plan.bystanders().len() == 1 {
        text.push_str(
            "This is the only node: while it restarts, connections wait, and if its new version fails, nobody serves until it is back.\n",
        );
    }
    text
}

fn s(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn names<'a>(nodes: impl Iterator<Item = &'a NodeName>) -> String {
    nodes.map(NodeName::as_str).collect::<Vec<_>>().join(", ")
}

/// A phase in a word or two.
pub const fn phase_words(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting => "waiting",
        Phase::Preflight => "preflight",
        Phase::Ready => "ready",
        Phase::BackingUp => "backing up",
        Phase::Copying => "copying",
        Phase::Arming => "arming the timer",
        Phase::Switching => "switching",
        Phase::Checking(Check::Outside) => "checking from outside",
        Phase::Checking(Check::Tunnel) => "checking the tunnel",
        Phase::Checking(Check::Heartbeat) => "checking its own word",
        Phase::Confirming => "confirming",
        Phase::Confirmed => "confirmed",
        Phase::RollingBack => "going back",
        Phase::Looking => "out of sight, looking for it",
        Phase::Restored => "back on the old version",
        Phase::Untouched => "not touched",
        Phase::Unknown => "UNKNOWN",
    }
}

/// Hours, minutes and seconds of UTC.
pub fn clock(at_ms: u64) -> String {
    let second = at_ms / 1000 % 86_400;
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// Where every node stands, and what to do now.
pub fn state_words(state: &State, at_ms: u64) -> String {
    let plan = state.plan();
    let mut text = String::new();
    for node in plan.nodes() {
        let Some(of) = state.nodes().get(node) else { continue };
        let _ = write!(text, "  {:<16} {}", node.as_str(), phase_words(of.phase));
        if let Some(why) = of.why.as_ref().or(of.doubt.as_ref()).filter(|_| of.phase != Phase::Confirmed) {
            let _ = write!(text, ": {}", why.replace('\n', " / "));
        }
        text.push_str(&timer_words(of, at_ms));
        text.push('\n');
    }
    if let Some(why) = state.why() {
        let _ = writeln!(text, "  {why}");
    }
    text
}

/// An armed timer outlives the operator's process; who leaves is told what it will do.
fn timer_words(of: &NodeState, at_ms: u64) -> String {
    match of.fires_ms() {
        Some(fires_ms) if of.phase.is_in_flight() && fires_ms > at_ms => {
            format!("; unconfirmed, and its own timer takes it back by {} UTC at the latest", clock(fires_ms))
        }
        Some(fires_ms) if of.phase.is_in_flight() => {
            format!("; its own timer has taken it back at {} UTC, if it was armed", clock(fires_ms))
        }
        _ => String::new(),
    }
}

/// What to type after an end.
pub const fn next_words(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Completed | Outcome::Aborted => None,
        Outcome::Refused | Outcome::RolledBack | Outcome::Unhealthy => {
            Some("mend the cause, then `clavitor-fleet deploy --resume` goes on with the nodes that are left; or deploy another version")
        }
        Outcome::Unknown => Some(
            "reach the node (console, other hub), then `clavitor-fleet deploy --resume` looks at it again; `clavitor-fleet rollout abort` gives up",
        ),
        Outcome::Interrupted => Some(
            "`clavitor-fleet deploy --resume` goes on where this stopped; `clavitor-fleet rollout abort` takes back what is not confirmed",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::{Candidate, Limits, Wish};

    #[test]
    fn a_plan_reads_as_sentences() {
        let candidate = |node: &str, is_hub| Candidate {
            node: node.parse().unwrap(),
            closure: format!("/nix/store/{}-nixos-system", "0".repeat(32)),
            is_hub,
        };
        let plan = Plan::new(Wish {
            id: "r1".into(),
            version: "0.2.0".into(),
            candidates: vec![candidate("tokyo", false), candidate("zurich", true)],
            pairs: Vec::new(),
            bystanders: vec!["seoul".parse().unwrap()],
            hub_in_use: None,
            sizes: vec![1],
            limits: Limits::default(),
        })
        .unwrap();
        let words = plan_words(&plan);
        for part in
            ["version 0.2.0 to 2 nodes in 2 waves", "wave 1  tokyo\n", "wave 2  zurich  (hub)", "not touched: seoul", "timer of 120 s"]
        {
            assert!(words.contains(part), "{part} is not in\n{words}");
        }
        assert_eq!(clock(86_400_000 + 3_723_000), "01:02:03");
    }
}
