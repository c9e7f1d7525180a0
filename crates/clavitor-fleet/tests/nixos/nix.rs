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

/// Evaluates nodes of a rendered folder: for each, what is set.
pub(crate) fn nodes(folder: &Path, names: &[&str], first_boot: bool) -> Result<Value, String> {
    let evaluator = crate::fleet::own("standin/evaluate.nix");
    let mut expression = format!("let node = import {}; in {{ ", evaluator.display());
    for name in names {
        let file = folder.join(format!("nodes/{name}.nix"));
        expression += &format!("\"{name}\" = node {{ file = {}; firstBoot = {first_boot}; }}; ", file.display());
    }
    evaluate(&(expression + "}"))
}
