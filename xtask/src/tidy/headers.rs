//! Every source file opens by saying what it holds.

use super::{File, Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().filter_map(in_file).collect()
}

fn in_file(file: &File) -> Option<Finding> {
    let first = file.text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("#!"));
    let first = first.unwrap_or_default().trim_start();
    if file.is("rs") && !first.starts_with("//!") {
        return Some(Finding::at(file, 1, "open with a //! line that says what this module holds"));
    }
    if file.is_script() && !first.starts_with("//") && !first.starts_with("/*") {
        return Some(Finding::at(file, 1, "open with a comment that says what this file holds"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::with(&[(path, text)])).len()
    }

    #[test]
    fn rust_opens_with_a_module_doc() {
        assert_eq!(found("a.rs", "//! Holds a.\n"), 0);
        assert_eq!(found("a.rs", "#![allow(x)]\n\n//! Holds a.\n"), 0);
        assert_eq!(found("a.rs", "// Holds a.\n"), 1);
        assert_eq!(found("a.rs", "fn main() {}\n"), 1);
        assert_eq!(found("a.rs", ""), 1);
    }

    #[test]
    fn typescript_opens_with_a_comment() {
        assert_eq!(found("a.ts", "// Holds a.\n"), 0);
        assert_eq!(found("a.mjs", "#!/usr/bin/env node\n// Holds a.\n"), 0);
        assert_eq!(found("a.tsx", "import { h } from 'preact';\n"), 1);
    }
}
