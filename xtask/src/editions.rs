//! What proves that the Community binary holds nothing of commercial/: a string of every module there, absent from the one program and present in the other.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::tidy::{File, Finding, Tree};

/// Every sentinel begins like this and ends with the module's path.
const PREFIX: &str = concat!("clavitor-", "commercial module ");
const FOLDER: &str = "commercial/";

/// What else would give the folder away: its path in messages of the compiler, its crate in symbols.
const TRACES: &[&str] = &[concat!("commercial/", "clavitor-"), concat!("clavitor_", "commercial"), concat!("/v1/", "alerts")];

/// The two programs, as built for tests or as told.
struct Programs {
    community: PathBuf,
    commercial: PathBuf,
}

impl Programs {
    fn of(root: &Path, arguments: &[String]) -> Self {
        let path = |at: usize, name: &str| arguments.get(at).map_or_else(|| root.join("target/debug").join(name), PathBuf::from);
        Self { community: path(0, "clavitor"), commercial: path(1, concat!("clavitor-", "commercial")) }
    }
}

/// `cargo xtask editions [COMMUNITY-PROGRAM [COMMERCIAL-PROGRAM]]`; true when the two are what they should be.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    let tree = Tree::of_repository()?;
    let programs = Programs::of(&tree.root, arguments);
    let (sentinels, mut findings) = sentinels(&tree);
    ensure!(!sentinels.is_empty(), "there is nothing in {FOLDER} to look for");
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("{}: build it first", path.display()));
    findings.extend(community(&read(&programs.community)?, &sentinels));
    findings.extend(commercial(&read(&programs.commercial)?, &sentinels));
    let mut out = std::io::stdout().lock();
    for finding in &findings {
        writeln!(out, "{}: {}", finding.path, finding.message)?;
    }
    writeln!(out, "editions: {} sentinels, {} to mend", sentinels.len(), findings.len())?;
    Ok(findings.is_empty())
}

/// The sentinel of each module, by the file that has it.
fn sentinels(tree: &Tree) -> (BTreeMap<String, String>, Vec<Finding>) {
    let (mut sentinels, mut findings) = (BTreeMap::new(), Vec::new());
    for file in tree.files.iter().filter(|file| is_module(file)) {
        let expected = format!("{PREFIX}{}", name(&file.path));
        if file.text.contains(&format!("SENTINEL: &str = \"{expected}\";")) {
            sentinels.insert(expected, file.path.clone());
        } else {
            let message =
                format!("needs `pub(crate) const SENTINEL: &str = \"{expected}\";`, and a place in the edition's list of modules");
            findings.push(Finding { path: file.path.clone(), line: 0, message });
        }
    }
    (sentinels, findings)
}

/// Product code: not a test, and not the file that only starts the program.
fn is_module(file: &File) -> bool {
    let source = file.path.starts_with(FOLDER) && file.path.contains("/src/") && file.is("rs");
    source && !file.path.ends_with("/tests.rs") && !file.path.ends_with("/src/main.rs")
}

/// The module's path in its crate.
fn name(path: &str) -> &str {
    let inner = path.split_once("/src/").map_or(path, |(_, inner)| inner);
    inner.strip_suffix("/mod.rs").or_else(|| inner.strip_suffix(".rs")).unwrap_or(inner)
}

fn community(program: &[u8], sentinels: &BTreeMap<String, String>) -> Vec<Finding> {
    let traces = sentinels.keys().map(String::as_str).chain([PREFIX]).chain(TRACES.iter().copied());
    let found = traces.filter(|trace| holds(program, trace));
    found.map(|trace| Finding { path: "the Community program".into(), line: 0, message: format!("holds {trace:?}") }).collect()
}

fn commercial(program: &[u8], sentinels: &BTreeMap<String, String>) -> Vec<Finding> {
    let lacking = sentinels.iter().filter(|(sentinel, _)| !holds(program, sentinel));
    lacking
        .map(|(sentinel, path)| Finding { path: path.clone(), line: 0, message: format!("the Commercial program lacks {sentinel:?}") })
        .collect()
}

fn holds(program: &[u8], text: &str) -> bool {
    let first = text.as_bytes()[0];
    let mut rest = program;
    while let Some(at) = rest.iter().position(|byte| *byte == first) {
        rest = &rest[at..];
        if rest.starts_with(text.as_bytes()) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "const SENTINEL: &str = \"clavitor-commercial module tarpit/wheel\";";

    fn tree(text: &str) -> Tree {
        Tree::with(&[
            ("commercial/clavitor-commercial/src/tarpit/wheel.rs", text),
            ("commercial/clavitor-commercial/src/tarpit/wheel/tests.rs", ""),
            ("commercial/clavitor-commercial/src/main.rs", ""),
            ("commercial/clavitor-commercial/tests/server/main.rs", ""),
            ("crates/clavitor/src/lib.rs", ""),
        ])
    }

    #[test]
    fn a_module_has_the_sentinel_of_its_path() {
        let (found, findings) = sentinels(&tree(GOOD));
        assert_eq!((found.len(), findings.len()), (1, 0));
        for text in ["", "const SENTINEL: &str = \"clavitor-commercial module tarpit\";"] {
            let (found, findings) = sentinels(&tree(text));
            assert_eq!((found.len(), findings.len()), (0, 1), "{text}");
        }
        assert_eq!(name("commercial/clavitor-commercial/src/alerts/mod.rs"), "alerts");
    }

    #[test]
    fn a_sentinel_in_the_wrong_program_or_missing_in_the_right_one_is_found() {
        let (sentinels, _) = sentinels(&tree(GOOD));
        let (with, without) = (b"\0cclavitor-commercial module tarpit/wheel\0".as_slice(), b"\0clavitor\0".as_slice());
        assert!(community(without, &sentinels).is_empty() && commercial(with, &sentinels).is_empty());
        assert!(!community(with, &sentinels).is_empty());
        assert_eq!(commercial(without, &sentinels).len(), 1);
        assert!(!community(b"..commercial/clavitor-commercial/src/lib.rs..", &sentinels).is_empty());
    }
}
