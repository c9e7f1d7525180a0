//! The repository's own rules as a test: each check is a pure function over the files and the dependency graph, and says what to do instead.

mod calls;
mod edges;
mod headers;
mod links;
mod manifests;
mod sizes;
mod supply;
mod tree;
mod words;

use std::io::Write as _;

use anyhow::Result;

pub(crate) use tree::{File, Tree};

/// One broken rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Where, relative to the repository's root.
    pub(crate) path: String,
    /// Line, from 1; 0 for the file as a whole.
    pub(crate) line: usize,
    /// What is wrong and what to do instead.
    pub(crate) message: String,
}

impl Finding {
    pub(crate) fn at(file: &File, line: usize, message: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, message: message.into() }
    }
}

/// Runs every check and prints what it finds; true when there is nothing to mend.
pub(crate) fn run() -> Result<bool> {
    let tree = Tree::of_repository()?;
    let graph = edges::Graph::of_workspace(&tree.root)?;
    let mut findings = graph.check();
    findings.extend(manifests::check(&tree, &graph));
    findings.extend(calls::check(&tree));
    findings.extend(headers::check(&tree));
    findings.extend(words::check(&tree));
    findings.extend(links::check(&tree));
    findings.extend(supply::check(&tree)?);
    let sizes = sizes::measure(&tree);
    findings.extend(sizes.findings());

    let mut out = std::io::stdout().lock();
    for finding in &findings {
        writeln!(out, "{}:{}: {}", finding.path, finding.line, finding.message)?;
    }
    writeln!(out, "{sizes}")?;
    writeln!(out, "tidy: {} files, {} crates, {} to mend", tree.files.len(), graph.crates(), findings.len())?;
    Ok(findings.is_empty())
}
