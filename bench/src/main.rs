//! `make bench`: one line for each figure, and target/bench.json. Every figure is a ratio of two things measured in the same run,
//! or a number with its unit where the goal is one.

mod bare;
mod figure;
mod list;
mod load;
mod process;
mod start;
mod tls;
mod world;
mod writes;

use std::{io::Write as _, path::Path, process::ExitCode};

use anyhow::{Context as _, Result, bail};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = || arguments.get(1).map(Path::new).context("which folder?");
    match arguments.first().map(String::as_str) {
        None => measure(),
        Some("bare") => bare::serve(folder()?),
        Some("nothing") => start::serve_nothing(arguments.get(1).context("which address?")?),
        Some(other) => bail!("no role {other}"),
    }
}

/// Prints a line, at once.
pub(crate) fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

fn measure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut figures = vec![list::figure()?];
    let mut world = world::World::make(&folder.path().join("small"), 100)?;
    figures.extend(writes::figures(&mut world, folder.path())?);
    for figure in &figures {
        say(&figure.to_string())?;
    }
    figure::write(&figures, Path::new("target/bench.json"))
}
