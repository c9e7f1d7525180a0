//! From the inventory to NixOS. Everything that decides is written by hand as Nix in `nixos/` and copied as it stands; what is printed from here is data.

mod node;
mod sources;
pub mod value;
mod write;

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::inventory::Inventory;
use crate::tunnel::{Plan, Topology, TopologyError};
use value::Value;

pub use write::{Change, write};

/// The first line of every file that is printed, by which a file of ours is known when it is replaced or removed.
pub const PRINTED: &str = "Printed by clavitor-fleet from the inventory; changes made here are lost.";

/// A released program, by its version and the SHA-256 of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// As the program says it: `0.1.0`.
    pub version: String,
    /// SHA-256 of the program's file.
    pub sha256: [u8; 32],
}

impl Release {
    /// No release yet: everything evaluates, and a build says what is missing.
    pub fn none() -> Self {
        Self { version: "none".to_owned(), sha256: [0; 32] }
    }

    /// The hash as Nix and browsers write it: `sha256-` and base64.
    pub fn hash(&self) -> String {
        format!("sha256-{}", STANDARD.encode(self.sha256))
    }
}

/// Every file of the rendered folder, by its path in it. The same inventory and release give the same bytes.
pub fn render(inventory: &Inventory, release: &Release) -> Result<BTreeMap<String, String>, TopologyError> {
    let plan = Plan::of(&Topology::of(inventory))?;
    let mut files: BTreeMap<String, String> = sources::files().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    files.insert("release.nix".to_owned(), printed(&release_value(release)));
    files.insert("fleet.nix".to_owned(), printed(&node::shared(inventory)));
    files.insert("nodes/default.nix".to_owned(), printed(&Value::texts(plan.nodes.keys())));
    for (name, node) in inventory.wanted() {
        let Some(part) = plan.nodes.get(name.as_str()) else { continue }; // the plan is of the same nodes
        files.insert(format!("nodes/{name}.nix"), printed(&node::value(inventory, name, node, part)));
    }
    Ok(files)
}

fn printed(value: &Value) -> String {
    value.file(PRINTED)
}

fn release_value(release: &Release) -> Value {
    Value::set([("hash", Value::text(release.hash())), ("version", Value::text(&release.version))])
}
