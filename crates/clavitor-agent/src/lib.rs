//! The agent's side: identity, enrolment, tier-2 keys, references, running programs with credentials, and MCP over stdio.
//!
//! What a node answers is believed only as far as the owner's signing key, pinned at enrolment, proves it; the first thing that does not hold raises one
//! alarm, and nothing is opened after it. Keys of tier 2 exist here and with the person, never on a node. Tier 3 cannot be opened here at all.
//!
//! No value is printed, logged or put into an argument list; output happens in `cli` and `mcp` alone.

pub mod alarm;
pub mod cli;
mod clock;
mod desk;
pub mod enrol;
mod envfile;
pub mod failure;
pub mod identity;
mod label;
mod mask;
mod mcp;
pub mod node;
mod program;
pub mod reference;
pub mod skill;
mod template;
mod tier2;
pub mod vault;
mod view;

/// The page of the web app on which the owner confirms, limits and locks agents.
pub(crate) const AGENTS_PAGE: &str = "/#/agents";
