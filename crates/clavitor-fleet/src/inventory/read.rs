//! From text to a checked inventory, with everything that is wrong at once.

use toml_edit::Document;

use super::finding::{Level, Parsed, Source};
use super::{Finding, Inventory};

impl Inventory {
    /// Reads and checks an inventory. The file's name is for messages only.
    pub fn parse(text: &str, file: &str) -> Parsed {
        let source = Source::new(file, text);
        match Document::parse(text.to_owned()) {
            Ok(document) => read(document, &source),
            Err(error) => failed(source.at(Level::Error, error.span(), "", error.message().to_owned(), None)),
        }
    }
}

fn read(document: Document<String>, source: &Source<'_>) -> Parsed {
    match toml_edit::de::from_document::<Inventory>(document) {
        Ok(inventory) => Parsed { inventory: Some(inventory), findings: Vec::new() },
        Err(error) => failed(source.at(Level::Error, error.span(), "", error.message().to_owned(), None)),
    }
}

fn failed(finding: Finding) -> Parsed {
    Parsed { inventory: None, findings: vec![finding] }
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
