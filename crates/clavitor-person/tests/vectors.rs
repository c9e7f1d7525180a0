//! Walks `vectors/` and below: every file comes out as it says, and making the cases again would change nothing.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

use std::collections::BTreeMap;

use clavitor_crypto::{hash::sha256, record::KINDS};
use clavitor_person::vectors::{Case, Folder, cases};

const LAYERS: [&str; 17] = [
    "ok",
    "envelope",
    "commitment",
    "aead",
    "padding",
    "signature",
    "key",
    "shape",
    "cbor",
    "rule",
    "chain",
    "hpke",
    "code",
    "token",
    "enrol",
    "prf",
    "pin",
];

fn folder() -> Vec<Case> {
    Folder::default().read().unwrap()
}

#[test]
fn every_file_comes_out_as_it_says() {
    let failures: Vec<String> = folder().iter().filter_map(|case| case.check().err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn making_the_cases_again_changes_nothing() {
    let made: BTreeMap<_, _> = cases().unwrap().into_iter().map(|case| (case.path.clone(), case)).collect();
    let found: BTreeMap<_, _> =
        folder().into_iter().filter(|case| !case.path.starts_with("pinned/")).map(|case| (case.path.clone(), case)).collect();
    let differ: Vec<_> = made.keys().chain(found.keys()).filter(|path| made.get(*path) != found.get(*path)).collect();
    assert!(differ.is_empty(), "run `cargo run -p clavitor-person --example vectors`: {differ:?}");
}

#[test]
fn every_layer_is_known_and_every_refusing_layer_is_seen() {
    let folder = folder();
    let known = |layer: &str| LAYERS.contains(&layer) || ["checkpoint", "merkle"].contains(&layer);
    assert!(folder.iter().all(|case| known(&case.layer) && !case.why.is_empty()));
    for layer in LAYERS.iter().chain(&["checkpoint", "merkle"]) {
        assert!(folder.iter().any(|case| case.layer == *layer), "no case of layer {layer}");
    }
    assert!(folder.iter().filter(|case| case.layer != "ok").count() >= 80);
}

#[test]
fn pinned_files_are_complete_and_were_never_touched() {
    let folder = folder();
    let pinned: Vec<_> = folder.iter().filter(|case| case.path.starts_with("pinned/")).collect();
    for kind in KINDS {
        let path = format!("pinned/record-{kind:02x}");
        assert!(pinned.iter().any(|case| case.path == path && case.op == "record.open"), "no {path}");
    }
    let mut files: Vec<_> =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/pinned")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let files: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
    assert_eq!(data_encoding::HEXLOWER.encode(&sha256(&[&files])), PINNED);
}

/// SHA-256 over the pinned files, one after the other by name. It changes only when a file is added.
const PINNED: &str = "f0acc7a5a6269fc257a0ee14be528f87a8b76e2840853430d68c781c32c113ce";
