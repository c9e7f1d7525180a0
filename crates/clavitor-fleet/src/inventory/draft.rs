//! Editing: changes that keep every comment and the order of the file, and never make an inventory that does not hold.

use toml_edit::{DocumentMut, Item, Table, TableLike, value};

use super::{BreakGlass, Day, Finding, Inventory, Keys, Level, Network, NetworkName, Node, NodeName, State};

/// An inventory that is being changed. What comes out is checked again as a whole.
#[derive(Debug, Clone)]
pub struct Draft {
    file: String,
    inventory: Inventory,
    document: DocumentMut,
}

/// Why a change is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No entry of this name.
    #[error("no node is called {0}")]
    Unknown(NodeName),
    /// The name was given before, perhaps to a node that is retired.
    #[error("the name {0} is taken: names are never given again, not even those of retired nodes")]
    Taken(NodeName),
    /// A network meets here.
    #[error("{node} is the hub of network {}, and {nodes} nodes meet there", .network.word())]
    HubInUse {
        /// The hub.
        node: NodeName,
        /// Its network.
        network: NetworkName,
        /// How many others need it.
        nodes: usize,
    },
    /// Others keep their backup here.
    #[error("{node} holds the backup of {}", .of.iter().map(NodeName::as_str).collect::<Vec<_>>().join(", "))]
    HoldsBackups {
        /// The partner.
        node: NodeName,
        /// Whose backup it holds.
        of: Vec<NodeName>,
    },
    /// It is gone.
    #[error("{0} is retired, and stays so")]
    Retired(NodeName),
    /// Without keys nobody can reach it.
    #[error("{0} is not enrolled: without its keys nobody could reach it")]
    NotEnrolled(NodeName),
    /// The value has no form in TOML; a mistake of ours.
    #[error("it cannot be written down: {0}")]
    Unwritable(String),
}

impl Draft {
    /// Begins with an inventory that holds, or says why it does not.
    pub fn open(text: &str, file: &str) -> Result<Self, Vec<Finding>> {
        let inventory = Inventory::parse(text, file).into_result()?;
        let document = text.parse::<DocumentMut>().unwrap_or_default(); // It was read a moment ago.
        Ok(Self { file: file.to_owned(), inventory, document })
    }

    /// The inventory as it was opened.
    pub const fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Adds a node at the end of the file.
    pub fn add(&mut self, name: &NodeName, node: &Node) -> Result<(), Refusal> {
        if self.inventory.nodes.contains_key(name) {
            return Err(Refusal::Taken(name.clone()));
        }
        let mut table = table_of(node)?;
        table.decor_mut().set_prefix("\n");
        let nodes = self.document.get_mut("node").and_then(Item::as_table_like_mut);
        nodes
            .map(|nodes| drop(nodes.insert(name.as_str(), Item::Table(table))))
            .ok_or_else(|| Refusal::Unwritable("there is no [node]".to_owned()))
    }

    /// Puts the public keys that a node made in the place of those it had.
    pub fn set_keys(&mut self, name: &NodeName, keys: &Keys) -> Result<(), Refusal> {
        let table = self.wanted(name)?;
        let new = table_of(keys)?;
        match table.get_mut("keys").and_then(Item::as_table_like_mut) {
            // In place, so that comments beside them stay.
            Some(old) => new.iter().for_each(|(key, item)| set(old, key, item)),
            None => drop(table.insert("keys", Item::Table(new))),
        }
        Ok(())
    }

    /// Opens or closes the emergency way in.
    pub fn set_break_glass(&mut self, name: &NodeName, open: Option<&BreakGlass>) -> Result<(), Refusal> {
        let table = self.wanted(name)?;
        match open {
            Some(open) => drop(table.insert("break_glass", Item::Table(table_of(open)?))),
            None => drop(table.remove("break_glass")),
        }
        Ok(())
    }

    /// Takes an enrolled node into service.
    pub fn activate(&mut self, name: &NodeName) -> Result<(), Refusal> {
        let enrolled = self.inventory.node(name).is_some_and(|node| node.keys.is_some());
        let has_keys_now = self.wanted(name)?.contains_key("keys");
        if !enrolled && !has_keys_now {
            return Err(Refusal::NotEnrolled(name.clone()));
        }
        set(self.wanted(name)?, "state", &value(State::Active.word()));
        Ok(())
    }

    /// Retires a node for ever. Its name, number and keys stay in the file, so that nobody gets them again.
    pub fn retire(&mut self, name: &NodeName, day: Day) -> Result<(), Refusal> {
        self.wanted(name)?;
        self.is_not_needed(name)?;
        let table = self.wanted(name)?;
        table.remove("break_glass");
        set(table, "state", &value(State::Retired.word()));
        set(table, "retired", &value(day.to_string()));
        Ok(())
    }

    /// The new text, checked as a whole; otherwise what does not hold in it.
    pub fn finish(self) -> Result<String, Vec<Finding>> {
        let text = self.document.to_string();
        let parsed = Inventory::parse(&text, &self.file);
        match parsed.inventory {
            Some(_) => Ok(text),
            None => Err(parsed.findings.into_iter().filter(|finding| finding.level == Level::Error).collect()),
        }
    }

