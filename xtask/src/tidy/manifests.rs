//! Dependencies: each has a reason and a user, and those of the web client are pinned.

use serde_json::Value;

use super::edges::{COMMERCIAL, Graph};
use super::{File, Finding, Tree};

/// A reason shorter than this says nothing.
const REASON_WORDS_MIN: usize = 1;

pub(super) fn check(tree: &Tree, graph: &Graph) -> Vec<Finding> {
    let used = graph.used();
    let mut findings = Vec::new();
    for file in &tree.files {
        match file.path.as_str() {
            "Cargo.toml" => findings.extend(workspace(file, &|name| used.contains(name))),
            "web/package.json" => findings.extend(web(file)),
            path if path.ends_with("Cargo.toml") && !path.starts_with("commercial/") => findings.extend(commercial(file)),
            _ => {}
        }
    }
    findings
}

/// Every line of `[workspace.dependencies]` says what it is for and is used by some crate.
fn workspace(file: &File, is_used: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let table =
        file.lines().skip_while(|(_, line)| *line != "[workspace.dependencies]").skip(1).take_while(|(_, line)| !line.starts_with('['));
    let mut findings = Vec::new();
    for (number, line) in table {
        let Some((name, rest)) = line.split_once('=').filter(|(name, _)| !name.starts_with('#')) else { continue };
        let name = name.trim();
        let words = rest.rsplit_once("# ").map_or(0, |(_, reason)| reason.split_whitespace().count());
        if words < REASON_WORDS_MIN && !rest.contains("path =") {
            findings.push(Finding::at(file, number, format!("say behind {name} what it is for")));
        }
        if !is_used(name) {
            findings.push(Finding::at(file, number, format!("no crate uses {name}: remove it")));
        }
    }
    findings
}

/// The web client's packages are pinned to one version each.
fn web(file: &File) -> Vec<Finding> {
    let Ok(manifest) = serde_json::from_str::<Value>(&file.text) else {
        return vec![Finding::at(file, 0, "not JSON")];
    };
    let tables = ["dependencies", "devDependencies"].iter().filter_map(|table| manifest[*table].as_object());
    let packages = tables.flatten().filter_map(|(name, version)| Some((name, version.as_str()?)));
    packages
        .filter(|(_, version)| !version.starts_with(|first: char| first.is_ascii_digit()))
        .map(|(name, version)| Finding::at(file, 0, format!("pin {name} to one version, not {version}")))
        .collect()
}

fn commercial(file: &File) -> Vec<Finding> {
    file.lines()
        .filter(|(_, line)| COMMERCIAL.iter().any(|name| line.contains(name)))
        .map(|(number, _)| Finding::at(file, number, "nothing outside commercial/ names a commercial crate"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into() }
    }

    #[test]
    fn a_dependency_says_what_it_is_for() {
        let text = "[workspace.dependencies]\nclavitor-api = { path = \"x\" }\nserde = \"1\" # wire types\nbytes = \"1\"\n\n[workspace.lints]\nx = \"y\"\n";
        let found = workspace(&file("Cargo.toml", text), &|_| true);
        assert_eq!(found, [Finding { path: "Cargo.toml".into(), line: 4, message: "say behind bytes what it is for".into() }]);
    }

    #[test]
    fn a_dependency_nobody_uses_is_found() {
        let found = workspace(&file("Cargo.toml", "[workspace.dependencies]\nbytes = \"1\" # bodies\n"), &|_| false);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("no crate uses bytes"));
    }

    #[test]
    fn web_packages_are_pinned() {
        let found = web(&file("web/package.json", r#"{"dependencies": {"preact": "^11.0.0"}, "devDependencies": {"vite": "8.3.8"}}"#));
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("pin preact"));
    }

    #[test]
    fn a_commercial_crate_in_a_manifest_is_found() {
        let tree = Tree::with(&[("crates/clavitor/Cargo.toml", "clavitor-commercial = { optional = true }\n")]);
        assert_eq!(commercial(&tree.files[0]).len(), 1);
    }
}
