//! What must hold between the values of an inventory whose form is right.
//!
//! Entries that did not have the right form are left out before; what refers to them is not reported a second time.

mod machines;
mod network;
mod numbers;
mod people;
mod prices;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::note::Notes;
use super::{Inventory, NodeName, SCHEMA, nearest};

/// The inventory, and the keys (such as `node.tokyo`) of entries that were left out of it.
pub(super) struct Subject<'a> {
    inventory: &'a Inventory,
    left_out: &'a BTreeSet<String>,
}

/// Everything that does not hold.
pub(super) fn check(inventory: &Inventory, left_out: &BTreeSet<String>) -> Notes {
    let subject = Subject { inventory, left_out };
    let mut notes = Notes::default();
    if inventory.schema != SCHEMA {
        notes.error("schema", format!("this program reads schema {SCHEMA}, and the file is of schema {}", inventory.schema));
    }
    network::check(&subject, &mut notes);
    numbers::check(&subject, &mut notes);
    machines::check(&subject, &mut notes);
    prices::check(&subject, &mut notes);
    people::check(&subject, &mut notes);
    rules::check(&subject, &mut notes);
    notes
}

impl Subject<'_> {
    /// Whether a name stands in the file, even where its entry does not hold.
    fn stands(&self, table: &str, name: &str) -> bool {
        let known = match table {
            "node" => self.inventory.nodes.contains_key(name),
            "provider" => self.inventory.providers.contains_key(name),
            "plan" => self.inventory.plans.contains_key(name),
            _ => self.inventory.operators.contains_key(name),
        };
        known || self.left_out.contains(&format!("{table}.{name}"))
    }

    /// Reports a name that stands nowhere, with the one that was probably meant.
    fn must_stand(&self, notes: &mut Notes, key: &str, table: &str, name: &str) -> bool {
        let stands = self.stands(table, name);
        if !stands {
            let names: Vec<&str> = match table {
                "node" => self.inventory.nodes.keys().map(NodeName::as_str).collect(),
                "provider" => self.inventory.providers.keys().map(AsRef::as_ref).collect(),
                "plan" => self.inventory.plans.keys().map(AsRef::as_ref).collect(),
                _ => self.inventory.operators.keys().map(AsRef::as_ref).collect(),
            };
            let help = match nearest(name, names.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("there are {}", names.join(", ")),
            };
            notes.error(key, format!("there is no [{table}.{name}]")).help(help);
        }
        stands
    }
}
