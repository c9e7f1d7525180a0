//! Plans, ladders and the budget.

use super::Subject;
use crate::inventory::note::Notes;
use crate::inventory::{Plan, Provider, ProviderName};
use crate::money::Usd;

pub(super) fn check(subject: &Subject<'_>, notes: &mut Notes) {
    for (name, plan) in &subject.inventory.plans {
        subject.must_stand(notes, &format!("plan.{name}.provider"), "provider", plan.provider.as_str());
    }
    for (name, provider) in &subject.inventory.providers {
        ladder(subject, name, provider, notes);
    }
    budget(subject, notes);
}

fn ladder(subject: &Subject<'_>, name: &ProviderName, provider: &Provider, notes: &mut Notes) {
    let mut below: Option<&Plan> = None;
    for (index, rung) in provider.ladder.iter().enumerate() {
        let key = format!("provider.{name}.ladder.{index}");
        if !subject.must_stand(notes, &key, "plan", rung.as_str()) {
            continue;
        }
        let Some(plan) = subject.inventory.plans.get(rung) else { continue };
        if provider.ladder[..index].contains(rung) {
            notes.error(&key, format!("{rung} stands on the ladder twice"));
        } else if plan.provider != *name {
            if subject.stands("provider", plan.provider.as_str()) {
                notes.error(&key, format!("{rung} is a plan of {}, not of {name}", plan.provider));
            }
        } else if below.is_some_and(|below| plan.ram_mb < below.ram_mb || plan.disk_gb < below.disk_gb) {
            notes.error(&key, format!("{rung} is smaller than the plan before it: a ladder goes up"));
        }
        below = Some(plan);
    }
}

fn budget(subject: &Subject<'_>, notes: &mut Notes) {
    let inventory = subject.inventory;
    let total: Usd = inventory.wanted().filter_map(|(_, node)| inventory.cost(node)).sum();
    if total > inventory.fleet.budget_usd {
        let over = total - inventory.fleet.budget_usd;
        let message = format!("the nodes cost {total} a month, {over} more than the budget of {}", inventory.fleet.budget_usd);
        notes.error("fleet.budget_usd", message).help("clavitor-fleet cost shows what costs how much");
    }
}
