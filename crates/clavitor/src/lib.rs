//! The command line of every edition: the node, what its operator does, and the agent's verbs. Flags and wiring only.

mod acme;
mod arguments;
mod audit;
mod backup;
mod credentials;
mod doctor;
mod exit;
mod harden;
mod manual;
mod operator;
mod print;
mod reach;
mod reports;
mod schedule;
mod serve;
mod settings;
mod supervise;
mod version;

use std::{process::ExitCode, sync::Arc};

use arguments::{Arguments, Verb};
use clap::{CommandFactory as _, FromArgMatches as _, error::ErrorKind};
use clavitor_server::edition::Edition;

/// Does what the command line says, as the given edition. The whole program: `main` only chooses the edition and the allocator.
pub fn run(edition: Arc<dyn Edition>) -> ExitCode {
    harden::no_dumps();
    let matches = match Arguments::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::DisplayVersion => return exit::code(version::print(edition.as_ref())),
        Err(error) => return exit::usage(&error),
    };
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => return exit::usage(&error),
    };
    exit::code(match arguments.verb {
        Verb::Serve(serve) => serve::run(&serve, edition),
        Verb::SetupLink(node) => operator::setup_link(&node),
        Verb::Vitals(node) => operator::vitals(&node),
        Verb::Version => version::print_all(edition.as_ref()),
        Verb::Openapi => print::data(&format!("{:#}", clavitor_server::openapi())),
        Verb::Backup(verb) => backup::run(verb),
        Verb::Restore(restore) => backup::restore(&restore),
        Verb::Audit(verb) => return exit::code_of(audit::run(verb)),
        Verb::Doctor(doctor) => return exit::code_of(doctor::run(&doctor, edition.as_ref())),
        Verb::Config(_) => settings::check(&matches, edition),
        Verb::Completions { shell } => manual::completions(shell),
        Verb::Man { folder } => manual::pages(&folder),
        Verb::Agent(command) => return clavitor_agent::cli::run_alone(command),
        Verb::Skill => return clavitor_agent::skill::print(),
    })
}
