//! How large the programs are, without their symbols. The released ones are smaller still: `scripts/dist` says by how much.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};

use crate::figure::{Figure, Goal};

/// Megabytes (a million bytes) of the Community program, and what the other edition adds to it.
pub(crate) fn figures(community: &Path, commercial: Option<&Path>, folder: &Path) -> Result<Vec<Figure>> {
    let size_mb = stripped_mb(community, &folder.join("stripped"))?;
    let mut figures = vec![Figure::new("release program, stripped, Community, MB", size_mb, Goal::AtMost(15.0))];
    if let Some(commercial) = commercial {
        let added_mb = stripped_mb(commercial, &folder.join("other"))? - size_mb;
        figures.push(Figure::new("what the Commercial edition adds to it, MB", added_mb, Goal::AtMost(2.0)));
    }
    Ok(figures)
}

fn stripped_mb(program: &Path, to: &Path) -> Result<f64> {
    let done = Command::new("strip").arg("-s").arg("-o").arg(to).arg(program).status().context("strip")?;
    ensure!(done.success(), "strip {}", program.display());
    Ok(std::fs::metadata(to)?.len() as f64 / 1e6)
}
