//! Good inputs for the parsers.

use std::{collections::BTreeMap, io};

use serde_json::Value as Json;

use crate::vectors::Folder;

/// Good inputs for each parser, by its name, out of the vectors: what damage and fuzzing begin with.
///
/// # Errors
/// An error of the file system.
pub fn good_inputs() -> io::Result<BTreeMap<&'static str, Vec<Vec<u8>>>> {
    let mut good: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
    let members = [
        ("record.open", "record", "record"),
        ("manifest.verify", "signed", "manifest"),
        ("header.verify", "signed", "header"),
        ("enrol.grant", "body", "grant"),
        ("vmk.open", "sealed_vmk", "wrap"),
        ("hpke.open", "wrap", "wrap"),
        ("code.parse", "text", "code"),
        ("token.parse", "text", "token"),
        ("enrol.parse", "text", "enrol"),
        ("checkpoint.verify", "note", "checkpoint"),
    ];
    for case in Folder::default().read()?.into_iter().filter(|case| case.layer == "ok") {
        for (_, member, parser) in members.iter().filter(|(op, ..)| *op == case.op) {
            let text = case.input.get(*member).and_then(Json::as_str).unwrap_or_default();
            let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap_or_else(|_| text.as_bytes().to_vec());
            good.entry(parser).or_default().push(bytes);
        }
    }
    let summary = br#"{"title":"t","kind":"login","folder":"","tags":["a"],"fields":[]}"#;
    good.insert("summary", vec![summary.to_vec()]);
    good.insert("padding", vec![[&[0, 0, 0, 5], b"value".as_slice(), &[0; 23]].concat(), vec![0; 1088]]);
    good.insert("merkle", vec![vec![0; 16 + 32 * 4], [&[0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 5], [1; 192].as_slice()].concat()]);
    Ok(good)
}
