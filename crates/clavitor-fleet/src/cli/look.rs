//! Verbs that only look: validate, list, show.

use clap::Args;
use serde::Serialize;

use super::{Context, Done, Failure, Kind, plural};
use crate::inventory::{Day, Finding, Inventory, Level, NetworkName, Node, NodeName};
use crate::money::Usd;
use crate::status::key_age_days;

/// `validate`
#[derive(Debug, Args)]
pub(super) struct Validate {
    /// Warnings fail too
    #[arg(long)]
    strict: bool,
}

/// `list`
#[derive(Debug, Args)]
pub(super) struct List {
    /// Retired nodes too
    #[arg(long)]
    all: bool,
}

/// `show`
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The node's name
    node: NodeName,
}

/// One row of the list, one page of `show`.
#[derive(Debug, Serialize)]
struct View<'a> {
    name: &'a NodeName,
    host_name: String,
    tunnel_a: String,
    tunnel_b: String,
    hub_of: Vec<NetworkName>,
    /// What it costs a month, by itself or by its plan.
    month_usd: Option<Usd>,
    /// Age of the tunnel's key.
    key_days: Option<u32>,
    /// Whether that is more than the inventory's limit.
    key_is_due: bool,
    #[serde(flatten)]
    node: &'a Node,
}

impl<'a> View<'a> {
    fn new(inventory: &'a Inventory, name: &'a NodeName, node: &'a Node, today: Day) -> Self {
        let key_days = key_age_days(node, today);
        let address = |network| node.address_in(inventory.networks.get(network)).to_string();
        Self {
            name,
            host_name: inventory.host_name(name),
            tunnel_a: address(NetworkName::A),
            tunnel_b: address(NetworkName::B),
            hub_of: inventory.hub_of(name).collect(),
            month_usd: inventory.cost(node),
            key_days,
            key_is_due: node.is_wanted() && key_days.is_some_and(|days| days > inventory.fleet.key_days_max),
            node,
        }
    }
}

#[derive(Debug, Serialize)]
struct Verdict<'a> {
    schema: &'static str,
    file: String,
    nodes: usize,
    findings: &'a [Finding],
}

/// Every mistake at once. Warnings do not fail unless asked to.
pub(super) fn validate(context: &Context, asked: &Validate) -> Done {
    let parsed = context.parsed()?;
    let file = context.inventory_path().display().to_string();
    let errors = parsed.findings.iter().filter(|finding| finding.level == Level::Error).count();
    let warnings = parsed.findings.len() - errors;
    if errors > 0 || (asked.strict && warnings > 0) {
        let why = format!("{errors} error{} and {warnings} warning{}", plural(errors), plural(warnings));
        return Err(Failure { findings: parsed.findings, ..Failure::new(Kind::Inventory, format!("{file} does not hold")).why(why) });
    }
    for finding in &parsed.findings {
        context.say(finding);
    }
    let nodes = parsed.inventory.map_or(0, |inventory| inventory.wanted().count());
    let verdict = Verdict { schema: "clavitor.fleet-validate/1", file: file.clone(), nodes, findings: &parsed.findings };
    context.answer(&verdict, || format!("{file} holds: {nodes} nodes, {warnings} warning{}", plural(warnings)))
}

/// The nodes, in the order of their numbers.
pub(super) fn list(context: &Context, asked: &List) -> Done {
    let (inventory, today) = (context.load()?, Day::of_unix_s(context.now_unix_s()));
    let mut nodes: Vec<View<'_>> = inventory
        .nodes
        .iter()
        .filter(|(_, node)| asked.all || node.is_wanted())
        .map(|(name, node)| View::new(&inventory, name, node, today))
        .collect();
    nodes.sort_by_key(|view| view.node.number);
    for View { name, key_days, .. } in nodes.iter().filter(|view| view.key_is_due) {
        let (days, most) = (key_days.unwrap_or_default(), inventory.fleet.key_days_max);
        context.say(format_args!("{name}: its tunnel key is {days} days old, more than {most}. Next: clavitor-fleet node rotate {name}"));
    }
    context.answer(&nodes, || table(&nodes))
}

fn table(nodes: &[View<'_>]) -> String {
    let mut text = format!(
        "{:<16} {:>3}  {:<7} {:<4} {:<16} {:<9} {:<17} {:>7}  {:<5}  {}\n",
        "NODE", "NO", "STATE", "ROLE", "CITY", "PROVIDER", "PLAN", "COST", "KEY", "ADDRESS"
    );
    for View { name, month_usd, key_days, node, .. } in nodes {
        let key = key_days.map_or_else(|| "-".to_owned(), |days| format!("{days} d"));
        let (state, role, cost) = (node.state.word(), node.role.word(), month_usd.map_or("?".to_owned(), |cost| cost.to_string()));
        let Node { number, city, provider, plan, address, .. } = node;
        text +=
            &format!("{name:<16} {number:>3}  {state:<7} {role:<4} {city:<16} {provider:<9} {plan:<17} {cost:>7}  {key:<5}  {address}\n");
    }
    text
}

/// One node with everything that follows from it.
pub(super) fn show(context: &Context, asked: &Show) -> Done {
    let inventory = context.load()?;
    let node = context.node(&inventory, &asked.node)?;
    let view = View::new(&inventory, &asked.node, node, Day::of_unix_s(context.now_unix_s()));
    context.answer(&view, || page(&view))
}

fn page(view: &View<'_>) -> String {
    let node = view.node;
    let hub = view.hub_of.iter().map(|network| network.word()).collect::<Vec<_>>().join(" and ");
    let known = |usd: Option<Usd>| usd.map_or("unknown".to_owned(), |usd| usd.to_string());
    let mut rows = vec![
        ("place", format!("{}, {} ({:.4}, {:.4}), {}", node.city, node.country, node.latitude, node.longitude, node.region)),
        ("state", node.retired.map_or(node.state.word().to_owned(), |day| format!("{} on {day}", node.state.word()))),
        ("role", if node.is_hub() { format!("hub of network {hub}") } else { "pop".to_owned() }),
        ("address", [Some(node.address), node.address2].iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(" and ")),
        ("name", view.host_name.clone()),
        ("tunnels", format!("{} and {}", view.tunnel_a, view.tunnel_b)),
        ("provider", format!("{}, plan {}, {} a month", node.provider, node.plan, known(view.month_usd))),
        ("covers", if node.covers.is_empty() { "not said".to_owned() } else { node.covers.join(", ") }),
        ("backup", node.backup.as_ref().map_or("none".to_owned(), ToString::to_string)),
    ];
    if let Some(open) = &node.break_glass {
        rows.push(("emergency", format!("open for {} until {}", open.operator, open.until)));
    }
    match &node.keys {
        None => rows.push((
            "keys",
            format!("not enrolled\n  next: clavitor-fleet bootstrap {0} --nixos DIR, then clavitor-fleet node enrol {0}", view.name),
        )),
        Some(keys) => rows.extend([
            (
                "keys",
                format!("since {}, {} days{}", keys.since, view.key_days.unwrap_or_default(), if view.key_is_due { ": due" } else { "" }),
            ),
            ("wireguard", keys.wireguard.to_string()),
            ("ssh host", keys.ssh_host.to_string()),
            ("identity", keys.identity.to_string()),
        ]),
    }
    let lines: String = rows.iter().map(|(name, value)| format!("  {name:<12} {value}\n")).collect();
    format!("{}\n{lines}", view.name)
}