    fn is_not_needed(&self, name: &NodeName) -> Result<(), Refusal> {
        let inventory = &self.inventory;
        let meets = |(_, network): &(NetworkName, &Network)| network.hub == *name;
        if let Some((network, _)) = inventory.networks.iter().find(meets) {
            let nodes = inventory.wanted().count() - 1;
            return Err(Refusal::HubInUse { node: name.clone(), network, nodes });
        }
        let holds = inventory.wanted().filter(|(_, node)| node.backup.as_ref() == Some(name));
        let of: Vec<NodeName> = holds.map(|(other, _)| other.clone()).collect();
        if of.is_empty() { Ok(()) } else { Err(Refusal::HoldsBackups { node: name.clone(), of }) }
    }

    /// The table of a node that is not retired.
    fn wanted(&mut self, name: &NodeName) -> Result<&mut dyn TableLike, Refusal> {
        match self.inventory.node(name) {
            Some(node) if !node.is_wanted() => return Err(Refusal::Retired(name.clone())),
            _ => {}
        }
        let table = self.document.get_mut("node").and_then(|nodes| nodes.get_mut(name.as_str())).and_then(Item::as_table_like_mut);
        table.ok_or_else(|| Refusal::Unknown(name.clone()))
    }
}

/// Sets a value and keeps what stands around it: spaces, and the comment at the end of the line.
fn set(table: &mut dyn TableLike, key: &str, item: &Item) {
    match (table.get_mut(key).and_then(Item::as_value_mut), item.as_value()) {
        (Some(old), Some(new)) => {
            let decor = old.decor().clone();
            *old = new.clone();
            *old.decor_mut() = decor;
        }
        _ => drop(table.insert(key, item.clone())),
    }
}

