//! The verbs and their options. No option takes a value that must stay secret; references are read later, because a mistake in one is not repeated on the screen.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Subcommand};

use crate::desk::Place;

/// Use sealed credentials as an enrolled agent.
#[derive(Args)]
pub struct AgentCommand {
    /// Options of every verb.
    #[command(flatten)]
    pub(super) options: Options,
    /// The verb.
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Args)]
pub(super) struct Options {
    /// Print one JSON document instead of words
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Which of this machine's agents to be; needed when there are several
    #[arg(long, global = true, env = "CLAVITOR_PROFILE", value_name = "NAME")]
    profile: Option<String>,
    /// The folder that holds the key files [default: ~/.config/clavitor/agents]
    #[arg(long, global = true, env = "CLAVITOR_CONFIG", value_name = "FOLDER")]
    config: Option<PathBuf>,
    /// More certificate authorities to trust, in PEM, for a node with a private one
    #[arg(long, global = true, env = "CLAVITOR_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl Options {
    pub(super) fn place(&self) -> Place {
        Place { config: self.config.clone(), profile: self.profile.clone(), ca_file: self.ca_file.clone() }
    }
}

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Become an agent of a vault, with the string its owner made
    Enroll(Enroll),
    /// Say whether this agent may work, where, and how much of its budget is used
    Status,
    /// List the items this agent may use: names and ways of use, never values
    List,
    /// Say what an item or a field is and how to use it
    Describe {
        /// clv://vault/item or clv://vault/item/field
        reference: String,
    },
    /// Say what a field is; with --reveal print its value, where that is allowed
    Get(Get),
    /// Print a one-time code
    Totp {
        /// clv://vault/item, or the field of kind totp in it
        reference: String,
        /// Why, for the owner's log
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Run a program with values in its environment, directly and without a shell
    Run(Run),
    /// Fill a template that holds {{ clv://vault/item/field }}
    Inject(Inject),
    /// Store a new value of a field, read from standard input; needs the capability to write
    Set {
        /// clv://vault/item/field
        reference: String,
        /// Keep a line end at the end of the value
        #[arg(long)]
        raw: bool,
    },
    /// Serve the Model Context Protocol on standard input and output
    Mcp,
    /// Show the alarm that stopped this agent, or forget it once a person has looked
    Alarm {
        /// Forget it; asks for confirmation on a terminal
        #[arg(long)]
        clear: bool,
    },
    /// Describe every verb, exit code and schema
    Context,
}

#[derive(Args)]
pub(super) struct Enroll {
    /// The enrolment string, or - to read it from standard input, which keeps it out of the process list
    #[arg(value_name = "STRING|-")]
    pub(super) string: String,
    /// Wait until the owner has confirmed, at most this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(super) wait: u64,
}

#[derive(Args)]
pub(super) struct Get {
    /// clv://vault/item/field
    pub(super) reference: String,
    /// Print the value
    #[arg(long)]
    pub(super) reveal: bool,
    /// Print no line end after the value
    #[arg(long, short = 'n', requires = "reveal")]
    pub(super) no_newline: bool,
    /// Why, for the owner's log
    #[arg(long, default_value = "")]
    pub(super) reason: String,
}

#[derive(Args)]
pub(super) struct Run {
    /// Set a variable to the value behind a reference; may be repeated
    #[arg(long = "env", short = 'e', value_name = "NAME=REFERENCE")]
    pub(super) assignments: Vec<String>,
    /// Set variables from a file of NAME=REFERENCE or NAME=text lines; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(super) env_file: Vec<PathBuf>,
    /// Why, for the owner's log
    #[arg(long, default_value = "")]
    pub(super) reason: String,
    /// Do not mask known values in the program's output; masking is a courtesy and no protection
    #[arg(long)]
    pub(super) no_mask: bool,
    /// Say what would be handed over, and stop
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}

#[derive(Args)]
pub(super) struct Inject {
    /// The template [default: standard input]
    #[arg(long = "in-file", short, value_name = "FILE")]
    pub(super) input: Option<PathBuf>,
    /// Where to write the result, readable by this user only [default: standard output, which needs the capability to reveal]
    #[arg(long = "out-file", short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Replace the output file if it exists
    #[arg(long, requires = "output")]
    pub(super) force: bool,
    /// Why, for the owner's log
    #[arg(long, default_value = "")]
    pub(super) reason: String,
}
