//! Every node, evaluated once.

use std::sync::LazyLock;

use serde_json::Value;

use crate::fleet::{fleet, folder, open};
use crate::nix::{self, DEPLOYED};

/// Every node of the fleet as it is deployed, by name. Break-glass is open on one of them.
pub(crate) static NODES: LazyLock<Value> = LazyLock::new(|| {
    let mut inventory = fleet();
    open(&mut inventory, OPEN);
    let folder = folder(&inventory);
    let names: Vec<String> = inventory.wanted().map(|(name, _)| name.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    nix::nodes(folder.path(), &names, DEPLOYED).unwrap_or_else(|error| panic!("{error}"))
});

/// The node with break-glass access.
pub(crate) const OPEN: &str = "johannesburg";

/// Every node: its name and what is set.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static Value)> {
    let nodes = NODES.as_object().expect("a set");
    nodes.iter().map(|(name, node)| (name.as_str(), &node["config"]))
}

/// One node.
pub(crate) fn one(name: &str) -> &'static Value {
    &NODES[name]["config"]
}

#[test]
fn no_assertion_fails_and_every_option_is_described() {
    assert_eq!(NODES.as_object().expect("a set").len(), 16);
    for (name, node) in NODES.as_object().expect("a set") {
        assert_eq!(node["failed"], serde_json::json!([]), "{name}");
        assert_eq!(node["undescribed"], serde_json::json!([]), "{name}");
    }
}

/// The evaluation is not blind: what does not fit is refused.
#[test]
fn a_wrong_type_an_unknown_option_and_a_missing_one_are_refused() {
    let folder = folder(&fleet());
    let tokyo = folder.path().join("nodes/tokyo.nix");
    let text = std::fs::read_to_string(&tokyo).expect("a file");
    for (from, to, says) in [
        ("role = \"pop\"", "role = \"king\"", "one of pop hub"),
        ("role = \"pop\"", "role = \"pop\"; rule = 1", "clavitor.node.rule: no option of this name"),
        ("    role = \"pop\";\n", "", "role: used and not defined"),
        ("listenPort = null", "listenPort = \"51820\"", "not port"),
        ("role = \"pop\"", "role = \"hub\"", ""),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&tokyo, text.replacen(from, to, 1)).expect("written");
        match nix::nodes(folder.path(), &["tokyo"], DEPLOYED) {
            Err(error) => assert!(!says.is_empty() && error.contains(says), "{to}: {error}"),
            Ok(node) => assert!(
                says.is_empty() && node["tokyo"]["failed"][0].as_str().is_some_and(|text| text.contains("role is hub")),
                "{to}: {node}"
            ),
        }
    }
}

/// The flake's outputs, with a function in the place of NixOS that gives back what it is given, and takes what `nixosSystem` takes.
#[test]
fn every_node_has_two_systems_and_takes_modules_of_the_operators_own() {
    let folder = folder(&fleet());
    std::fs::create_dir(folder.path().join("local")).expect("a folder");
    for name in ["default", "tokyo"] {
        std::fs::write(folder.path().join(format!("local/{name}.nix")), "{ }").expect("written");
    }
    let expression = format!(
        "let flake = import {}/flake.nix; \
             outputs = flake.outputs {{ self = {{ }}; nixpkgs.lib = import {} // {{ nixosSystem = {{ modules, specialArgs ? {{ }} }}: modules; }}; }}; \
         in {{ inputs = builtins.attrNames flake.inputs; \
               outputs = builtins.attrNames outputs; \
               modules = builtins.mapAttrs (_: module: map builtins.pathExists module.imports) outputs.nixosModules; \
               systems = builtins.mapAttrs (_: builtins.length) outputs.nixosConfigurations; }}",
        folder.path().display(),
        crate::fleet::own("standin/lib.nix").display(),
    );
    let flake = nix::evaluate(&expression).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(flake["inputs"], serde_json::json!(["nixpkgs"]));
    // No other kind of output, so none that `nix flake check` does not know; and modules are sets, for it takes no path.
    assert_eq!(flake["outputs"], serde_json::json!(["nixosConfigurations", "nixosModules"]));
    assert_eq!(flake["modules"], serde_json::json!({ "clavitor": [true] }));
    let systems = &flake["systems"];
    assert_eq!(systems.as_object().map(serde_json::Map::len), Some(32));
    for (name, modules) in [("tokyo", 3), ("tokyo-first-boot", 4), ("seoul", 2), ("seoul-first-boot", 3)] {
        assert_eq!(systems[name], modules, "{name}");
    }
}
