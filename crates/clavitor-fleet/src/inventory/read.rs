//! From text to a checked inventory, with everything that is wrong at once.

use std::collections::BTreeSet;

use toml_edit::{Document, DocumentMut, Item};

use super::finding::{Level, Parsed, Source};
use super::note::{Note, Notes};
use super::{Finding, Inventory, check, place, schema, shape};

/// Tables whose entries stand for themselves: one that is wrong is left out, so that the others are still checked.
const OF_ENTRIES: &[&str] = &["node", "operator", "plan", "provider"];
/// Tables that may be missing, and so may be left out when they are wrong.
const OPTIONAL: &[&str] = &["rollout", "severity"];

impl Inventory {
    /// Reads and checks an inventory. The file's name is for messages only.
    pub fn parse(text: &str, file: &str) -> Parsed {
        let source = Source::new(file, text);
        match Document::parse(text.to_owned()) {
            Ok(document) => read(&document, &source),
            Err(error) => {
                let finding = source.at(Level::Error, error.span(), "", error.message().to_owned(), None);
                Parsed { inventory: None, findings: vec![finding] }
            }
        }
    }
}

fn read(document: &Document<String>, source: &Source<'_>) -> Parsed {
    let form = shape::check(document.as_item(), schema::value());
    let placed = |note: Note| source.at(note.level, place::of(document, &note.key), &note.key, note.message, note.help);
    let (rest, left_out) = without(document, &form);
    let read = toml_edit::de::from_document::<Inventory>(rest);
    let (inventory, held) = match read {
        Ok(inventory) => {
            let held = check::check(&inventory, &left_out);
            (Some(inventory), held)
        }
        // The form of something that everything hangs on is wrong, and was reported.
        Err(_) if !form.0.is_empty() => (None, Notes::default()),
        Err(error) => {
            let mut unforeseen = Notes::default();
            unforeseen.error("", error.message());
            (None, unforeseen)
        }
    };
    let mut findings: Vec<Finding> = form.0.into_iter().chain(held.0).map(placed).collect();
    findings.sort_by_key(|finding| (finding.line, finding.column));
    let holds = findings.iter().all(|finding| finding.level == Level::Warning);
    Parsed { inventory: inventory.filter(|_| holds), findings }
}

/// The document without what has the wrong form, and the keys of the entries that were left out.
fn without(document: &Document<String>, form: &Notes) -> (DocumentMut, BTreeSet<String>) {
    let mut rest = document.clone().into_mut();
    let mut left_out = BTreeSet::new();
    for note in &form.0 {
        let parts: Vec<&str> = note.key.split('.').collect();
        match parts.as_slice() {
            _ if note.is_unknown_key => remove(rest.as_item_mut(), &parts),
            [table, name, ..] if OF_ENTRIES.contains(table) => {
                remove(rest.as_item_mut(), &parts[..2]);
                left_out.insert(format!("{table}.{name}"));
            }
            [table, ..] if OPTIONAL.contains(table) => remove(rest.as_item_mut(), &parts[..1]),
            _ => {}
        }
    }
    (rest, left_out)
}

fn remove(item: &mut Item, path: &[&str]) {
    let Some(table) = item.as_table_like_mut() else { return };
    match path {
        [] => {}
        [last] => drop(table.remove(last)),
        [first, rest @ ..] => table.get_mut(first).into_iter().for_each(|inner| remove(inner, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{NetworkName, SHIPPED};

    #[test]
    fn the_shipped_inventory_has_sixteen_nodes_and_two_hubs() {
        let inventory = Inventory::parse(SHIPPED, "fleet.toml").into_result().unwrap();
        assert_eq!(inventory.wanted().count(), 16);
        let hubs: Vec<_> = inventory.hubs().map(|(network, name, _)| (network, name.as_str())).collect();
        assert_eq!(hubs, [(NetworkName::A, "zurich"), (NetworkName::B, "frankfurt")]);
        let tokyo = "tokyo".parse().unwrap();
        assert_eq!(inventory.tunnel_address(&tokyo, NetworkName::A).unwrap().to_string(), "10.84.0.2");
        assert_eq!(inventory.tunnel_address(&tokyo, NetworkName::B).unwrap().to_string(), "10.84.1.2");
        assert_eq!(inventory.host_name(&tokyo), "tokyo.pop.clavitor.com");
    }
}
