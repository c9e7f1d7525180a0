//! What comes from others: licence, source and banned crates, by the lists of deny.toml and without the network.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::{Finding, Tree};

const LISTS: &str = "deny.toml";

/// The lists of deny.toml that can be checked offline.
#[derive(Debug, Default)]
struct Lists {
    licences: Vec<String>,
    banned: Vec<String>,
    registries: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

/// Checks every package of the lock file.
pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let lists = tree.files.iter().find(|file| file.path == LISTS).context("deny.toml is missing")?;
    let lists = Lists::read(&lists.text);
    Ok(packages(&tree.root)?.iter().filter_map(|package| lists.refuse(package)).collect())
}

fn packages(root: &Path) -> Result<Vec<Package>> {
    let asked = Command::new(env!("CARGO")).args(["metadata", "--format-version", "1", "--locked"]).current_dir(root).output()?;
    ensure!(asked.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&asked.stderr));
    let metadata: Metadata = serde_json::from_slice(&asked.stdout).context("the answer of cargo metadata")?;
    Ok(metadata.packages)
}

impl Lists {
    fn read(text: &str) -> Self {
        Self { licences: list(text, "\nallow ="), banned: list(text, "\ndeny ="), registries: list(text, "\nallow-registry =") }
    }

    fn refuse(&self, package: &Package) -> Option<Finding> {
        let why = if self.banned.contains(&package.name) {
            "is banned".to_owned()
        } else if package.source.as_ref().is_some_and(|source| !self.knows(source)) {
            format!("comes from {}, which is not an allowed source", package.source.as_deref().unwrap_or_default())
        } else {
            let licence = package.license.as_deref().unwrap_or("none");
            if self.allows(licence) {
                return None;
            }
            format!("has the licence {licence}, which is not allowed")
        };
        Some(Finding { path: LISTS.into(), line: 0, message: format!("{} {} {why}", package.name, package.version) })
    }

    fn knows(&self, source: &str) -> bool {
        self.registries.iter().any(|registry| source.strip_prefix("registry+") == Some(registry))
    }

    /// An SPDX expression: every part joined by AND must be allowed, and one of those joined by OR, which binds less. `/` is an old way to write OR.
    fn allows(&self, expression: &str) -> bool {
        let expression = expression.replace('/', " OR ");
        let expression = expression.trim();
        if let Some(parts) = split(expression, " OR ") {
            return parts.iter().any(|part| self.allows(part));
        }
        if let Some(parts) = split(expression, " AND ") {
            return parts.iter().all(|part| self.allows(part));
        }
        match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
            Some(inner) => self.allows(inner),
            None => self.licences.iter().any(|licence| licence == expression),
        }
    }
}

/// The parts of an expression between `joint`, where it stands outside parentheses; nothing when it does not.
fn split(expression: &str, joint: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut depth = 0_usize;
    for piece in expression.split(joint) {
        let last = parts.last_mut()?;
        if !last.is_empty() {
            last.push_str(joint);
        }
        last.push_str(piece);
        depth = (depth + piece.matches('(').count()).saturating_sub(piece.matches(')').count());
        if depth == 0 {
            parts.push(String::new());
        }
    }
    parts.retain(|part| !part.is_empty());
    (parts.len() > 1).then_some(parts)
}

/// The strings of the TOML array behind `key`, which stands at the start of a line.
fn list(text: &str, key: &str) -> Vec<String> {
    let Some((_, rest)) = text.split_once(key) else { return Vec::new() };
    let Some((array, _)) = rest.split_once(']') else { return Vec::new() };
    array.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "[licenses]\nallow = [\n  \"MIT\",\n  \"ISC\",\n]\n[bans]\ndeny = [\"openssl\"]\n[sources]\nallow-registry = [\"https://r\"]\n";

    fn refused(name: &str, licence: Option<&str>, source: Option<&str>) -> Option<String> {
        let package =
            Package { name: name.into(), version: "1.0.0".into(), license: licence.map(Into::into), source: source.map(Into::into) };
        Lists::read(TEXT).refuse(&package).map(|finding| finding.message)
    }

    #[test]
    fn expressions_are_read_as_written() {
        let lists = Lists::read(TEXT);
        for allowed in [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0/MIT",
            "MIT AND ISC",
            "(GPL-3.0 OR MIT) AND ISC",
            "ISC AND (GPL-3.0 OR ISC)",
            "GPL-3.0 AND ISC OR MIT",
        ] {
            assert!(lists.allows(allowed), "{allowed}");
        }
        for refused in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "ISC AND (GPL-3.0 OR LGPL-2.1)", "none", ""] {
            assert!(!lists.allows(refused), "{refused}");
        }
    }

    #[test]
    fn a_package_without_an_allowed_licence_is_found() {
        assert_eq!(refused("fine", Some("MIT"), Some("registry+https://r")), None);
        assert!(refused("copyleft", Some("GPL-3.0"), Some("registry+https://r")).expect("a finding").contains("GPL-3.0"));
        assert!(refused("silent", None, Some("registry+https://r")).is_some());
    }

    #[test]
    fn banned_crates_and_unknown_sources_are_found() {
        assert!(refused("openssl", Some("MIT"), Some("registry+https://r")).expect("a finding").contains("banned"));
        assert!(refused("fine", Some("MIT"), Some("git+https://example.com/x")).expect("a finding").contains("not an allowed source"));
    }
}
