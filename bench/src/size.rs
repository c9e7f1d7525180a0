//! How large the released programs are, as `scripts/dist` left them. They take minutes to build, so they are weighed only where they are there and not older than what is measured beside them.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::figure::{Figure, Goal};

/// Where scripts/dist puts what is released.
const RELEASED: &str = "target/dist-out";

/// Megabytes (a million bytes) of the Community program, and what the other edition adds to it.
pub(crate) fn figures(community: &Path, commercial: Option<&Path>) -> Result<Vec<Figure>> {
    let released = Path::new(RELEASED);
    let size_mb = released_mb(released, community)?;
    let mut figures = vec![Figure::new("released static program with the web application, Community, MB", size_mb, Goal::AtMost(15.0))];
    if let Some(commercial) = commercial {
        let added_mb = released_mb(released, commercial)? - size_mb;
        figures.push(Figure::new("what the Commercial edition adds to it, MB", added_mb, Goal::AtMost(2.0)));
    }
    Ok(figures)
}

/// Cargo makes `built` again whenever a source changed; what was released before that is of other sources.
fn released_mb(released: &Path, built: &Path) -> Result<f64> {
    let program = released.join(built.file_name().context("no program")?);
    let metadata = std::fs::metadata(&program).with_context(|| format!("{} is not there; run scripts/dist", program.display()))?;
    let of_these_sources = metadata.modified()? >= std::fs::metadata(built)?.modified()?;
    ensure!(of_these_sources, "{} is older than the sources; run scripts/dist again", program.display());
    Ok(metadata.len() as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        time::{Duration, SystemTime},
    };

    use super::*;

    #[test]
    fn what_was_released_from_other_sources_is_not_weighed() {
        let folder = tempfile::tempdir().unwrap();
        let (built, released) = (folder.path().join("clavitor"), folder.path().join("out"));
        fs::write(&built, b"built").unwrap();
        assert!(released_mb(&released, &built).unwrap_err().to_string().contains("is not there"));
        fs::create_dir(&released).unwrap();
        fs::write(released.join("clavitor"), vec![0; 1_500_000]).unwrap();
        let now = SystemTime::now();
        File::options().append(true).open(released.join("clavitor")).unwrap().set_modified(now).unwrap();
        for age in [Duration::from_secs(5), Duration::ZERO] {
            File::options().append(true).open(&built).unwrap().set_modified(now - age).unwrap();
            assert!((released_mb(&released, &built).unwrap() - 1.5).abs() < f64::EPSILON);
        }
        File::options().append(true).open(&built).unwrap().set_modified(now + Duration::from_secs(5)).unwrap();
        assert!(released_mb(&released, &built).unwrap_err().to_string().contains("older than the sources"));
    }
}
