//! What will be rolled out, to whom, and in which waves. A plan that puts a node and its backup, or two hubs, into one wave cannot be made.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::inventory::NodeName;

/// Waves never grow beyond this, however large the fleet.
const WAVE_NODES_MAX: usize = 16;
/// A version is short.
const VERSION_CHARS_MAX: usize = 64;
/// The version of a plan that goes back to an older system and takes whatever that is.
pub const ANY_VERSION: &str = "any";
/// The folder in which systems live on a node.
const STORE: &str = "/nix/store/";

/// How long things may take, in milliseconds of the operator's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The node goes back by itself unless it was confirmed within this time after arming.
    pub confirm_ms: u64,
    /// The three checks must have passed so long after the switch.
    pub check_ms_max: u64,
    /// Between the end of a wave and the next.
    pub soak_ms: u64,
    /// Between two tries of a check, a look, or a step that can be repeated.
    pub again_ms: u64,
    /// How long after the node's timer must have fired it is still looked for.
    pub grace_ms: u64,
    /// How often a step that changes nothing is tried.
    pub tries_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { confirm_ms: 120_000, check_ms_max: 60_000, soak_ms: 60_000, again_ms: 3_000, grace_ms: 90_000, tries_max: 3 }
    }
}

/// A node that shall get the new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub node: NodeName,
    /// The system that it shall run: a store path.
    pub closure: String,
    /// Whether it is a hub.
    pub is_hub: bool,
}

/// What the plan is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Names the rollout: letters, digits, dots and hyphens.
    pub id: String,
    /// What every node must report once it runs the new system.
    pub version: String,
    /// In the order in which they shall come.
    pub candidates: Vec<Candidate>,
    /// Nodes and their backups.
    pub pairs: Vec<(NodeName, NodeName)>,
    /// Active nodes that are not touched.
    pub bystanders: Vec<NodeName>,
    /// The hub through which the operator comes; it is last.
    pub hub_in_use: Option<NodeName>,
    /// Sizes of the first waves; the rest comes after them.
    pub sizes: Vec<usize>,
    /// Deadlines.
    pub limits: Limits,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nobody to deploy to.
    #[error("no node is left to deploy to: are they active in the inventory, and does --only name them?")]
    Empty,
    /// The version cannot be one.
    #[error("{0:?} is not a version: letters, digits, dots, plus signs and hyphens, such as 0.2.0")]
    Version(String),
    /// The system is no store path.
    #[error("the system of {0} is {1:?}, which is not a path in /nix/store")]
    Closure(NodeName, String),
    /// A node twice.
    #[error("{0} is there twice")]
    Twice(NodeName),
    /// A plan that was written by something else.
    #[error("{0} and {1} back each other up, or are both hubs, and would be in one wave")]
    Together(NodeName, NodeName),
    /// A wave without a node, or with one that has no system.
    #[error("the waves and the systems of the plan do not fit together")]
    Uneven,
}

/// Waves of nodes, each with its new system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Plan(Written);

/// The plan as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    version: String,
    waves: Vec<Vec<NodeName>>,
    closures: BTreeMap<NodeName, String>,
    hubs: BTreeSet<NodeName>,
    pairs: Vec<(NodeName, NodeName)>,
    bystanders: Vec<NodeName>,
    limits: Limits,
}

