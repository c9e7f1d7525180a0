//! `cargo xtask <word>`: what keeps the repository in order, in Rust so that it runs wherever the code builds.

mod editions;
mod tidy;

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.split_first() {
        Some((word, [])) if word == "tidy" => tidy::run(),
        Some((word, programs)) if word == "editions" && programs.len() <= 2 => editions::run(programs),
        _ => Err(anyhow::anyhow!("usage: cargo xtask tidy | editions [COMMUNITY-PROGRAM [COMMERCIAL-PROGRAM]]")),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}
