//! What the fleet costs a month, what remains of the budget, and what a step up would cost.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Usd;
use crate::inventory::{Inventory, Node, NodeName, PlanName, Provider, ProviderName};

/// The month's bill and the steps up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    schema: &'static str,
    /// Providers in the order of their keys.
    pub providers: Vec<AtProvider>,
    /// Nodes that are there or will be.
    pub nodes: usize,
    /// All of them together, a month.
    pub total_usd: Usd,
    /// What they may cost.
    pub budget_usd: Usd,
    /// What is left; negative when the budget is overdrawn.
    pub remaining_usd: Usd,
    /// Nodes whose price nobody has written down; they count as nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<NodeName>,
    /// Each node with its steps up.
    pub upgrades: Vec<Upgrades>,
}

/// One provider's part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AtProvider {
    /// The key in the inventory.
    pub provider: ProviderName,
    /// As people write it.
    pub name: String,
    /// How many nodes.
    pub nodes: usize,
    /// What they cost a month.
    pub total_usd: Usd,
    /// What comes after the ladder, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beyond: Option<String>,
}

/// One node and where it can go.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Upgrades {
    /// The node.
    pub node: NodeName,
    /// Its plan now.
    pub plan: PlanName,
    /// What it costs now.
    pub now_usd: Option<Usd>,
    /// The rungs above the one it stands on.
    pub steps: Vec<Step>,
}

/// One step up a provider's ladder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The plan.
    pub plan: PlanName,
    /// Its price a month.
    pub price_usd: Option<Usd>,
    /// How much more than now.
    pub more_usd: Option<Usd>,
    /// Whether the rest of the budget pays for it.
    pub fits: bool,
}

impl Cost {
    /// Adds everything up.
    pub fn of(inventory: &Inventory) -> Self {
        let wanted: Vec<(&NodeName, &Node)> = inventory.wanted().collect();
        let total = sum(inventory, wanted.iter().map(|(_, node)| *node));
        let remaining = inventory.fleet.budget_usd - total;
        let by_provider = wanted.iter().fold(BTreeMap::<_, Vec<&Node>>::new(), |mut map, (_, node)| {
            map.entry(&node.provider).or_default().push(node);
            map
        });
        let providers = inventory.providers.iter().map(|(key, provider)| {
            let nodes = by_provider.get(key).map_or(&[][..], Vec::as_slice);
            let total_usd = sum(inventory, nodes.iter().copied());
            AtProvider {
                provider: key.clone(),
                name: provider.name.clone(),
                nodes: nodes.len(),
                total_usd,
                beyond: provider.beyond.clone(),
            }
        });
        Self {
            schema: "clavitor.fleet-cost/1",
            providers: providers.collect(),
            nodes: wanted.len(),
            total_usd: total,
            budget_usd: inventory.fleet.budget_usd,
            remaining_usd: remaining,
            unknown: wanted.iter().filter(|(_, node)| inventory.cost(node).is_none()).map(|(name, _)| (*name).clone()).collect(),
            upgrades: wanted.iter().map(|(name, node)| upgrades(inventory, name, node, remaining)).collect(),
        }
    }
}

fn sum<'a>(inventory: &Inventory, nodes: impl Iterator<Item = &'a Node>) -> Usd {
    nodes.filter_map(|node| inventory.cost(node)).sum()
}

fn upgrades(inventory: &Inventory, name: &NodeName, node: &Node, remaining: Usd) -> Upgrades {
    let now = inventory.cost(node);
    let ladder = inventory.providers.get(&node.provider).map_or(&[][..], |provider: &Provider| &provider.ladder);
    // A plan that is not on the ladder has no rung above it.
    let above = ladder.iter().position(|rung| *rung == node.plan).map_or(&[][..], |rung| &ladder[rung + 1..]);
    let step = |plan: &PlanName| {
        let price_usd = inventory.plans.get(plan).and_then(|of| of.price_usd);
        let more_usd = price_usd.zip(now).map(|(price, now)| price - now);
        Step { plan: plan.clone(), price_usd, more_usd, fits: more_usd.is_some_and(|more| more <= remaining) }
    };
    Upgrades { node: name.clone(), plan: node.plan.clone(), now_usd: now, steps: above.iter().map(step).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::SHIPPED;

    fn shipped(text: &str) -> Cost {
        Cost::of(&Inventory::parse(text, "f").into_result().unwrap())
    }

    #[test]
    fn the_shipped_fleet_costs_what_the_plan_says() {
        let cost = shipped(SHIPPED);
        let of = |name: &str| cost.providers.iter().find(|at| at.name == name).map(|at| (at.nodes, at.total_usd.cents())).unwrap();
        assert_eq!((of("Hostkey"), of("Vultr")), ((3, 800), (13, 3250)));
        assert_eq!((cost.total_usd.cents(), cost.remaining_usd.cents()), (4050, 5950));
    }

    #[test]
    fn each_node_knows_its_steps() {
        let cost = shipped(SHIPPED);
        let of = |name: &str| cost.upgrades.iter().find(|of| of.node.as_str() == name).unwrap();
        let steps: Vec<_> = of("tokyo").steps.iter().map(|step| (step.plan.as_str(), step.more_usd.unwrap().cents(), step.fits)).collect();
        assert_eq!(steps, [("vultr-1024", 350, true), ("vultr-2048", 950, true)]);
        assert!(of("zurich").steps.is_empty());
        let tight = shipped(&SHIPPED.replace("budget_usd = 100.00", "budget_usd = 45"));
        let tokyo = tight.upgrades.iter().find(|of| of.node.as_str() == "tokyo").unwrap();
        assert_eq!(tokyo.steps.iter().map(|step| step.fits).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn retired_nodes_cost_nothing_and_unknown_prices_are_said() {
        let retired = SHIPPED.replacen("covers = [\"Australia\"", "retired = \"2026-11-22\"\ncovers = [\"Australia\"", 1);
        let at = retired.find("[node.sydney]").unwrap();
        let (before, behind) = retired.split_at(at);
        let text = format!("{before}{}", behind.replacen("\"planned\"", "\"retired\"", 1));
        assert_eq!(shipped(&text).total_usd.cents(), 3800);
        let unknown = shipped(&SHIPPED.replacen("cost_usd = 0.00", "", 1));
        assert_eq!(unknown.unknown.len(), 1);
    }
}
