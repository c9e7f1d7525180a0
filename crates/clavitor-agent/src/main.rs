//! The agent's verbs alone, for machines that should not carry a node, and for this crate's tests.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use clavitor_agent::{cli, skill};

/// Use sealed credentials as an enrolled agent of a Clavitor vault.
#[derive(Parser)]
#[command(name = "clavitor", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Use sealed credentials as an enrolled agent
    Agent(cli::AgentCommand),
    /// Print the instructions for agents, as a SKILL.md file
    Skill,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return cli::usage(&error),
    };
    match arguments.command {
        Command::Agent(command) => cli::run_alone(command),
        Command::Skill => skill::print(),
    }
}
