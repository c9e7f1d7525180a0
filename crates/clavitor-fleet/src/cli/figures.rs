//! Verbs that calculate: cost and coverage.

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use super::{Context, Done, Failure, Kind};
use crate::geography::map::percent;
use crate::geography::{Coverage, Distances, Latency, Point, Site, best_addition, cities};
use crate::inventory::{Inventory, NodeName};
use crate::money::{Cost, Usd};

/// Cities beyond the goal that are named in words.
const FAR_CITIES_SHOWN_MAX: usize = 10;

/// `cost`
#[derive(Debug, Args)]
pub(super) struct AskedCost {}

const COVERAGE_EXAMPLES: &str = "\
Examples:
  clavitor-fleet coverage
  clavitor-fleet coverage --add Singapore --add 6.45,3.39 --without frankfurt
  clavitor-fleet coverage --suggest 2 --detour 2.1 --fixed-ms 15

The model: round trip = 2 x distance / 200 km per ms x detour + a fixed part, to the nearest node. It knows distance and no cables.";

/// `coverage`
#[derive(Debug, Args)]
#[command(after_help = COVERAGE_EXAMPLES)]
pub(super) struct AskedCoverage {
    /// Think of one more node, in this city or at LATITUDE,LONGITUDE; may be repeated
    #[arg(long, value_name = "CITY|LAT,LON", allow_hyphen_values = true)]
    add: Vec<String>,
    /// Think this node away; may be repeated
    #[arg(long, value_name = "NODE")]
    without: Vec<NodeName>,
    /// Only nodes in service; otherwise planned ones count too
    #[arg(long)]
    active: bool,
    /// Name so many cities whose own node would help most, one after the other
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=20))]
    suggest: u8,
    /// How much longer the way is than the great circle
    #[arg(long, default_value_t = 2.0, value_parser = factor)]
    detour: f64,
    /// What every round trip costs besides distance, in milliseconds
    #[arg(long, default_value_t = 10.0, value_parser = milliseconds)]
    fixed_ms: f64,
    /// The goal, in milliseconds; the inventory's if left out
    #[arg(long, value_parser = milliseconds)]
    goal_ms: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Answer {
    schema: &'static str,
    goal_ms: f64,
    reach_km: f64,
    model: Latency,
    sites: usize,
    #[serde(flatten)]
    coverage: Coverage,
    /// The share without `--add` and `--without`.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_before: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion>,
}

#[derive(Debug, Serialize)]
struct Suggestion {
    city: String,
    country: String,
    share: f64,
}

/// What the fleet costs a month.
pub(super) fn cost(context: &Context, _: &AskedCost) -> Done {
    let cost = Cost::of(&context.load()?);
    context.answer(&cost, || bill(&cost))
}

fn bill(cost: &Cost) -> String {
    let mut text = format!("{:<16} {:>5} {:>9}\n", "PROVIDER", "NODES", "A MONTH");
    for at in &cost.providers {
        let _ = writeln!(text, "{:<16} {:>5} {:>9}", at.name, at.nodes, at.total_usd);
    }
    let _ =
        writeln!(text, "{:<16} {:>5} {:>9}   of {}, {} remain", "total", cost.nodes, cost.total_usd, cost.budget_usd, cost.remaining_usd);
    if !cost.unknown.is_empty() {
        let names: Vec<&str> = cost.unknown.iter().map(NodeName::as_str).collect();
        let _ = writeln!(text, "not counted, because nobody wrote down a price: {}", names.join(", "));
    }
    let _ = writeln!(text, "\n{:<16} {:<17} {:>7}   STEPS UP", "NODE", "PLAN", "NOW");
    for of in &cost.upgrades {
        let steps: Vec<String> =
            of.steps.iter().map(|step| format!("{} {}{}", step.plan, amount(step.price_usd), rise(step.more_usd, step.fits))).collect();
        let steps = if steps.is_empty() { "none on its provider's ladder".to_owned() } else { steps.join(", ") };
        let _ = writeln!(text, "{:<16} {:<17} {:>7}   {steps}", of.node, of.plan, amount(of.now_usd));
    }
    for at in &cost.providers {
        if let Some(beyond) = &at.beyond {
            let _ = writeln!(text, "\nbeyond the ladder at {}: {beyond}", at.name);
        }
    }
    text
}

fn amount(usd: Option<Usd>) -> String {
    usd.map_or_else(|| "?".to_owned(), |usd| usd.to_string())
}

fn rise(more: Option<Usd>, fits: bool) -> String {
    more.map_or_else(String::new, |more| format!(" (+{more}{})", if fits { "" } else { ", over the budget" }))
}

/// What the model says about latency.
pub(super) fn coverage(context: &Context, asked: &AskedCoverage) -> Done {
    let inventory = context.load()?;
    for name in &asked.without {
        context.node(&inventory, name)?;
    }
    let before = sites(&inventory, asked.active);
    let mut after: Vec<Site> = before.iter().filter(|site| asked.without.iter().all(|name| name.as_str() != site.name)).cloned().collect();
    for text in &asked.add {
        after.push(place(text)?);
    }
    let model = Latency { detour: asked.detour, fixed_ms: asked.fixed_ms };
    let goal_ms = asked.goal_ms.unwrap_or(f64::from(inventory.fleet.latency_goal_ms));
    let of = |sites: &[Site]| Distances::new(cities::all(), sites).coverage(model, goal_ms);
    let is_other = !asked.add.is_empty() || !asked.without.is_empty();
    let answer = Answer {
        schema: "clavitor.fleet-coverage/1",
        goal_ms,
        reach_km: model.reach_km(goal_ms),
        model,
        sites: after.len(),
        coverage: of(&after),
        share_before: is_other.then(|| of(&before).share),
        suggestions: suggestions(after, model, goal_ms, asked.suggest),
    };
    context.answer(&answer, || report(&answer))
}

