//! Links between the pages of the repository lead somewhere.

use std::collections::BTreeSet;

use super::{File, Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let paths: BTreeSet<&str> = tree.files.iter().map(|file| file.path.as_str()).collect();
    tree.files.iter().filter(|file| file.is("md")).flat_map(|file| in_file(file, &paths)).collect()
}

fn in_file(file: &File, paths: &BTreeSet<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        for target in targets(line) {
            let path = resolve(&file.path, target);
            let is_folder = || paths.range(path.as_str()..).next().is_some_and(|next| next.starts_with(&format!("{path}/")));
            if !paths.contains(path.as_str()) && !is_folder() {
                findings.push(Finding::at(file, number, format!("this link leads nowhere: {target}")));
            }
        }
    }
    findings
}

/// The targets of `[text](target)` that are files of ours.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let links = line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    links
        .filter(|target| !target.contains("://") && !target.starts_with(['#', '<']) && !target.contains(' '))
        .filter_map(|target| target.split('#').next())
}

/// A relative target as a path from the root.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_files_and_folders() {
        let tree = Tree::with(&[
            ("README.md", "[a](docs/A.md) [folder](docs/) [web](https://example.com) [here](#x) [part](docs/A.md#part)\n"),
            ("docs/A.md", "[up](../README.md) [nowhere](B.md)\n"),
        ]);
        let found = check(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].path.as_str(), found[0].line), ("docs/A.md", 1));
    }
}
