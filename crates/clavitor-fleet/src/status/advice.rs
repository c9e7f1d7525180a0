//! What to do about one node, in words with what to type. A function of the inventory, a look and its history.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{History, Row, Sight, State};
use crate::inventory::{Day, Inventory, Node, NodeName, Plan};

/// Room that a node should still have for this many days.
const DAYS_LEFT_MIN: f64 = 60.0;
/// Above this, a larger plan is worth its price.
const DISK_PCT_MAX: f64 = 75.0;
const MEMORY_PCT_MAX: f64 = 85.0;
/// Of traffic nothing is known here: the provider's page has it.
const LOAD_ERRORS_MIN: u64 = 500;

/// One paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// How pressing.
    pub state: State,
    /// What is seen.
    pub what: String,
    /// What to type, line by line.
    pub next: Vec<String>,
}

fn advice(state: State, what: impl Into<String>, next: &[String]) -> Advice {
    Advice { state, what: what.into(), next: next.to_vec() }
}

/// Days since a node's tunnel key came into use.
pub fn key_age_days(node: &Node, today: Day) -> Option<u32> {
    node.keys.as_ref().map(|keys| today.days_since(keys.since))
}

/// Everything worth saying of a node that was seen.
pub fn advise(inventory: &Inventory, name: &NodeName, sight: &Sight, row: &Row, history: &History) -> Vec<Advice> {
    let Some(node) = inventory.node(name) else { return Vec::new() };
    let mut all: Vec<Advice> = vec![disk(name, row, history), certificate(name, row), clock(name, sight)];
    all.extend(database(name, history));
    all.extend(service(name, sight));
    all.extend(errors(sight));
    all.extend(keys(name, row, inventory.fleet.key_days_max));
    all.extend(bare_operators(inventory, sight));
    all.extend(bare_nodes(inventory, sight));
    all.push(ladder(inventory, name, node, row, history));
    all.sort_by_key(|one| std::cmp::Reverse(one.state));
    all
}

fn disk(name: &NodeName, row: &Row, history: &History) -> Advice {
    let Some(used) = row.disk_pct else { return advice(State::Unknown, "how full the disk is was not seen", &[]) };
    let days = days_left(name, history);
    let until = days.map_or_else(String::new, |days| format!(", full in about {days:.0} days at the growth of the last weeks"));
    let state = match used {
        _ if used >= 90.0 || days.is_some_and(|days| days < 14.0) => State::Red,
        _ if used >= 80.0 || days.is_some_and(|days| days < DAYS_LEFT_MIN) => State::Warn,
        _ => State::Ok,
    };
    let next = [
        format!("clavitor-fleet routine weekly --only {name}      # collects garbage, keeps two generations"),
        format!("ssh -F .fleet/ssh_config {name}.a -- journalctl --vacuum-size=50M"),
    ];
    advice(state, format!("{used:.0} % of the disk is used{until}"), if state == State::Ok { &[] } else { &next })
}

fn days_left(name: &NodeName, history: &History) -> Option<f64> {
    let (_, disk_mb) = history.growth_mb(name.as_str())?;
    let free_mb = history.last(name.as_str())?.disk?.free_kb as f64 / 1_024.0;
    (disk_mb > 0.5).then_some(free_mb / disk_mb)
}

fn database(name: &NodeName, history: &History) -> Option<Advice> {
    let (db_mb, _) = history.growth_mb(name.as_str())?;
    let size_mb = history.last(name.as_str())?.report.as_ref()?.db_size_mb?;
    let fast = db_mb > 10.0 && db_mb * 30.0 > size_mb as f64;
    let what = format!("the database has {size_mb} MB and grows by {db_mb:.1} MB a day");
    Some(advice(if fast { State::Warn } else { State::Ok }, what, &[]))
}

fn certificate(name: &NodeName, row: &Row) -> Advice {
    let Some(days) = row.certificate_days else {
        return advice(State::Warn, "the node has no certificate of its own, or does not say", &[]);
    };
    let left = row.certificate_left_pct.unwrap_or(0.0);
    let state = match left {
        _ if left <= 15.0 || days < 1 => State::Red,
        _ if left <= 25.0 => State::Warn,
        _ => State::Ok,
    };
    let next = [
        format!("ssh -F .fleet/ssh_config {name}.a -- journalctl -u clavitor --since -2d | grep -i certificate"),
        "# \"The node has no certificate\" in docs/OPERATIONS.md says what each word of the log means".to_owned(),
    ];
    advice(state, format!("the certificate has {days} days left, {left:.0} % of its life"), if state == State::Ok { &[] } else { &next })
}

fn clock(name: &NodeName, sight: &Sight) -> Advice {
    let off_s = sight.clock_off_s;
    if off_s.unsigned_abs() <= 10 {
        return advice(State::Ok, format!("its clock agrees with this machine's ({off_s} s)"), &[]);
    }
    let next = [
        "date -u                                           # is this machine's own clock right?".to_owned(),
        format!("ssh -F .fleet/ssh_config {name}.a -- timedatectl status"),
        format!("ssh -F .fleet/ssh_config {name}.a -- systemctl restart systemd-timesyncd"),
    ];
    advice(State::Red, format!("its clock is {off_s} s off this machine's: agents' proofs fail after a minute, certificates too"), &next)
}

