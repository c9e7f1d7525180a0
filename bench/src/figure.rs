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
    /// The least and the most of the rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    spread: Option<(f64, f64)>,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: f64, goal: Goal) -> Self {
        let (ok, goal) = match goal {
            Goal::AtMost(limit) => (value <= limit, format!("<= {limit}")),
            Goal::AtLeast(limit) => (value >= limit, format!(">= {limit}")),
            Goal::None => (true, "told".to_owned()),
        };
        Self { name: name.into(), value: rounded(value), goal, ok: ok && value.is_finite(), spread: None }
    }

    /// The median of the rounds, with their spread.
    pub(crate) fn of_rounds(name: impl Into<String>, rounds: &[f64], goal: Goal) -> Self {
        let least = rounds.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rounds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self { spread: Some((rounded(least), rounded(most))), ..Self::new(name, median(rounds.to_vec()), goal) }
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

impl Figure {
    /// A part whose figures are missing, and why.
    pub(crate) fn unmeasured(part: &str, why: &anyhow::Error) -> Self {
        Self { name: format!("{part}: not measured: {why:#}"), value: f64::NAN, goal: "measured".to_owned(), ok: false, spread: None }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.ok { "ok" } else { "MISSED" };
        write!(f, "{:<74} {:>9.3}  goal {:<8} {verdict}", self.name, self.value, self.goal)?;
        self.spread.map_or(Ok(()), |(least, most)| write!(f, " (rounds {least:.3} to {most:.3})"))
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
    fn rounds_have_a_median_and_a_spread() {
        let figure = Figure::of_rounds("x", &[1.2, 0.8, 1.0], Goal::AtLeast(1.0));
        assert!(figure.ok && figure.to_string().ends_with("ok (rounds 0.800 to 1.200)"), "{figure}");
        assert!(!Figure::of_rounds("x", &[], Goal::AtLeast(1.0)).ok);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }
}