pub(super) fn sites(inventory: &Inventory, only_active: bool) -> Vec<Site> {
    let counted = inventory.wanted().filter(|(_, node)| !only_active || node.is_active());
    counted.map(|(name, node)| Site { name: name.to_string(), point: Point::of(node) }).collect()
}

/// A city of the list, or two numbers.
fn place(text: &str) -> Result<Site, Failure> {
    let numbers = text.split_once(',').and_then(|(north, east)| Some((north.trim().parse().ok()?, east.trim().parse().ok()?)));
    if let Some((latitude, longitude)) = numbers {
        let is_on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        let at = Site { name: format!("{latitude},{longitude}"), point: Point { latitude, longitude } };
        return is_on_earth.then_some(at).ok_or_else(|| {
            Failure::new(Kind::Usage, format!("{text} is nowhere"))
                .next("give degrees north from -90 to 90 and east from -180 to 180: --add 1.35,103.82")
        });
    }
    match cities::find(text, None) {
        Some(city) => Ok(Site { name: format!("{} (new)", city.name), point: city.point }),
        None => Err(Failure::new(Kind::NotFound, format!("where {text} is, is not known"))
            .why("it is not among the cities the tool ships")
            .next("give its place: --add LATITUDE,LONGITUDE")),
    }
}

fn suggestions(mut sites: Vec<Site>, model: Latency, goal_ms: f64, count: u8) -> Vec<Suggestion> {
    let mut found = Vec::new();
    for _ in 0..count {
        let Some((city, share)) = best_addition(cities::all(), &sites, model, goal_ms) else { break };
        sites.push(Site { name: city.name.clone(), point: city.point });
        found.push(Suggestion { city: city.name.clone(), country: city.country.clone(), share });
    }
    found
}

fn report(answer: &Answer) -> String {
    let Answer { coverage, goal_ms, .. } = answer;
    let mut text = format!(
        "{} of the people of {} cities ({:.2} billion) are within {goal_ms} ms of one of {} nodes, by the model.\n",
        percent(coverage.share),
        cities::all().len(),
        coverage.population as f64 / 1e9,
        answer.sites
    );
    if let Some(before) = answer.share_before {
        let _ = writeln!(text, "Before: {}; the change is {:+.2} points.", percent(before), (coverage.share - before) * 100.0);
    }
    let each: Vec<String> = coverage.percentiles_ms.iter().map(|(percent, ms)| format!("{percent} % within {ms:.0} ms")).collect();
    let _ = writeln!(text, "{}.", each.join(", "));
    let _ = writeln!(text, "\n{:<22} {:>10} {:>13} {:>12}", "NODE, MOST USEFUL FIRST", "SO FAR", "LOST WITHOUT", "NEAREST FOR");
    for useful in &coverage.order {
        let (so_far, lost, nearest) = (percent(useful.share_so_far), percent(useful.share_lost_without), percent(useful.share_nearest));
        let _ = writeln!(text, "{:<23} {so_far:>10} {lost:>13} {nearest:>12}", useful.site);
    }
    if !coverage.beyond.is_empty() {
        let _ = writeln!(text, "\n{:<23} {:>10} {:>13}   NEAREST", "BEYOND THE GOAL", "PEOPLE", "ROUND TRIP");
    }
    for far in coverage.beyond.iter().take(FAR_CITIES_SHOWN_MAX) {
        let place = format!("{}, {}", far.city, far.country);
        let _ = writeln!(text, "{place:<23} {:>8.1} M {:>10.0} ms   {}", far.population as f64 / 1e6, far.round_trip_ms, far.nearest);
    }
    if let Some(more) = coverage.beyond.len().checked_sub(FAR_CITIES_SHOWN_MAX).filter(|more| *more > 0) {
        let _ = writeln!(text, "and {more} smaller ones, see --json");
    }
    for suggestion in &answer.suggestions {
        let _ = writeln!(text, "\na node in {}, {} would give {}", suggestion.city, suggestion.country, percent(suggestion.share));
    }
    let Latency { detour, fixed_ms } = answer.model;
    let _ = writeln!(
        text,
        "\nRound trip = 2 x distance / 200 km per ms x {detour} + {fixed_ms} ms: {goal_ms} ms are {:.0} km. A model of distance, not a measurement.",
        answer.reach_km
    );
    text
}

fn factor(text: &str) -> Result<f64, String> {
    number(text, 1.0..=10.0)
}

fn milliseconds(text: &str) -> Result<f64, String> {
    number(text, 0.0..=1000.0)
}

fn number(text: &str, range: std::ops::RangeInclusive<f64>) -> Result<f64, String> {
    let found = text.parse().ok().filter(|number| range.contains(number));
    found.ok_or_else(|| format!("a number from {} to {}", range.start(), range.end()))
}
