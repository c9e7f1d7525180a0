//! Every verb against an honest node: what it prints, where, and with which exit code.

mod changes;
mod refusals;
mod showing;
mod using;

use clavitor_crypto::manifest::Capabilities;
use serde_json::json;

use crate::support::{Machine, Node, Out};

/// The default: use and one-time codes.
fn usual() -> Capabilities {
    Capabilities::USE.with(Capabilities::TOTP)
}

/// A node, and a machine whose agent the owner has confirmed.
fn enrolled(capabilities: Capabilities) -> (Node, Machine) {
    let (node, machine) = (Node::start(), Machine::new());
    let invitation = node.owner(|vault| vault.invite(capabilities));
    let out = machine.agent_with(invitation.text.as_bytes(), &["enroll", "-"]);
    assert_eq!(out.code, 0, "{out:?}");
    node.confirm();
    (node, machine)
}

fn refused(out: &Out, code: i32) -> serde_json::Value {
    assert_eq!(out.code, code, "{out:?}");
    let json = out.json();
    assert_eq!((&json["schema"], &json["exit_code"]), (&json!("clavitor.error/1"), &json!(code)));
    json
}
