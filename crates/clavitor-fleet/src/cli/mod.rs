//! The command line: one file for each group of verbs.

mod bootstrap;
mod break_glass;
mod change;
mod context;
mod deploy;
mod failure;
mod figures;
mod kuma;
mod look;
mod map;
mod monitor;
mod node;
mod outside;
mod progress;
mod render;
mod reprovision;
mod rollout;
mod rotate;
mod rotate_orders;
mod routine;
mod ship;
mod status;
mod tunnel;
mod way;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use context::{Context, Done, plural};
pub use failure::{Failure, Kind};

const EXAMPLES: &str = "\
Examples:
  clavitor-fleet init                     the shipped plan of sixteen nodes as ./fleet.toml
  clavitor-fleet validate                 every mistake, with its line and column
  clavitor-fleet list --json
  clavitor-fleet --inventory other.toml show zurich

Data goes to standard output, words to standard error. Exit codes: 0 done, 1 failed, 2 the inventory does not hold, 3 not found, 4 refused,
5 busy, 6 unreachable, 7 not confirmed, 8 rolled back, 9 unconfirmed, 10 unhealthy, 64 usage, 130 interrupted; docs/FLEET.md says more.";

/// Runs a fleet of Clavitor nodes from one inventory.
#[derive(Debug, Parser)]
#[command(name = "clavitor-fleet", version, after_help = EXAMPLES, arg_required_else_help = true)]
struct Arguments {
    /// The inventory; what the tool remembers lies beside it in .fleet/
    #[arg(long, global = true, value_name = "FILE", default_value = "fleet.toml", env = "CLAVITOR_FLEET")]
    inventory: PathBuf,
    /// Answer in JSON, failures too
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

/// Every verb. Each group's file holds the arguments and the function.
#[derive(Debug, Subcommand)]
enum Verb {
    /// Write the shipped plan of sixteen nodes as a new inventory
    Init,
    /// Check the inventory; every mistake is shown with its line and column
    Validate(look::Validate),
    /// List the nodes
    List(look::List),
    /// Show one node
    Show(look::Show),
    /// Change one node in the inventory
    #[command(subcommand)]
    Node(node::NodeVerb),
    /// What the fleet costs a month, what remains, and what each step up would cost
    Cost(figures::AskedCost),
    /// How many people are how near, by a model of distance; what a node more or less changes
    Coverage(figures::AskedCoverage),
    /// Draw the fleet: a world map as SVG, or a page with the map and a table
    Map(map::AskedMap),
    /// Roll a new version out, wave by wave, with a way back
    Deploy(Box<deploy::Deploy>),
    /// Take one node back to its generation before
    Rollback(Box<deploy::Rollback>),
    /// Look at a rollout, or give it up
    #[command(subcommand)]
    Rollout(rollout::RolloutVerb),
    /// Print the JSON schema of the inventory
    Schema,
    /// Print completions for a shell
    Completions(ship::Completions),
    /// Write manual pages into a folder
    Man(ship::Man),
    /// Write the NixOS configuration of every node
    Render(render::Render),
    /// Where the fleet stands, from the nodes' own reports
    Status(status::Status),
    /// What is wrong with one node, and what to type
    Diagnose(status::Diagnose),
    /// The daily or the weekly work on every node: said first, kept, gone on with
    Routine(routine::Routine),
    /// How a machine is made anew: the plan in words
    Reprovision(reprovision::Reprovision),
    /// Watch the fleet: severities and incidents, until Ctrl-C
    Monitor(monitor::MonitorArguments),
    /// Incidents: look, acknowledge, resolve, note
    #[command(subcommand)]
    Incident(monitor::IncidentVerb),
    /// The fleet's monitors in a stock Uptime Kuma
    Kuma(kuma::Kuma),
    /// Print the command that puts a node's first system on a machine, and make its one-time token
    Bootstrap(bootstrap::Bootstrap),
    /// The emergency way in, past the tunnel: open, close, list
    #[command(subcommand)]
    BreakGlass(break_glass::BreakGlassVerb),
    /// The management network: who talks to whom, and an operator's own configuration
    Tunnel(tunnel::Tunnel),
}

/// The whole program.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let context = Context::new(arguments.inventory, arguments.json);
    match dispatch(&context, arguments.verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            context.complain(&failure);
            ExitCode::from(failure.kind.exit_code())
        }
    }
}

fn dispatch(context: &Context, verb: Verb) -> Done {
    match verb {
        Verb::Init => ship::init(context),
        Verb::Validate(validate) => look::validate(context, &validate),
        Verb::List(list) => look::list(context, &list),
        Verb::Show(show) => look::show(context, &show),
        Verb::Node(verb) => node::run(context, verb),
        Verb::Cost(asked) => figures::cost(context, &asked),
        Verb::Coverage(asked) => figures::coverage(context, &asked),
        Verb::Map(asked) => map::map(context, &asked),
        Verb::Deploy(deploy) => deploy::deploy(context, &deploy),
        Verb::Rollback(rollback) => deploy::rollback(context, &rollback),
        Verb::Rollout(verb) => rollout::run(context, verb),
        Verb::Schema => ship::schema(context),
        Verb::Completions(completions) => ship::completions(context, &completions),
        Verb::Man(man) => ship::man(context, &man),
        Verb::Render(render) => render::run(context, &render),
        Verb::Status(status) => status::status(context, &status),
        Verb::Diagnose(diagnose) => status::diagnose(context, &diagnose),
        Verb::Routine(routine) => routine::routine(context, &routine),
        Verb::Reprovision(asked) => reprovision::reprovision(context, &asked),
        Verb::Monitor(monitor) => monitor::monitor(context, &monitor),
        Verb::Incident(verb) => monitor::incident(context, &verb),
        Verb::Kuma(kuma) => kuma::kuma(context, &kuma),
        Verb::Bootstrap(asked) => bootstrap::bootstrap(context, &asked),
        Verb::BreakGlass(verb) => break_glass::run(context, &verb),
        Verb::Tunnel(tunnel) => tunnel::tunnel(context, &tunnel),
    }
}

/// Help and version are no errors. Nobody is left to be told when the terminal is gone.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    // What was asked for could not be read, so the flag is looked for by itself.
    if std::env::args_os().any(|argument| argument == "--json") {
        let message = error.to_string();
        let first = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Context::new(PathBuf::new(), true).complain(&Failure::new(Kind::Usage, first).next("clavitor-fleet --help"));
    } else {
        let _ = error.print();
    }
    ExitCode::from(Kind::Usage.exit_code())
}
