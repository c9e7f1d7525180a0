//! Debian's Nix, without a daemon, a store of packages, or a network.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs `nix-instantiate` with folders of its own, so that it needs no rights and leaves nothing behind.
fn instantiate(arguments: &[&str]) -> Output {
    let state = tempfile::tempdir().expect("a folder");
    let path = |name: &str| state.path().join(name);
    Command::new("nix-instantiate")
        .args(arguments)
        .env("NIX_STORE_DIR", path("store"))
        .env("NIX_STATE_DIR", path("state"))
        .env("NIX_LOG_DIR", path("log"))
        .env("NIX_CONF_DIR", path("conf"))
        .env("HOME", state.path())
        .output()
        .expect("nix-instantiate: scripts/install test")
}

/// Parses files with the real parser.
pub(crate) fn parses(files: &[&str]) {
    let mut arguments = vec!["--parse"];
    arguments.extend(files);
    let output = instantiate(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Evaluates an expression to JSON.
pub(crate) fn evaluate(expression: &str) -> Result<Value, String> {
    let output = instantiate(&["--eval", "--strict", "--json", "--expr", expression]);
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// How nodes are evaluated.
#[derive(Clone, Copy)]
pub(crate) struct With<'a> {
    /// As a machine boots first, or as it is deployed.
    pub(crate) first_boot: bool,
    /// The release of NixOS that it says it is.
    pub(crate) release: &'a str,
    /// One more module.
    pub(crate) more: &'a str,
}

/// As a machine is deployed, with the oldest release.
pub(crate) const DEPLOYED: With<'_> = With { first_boot: false, release: "25.05", more: "{ }" };

/// Evaluates nodes of a rendered folder: for each, what is set.
pub(crate) fn nodes(folder: &Path, names: &[&str], with: With<'_>) -> Result<Value, String> {
    let evaluator = crate::fleet::own("standin/evaluate.nix");
    let With { first_boot, release, more } = with;
    let mut expression = format!(
        "let node = file: import {} {{ inherit file; firstBoot = {first_boot}; release = \"{release}\"; more = {more}; }}; in {{ ",
        evaluator.display()
    );
    for name in names {
        expression += &format!("\"{name}\" = node {}; ", folder.join(format!("nodes/{name}.nix")).display());
    }
    evaluate(&(expression + "}"))
}
