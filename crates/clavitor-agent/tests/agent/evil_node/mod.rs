//! A node that lies. Every case ends in one alarm, exit code 5, nothing opened, and a profile that stays stopped until a person has looked.

mod authors;
mod entries;
mod manifest;
mod past;

use clavitor_api::Blob;
use clavitor_crypto::{
    AgentId, EntryId,
    header::Header,
    manifest::{Capabilities, Manifest},
    random::Os,
    sign::SigningKey,
    signed::Signed,
};
use serde_json::{Value, json};

use crate::support::{Machine, Node, PASSWORD, TOKEN};

const READ: [&str; 3] = ["get", "clv://-/GitHub/password", "--reveal"];

fn everything() -> Capabilities {
    Capabilities::from_bits(15).unwrap()
}

/// An agent that has read everything honestly once, so that it has pins.
fn trusting() -> (Node, Machine) {
    let (node, machine) = (Node::start(), Machine::new());
    let invitation = node.owner(|vault| vault.invite(everything()));
    assert_eq!(machine.agent_with(invitation.text.as_bytes(), &["enroll", "-"]).code, 0);
    node.confirm();
    assert_eq!(machine.agent(&READ).out, format!("{PASSWORD}\n"));
    (node, machine)
}

/// One alarm, no value, and no way on: not by another verb, and not when the node is honest again.
fn alarmed(node: &Node, machine: &Machine, arguments: &[&str], what: &str) {
    let out = machine.agent(arguments);
    assert_eq!(out.code, 5, "{out:?}");
    assert_eq!(out.err.matches("ALARM").count(), 1, "{out:?}");
    assert!(out.err.contains(what), "expected {what:?} in {out:?}");
    for value in [PASSWORD, TOKEN, "twin-password", "evil"] {
        assert!(!out.all().contains(value), "{out:?}");
    }
    node.state().lie = None;
    let before = node.state().asked.len();
    let marker = machine.home().join("marker");
    let refused = [
        machine.agent(&READ),
        machine.agent(&["list"]),
        machine.agent(&["run", "--env", "A=clv://-/GitHub/token", "--", "touch", marker.to_str().unwrap()]),
        machine.agent_with(b"new", &["set", "clv://-/GitHub/password"]),
        machine.agent(&["alarm", "--clear"]),
    ];
    assert_eq!(refused.map(|out| out.code), [5, 5, 5, 5, 6]);
    assert!(!marker.exists());
    assert_eq!(node.state().asked.len(), before, "nothing is asked or sealed after an alarm");
    assert!(machine.agent(&["alarm", "--json"]).json()["incident"]["what"].as_str().unwrap().contains(what));
}

/// Answers for one path are changed.
fn lie(node: &Node, on: &'static str, change: impl Fn(&mut Value) + Send + Sync + 'static) {
    node.lies(move |path, answer| {
        if path == on {
            change(answer);
        }
    });
}

/// The GitHub entry in a list.
fn listed(answer: &mut Value, entry: EntryId) -> &mut Value {
    let entries = answer["entries"].as_array_mut().unwrap();
    entries.iter_mut().find(|one| one["entry_id"] == entry.to_string()).unwrap()
}

fn blob(bytes: &[u8]) -> Value {
    json!(Blob(bytes.to_vec()))
}

/// One bit of a base64url member is turned, somewhere in the middle.
fn spoil(value: &mut Value) {
    let mut bytes: Blob = serde_json::from_value(value.clone()).unwrap();
    let middle = bytes.0.len() / 2;
    bytes.0[middle] ^= 1;
    *value = json!(bytes);
}

fn header_with(node: &Node, key: Option<&SigningKey>, change: impl FnOnce(&mut Header)) -> Vec<u8> {
    let state = node.state();
    let mut header = state.entries[&state.vault.github].claims();
    change(&mut header);
    Signed::sign(header, key.unwrap_or(state.vault.person.usk())).unwrap().bytes().to_vec()
}

fn manifest_with(node: &Node, key: Option<&SigningKey>, change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    let state = node.state();
    let mut body = state.vault.person.manifest().body().clone();
    change(&mut body);
    Signed::sign(body, key.unwrap_or(state.vault.person.usk())).unwrap().bytes().to_vec()
}

fn stranger() -> SigningKey {
    SigningKey::make_with(&mut Os).unwrap()
}

/// One more agent of the same scope on a machine of its own, and the key it signs with.
fn another(node: &Node, capabilities: Capabilities) -> (Machine, AgentId, SigningKey) {
    let machine = Machine::new();
    let invitation = node.owner(|vault| vault.invite(capabilities));
    assert_eq!(machine.agent_with(invitation.text.as_bytes(), &["enroll", "-"]).code, 0);
    node.confirm();
    let key: Value = serde_json::from_slice(&std::fs::read(machine.profile().join("key.json")).unwrap()).unwrap();
    let seed: Blob = serde_json::from_value(key["ed25519_seed"].clone()).unwrap();
    let signing = SigningKey::from_seed(clavitor_crypto::Secret::from_slice(&seed.0).unwrap()).unwrap();
    (machine, invitation.agent, signing)
}
