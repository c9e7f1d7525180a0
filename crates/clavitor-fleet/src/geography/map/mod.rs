//! The fleet on a map: as an SVG file of its own, and as a page with the map and a table. Neither asks anybody for anything.

mod chart;
mod labels;
mod page;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::cities::City;
use super::projection::{Spot, project};
use super::{Coverage, Latency, Point};
use crate::inventory::{Inventory, Node, NodeName, Role, State};
use crate::money::Usd;

pub use chart::svg;
pub use page::html;

/// Natural Earth's land at 1:110 million, public domain, in the map's units; data/README.md says how it was made.
pub(super) const LAND: &str = include_str!("../../../data/land.path");

/// Everything that is drawn and written.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The fleet's name.
    pub title: &'a str,
    /// The nodes in the order of their numbers.
    pub nodes: Vec<Mark<'a>>,
    /// Where people are.
    pub cities: &'a [City],
    /// What the model says.
    pub coverage: &'a Coverage,
    /// With which parameters.
    pub model: Latency,
    /// And for which goal, in milliseconds.
    pub goal_ms: f64,
    /// What all nodes cost a month.
    pub total_usd: Usd,
    /// What they may cost.
    pub budget_usd: Usd,
}

/// A node on the map.
#[derive(Debug, Clone, Serialize)]
pub struct Mark<'a> {
    /// Its name.
    pub name: &'a NodeName,
    /// Everything the inventory says of it.
    #[serde(skip)]
    pub node: &'a Node,
    /// What it costs a month.
    pub cost_usd: Option<Usd>,
    /// The part of all people for whom it is the nearest.
    pub share_nearest: f64,
    /// Units from the left edge of the map.
    pub x: f64,
    /// Units from its upper edge.
    pub y: f64,
}

impl<'a> Scene<'a> {
    /// The nodes that are there or will be, with what the model says about them.
    pub fn new(inventory: &'a Inventory, cities: &'a [City], coverage: &'a Coverage, model: Latency) -> Self {
        let nearest =
            |name: &NodeName| coverage.order.iter().find(|useful| useful.site == name.as_str()).map_or(0.0, |useful| useful.share_nearest);
        let mark = |(name, node): (&'a NodeName, &'a Node)| {
            let Spot { x, y } = project(Point::of(node));
            Mark { name, node, cost_usd: inventory.cost(node), share_nearest: nearest(name), x: x.round(), y: y.round() }
        };
        let mut nodes: Vec<Mark<'_>> = inventory.wanted().map(mark).collect();
        nodes.sort_by_key(|mark| mark.node.number);
        let total_usd = nodes.iter().filter_map(|mark| mark.cost_usd).sum();
        let goal_ms = f64::from(inventory.fleet.latency_goal_ms);
        let (title, budget_usd) = (inventory.fleet.name.as_str(), inventory.fleet.budget_usd);
        Self { title, nodes, cities, coverage, model, goal_ms, total_usd, budget_usd }
    }

    /// The sentence under the map.
    fn caption(&self) -> String {
        format!(
            "{} of the people of {} cities have a node within {} ms, by a model of distance; nothing here is measured.",
            percent(self.coverage.share),
            thousands(self.cities.len()),
            self.goal_ms
        )
    }

    fn count(&self, state: State) -> usize {
        self.nodes.iter().filter(|mark| mark.node.state == state).count()
    }
}

impl Mark<'_> {
    /// The shape that says the role and whether it is in service. Colour only repeats it.
    fn shape(&self) -> &'static str {
        match (self.node.role, self.node.state) {
            (Role::Hub, State::Active) => "hub-active",
            (Role::Hub, _) => "hub-planned",
            (Role::Pop, State::Active) => "pop-active",
            (Role::Pop, _) => "pop-planned",
        }
    }

    /// The shape in words.
    fn words(&self) -> String {
        let role = if self.node.is_hub() { "hub" } else { "node" };
        format!("{}, {}: {} {role}", self.node.city, self.node.country, self.node.state.word())
    }
}

/// What may not stand in text or in an attribute of XML and HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// One decimal; 100.0 only for all.
pub(crate) fn percent(share: f64) -> String {
    let shown = (share * 1000.0).round() / 10.0;
    format!("{:.1} %", if share < 1.0 { shown.min(99.9) } else { shown })
}

fn thousands(count: usize) -> String {
    if count < 1000 { count.to_string() } else { format!("{},{:03}", count / 1000, count % 1000) }
}
