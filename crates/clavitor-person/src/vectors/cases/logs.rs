//! Checkpoints and Merkle proofs.

use clavitor_crypto::{
    Secret, VaultId, checkpoint,
    hash::Hash,
    merkle::{self, Frontier, Node},
    sign::SigningKey,
};
use serde_json::{Value as Json, json};

use std::collections::BTreeMap;

use super::{super::fields::hex, Case, counting, lost, with};

pub(super) fn cases() -> Result<Vec<Case>, String> {
    Ok([checkpoints()?, roots()?, inclusions()?, consistencies()?].concat())
}

fn checkpoints() -> Result<Vec<Case>, String> {
    let origin = checkpoint::origin(&VaultId(counting(0xa0)));
    let key = SigningKey::from_seed(Secret::take(counting(0x21))).map_err(|refusal| refusal.to_string())?;
    let other = SigningKey::from_seed(Secret::take(counting(0x22))).map_err(|refusal| refusal.to_string())?;
    let sign = json!({"seed": hex(key.seed().expose()), "origin": origin, "size": 12, "root": hex(&counting::<32>(0x80))});
    let signed = Case::ok("checkpoint/sign", "checkpoint.sign", "a signed tree head", sign.clone())?;
    let note = note_of(&signed);
    let forged = note_of(&Case::ok("", "checkpoint.sign", "", with(&sign, "seed", hex(other.seed().expose())))?);
    let empty = Case::ok("checkpoint/sign-empty", "checkpoint.sign", "the head of an empty log", {
        with(&with(&sign, "size", 0), "root", hex(&merkle::empty_root()))
    })?;
    let verify = json!({"key": hex(key.public().as_bytes()), "origin": origin, "note": note});
    let changed = |from: &str, to: &str| with(&verify, "note", note.replacen(from, to, 1));
    let body = |from: &str, to: &str| {
        let body = note.split("\n\n").next().map(|body| format!("{body}\n")).unwrap_or_default();
        with(&verify, "note", signed_note(&key, &origin, &body.replacen(from, to, 1)))
    };
    let line_of = |note: &str| note.split("\n\n").nth(1).unwrap_or_default().to_owned();
    let witnessed = format!("{note}{}", line_of(&forged).replacen(&origin, "witness.example/w1", 1));
    let faults = [
        ("forged", "signed with another key", with(&verify, "note", forged.clone())),
        ("size", "another size", changed("\n12\n", "\n13\n")),
        ("size-zero-first", "a size with a leading zero", body("\n12\n", "\n012\n")),
        ("size-plus", "a size with a sign", body("\n12\n", "\n+12\n")),
        ("extension-line", "a line more", body("=\n", "=\nmore\n")),
        ("root-cut", "a root of 31 bytes", body(&root_line(&note), &data_encoding::BASE64.encode(&[1; 31]))),
        ("no-signature", "no signature line", with(&verify, "note", note.split("\n\n").next().map(|body| format!("{body}\n\n")))),
        ("no-last-newline", "no newline at the end", with(&verify, "note", note.trim_end())),
        ("other-origin", "the log of another vault", with(&verify, "origin", checkpoint::origin(&VaultId(counting(0xa1))))),
        ("other-origin-renamed", "the log of another vault of the same node, with our name in the signature line", {
            let theirs = checkpoint::origin(&VaultId(counting(0xa1)));
            body(&origin, &theirs)
        }),
        ("hyphen", "a hyphen where the dash belongs", changed("\u{2014} ", "- ")),
        ("crlf", "lines that end in CR LF", with(&verify, "note", note.replace('\n', "\r\n"))),
    ];
    let mut cases = vec![
        Case::ok("checkpoint/verify", "checkpoint.verify", "a signed tree head", verify.clone())?,
        Case::ok("checkpoint/verify-witnessed", "checkpoint.verify", "a witness has signed too", with(&verify, "note", witnessed))?,
        signed,
        empty,
    ];
    for (name, why, input) in faults {
        cases.push(Case::refused(&format!("checkpoint/{name}"), "checkpoint.verify", "checkpoint", why, input)?);
    }
    Ok(cases)
}

/// A note with any body, signed as the log would.
fn signed_note(key: &SigningKey, name: &str, body: &str) -> String {
    let id = clavitor_crypto::hash::sha256(&[name.as_bytes(), b"\n\x01", key.public().as_bytes()]);
    let blob = [&id[..4], &key.sign_bytes(body.as_bytes())].concat();
    format!("{body}\n\u{2014} {name} {}\n", data_encoding::BASE64.encode(&blob))
}

fn note_of(case: &Case) -> String {
    case.out.as_ref().and_then(|out| out["note"].as_str()).unwrap_or_default().to_owned()
}

fn root_line(note: &str) -> String {
    note.lines().nth(2).unwrap_or_default().to_owned()
}

/// The event at `index` of the log all cases are about.
fn event(index: u64) -> Vec<u8> {
    format!("event {index}").into_bytes()
}

