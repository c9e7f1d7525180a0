//! `make bench`: one line for each figure, and target/bench.json. Every figure is a ratio of two things measured in the same run,
//! or a number with its unit where the goal is one.

mod bare;
mod browser;
mod drip;
mod drive;
mod figure;
mod handshakes;
mod hostile;
mod list;
mod load;
mod nginx;
mod process;
mod product;
mod reads;
mod size;
mod soak;
mod start;
mod tarpit;
mod tls;
mod unlogged;
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
        None => measure(&PARTS),
        Some("only") => measure(&arguments[1..].iter().map(String::as_str).collect::<Vec<_>>()),
        Some("bare") => bare::serve(folder()?, (number(&arguments, 2)?, number(&arguments, 3)?)),
        Some("node") => product::serve(folder()?, number(&arguments, 2)?, false),
        Some("door") => product::serve(folder()?, number(&arguments, 2)?, true),
        Some("drip") => drip::serve(),
        Some("drive") => {
            let word = |at: usize| arguments.get(at).map(String::as_str).context("address, certificate, folder, kind and number");
            drive::run(word(1)?, word(2)?, Path::new(word(3)?), word(4)?, number(&arguments, 5)?)
        }
        Some("wait") => {
            let word = |at: usize| arguments.get(at).context("address, certificate and number");
            drip::wait(word(1)?, word(2)?, number(&arguments, 3)?)
        }
        Some("hostile") => {
            let told = |at: usize, what: &'static str| arguments.get(at).map(String::as_str).context(what);
            hostile::attack(told(1, "which address?")?, told(2, "which certificate?")?, told(3, "which part?")?)
        }
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
const BINARY: &str = "target/dist/clavitor";
const BROWSER_TIMES: &str = "target/e2e/list.json";

/// What there is to measure. `clavitor-bench only reads writes` leaves the rest out, and writes no file.
const PARTS: [&str; 10] = ["reads", "nginx", "handshakes", "writes", "list", "hostile", "tarpit", "start", "size", "browser"];

fn number(arguments: &[String], at: usize) -> Result<usize> {
    Ok(arguments.get(at).context("a number is missing")?.parse()?)
}

fn measure(parts: &[&str]) -> Result<()> {
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
    for part in parts {
        let folder = place(part)?;
        // What cannot be measured is a goal that was missed, and no reason to forget the rest.
        tell(one(part, &folder).unwrap_or_else(|error| vec![Figure::unmeasured(part, &error)]))?;
    }
    if parts == PARTS { figure::write(&figures, Path::new("target/bench.json")) } else { Ok(()) }
}

fn one(part: &str, folder: &Path) -> Result<Vec<Figure>> {
    let commercial = std::env::var_os(tarpit::BINARY);
    let mut editions = vec![("Community", Path::new(BINARY))];
    editions.extend(commercial.as_deref().map(|binary| ("Commercial", Path::new(binary))));
    match part {
        "reads" => reads::figures(folder),
        "writes" => writes::measure(folder),
        "list" => Ok(vec![list::figure()?]),
        "hostile" => hostile::figures(folder),
        "tarpit" => tarpit::figures(folder),
        "nginx" => nginx::figures(folder),
        "handshakes" => handshakes::figures(folder),
        "start" => start::measure(&editions, folder),
        "size" => size::figures(Path::new(BINARY), commercial.as_deref().map(Path::new)),
        "browser" => Ok(vec![browser::figure(Path::new(BROWSER_TIMES))?]),
        other => bail!("no part {other}; there are {}", PARTS.join(", ")),
    }
}
