//! The first part: from the shipped inventory to configuration, coverage and map, with the tool as it is typed.

use std::{path::Path, process::Command, time::Instant};

use anyhow::{Result, ensure};

/// What is typed, in this order, in an empty folder.
const VERBS: &[&[&str]] = &[&["init"], &["validate"], &["render", "--out", "out"], &["coverage"], &["cost"], &["map", "--out", "map"]];
/// The goal for all of it together.
const SECONDS_GOAL: f64 = 5.0;

pub(crate) fn story(tool: &Path) -> Result<()> {
    println!("From the shipped inventory of sixteen nodes:");
    let folder = tempfile::tempdir()?;
    let mut seconds = 0.0;
    for verb in VERBS {
        let began = Instant::now();
        let output = Command::new(tool).args(*verb).current_dir(&folder).output()?;
        let took = began.elapsed().as_secs_f64();
        seconds += took;
        ensure!(output.status.success(), "clavitor-fleet {}: {}", verb.join(" "), String::from_utf8_lossy(&output.stderr));
        println!("  {:<18} {took:.2} s  {}", verb.join(" "), first_line(&output.stdout, &output.stderr));
    }
    println!("  together {seconds:.1} s; the goal is {SECONDS_GOAL:.0} s.");
    Ok(())
}

fn first_line(data: &[u8], words: &[u8]) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().find(|line| !line.trim().is_empty()).map(str::to_owned);
    text(data).or_else(|| text(words)).unwrap_or_default().chars().take(90).collect()
}