struct Tree {
    nodes: BTreeMap<Node, Hash>,
    roots: Vec<Hash>,
}

fn tree(size: u64) -> Tree {
    let (mut frontier, mut nodes) = (Frontier::default(), BTreeMap::new());
    let mut roots = vec![frontier.root()];
    for index in 0..size {
        nodes.extend(frontier.append(merkle::leaf_hash(&event(index))));
        roots.push(frontier.root());
    }
    Tree { nodes, roots }
}

impl Tree {
    fn consistency(&self, old: u64, new: u64) -> Result<Json, String> {
        let proof = lost(merkle::consistency_proof(old, new, &mut |node| self.nodes.get(&node).copied()), "a proof")?;
        Ok(json!({
            "old": old, "new": new, "old_root": hex(&self.roots[old as usize]), "new_root": hex(&self.roots[new as usize]),
            "proof": proof.iter().map(hex).collect::<Vec<_>>(),
        }))
    }

    fn inclusion(&self, index: u64, size: u64) -> Result<Json, String> {
        let proof = lost(merkle::inclusion_proof(index, size, &mut |node| self.nodes.get(&node).copied()), "a proof")?;
        Ok(json!({
            "leaf": hex(&event(index)), "index": index, "size": size, "proof": proof.iter().map(hex).collect::<Vec<_>>(),
            "root": hex(&self.roots[size as usize]),
        }))
    }
}

fn roots() -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for size in [0, 1, 2, 3, 7, 8] {
        let leaves: Vec<Json> = (0..size).map(|index| hex(&event(index))).collect();
        cases.push(Case::ok(&format!("merkle/root-{size}"), "merkle.root", "root of so many leaves", json!({"leaves": leaves}))?);
    }
    Ok(cases)
}

/// `proof` cut, and with a hash more.
fn proof_faults(input: &Json) -> [(&'static str, &'static str, Json); 3] {
    let proof = input["proof"].as_array().cloned().unwrap_or_default();
    let longer = [proof.as_slice(), &[hex(&[7; 32])]].concat();
    let mut flipped = proof.clone();
    if let Some(first) = flipped.first_mut() {
        *first = hex(&[7; 32]);
    }
    [
        ("cut", "the last hash is missing", with(input, "proof", proof[..proof.len().saturating_sub(1)].to_vec())),
        ("longer", "a hash too many", with(input, "proof", longer)),
        ("changed", "another first hash", with(input, "proof", flipped)),
    ]
}

fn inclusions() -> Result<Vec<Case>, String> {
    let tree = tree(13);
    let mut cases = Vec::new();
    for (index, size) in [(0, 1), (0, 8), (5, 8), (12, 13), (6, 11)] {
        let path = format!("merkle/inclusion-{index}-of-{size}");
        cases.push(Case::ok(&path, "merkle.inclusion", "this event is in the log", tree.inclusion(index, size)?)?);
    }
    let good = tree.inclusion(6, 11)?;
    let mut faults = proof_faults(&good).to_vec();
    faults.push(("leaf", "another event", with(&good, "leaf", hex(&event(7)))));
    faults.push(("index", "another position", with(&good, "index", 7)));
    faults.push(("outside", "a position after the end", with(&good, "index", 11)));
    faults.push(("root", "another log", with(&good, "root", hex(&[7; 32]))));
    for (name, why, input) in faults {
        cases.push(Case::refused(&format!("merkle/inclusion-{name}"), "merkle.inclusion", "merkle", why, input)?);
    }
    Ok(cases)
}

fn consistencies() -> Result<Vec<Case>, String> {
    let tree = tree(13);
    let mut cases = Vec::new();
    for (old, new) in [(0, 5), (1, 2), (4, 4), (4, 8), (3, 7), (6, 8), (6, 13), (8, 13)] {
        let path = format!("merkle/consistency-{old}-to-{new}");
        cases.push(Case::ok(&path, "merkle.consistency", "the log has only grown", tree.consistency(old, new)?)?);
    }
    let good = tree.consistency(6, 13)?;
    let mut faults = proof_faults(&good).to_vec();
    faults.push(("old-root", "events of the past were changed", with(&good, "old_root", hex(&[7; 32]))));
    faults.push(("new-root", "another log", with(&good, "new_root", hex(&[7; 32]))));
    faults.push(("shrunk", "the log has become shorter", {
        let swapped = with(&with(&good, "old", 13), "new", 6);
        with(&with(&swapped, "old_root", good["new_root"].clone()), "new_root", good["old_root"].clone())
    }));
    faults.push(("size-inflated", "a size that the proof does not reach", { with(&tree.consistency(4, 8)?, "new", 16) }));
    faults.push(("fork", "the same size, another root", with(&tree.consistency(8, 8)?, "new_root", hex(&[7; 32]))));
    for (name, why, input) in faults {
        cases.push(Case::refused(&format!("merkle/consistency-{name}"), "merkle.consistency", "merkle", why, input)?);
    }
    Ok(cases)
}
