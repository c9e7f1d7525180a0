//! A node and an agent that lie together: what an agent signed is believed only with everything beneath it.

use clavitor_crypto::{
    AgentId, ScopeId,
    hash::sha256,
    header::Header,
    sign::SigningKey,
    signed::{Signed, Unverified},
};
use serde_json::{Value, json};

use super::{READ, alarmed, another, blob, everything, lie, listed, stranger, trusting};
use crate::support::{Machine, NOW_MS, Node};

/// An agent that may write in another scope only, with its key.
fn outsider(node: &Node) -> (ScopeId, AgentId, SigningKey) {
    let (other, ours) = node.owner(|vault| {
        let (other, changes) = vault.person.add_scope("Other", NOW_MS).unwrap();
        vault.did(changes);
        (other, std::mem::replace(&mut vault.scope, other))
    });
    let (_, agent, key) = another(node, everything());
    node.state().vault.scope = ours;
    (other, agent, key)
}

/// The next version of a signed header.
fn next(before: &[u8], key: &SigningKey, change: impl FnOnce(&mut Header)) -> Vec<u8> {
    let unverified = Unverified::<Header>::parse(before).unwrap();
    let mut header = unverified.claims().clone();
    header.version += 1;
    header.previous = sha256(&[&before[64..]]);
    change(&mut header);
    Signed::sign(header, key).unwrap().bytes().to_vec()
}

fn also_in(header: &mut Header, scope: ScopeId) {
    header.scopes.push(scope);
    header.scopes.sort();
}

/// The list shows the GitHub entry with this header and chain.
fn shows(node: &Node, header: &[u8], chain: &[&[u8]]) {
    let github = node.state().vault.github;
    let (header, chain): (Value, Vec<Value>) = (blob(header), chain.iter().map(|header| blob(header)).collect());
    lie(node, "/v1/agent/entries", move |answer| {
        let entry = listed(answer, github);
        entry["header"] = header.clone();
        entry["chain"] = json!(chain);
    });
}

fn newcomer(node: &Node) -> Machine {
    another(node, everything()).0
}

#[test]
fn what_another_agent_wrote_is_read_with_its_past() {
    let (node, machine) = trusting();
    let (second, ..) = another(&node, everything());
    for value in ["second-password", "third-password"] {
        let out = second.agent_with(value.as_bytes(), &["set", "clv://-/GitHub/password"]);
        assert_eq!(out.code, 0, "{out:?}");
    }
    assert_eq!(node.github().1.chain().len(), 2);
    for reader in [machine, newcomer(&node)] {
        assert_eq!(reader.agent(&READ).out, "third-password\n");
    }
}

#[test]
fn without_its_past_it_is_not_believed() {
    let (node, machine) = trusting();
    let (second, ..) = another(&node, everything());
    assert_eq!(second.agent_with(b"second-password", &["set", "clv://-/GitHub/password"]).code, 0);
    let github = node.state().vault.github;
    lie(&node, "/v1/agent/entries", move |answer| listed(answer, github)["chain"] = json!([]));
    alarmed(&node, &machine, &READ, "came without the versions beneath it");
}

#[test]
fn neither_is_it_when_a_value_is_released() {
    let (node, machine) = trusting();
    let (second, ..) = another(&node, everything());
    let (github, before) = node.github();
    assert_eq!(second.agent_with(b"second-password", &["set", "clv://-/GitHub/password"]).code, 0);
    let first = blob(&before.header);
    node.lies(move |path, answer| match path {
        "/v1/agent/entries" => {
            listed(answer, github)["header"] = first.clone();
            listed(answer, github)["chain"] = json!([]);
        }
        "/v1/agent/release" => answer["entry"]["chain"] = json!([]),
        _ => {}
    });
    alarmed(&node, &machine, &READ, "came without the versions beneath it");
}

#[test]
fn an_agent_of_another_scope_adds_its_own() {
    for fresh in [false, true] {
        let (node, machine) = trusting();
        let (other, author, key) = outsider(&node);
        let reader = if fresh { newcomer(&node) } else { machine };
        let honest = node.github().1.header;
        let forged = next(&honest, &key, |header| {
            header.author = author;
            also_in(header, other);
        });
        shows(&node, &forged, &[&honest]);
        alarmed(&node, &reader, &["list"], "does not follow");
    }
}

#[test]
fn a_version_of_the_owner_that_the_owner_never_signed() {
    for fresh in [false, true] {
        let (node, machine) = trusting();
        let (other, author, key) = outsider(&node);
        let reader = if fresh { newcomer(&node) } else { machine };
        let honest = node.github().1.header;
        let owners = next(&honest, &stranger(), |header| also_in(header, other));
        let forged = next(&owners, &key, |header| header.author = author);
        shows(&node, &forged, &[&owners, &honest]);
        alarmed(&node, &reader, &["list"], "is not signed by the expected key");
    }
}

#[test]
fn destinations_that_an_agent_changed() {
    let (node, machine) = trusting();
    let (_, author, key) = another(&node, everything());
    let honest = node.github().1.header;
    let forged = next(&honest, &key, |header| {
        header.author = author;
        header.destinations = vec!["https://evil.example".into()];
    });
    shows(&node, &forged, &[&honest]);
    alarmed(&node, &machine, &["list"], "does not follow");
}

#[test]
fn a_past_that_is_another_than_the_one_seen() {
    let (node, machine) = trusting();
    let (_, author, key) = another(&node, everything());
    let other_first = super::header_with(&node, None, |header| header.hlc_ms += 1);
    let between = next(&other_first, &key, |header| header.author = author);
    let forged = next(&between, &key, |header| header.author = author);
    shows(&node, &forged, &[&between, &other_first]);
    alarmed(&node, &machine, &["list"], "has two histories");
}
