//! Each machine by itself: what it refers to, its backup, its state.

use super::Subject;
use crate::geography::Point;
use crate::inventory::note::Notes;
use crate::inventory::{Node, NodeName, State};

/// A partner at another provider may be this much farther before it counts as out of reach.
const DETOUR_KM: f64 = 500.0;

pub(super) fn check(subject: &Subject<'_>, notes: &mut Notes) {
    if subject.inventory.wanted().next().is_none() {
        notes.warning("node", "the fleet has no node");
    }
    for (name, node) in &subject.inventory.nodes {
        rented(subject, name, node, notes);
        state(subject, name, node, notes);
        place(name, node, notes);
        if let (Some(backup), true) = (&node.backup, node.is_wanted()) {
            partner(subject, name, node, backup, notes);
        }
    }
}

fn rented(subject: &Subject<'_>, name: &NodeName, node: &Node, notes: &mut Notes) {
    let key = format!("node.{name}");
    let has_provider = subject.must_stand(notes, &format!("{key}.provider"), "provider", node.provider.as_str());
    subject.must_stand(notes, &format!("{key}.plan"), "plan", node.plan.as_str());
    let Some(plan) = subject.inventory.plans.get(&node.plan) else { return };
    if has_provider && plan.provider != node.provider {
        notes.error(format!("{key}.plan"), format!("{} is a plan of {}, and {name} is at {}", node.plan, plan.provider, node.provider));
    }
    if node.is_wanted() && subject.inventory.cost(node).is_none() {
        notes
            .warning(format!("{key}.plan"), format!("what {name} costs is not known"))
            .help("write cost_usd here, or price_usd in the plan");
    }
}

fn state(subject: &Subject<'_>, name: &NodeName, node: &Node, notes: &mut Notes) {
    let key = format!("node.{name}");
    match (node.state, node.retired) {
        (State::Retired, None) => drop(notes.warning(format!("{key}.state"), format!("the day {name} was retired is not written down"))),
        (State::Retired, Some(_)) | (_, None) => {}
        (state, Some(day)) => {
            notes.error(format!("{key}.retired"), format!("{name} is {} and was retired on {day}; one of the two is wrong", state.word()));
        }
    }
    if node.is_active() && node.keys.is_none() {
        notes
            .warning(format!("{key}.state"), format!("{name} is active and not enrolled: nobody can reach it"))
            .help(format!("clavitor-fleet node enrol {name}"));
    }
    let Some(open) = &node.break_glass else { return };
    notes
        .warning(format!("{key}.break_glass"), format!("the emergency way into {name} is open for {} until {}", open.operator, open.until))
        .help("it closes by itself on the node; take it out of the inventory when it is not needed any more");
    if !subject.must_stand(notes, &format!("{key}.break_glass.operator"), "operator", open.operator.as_str()) {
        return;
    }
    let has_key = subject.inventory.operators.get(&open.operator).is_none_or(|operator| operator.break_glass.is_some());
    if !has_key {
        notes.error(format!("{key}.break_glass.operator"), format!("operator {} has no break_glass key", open.operator));
    }
}

fn place(name: &NodeName, node: &Node, notes: &mut Notes) {
    if node.latitude == 0.0 && node.longitude == 0.0 {
        notes.warning(format!("node.{name}.latitude"), "0, 0 is in the sea off Ghana: the place was probably not filled in");
    }
}

fn partner(subject: &Subject<'_>, name: &NodeName, node: &Node, backup: &NodeName, notes: &mut Notes) {
    let key = format!("node.{name}.backup");
    if backup == name {
        notes.error(&key, format!("{name} cannot be its own backup"));
        return;
    }
    if !subject.must_stand(notes, &key, "node", backup.as_str()) {
        return;
    }
    let Some(chosen) = subject.inventory.node(backup) else { return };
    if !chosen.is_wanted() {
        notes.error(&key, format!("{backup} is retired and holds nobody's backup"));
    } else if chosen.provider == node.provider {
        same_provider(subject, name, node, backup, chosen, notes);
    }
}

fn same_provider(subject: &Subject<'_>, name: &NodeName, node: &Node, backup: &NodeName, chosen: &Node, notes: &mut Notes) {
    let from = Point::of(node);
    let others = subject.inventory.wanted().filter(|(_, other)| other.provider != node.provider);
    let near = others.map(|(other, at)| (from.km_to(Point::of(at)), other)).min_by(|one, two| one.0.total_cmp(&two.0));
    let Some((km, other)) = near.filter(|(km, _)| *km <= from.km_to(Point::of(chosen)) + DETOUR_KM) else { return };
    notes
        .warning(format!("node.{name}.backup"), format!("{name} and its backup {backup} are both at {}", node.provider))
        .help(format!("{other} is at another provider and {km:.0} km away"));
}
