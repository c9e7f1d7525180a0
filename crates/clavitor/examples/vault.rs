//! Fills a node's empty data folder for a rehearsal: an owner, one entry, a hosted agent. What that agent needs to read the entry goes to standard output, in one line of JSON.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

#[path = "../../../bench/src/world.rs"]
#[allow(dead_code, reason = "written for more than this")]
mod world;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("usage: vault FOLDER")?;
    let world = world::World::make(Path::new(&folder), 1)?;
    let (entry, field, _) = world.entries.first().context("an entry")?;
    let told = serde_json::json!({
        "token": world.hosted.token.as_str(),
        "path": format!("/v1/hosted/entries/{entry}/fields/{field}"),
        "value": world::PASSWORD,
    });
    world.vault.close();
    writeln!(std::io::stdout(), "{told}")?;
    Ok(())
}
