//! `render`: the inventory as a NixOS flake.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use clap::Args;
use serde::Serialize;

use super::{Context, Done, Failure, Kind, plural};
use crate::nix::{Change, Release, render, write};

const EXAMPLES: &str = "\
Examples:
  clavitor-fleet render --out nixos
  clavitor-fleet render --out nixos --binary target/dist-out/clavitor --release 0.1.0

The folder is a flake: each node is nixosConfigurations.NODE, its first boot is NODE-first-boot. Files that are as they should be are not
touched; other files in the folder stay. docs/NIXOS.md says what each file is for.";

/// No honest program of ours is larger.
const BINARY_BYTES_MAX: u64 = 256 << 20;
/// As long as a version may be, and as store paths take it.
const VERSION_CHARS_MAX: usize = 64;

/// `render`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Render {
    /// The folder to write; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The released program; its hash goes into the configuration. Without it the release that the folder names stays
    #[arg(long, value_name = "FILE", requires = "release")]
    binary: Option<PathBuf>,
    /// The version of that program
    #[arg(long, value_name = "VERSION", requires = "binary")]
    release: Option<String>,
}

#[derive(Debug, Serialize)]
struct Rendered<'a> {
    schema: &'static str,
    folder: String,
    files: usize,
    changes: &'a [Change],
}

/// Renders a folder again after a change, with the release that it names, and says what became different.
pub(super) fn again(context: &Context, out: &Path) -> Done {
    let (_, changes) = into(context, out, None)?;
    for change in &changes {
        context.say(line(change).trim_end());
    }
    Ok(())
}

/// Writes what differs and says what it was.
pub(super) fn run(context: &Context, asked: &Render) -> Done {
    let named = release(asked)?;
    let (files, changes) = into(context, &asked.out, named)?;
    let folder = asked.out.display().to_string();
    let rendered = Rendered { schema: "clavitor.fleet-render/1", folder, files, changes: &changes };
    context.answer(&rendered, || words(&rendered))
}

/// How many files there are, and which of them were not as they should be.
fn into(context: &Context, out: &Path, named: Option<Release>) -> Result<(usize, Vec<Change>), Failure> {
    let inventory = context.load()?;
    let mut files = render(&inventory, named.as_ref().unwrap_or(&Release::none()))
        .map_err(|error| Failure::new(Kind::Inventory, "the tunnel networks do not hold").why(error))?;
    if named.is_none() && out.join("release.nix").exists() {
        files.remove("release.nix");
    }
    let shown = out.display();
    let changes = write(out, &files).map_err(|error| Failure::general(format!("{shown} cannot be written")).why(error))?;
    if inventory.operators.values().all(|operator| operator.ssh_keys.is_empty()) {
        context.say("No operator has an SSH key in the inventory: nobody could log in to these nodes. Add ssh_keys to an operator and render again.");
    }
    Ok((files.len(), changes))
}

fn words(rendered: &Rendered<'_>) -> String {
    let count = rendered.changes.len();
    let lines: String = rendered.changes.iter().map(line).collect();
    format!("{lines}{}: {} files, {count} change{}", rendered.folder, rendered.files, plural(count))
}

fn line(change: &Change) -> String {
    match change {
        Change::New(file) => format!("new      {file}\n"),
        Change::Changed(file) => format!("changed  {file}\n"),
        Change::Removed(file) => format!("removed  {file}\n"),
    }
}

fn release(asked: &Render) -> Result<Option<Release>, Failure> {
    let Some((binary, version)) = asked.binary.as_ref().zip(asked.release.as_ref()) else { return Ok(None) };
    let plain = version.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_'));
    if !plain || version.is_empty() || version.len() > VERSION_CHARS_MAX {
        return Err(
            Failure::new(Kind::Usage, format!("{version:?} is not a version")).next("write it as the program says it, such as 0.1.0")
        );
    }
    let sha256 = hash(binary)?;
    Ok(Some(Release { version: version.clone(), sha256 }))
}

fn hash(binary: &Path) -> Result<[u8; 32], Failure> {
    let shown = binary.display();
    let failed = |error| Failure::new(Kind::NotFound, format!("{shown} cannot be read")).why(error).next("scripts/dist builds it");
    let file = std::fs::File::open(binary).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() > BINARY_BYTES_MAX {
        return Err(Failure::new(Kind::Refused, format!("{shown} has more than {BINARY_BYTES_MAX} bytes: this is no program of ours")));
    }
    let mut bytes = Vec::new();
    file.take(BINARY_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    let hash = digest::digest(&digest::SHA256, &bytes);
    hash.as_ref().try_into().map_err(|_| Failure::general("SHA-256 has 32 bytes")) // it has
}
