//! `make bench`: one line for each figure, and target/bench.json. Every figure is a ratio of two things measured in the same run,
//! or a number with its unit where the goal is one.

mod bare;
mod browser;
mod figure;
mod hostile;
mod list;
mod load;
mod process;
mod product;
mod reads;
mod soak;
mod start;
mod tls;
mod world;
mod writes;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicU16, Ordering},
};

use anyhow::{Context as _, Result, bail};
use figure::Figure;
use world::World;

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
        Some("node") => product::serve(folder()?, arguments.get(2).context("how many entries?")?.parse()?),
        Some("hostile") => hostile::attack(arguments.get(1).context("which address?")?, arguments.get(2).context("which certificate?")?),
        Some("beside") => {
            let folder = tempfile::tempdir()?;
            hostile::figures(folder.path())?.iter().try_for_each(|figure| say(&figure.to_string()))
        }
        Some("soak") => {
            soak::run(arguments.get(1).context("how many seconds?")?.parse()?, Path::new(arguments.get(2).context("which binary?")?))
        }
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

/// A number for each run of the load in this process.
pub(crate) fn next_run() -> u16 {
    static RUNS: AtomicU16 = AtomicU16::new(1);
    RUNS.fetch_add(1, Ordering::Relaxed)
}

/// Where scripts/bench puts the node's release binary, and the browser its times.
const BINARY: &str = "target/release/clavitor";
const BROWSER_TIMES: &str = "target/e2e/list.json";
const LARGE: usize = 10_000;

fn measure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let place = |name: &str| -> Result<PathBuf> {
        let place = folder.path().join(name);
        std::fs::create_dir(&place)?;
        Ok(place)
    };
    let mut figures = Vec::new();
    let mut tell = |more: Vec<Figure>| {
        let told = more.iter().try_for_each(|figure| say(&figure.to_string()));
        figures.extend(more);
        told
    };
    tell(reads::figures(&place("reads")?)?)?;
    let writes = place("writes")?;
    let mut world = World::make(&writes.join("data"), 100)?;
    tell(writes::figures(&mut world, &writes)?)?;
    world.vault.close();
    tell(vec![list::figure()?])?;
    tell(hostile::figures(&place("hostile")?)?)?;
    let large = place("large")?;
    World::make(&large, LARGE)?.vault.close();
    tell(start::figures(Path::new(BINARY), &large)?)?;
    tell(vec![browser::figure(Path::new(BROWSER_TIMES))?])?;
    figure::write(&figures, Path::new("target/bench.json"))
}
