//! The command line: one file for each group of verbs.

use std::process::ExitCode;

use clap::Parser;

/// Runs a fleet of Clavitor nodes from one inventory.
#[derive(Debug, Parser)]
#[command(name = "clavitor-fleet", version)]
struct Arguments {}

/// The whole program.
pub fn run() -> ExitCode {
    match Arguments::try_parse() {
        Ok(Arguments {}) => ExitCode::SUCCESS,
        Err(error) => error.exit(),
    }
}