fn table_of(value: &impl serde::Serialize) -> Result<Table, Refusal> {
    let document = toml_edit::ser::to_document(value).map_err(|error| Refusal::Unwritable(error.to_string()))?;
    Ok(document.as_table().clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::SHIPPED;

    fn name(text: &str) -> NodeName {
        text.parse().unwrap()
    }

    fn draft() -> Draft {
        Draft::open(SHIPPED, "fleet.toml").unwrap()
    }

    fn keys(byte: char) -> Keys {
        let key = |byte: char| byte.to_string().repeat(42) + "A=";
        Keys {
            wireguard: key(byte).parse().unwrap(),
            ssh_host: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH".parse().unwrap(),
            identity: key(byte.to_ascii_lowercase()).parse().unwrap(),
            since: "2026-11-22".parse().unwrap(),
        }
    }

    /// Lines of the one text that are not in the other.
    fn lines_beyond<'a>(text: &'a str, other: &str) -> Vec<&'a str> {
        text.lines().filter(|line| !other.lines().any(|known| known == *line)).collect()
    }

    #[test]
    fn an_unchanged_draft_is_the_same_text() {
        assert_eq!(draft().finish().unwrap(), SHIPPED);
    }

    #[test]
    fn a_node_is_added_at_the_end_and_nothing_else_changes() {
        let mut draft = draft();
        let like = draft.inventory().node(&name("seoul")).unwrap();
        let node = Node { city: "Singapore".into(), number: 17, address: "203.0.113.17".parse().unwrap(), backup: None, ..like.clone() };
        draft.add(&name("singapore"), &node).unwrap();
        let text = draft.finish().unwrap();
        assert!(text.starts_with(SHIPPED.trim_end()), "the rest stays");
        assert!(text.contains("\n\n[node.singapore]\ncity = \"Singapore\"\n"), "{text}");
        assert_eq!(Inventory::parse(&text, "f").into_result().unwrap().nodes[&name("singapore")], node);
    }

    #[test]
    fn nodes_written_on_one_line_are_changed_too() {
        let at = SHIPPED.find("[node.zurich]").unwrap();
        let one_line = |table: &str| {
            format!(
                "{} = {{ {} }}",
                table.split_once(']').unwrap().0,
                table
                    .lines()
                    .skip(1)
                    .map(|line| line.split(" #").next().unwrap())
                    .filter(|line| !line.is_empty())
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        };
        let nodes: Vec<String> = SHIPPED[at..].split("[node.").skip(1).map(one_line).collect();
        let text = format!("{}[node]\n{}\n", &SHIPPED[..at], nodes.join("\n"));
        let mut draft = Draft::open(&text, "f").unwrap();
        draft.retire(&name("sydney"), "2026-11-22".parse().unwrap()).unwrap();
        draft.set_keys(&name("tokyo"), &keys('B')).unwrap();
        let seoul = draft.inventory().node(&name("seoul")).unwrap().clone();
        draft.add(&name("busan"), &Node { number: 17, address: "203.0.113.17".parse().unwrap(), ..seoul }).unwrap();
        let inventory = Inventory::parse(&draft.finish().unwrap(), "f").into_result().unwrap();
        assert_eq!((inventory.nodes.len(), inventory.wanted().count()), (17, 16));
        assert!(inventory.nodes[&name("tokyo")].keys.is_some());
    }

    #[test]
    fn names_and_numbers_are_not_given_twice() {
        let mut draft = draft();
        let seoul = draft.inventory().node(&name("seoul")).unwrap().clone();
        assert_eq!(draft.add(&name("seoul"), &seoul), Err(Refusal::Taken(name("seoul"))));
        draft.add(&name("busan"), &seoul).unwrap();
        let findings = draft.finish().unwrap_err();
        assert_eq!(findings.len(), 2, "number and address: {findings:?}");
    }

    #[test]
    fn keys_are_written_once_and_replaced_in_place() {
        let mut enrolled = draft();
        enrolled.set_keys(&name("tokyo"), &keys('B')).unwrap();
        let text = enrolled.finish().unwrap();
        assert!(text.contains("[node.tokyo.keys]\nwireguard = "), "{text}");
        let commented = text.replace("since = \"2026-11-22\"", "since = \"2026-11-22\" # first boot");
        let mut rotated = Draft::open(&commented, "f").unwrap();
        rotated.set_keys(&name("tokyo"), &Keys { since: "2027-01-31".parse().unwrap(), ..keys('C') }).unwrap();
        let text = rotated.finish().unwrap();
        assert!(text.contains("since = \"2027-01-31\" # first boot"), "{text}");
        assert_eq!(lines_beyond(&text, &commented).len(), 3);
        assert_eq!(
            Inventory::parse(&text, "f").into_result().unwrap().nodes[&name("tokyo")].keys.as_ref().unwrap().wireguard,
            keys('C').wireguard
        );
    }

    #[test]
    fn only_an_enrolled_node_becomes_active() {
        let mut draft = draft();
        assert_eq!(draft.activate(&name("tokyo")), Err(Refusal::NotEnrolled(name("tokyo"))));
        draft.set_keys(&name("tokyo"), &keys('B')).unwrap();
        draft.activate(&name("tokyo")).unwrap();
        assert!(Inventory::parse(&draft.finish().unwrap(), "f").into_result().unwrap().nodes[&name("tokyo")].is_active());
    }

    #[test]
    fn a_retired_node_leaves_its_number_and_comes_not_back() {
        let mut draft = draft();
        let day = "2026-11-22".parse().unwrap();
        draft.retire(&name("sydney"), day).unwrap();
        let text = draft.finish().unwrap();
        assert_eq!(lines_beyond(&text, SHIPPED), ["state = \"retired\"", "retired = \"2026-11-22\""]);
        let mut again = Draft::open(&text, "f").unwrap();
        assert_eq!(again.retire(&name("sydney"), day), Err(Refusal::Retired(name("sydney"))));
        assert_eq!(again.set_keys(&name("sydney"), &keys('B')), Err(Refusal::Retired(name("sydney"))));
        assert_eq!(again.inventory().free_number(), Some(17));
    }

    #[test]
    fn hubs_and_partners_are_not_retired_while_they_are_needed() {
        let mut draft = draft();
        let day = "2026-11-22".parse().unwrap();
        let hub = draft.retire(&name("frankfurt"), day).unwrap_err();
        assert_eq!(hub.to_string(), "frankfurt is the hub of network b, and 15 nodes meet there");
        assert_eq!(draft.retire(&name("tokyo"), day).unwrap_err().to_string(), "tokyo holds the backup of seoul, sydney");
        assert_eq!(draft.retire(&name("oslo"), day), Err(Refusal::Unknown(name("oslo"))));
    }

    #[test]
    fn the_emergency_way_in_is_opened_and_closed() {
        let sk = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHAAAABHNzaDo=";
        let text = SHIPPED.replace("ssh_keys = []", &format!("ssh_keys = []\nbreak_glass = \"{sk}\""));
        let mut draft = Draft::open(&text, "f").unwrap();
        let open = BreakGlass {
            operator: "soc".parse().unwrap(),
            from: "203.0.113.7".parse().unwrap(),
            since: "2026-11-23T10:00:00Z".parse().unwrap(),
            until: "2026-11-23T12:00:00Z".parse().unwrap(),
            reason: "both hubs are gone".to_owned(),
        };
        draft.set_break_glass(&name("tokyo"), Some(&open)).unwrap();
        let opened = draft.finish().unwrap();
        let expected = "[node.tokyo.break_glass]\noperator = \"soc\"\nfrom = \"203.0.113.7\"\nsince = \"2026-11-23T10:00:00Z\"\n\
                        until = \"2026-11-23T12:00:00Z\"\nreason = \"both hubs are gone\"\n";
        assert!(opened.contains(expected), "{opened}");
        let mut draft = Draft::open(&opened, "f").unwrap();
        draft.set_break_glass(&name("tokyo"), None).unwrap();
        assert_eq!(draft.finish().unwrap(), text);
    }
}
