//! A fleet to render: the shipped plan with made-up keys, so that every part of the configuration has something to say.

use std::collections::BTreeMap;
use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clavitor_fleet::inventory::{BreakGlass, Inventory, Keys, Moment, Operator, SHIPPED, SshKey};
use clavitor_fleet::nix::{Release, render, write};

/// A moment within break-glass access.
pub(crate) const OPENED_S: u64 = 1_795_341_600; // 2026-11-22T10:00:00Z

/// An SSH public key that nobody has the other half of.
pub(crate) fn ssh_key(kind: &str, filler: u8) -> SshKey {
    let mut blob = u32::try_from(kind.len()).expect("short").to_be_bytes().to_vec();
    blob.extend_from_slice(kind.as_bytes());
    blob.extend_from_slice(&[0, 0, 0, 32]);
    blob.extend_from_slice(&[filler; 32]);
    if kind.starts_with("sk-") {
        blob.extend_from_slice(b"\0\0\0\x04ssh:");
    }
    format!("{kind} {} oncall's", STANDARD.encode(blob)).parse().expect("a key")
}

/// The shipped plan, with a key for every node and one operator.
pub(crate) fn fleet() -> Inventory {
    let mut inventory = Inventory::parse(SHIPPED, "fleet.toml").inventory.expect("the shipped inventory");
    for node in inventory.nodes.values_mut() {
        let key = STANDARD.encode([node.number; 32]);
        node.keys = Some(Keys {
            wireguard: key.parse().expect("a key"),
            ssh_host: ssh_key("ssh-ed25519", node.number),
            identity: key.parse().expect("a key"),
            since: "2026-11-20".parse().expect("a day"),
        });
    }
    let oncall = Operator {
        number: 242,
        ssh_keys: vec![ssh_key("ssh-ed25519", 200)],
        wireguard: Some(STANDARD.encode([100; 32]).parse().expect("a key")),
        break_glass: Some(ssh_key("sk-ssh-ed25519@openssh.com", 201)),
    };
    inventory.operators.insert("oncall".parse().expect("a name"), oncall);
    inventory
}

/// Opens break-glass access to a node for two hours.
pub(crate) fn open(inventory: &mut Inventory, node: &str) {
    let node = inventory.nodes.get_mut(node).expect("a node");
    node.break_glass = Some(BreakGlass {
        operator: "oncall".parse().expect("a name"),
        from: "203.0.113.7".parse().expect("an address"),
        since: Moment::of_unix_s(OPENED_S),
        until: Moment::of_unix_s(OPENED_S + 7200),
        reason: "both hubs are \"gone\"".to_owned(),
    });
}

/// A release that nobody made.
pub(crate) fn release() -> Release {
    Release { version: "1.2.3".to_owned(), sha256: [0xab; 32] }
}

/// The files.
pub(crate) fn rendered(inventory: &Inventory) -> BTreeMap<String, String> {
    render(inventory, &release()).expect("a plan")
}

/// The files, in a folder.
pub(crate) fn folder(inventory: &Inventory) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &rendered(inventory)).expect("written");
    folder
}

/// The folder of this test's own files.
pub(crate) fn own(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nixos").join(path)
}