fn service(name: &NodeName, sight: &Sight) -> Option<Advice> {
    let why = sight.no_report.as_ref()?;
    let next = [
        format!("ssh -F .fleet/ssh_config {name}.a -- systemctl status clavitor"),
        format!("ssh -F .fleet/ssh_config {name}.a -- journalctl -u clavitor -n 50"),
        format!("ssh -F .fleet/ssh_config {name}.a -- systemctl restart clavitor"),
    ];
    Some(advice(State::Red, format!("the node does not run: {why}"), &next))
}

fn errors(sight: &Sight) -> Option<Advice> {
    let report = sight.report.as_ref()?;
    let many = report.err_1h >= LOAD_ERRORS_MIN && report.err_1h * 2 > report.req_1h;
    let what =
        format!("{} of {} requests of the last hour were refused or failed: somebody may be trying keys", report.err_1h, report.req_1h);
    many.then(|| advice(State::Warn, what, &["# \"Under attack\" in docs/OPERATIONS.md".to_owned()]))
}

fn keys(name: &NodeName, row: &Row, days_max: u32) -> Option<Advice> {
    let days = row.key_days.filter(|days| *days > days_max)?;
    Some(advice(
        State::Warn,
        format!("its tunnel key is {days} days old, more than {days_max}"),
        &[format!("clavitor-fleet node rotate {name}")],
    ))
}

/// Operators of the inventory whose machines share no secret with this hub.
fn bare_operators(inventory: &Inventory, sight: &Sight) -> Option<Advice> {
    let has_key = |name: &str| inventory.operators.iter().any(|(known, operator)| known.as_str() == name && operator.wireguard.is_some());
    let names: BTreeSet<&str> =
        sight.bare.iter().filter_map(|(_, file)| file.strip_prefix("operator.")).filter(|name| has_key(name)).collect();
    let next: Vec<String> =
        names.iter().map(|name| format!("clavitor-fleet tunnel pair {name} >pair.sh      # and run it on their machine")).collect();
    let all = names.into_iter().collect::<Vec<_>>().join(", ");
    (!next.is_empty())
        .then(|| advice(State::Warn, format!("the machines of these operators share no secret with this hub yet: {all}"), &next))
}

/// Active nodes that share none.
fn bare_nodes(inventory: &Inventory, sight: &Sight) -> Option<Advice> {
    let is_active = |name: &str| inventory.active().any(|(active, _)| active.as_str() == name);
    let names: BTreeSet<&str> = sight.bare.iter().map(|(_, file)| file.as_str()).filter(|name| is_active(name)).collect();
    let next: Vec<String> = names.iter().map(|name| format!("clavitor-fleet node rotate {name}")).collect();
    let all = names.into_iter().collect::<Vec<_>>().join(", ");
    (!next.is_empty()).then(|| advice(State::Warn, format!("these nodes share no secret with this hub yet: {all}"), &next))
}

/// The next plan of the provider's ladder and its price, and whether it is time.
fn ladder(inventory: &Inventory, name: &NodeName, node: &Node, row: &Row, history: &History) -> Advice {
    let full = row.disk_pct.is_some_and(|used| used > DISK_PCT_MAX) || days_left(name, history).is_some_and(|days| days < DAYS_LEFT_MIN);
    let tight = row.memory_pct.is_some_and(|used| used > MEMORY_PCT_MAX);
    let state = if full || tight { State::Warn } else { State::Ok };
    let why = match (full, tight) {
        (true, true) => "disk and memory are short",
        (true, false) => "the disk is short",
        (false, true) => "memory is short",
        (false, false) => "it fits its plan",
    };
    let provider = inventory.providers.get(&node.provider);
    let steps = provider.map_or(&[][..], |provider| &provider.ladder);
    let above = steps.iter().position(|plan| *plan == node.plan).and_then(|place| steps.get(place + 1));
    let what = match above.and_then(|plan| Some((plan, inventory.plans.get(plan)?))) {
        Some((plan, size)) => format!("{why}; the next plan is {plan}: {}, {}", size_of(size), price(inventory, node, size)),
        None => {
            let beyond = provider.and_then(|provider| provider.beyond.as_deref()).unwrap_or("there is nothing above it in the inventory");
            format!("{why}; it has the largest plan of its provider: {beyond}")
        }
    };
    let next = above.map(|plan| {
        vec![
            format!("# order {plan} at the provider, or resize there, then set plan = \"{plan}\" in [node.{name}]"),
            format!("clavitor-fleet cost && clavitor-fleet reprovision {name}"),
        ]
    });
    advice(state, what, if state == State::Ok { &[] } else { next.as_deref().unwrap_or_default() })
}

fn size_of(plan: &Plan) -> String {
    format!("{} vCPU, {} MB, {} GB disk, {} TB a month", plan.vcpu, plan.ram_mb, plan.disk_gb, plan.traffic_tb)
}

fn price(inventory: &Inventory, node: &Node, next: &Plan) -> String {
    match (inventory.cost(node), next.price_usd) {
        (Some(now), Some(then)) => format!("{then} a month instead of {now}"),
        (None, Some(then)) => format!("{then} a month"),
        (_, None) => "at a price to be asked".to_owned(),
    }
}
