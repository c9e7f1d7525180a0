//! Fleets of one to nine nodes, with and without hubs, backups and bystanders.

use clavitor_fleet::{
    inventory::NodeName,
    rollout::{Candidate, Limits, Plan, Wish},
};

use crate::chance::Chance;

pub(crate) fn make(chance: &mut Chance) -> Result<Plan, String> {
    let (spokes, hubs, bystanders) = (1 + chance.below(7), chance.below(3), chance.below(2));
    let nobody: NodeName = "nobody".parse()?;
    let name = |kind: &str, number: u64| -> NodeName { format!("{kind}{number}").parse().unwrap_or_else(|_| nobody.clone()) };
    let candidate = |kind: &str, number, is_hub| {
        let node = name(kind, number);
        Candidate { closure: format!("/nix/store/{}-nixos-system-{node}", "0".repeat(32)), node, is_hub }
    };
    let spokes_of = (0..spokes).map(|number| candidate("n", number, false));
    let hubs_of = (0..hubs).map(|number| candidate("hub", number, true));
    // Each odd node backs up the even one before it; sometimes a hub backs up a spoke.
    let mut pairs: Vec<_> =
        (0..spokes / 2).filter(|_| chance.permille(700)).map(|pair| (name("n", 2 * pair), name("n", 2 * pair + 1))).collect();
    if hubs > 0 && chance.permille(300) {
        pairs.push((name("n", 0), name("hub", 0)));
    }
    let wish = Wish {
        id: "simulated".into(),
        version: "0.2.0".into(),
        candidates: spokes_of.chain(hubs_of).collect(),
        pairs,
        bystanders: (0..bystanders).map(|number| name("by", number)).collect(),
        hub_in_use: (hubs > 0).then(|| name("hub", chance.below(hubs))),
        sizes: vec![1, 2, 4],
        limits: Limits::default(),
    };
    Plan::new(wish).map_err(|error| error.to_string())
}
