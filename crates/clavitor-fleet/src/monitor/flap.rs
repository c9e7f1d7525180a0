//! Conditions that come and go. After a few changes an incident is held open: one that ends and begins all night is one incident.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{incident::Key, rules::Rules};

/// Changes that are remembered for one key.
const CHANGES_MAX: usize = 16;

/// When conditions changed lately.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Changes(#[serde(with = "pairs")] BTreeMap<Key, VecDeque<u64>>);

impl Changes {
    /// A condition began or ended. Whether it does so too often.
    pub(super) fn note(&mut self, key: &Key, now_ms: u64, rules: &Rules) -> bool {
        let times = self.0.entry(key.clone()).or_default();
        times.push_back(now_ms);
        let from_ms = now_ms.saturating_sub(rules.flap_window_s * 1_000);
        times.retain(|at_ms| *at_ms >= from_ms);
        while times.len() > CHANGES_MAX {
            times.pop_front();
        }
        times.len() >= rules.flap_changes
    }

    /// Forgets what is too long ago to count.
    pub(super) fn prune(&mut self, now_ms: u64, rules: &Rules) {
        let from_ms = now_ms.saturating_sub(rules.flap_window_s * 1_000);
        self.0.retain(|_, times| times.back().is_some_and(|at_ms| *at_ms >= from_ms));
    }
}

/// A map whose keys are not text, as a list: JSON has no other.
pub(super) mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(map: &BTreeMap<K, V>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, K, V, D>(from: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(from)?.into_iter().collect())
    }
}
