//! What the program brings along: the shipped inventory, the schema, completions and manual pages.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use serde::Serialize;

use super::{Arguments, Context, Done, Failure, change};
use crate::inventory::{SHIPPED, schema};

/// `completions`
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Which
    shell: clap_complete::Shell,
}

/// `man`
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Where to; made if it is not there
    folder: PathBuf,
}

#[derive(Debug, Serialize)]
struct Made {
    schema: &'static str,
    file: String,
}

/// Writes the shipped inventory where there is none.
pub(super) fn init(context: &Context) -> Done {
    change::create(context.inventory_path(), SHIPPED)?;
    let made = Made { schema: "clavitor.fleet-init/1", file: context.inventory_path().display().to_string() };
    context.say("next: put your keys into [operator.soc], then clavitor-fleet validate");
    context.answer(&made, || format!("{} holds the plan of sixteen nodes", made.file))
}

/// Prints the JSON schema of the inventory.
pub(super) fn schema(context: &Context) -> Done {
    let schema = schema::value();
    context.answer(schema, || format!("{schema:#}"))
}

/// Prints completions for a shell.
pub(super) fn completions(context: &Context, asked: &Completions) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut Arguments::command(), "clavitor-fleet", &mut script);
    let script = String::from_utf8_lossy(&script);
    context.answer(&script, || script.to_string())
}

/// Writes one manual page for each verb.
pub(super) fn man(context: &Context, asked: &Man) -> Done {
    let written = std::fs::create_dir_all(&asked.folder).and_then(|()| clap_mangen::generate_to(Arguments::command(), &asked.folder));
    let folder = asked.folder.display().to_string();
    written.map_err(|error| Failure::general(format!("pages cannot be written to {folder}")).why(error))?;
    let made = Made { schema: "clavitor.fleet-man/1", file: folder };
    context.answer(&made, || format!("one page for each verb is in {}", made.file))
}