impl Plan {
    /// Makes the waves.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn new(wish: Wish) -> Result<Self, PlanError> {
        let mut closures = BTreeMap::new();
        for candidate in &wish.candidates {
            if closures.insert(candidate.node.clone(), candidate.closure.clone()).is_some() {
                return Err(PlanError::Twice(candidate.node.clone()));
            }
        }
        let (hubs, spokes): (Vec<_>, Vec<_>) = wish.candidates.into_iter().partition(|candidate| candidate.is_hub);
        let mut waves = waves(spokes.into_iter().map(|spoke| spoke.node).collect(), &wish.sizes, &wish.pairs);
        let mut hubs: Vec<_> = hubs.into_iter().map(|hub| hub.node).collect();
        // Not sorted otherwise: false comes before true, and the sort is stable.
        hubs.sort_by_key(|hub| Some(hub) == wish.hub_in_use.as_ref());
        waves.extend(hubs.iter().map(|hub| vec![hub.clone()]));
        Written {
            id: wish.id,
            version: wish.version,
            waves,
            closures,
            hubs: hubs.into_iter().collect(),
            pairs: wish.pairs,
            bystanders: wish.bystanders,
            limits: wish.limits,
        }
        .try_into()
    }

    /// Names the rollout.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The version that nodes must report.
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// The nodes of each wave.
    pub fn waves(&self) -> &[Vec<NodeName>] {
        &self.0.waves
    }

    /// All nodes, in the order of waves.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeName> {
        self.0.waves.iter().flatten()
    }

    /// The system that a node shall run.
    pub fn closure(&self, node: &NodeName) -> Option<&str> {
        self.0.closures.get(node).map(String::as_str)
    }

    /// Whether the node is a hub.
    pub fn is_hub(&self, node: &NodeName) -> bool {
        self.0.hubs.contains(node)
    }

    /// Nodes and their backups.
    pub fn pairs(&self) -> &[(NodeName, NodeName)] {
        &self.0.pairs
    }

    /// Active nodes that the rollout does not touch.
    pub fn bystanders(&self) -> &[NodeName] {
        &self.0.bystanders
    }

    /// Deadlines.
    pub const fn limits(&self) -> &Limits {
        &self.0.limits
    }
}

/// As many as each size says, the rest in waves of the largest allowed; who may not go with somebody of the wave waits for the next one.
fn waves(spokes: VecDeque<NodeName>, sizes: &[usize], pairs: &[(NodeName, NodeName)]) -> Vec<Vec<NodeName>> {
    let (mut left, mut waves) = (spokes, Vec::new());
    let mut sizes = sizes.iter().copied().chain(std::iter::repeat(WAVE_NODES_MAX));
    while !left.is_empty() {
        let size = sizes.next().unwrap_or(WAVE_NODES_MAX).clamp(1, WAVE_NODES_MAX);
        let (mut wave, mut later): (Vec<NodeName>, VecDeque<NodeName>) = (Vec::new(), VecDeque::new());
        for node in left {
            let fits = wave.len() < size && !wave.iter().any(|other| are_paired(pairs, &node, other));
            if fits { wave.push(node) } else { later.push_back(node) }
        }
        waves.push(wave);
        left = later;
    }
    waves
}

fn are_paired(pairs: &[(NodeName, NodeName)], one: &NodeName, other: &NodeName) -> bool {
    pairs.iter().any(|(a, b)| (a == one && b == other) || (a == other && b == one))
}

impl TryFrom<Written> for Plan {
    type Error = PlanError;

    fn try_from(written: Written) -> Result<Self, PlanError> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || ".+-_".contains(c);
        let is_word = |text: &str| !text.is_empty() && text.len() <= VERSION_CHARS_MAX && text.chars().all(is_part);
        if written.waves.is_empty() {
            return Err(PlanError::Empty);
        }
        if !is_word(&written.version) || !is_word(&written.id) {
            return Err(PlanError::Version(written.version));
        }
        let bad = |path: &str| path.strip_prefix(STORE).is_none_or(|rest| rest.len() < 34 || !rest.chars().all(is_part));
        if let Some((node, path)) = written.closures.iter().find(|(_, path)| bad(path)) {
            return Err(PlanError::Closure(node.clone(), path.clone()));
        }
        let mut seen = BTreeSet::new();
        for wave in &written.waves {
            for (place, node) in wave.iter().enumerate() {
                let is_hub = written.hubs.contains(node);
                let clash = |other: &&NodeName| are_paired(&written.pairs, node, other) || is_hub || written.hubs.contains(*other);
                if let Some(other) = wave.iter().take(place).find(clash) {
                    return Err(PlanError::Together(node.clone(), other.clone()));
                }
                if !seen.insert(node.clone()) {
                    return Err(PlanError::Twice(node.clone()));
                }
            }
        }
        let uneven = written.waves.iter().any(Vec::is_empty) || seen.len() != written.closures.len();
        if uneven || !seen.iter().all(|node| written.closures.contains_key(node)) {
            return Err(PlanError::Uneven);
        }
        Ok(Self(written))
    }
}

impl From<Plan> for Written {
    fn from(plan: Plan) -> Self {
        plan.0
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
