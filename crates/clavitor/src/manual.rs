//! Completions and manual pages, from the definition of the command line.

use std::{fs, io, path::Path};

use anyhow::Context as _;
use clap::CommandFactory as _;

use crate::arguments::Arguments;

/// Prints completions.
pub(crate) fn completions(shell: clap_complete::Shell) -> anyhow::Result<()> {
    clap_complete::generate(shell, &mut Arguments::command(), "clavitor", &mut io::stdout().lock());
    Ok(())
}

/// Writes one page for each verb.
pub(crate) fn pages(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    clap_mangen::generate_to(Arguments::command(), folder).with_context(|| format!("pages cannot be written to {}", folder.display()))
}
