//! What every verb is handed: where the inventory is, and how to speak. Data goes to standard output, words to standard error.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::failure::{Failure, Kind};
use crate::inventory::{Inventory, Node, NodeName, Parsed};

/// No honest inventory is larger; a wrong file named by mistake is not read into memory.
const INVENTORY_BYTES_MAX: u64 = 1 << 20;

/// What a verb's function returns.
pub(crate) type Done = Result<(), Failure>;

/// The run's settings, made once from the command line.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    inventory: PathBuf,
    json: bool,
}

impl Context {
    pub(super) const fn new(inventory: PathBuf, json: bool) -> Self {
        Self { inventory, json }
    }

    /// The inventory's file.
    pub(crate) fn inventory_path(&self) -> &Path {
        &self.inventory
    }

    /// Whether the answer is to be JSON.
    pub(crate) const fn json(&self) -> bool {
        self.json
    }

    /// The folder beside the inventory that holds journals, tokens and incidents. Not made here: who writes makes it, mode 0700.
    pub(crate) fn state_folder(&self) -> PathBuf {
        self.inventory.parent().unwrap_or_else(|| Path::new("")).join(".fleet")
    }

    /// The inventory's text.
    pub(crate) fn text(&self) -> Result<String, Failure> {
        let shown = self.inventory.display();
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Failure::new(Kind::NotFound, format!("there is no inventory at {shown}"))
                .next("clavitor-fleet init, or name the file with --inventory FILE"),
            _ => Failure::general(format!("{shown} cannot be read")).why(error),
        };
        let length = std::fs::metadata(&self.inventory).map_err(failed)?.len();
        if length > INVENTORY_BYTES_MAX {
            return Err(Failure::new(Kind::Inventory, format!("{shown} is no inventory: {length} bytes, at most {INVENTORY_BYTES_MAX}")));
        }
        std::fs::read_to_string(&self.inventory).map_err(failed)
    }

    /// The inventory with everything that was found, for who wants to judge the warnings.
    pub(crate) fn parsed(&self) -> Result<Parsed, Failure> {
        Ok(Inventory::parse(&self.text()?, &self.inventory.display().to_string()))
    }

    /// The inventory, checked. Warnings are said; errors are the failure.
    pub(crate) fn load(&self) -> Result<Inventory, Failure> {
        let parsed = self.parsed()?;
        match parsed.inventory {
            Some(inventory) => {
                if !parsed.findings.is_empty() {
                    let count = parsed.findings.len();
                    self.say(format_args!("{}: {count} warning{}, see clavitor-fleet validate", self.inventory.display(), plural(count)));
                }
                Ok(inventory)
            }
            None => Err(Failure {
                findings: parsed.findings,
                ..Failure::new(Kind::Inventory, format!("{} does not hold", self.inventory.display()))
            }),
        }
    }

    /// A node by name, or the failure that says which names there are.
    pub(crate) fn node<'a>(&self, inventory: &'a Inventory, name: &NodeName) -> Result<&'a Node, Failure> {
        inventory.node(name).ok_or_else(|| {
            let near = crate::inventory::nearest(name.as_str(), inventory.nodes.keys().map(NodeName::as_str));
            let failure = Failure::new(Kind::NotFound, format!("no node is called {name}"));
            match near {
                Some(near) => failure.why(format!("the inventory has {near}")),
                None => failure.next("clavitor-fleet list"),
            }
        })
    }

    /// The answer: as JSON, or in words.
    pub(crate) fn answer(&self, value: &impl Serialize, words: impl FnOnce() -> String) -> Done {
        let text = match self.json {
            true => serde_json::to_string_pretty(value).map_err(|error| Failure::general("the answer has no JSON form").why(error))?,
            false => words(),
        };
        out(text.trim_end_matches('\n'))
    }

    /// Words beside the answer. There is nobody to tell when standard error is gone.
    pub(crate) fn say(&self, words: impl Display) {
        let _ = writeln!(io::stderr().lock(), "{words}");
    }

    /// A failure: in words on standard error, or as JSON on standard output.
    pub(super) fn complain(&self, failure: &Failure) {
        if failure.message.is_empty() {
            return;
        }
        match serde_json::to_string(&failure.json()) {
            // A closed pipe leaves nobody to tell; the exit code still says it.
            Ok(json) if self.json => drop(out(&json)),
            _ => self.say(format_args!("clavitor-fleet: {failure}")),
        }
    }

    /// Seconds since 1970, read once by a verb and passed on.
    pub(crate) fn now_unix_s(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

/// The ending of a counted word.
pub(crate) const fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn out(text: &str) -> Done {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    match written {
        // `| head` is not an error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::general("standard output cannot be written").why(error)),
    }
}
