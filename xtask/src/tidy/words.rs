//! Words that may not stand in the repository: marks of unfinished work, tests that are switched off, paths of one machine.

use super::{File, Finding, Tree};

/// Split, so that this file does not find itself.
const UNFINISHED: &[&str] = &[concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X:")];
/// A test that another one starts as a process says so behind the equals sign.
const SWITCHED_OFF: &[&str] = &[
    concat!("#[ign", "ore]"),
    concat!("it.on", "ly("),
    concat!("test.on", "ly("),
    concat!("it.sk", "ip("),
    concat!("test.sk", "ip("),
    concat!("describe.sk", "ip("),
];
const MACHINE: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

/// Files that others wrote, or that hold made-up data.
const EXCEPT: &[&str] = &["Cargo.lock", "LICENSE", "web/package-lock.json", "web/import/fixtures/", "vectors/", "fuzz/corpus/"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().filter(|file| !EXCEPT.iter().any(|prefix| file.path.starts_with(prefix))).flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        if let Some(word) = UNFINISHED.iter().find(|word| stands_alone(line, word)) {
            findings.push(Finding::at(file, number, format!("{word}: finish it, or say in the issue tracker what is missing")));
        }
        if let Some(word) = SWITCHED_OFF.iter().find(|word| line.contains(*word)) {
            findings.push(Finding::at(file, number, format!("{word}: a test is run or removed, never switched off")));
        }
        if let Some(path) = MACHINE.iter().find(|path| begins_a_path(line, path)) {
            findings.push(Finding::at(file, number, format!("{path} is a path of somebody's machine")));
        }
    }
    findings
}

/// The word with no letter or digit on either side.
fn stands_alone(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !ends_in_word(&line[..at]) && !begins_in_word(&line[at + word.len()..]))
}

/// The path with nothing before it that would make it part of a longer one or of a URL.
fn begins_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| !ends_in_word(&line[..at]) && !line[..at].ends_with(['.', '/', '~', '}', ')']))
}

fn ends_in_word(text: &str) -> bool {
    text.ends_with(|last: char| last.is_alphanumeric() || last == '_')
}

fn begins_in_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphanumeric() || first == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        check(&Tree::with(&[("a.md", text)])).len()
    }

    #[test]
    fn unfinished_work_is_found() {
        assert_eq!(found(concat!("// TO", "DO: later\n")), 1);
        assert_eq!(found(concat!("FIX", "ME\n")), 1);
        assert_eq!(found(concat!("AUTO", "DOC and MASTO", "DON\n")), 0);
    }

    #[test]
    fn switched_off_tests_are_found() {
        assert_eq!(found(concat!("#[ign", "ore]\nfn slow() {}\n")), 1);
        assert_eq!(found(concat!("#[ign", "ore = \"started by the test above, in a process of its own\"]\n")), 0);
        assert_eq!(found(concat!("it.sk", "ip('x', () => {});\n")), 1);
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        assert_eq!(found(concat!("see `/ro", "ot/notes`\n")), 1);
        assert_eq!(found(concat!("https://example.com/wo", "rk/list\n")), 0);
        assert_eq!(found(concat!("$PWD/wo", "rk/list and ./wo", "rk/x\n")), 0);
    }
}
