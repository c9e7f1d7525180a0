//! What the end-to-end test of ten thousand rows has measured in Chromium.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::figure::{Figure, Goal, median};

#[derive(Deserialize)]
struct Times {
    first_rows_ms: Vec<f64>,
}

/// Milliseconds from the passkey's answer to the first rows on screen, the middle of a few.
pub(crate) fn figure(file: &Path) -> Result<Figure> {
    let text = std::fs::read(file).with_context(|| format!("{} (scripts/bench makes it)", file.display()))?;
    let times: Times = serde_json::from_slice(&text)?;
    Ok(Figure::new("first rows on screen after unlock with 10,000 entries, milliseconds", median(times.first_rows_ms), Goal::AtMost(300.0)))
}
