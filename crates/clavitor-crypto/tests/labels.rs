//! Who may derive what: the labels each crate names. A crate that the node links names none that leads to tier 2 or 3.

#![allow(clippy::unwrap_used, reason = "helpers of a test may stop it")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clavitor_crypto::derive::LABELS;

/// The labels each crate may name; a crate that is not here names none.
const ALLOWED: [(&str, &[&str]); 3] = [
    ("clavitor-crypto", &["recover-auth", "enrol/auth", "enrol/mac", "token/auth", "token/k1", "backup"]),
    ("clavitor-agent", &["enrol/wrap"]),
    (
        "clavitor-person",
        &[
            "unlock",
            "recover",
            "tier/1",
            "tier/2",
            "tier/3",
            "scope/1",
            "scope/2",
            "entry/3",
            "wrap",
            "index",
            "enrol/secret",
            "enrol/wrap",
        ],
    ),
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Labels that the sources of each crate name, sorted, with repeats.
fn named() -> BTreeMap<String, Vec<String>> {
    let mut named = BTreeMap::new();
    for krate in fs::read_dir(crates()).unwrap().map(|found| found.unwrap()) {
        let mut files = Vec::new();
        sources(&krate.path().join("src"), &mut files);
        let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        let uses = text.split("::of(\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(label, _)| label.to_owned());
        let mut labels: Vec<String> = uses.filter(|label| LABELS.contains(&label.as_str())).collect();
        labels.sort();
        named.insert(krate.file_name().to_string_lossy().into_owned(), labels);
    }
    named
}

#[test]
fn each_crate_names_the_labels_it_may_and_each_once() {
    for (krate, labels) in named() {
        let mut allowed: Vec<&str> = ALLOWED.iter().find(|(name, _)| *name == krate).map_or(&[][..], |(_, labels)| labels).to_vec();
        allowed.sort_unstable();
        assert_eq!(labels, allowed, "{krate}");
    }
}

#[test]
fn every_label_is_named_by_somebody() {
    let named = named();
    assert!(LABELS.iter().all(|label| named.values().flatten().any(|name| name == label)));
}
