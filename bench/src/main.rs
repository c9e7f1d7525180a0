//! `make bench`: one line for each figure, and target/bench.json. Every figure is a ratio of two things measured in the same run,
//! or a number with its unit where the goal is one.

mod bare;
mod figure;
mod load;
mod process;
mod tls;

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
    let server = process::Server::start("bare", &[folder.path().to_str().context("path")?])?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tls = tls::client(&server.notes)?;
    let before = server.cpu_s()?;
    let outcome = runtime.block_on(load::run(server.address, &tls, 8, 20_000, bare::make()))?;
    say(&format!("{} {}", outcome.rate(), (server.cpu_s()? - before) / outcome.requests as f64 * 1e6))
}
