//! The last look at each node and one small sample a day, so that age and growth can be told.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::Sight;

/// Days that are kept.
const SAMPLES_MAX: usize = 90;
/// Between samples. A little less than a day, so that a daily routine never misses one.
const BETWEEN_S: u64 = 20 * 3_600;
const DAY_S: u64 = 86_400;

/// What is kept in `.fleet/status.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History(pub BTreeMap<String, Kept>);

/// Of one node.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The last look that succeeded.
    pub last: Sight,
    /// Oldest first.
    pub samples: VecDeque<Sample>,
}

/// One day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Unix seconds.
    pub at_s: u64,
    /// The database.
    pub db_mb: u64,
    /// Used of the disk.
    pub disk_mb: u64,
}

impl History {
    /// Under which name it is kept.
    pub const FILE: &'static str = "status.json";

    /// A look succeeded.
    pub fn saw(&mut self, node: &str, sight: &Sight) {
        let kept = self.0.entry(node.to_owned()).or_default();
        kept.last = sight.clone();
        let due = kept.samples.back().is_none_or(|last| sight.seen_s.saturating_sub(last.at_s) >= BETWEEN_S);
        let db_mb = sight.report.as_ref().and_then(|report| report.db_size_mb);
        if let (true, Some(db_mb), Some(disk)) = (due, db_mb, sight.disk) {
            kept.samples.push_back(Sample { at_s: sight.seen_s, db_mb, disk_mb: disk.used_kb >> 10 });
            while kept.samples.len() > SAMPLES_MAX {
                kept.samples.pop_front();
            }
        }
    }

    /// The last look at a node.
    pub fn last(&self, node: &str) -> Option<&Sight> {
        self.0.get(node).map(|kept| &kept.last)
    }

    /// Growth a day of the database and of the disk, in MB; none before there are two days of samples.
    pub fn growth_mb(&self, node: &str) -> Option<(f64, f64)> {
        let samples = &self.0.get(node)?.samples;
        let (first, last) = (samples.front()?, samples.back()?);
        let days = last.at_s.saturating_sub(first.at_s) as f64 / DAY_S as f64;
        let by = |from: u64, to: u64| (to as f64 - from as f64) / days;
        (days >= 2.0).then(|| (by(first.db_mb, last.db_mb), by(first.disk_mb, last.disk_mb)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{monitor::Report, status::Disk};

    #[test]
    fn growth_needs_days_and_samples_have_an_end() {
        let mut history = History::default();
        let look = |day: u64| Sight {
            seen_s: day * DAY_S,
            report: Some(Report { db_size_mb: Some(10 + 2 * day), ..Report::default() }),
            disk: Some(Disk { total_kb: 10 << 20, used_kb: (100 + 5 * day) << 10, free_kb: 1 }),
            ..Sight::default()
        };
        history.saw("tokyo", &look(0));
        history.saw("tokyo", &look(1));
        assert_eq!(history.growth_mb("tokyo"), None);
        for day in 2..200 {
            history.saw("tokyo", &look(day));
            history.saw("tokyo", &Sight { seen_s: day * DAY_S + 60, ..look(day) });
        }
        assert_eq!(history.growth_mb("tokyo"), Some((2.0, 5.0)));
        assert_eq!((history.0["tokyo"].samples.len(), history.growth_mb("osaka")), (SAMPLES_MAX, None));
    }
}
