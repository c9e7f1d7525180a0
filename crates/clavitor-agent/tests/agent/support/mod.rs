//! What the tests share: a vault made by the person's side, a node that serves it and can be told to lie, and a machine on which the agent lives.

mod machine;
mod node;
mod vault;

pub(crate) use machine::{Machine, Out};
pub(crate) use node::{Node, refusal};
pub(crate) use vault::{Fields, NOW_MS, PASSWORD, TOKEN, Vault};
