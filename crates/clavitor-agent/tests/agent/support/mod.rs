//! What the tests share: a vault made by the person's side, a node that serves it and can be told to lie, and a machine on which the agent lives.

#[allow(dead_code, reason = "the node's own tests use more of it")]
#[path = "../../../../clavitor-server/tests/server/key.rs"]
mod key;
mod log;
mod machine;
mod node;
mod owner;
mod real;
mod vault;
#[allow(dead_code, reason = "the node's own tests use more of it")]
#[path = "../../../../clavitor-server/tests/server/wire.rs"]
mod wire;

pub(crate) use log::Log;
pub(crate) use machine::{Machine, Out};
pub(crate) use node::{Node, refusal};
pub(crate) use owner::Owner;
pub(crate) use real::RealNode;
pub(crate) use vault::{Fields, NOW_MS, PASSWORD, TOKEN, Vault, field};
