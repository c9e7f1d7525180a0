//! One figure: a ratio of two things measured in the same run, with its goal.

use std::{fmt, path::Path};

use anyhow::{Context as _, Result};
use serde::Serialize;

/// Which side of the goal is good.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
    /// Told for comparison.
    None,
}

/// A figure as it is printed and written.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    /// What was compared with what.
    name: String,
    /// The ratio, or the number with its unit in the name.
    value: f64,
    /// The goal, in words.
    goal: String,
    /// Whether it was met.
    ok: bool,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: f64, goal: Goal) -> Self {
        let (ok, goal) = match goal {
            Goal::AtMost(limit) => (value <= limit, format!("<= {limit}")),
            Goal::AtLeast(limit) => (value >= limit, format!(">= {limit}")),
            Goal::None => (true, "told".to_owned()),
        };
        Self { name: name.into(), value: (value * 1000.0).round() / 1000.0, goal, ok: ok && value.is_finite() }
    }
}

impl Figure {
    /// A part whose figures are missing, and why.
    pub(crate) fn unmeasured(part: &str, why: &anyhow::Error) -> Self {
        Self { name: format!("{part}: not measured: {why:#}"), value: f64::NAN, goal: "measured".to_owned(), ok: false }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.ok { "ok" } else { "MISSED" };
        write!(f, "{:<74} {:>9.3}  goal {:<8} {verdict}", self.name, self.value, self.goal)
    }
}

/// Writes the list that other programs read.
pub(crate) fn write(figures: &[Figure], file: &Path) -> Result<()> {
    let text = serde_json::to_string_pretty(figures)? + "\n";
    std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}

/// The middle of the samples; NaN of none.
pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_has_a_side() {
        assert!(Figure::new("x", 1.5, Goal::AtMost(1.6)).ok);
        assert!(!Figure::new("x", 1.7, Goal::AtMost(1.6)).ok);
        assert!(Figure::new("x", 0.7, Goal::AtLeast(0.7)).ok);
        assert!(!Figure::new("x", f64::NAN, Goal::AtLeast(0.7)).ok);
        assert!(!Figure::new("x", f64::INFINITY, Goal::AtLeast(0.7)).ok);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }
}
