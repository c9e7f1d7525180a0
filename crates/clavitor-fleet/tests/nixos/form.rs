//! The form of the rendered files: they parse, a formatter would change nothing, nothing is bound and unused, and the same inventory gives the same bytes.

use std::collections::BTreeSet;

use clavitor_fleet::inventory::Node;
use rnix::ast::{self, HasEntry as _};
use rowan::ast::AstNode as _;

use crate::fleet::{fleet, folder, open, own, rendered};
use crate::nix;

/// Nodes whose files are kept as they should be: three spokes and both hubs.
const GOLDEN: [&str; 5] = ["tokyo", "dubai", "johannesburg", "zurich", "frankfurt"];

#[test]
fn every_file_parses_and_a_formatter_would_change_nothing() {
    let mut inventory = fleet();
    open(&mut inventory, "tokyo");
    let folder = folder(&inventory);
    let files = rendered(&inventory);
    let nix_files: Vec<_> = files.iter().filter(|(path, _)| path.ends_with(".nix")).collect();
    for (path, text) in &nix_files {
        let formatted = nixfmt_rs::format(text).unwrap_or_else(|error| panic!("{path}: {error:?}"));
        let by_hand = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("nixos").join(path);
        if formatted != **text && by_hand.exists() && std::env::var_os("UPDATE").is_some() {
            std::fs::write(by_hand, formatted).expect("written");
            continue;
        }
        for (line, (ours, theirs)) in text.lines().zip(formatted.lines()).enumerate() {
            assert_eq!(ours, theirs, "{path}:{}", line + 1);
        }
        assert_eq!(formatted, **text, "{path}: UPDATE=1 formats what is written by hand");
    }
    let paths: Vec<String> = nix_files.iter().map(|(path, _)| folder.path().join(path).display().to_string()).collect();
    nix::parses(&paths.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn every_script_is_one() {
    let folder = folder(&fleet());
    let files = rendered(&fleet());
    let scripts: Vec<_> = files.keys().filter(|path| path.ends_with(".sh")).map(|path| folder.path().join(path)).collect();
    assert!(scripts.len() >= 9, "{scripts:?}");
    for script in scripts {
        let output = std::process::Command::new("bash").arg("-n").arg(&script).output().expect("bash");
        assert!(output.status.success(), "{}: {}", script.display(), String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn nothing_is_bound_and_unused() {
    for (path, text) in rendered(&fleet()).iter().filter(|(path, _)| path.ends_with(".nix")) {
        let root = rnix::Root::parse(text).ok().unwrap_or_else(|error| panic!("{path}: {error}"));
        let used: Vec<String> =
            root.syntax().descendants().filter_map(ast::Ident::cast).map(|ident| ident.syntax().text().to_string()).collect();
        let mut bound: Vec<String> = Vec::new();
        for node in root.syntax().descendants() {
            if let Some(pattern) = ast::Pattern::cast(node.clone()) {
                bound.extend(pattern.pat_entries().filter_map(|entry| entry.ident()).map(|ident| ident.syntax().text().to_string()));
            }
            if let Some(binding) = ast::LetIn::cast(node) {
                let names = binding.attrpath_values().filter_map(|value| value.attrpath()?.attrs().next());
                bound.extend(names.map(|name| name.syntax().text().to_string()));
            }
        }
        for name in bound {
            // Once where it is bound, and at least once where it is used.
            assert!(used.iter().filter(|ident| **ident == name).count() > 1, "{path}: {name} is bound and never used");
        }
    }
}

#[test]
fn the_same_inventory_gives_the_same_bytes() {
    assert_eq!(rendered(&fleet()), rendered(&fleet()));
}

#[test]
fn the_rendered_nodes_are_as_they_were() {
    let mut inventory = fleet();
    open(&mut inventory, "johannesburg");
    let files = rendered(&inventory);
    for name in GOLDEN {
        let (path, text) = (own(&format!("golden/{name}.nix")), &files[&format!("nodes/{name}.nix")]);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, text).expect("written");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(kept, *text, "{name}: look at the difference, then UPDATE=1 keeps it");
    }
}

#[test]
fn a_new_node_changes_its_own_file_the_hubs_and_the_list() {
    let before = rendered(&fleet());
    let mut inventory = fleet();
    let tokyo = &inventory.nodes["tokyo"];
    let number = 77;
    let key = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [number; 32]);
    let mut keys = tokyo.keys.clone().expect("keys");
    keys.wireguard = key.parse().expect("a key");
    let oslo = Node { number, keys: Some(keys), city: "Oslo".to_owned(), backup: None, ..tokyo.clone() };
    inventory.nodes.insert("oslo".parse().expect("a name"), oslo);
    let after = rendered(&inventory);
    let changed: BTreeSet<&str> =
        after.iter().filter(|(path, text)| before.get(*path) != Some(text)).map(|(path, _)| path.as_str()).collect();
    assert_eq!(changed, BTreeSet::from(["nodes/default.nix", "nodes/frankfurt.nix", "nodes/oslo.nix", "nodes/zurich.nix"]));
}

#[test]
fn strings_survive_the_language() {
    use clavitor_fleet::nix::value::Value;
    let texts =
        ["", "a\"b\\c", "${d} $${e} $$f $$$${g} \\${h}", "''${i}'' \n\r\t ü \u{1f511}", "/path ~ <nixpkgs> # no comment", "a\u{7}b"];
    let text = Value::texts(texts).file("Strings.");
    let read = nix::evaluate(&text).expect("it evaluates");
    assert_eq!(read, serde_json::json!(texts));
}
