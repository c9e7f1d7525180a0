//! Severities and incidents from heartbeats: a pure state machine. It reads no clock, sends nothing, keeps nothing on a disk: time is a parameter, what it
//! wants done is an answer, and all of its state can be written down and read back.
//!
//! One incident for each node and check; it opens, escalates, is acknowledged, and is resolved. No incident becomes SEV1 that was not SEV2 before.

mod condition;
mod flap;
mod incident;
mod judge;
mod keep;
mod machine;
mod people;
mod report;
mod rules;
mod silence;
mod storm;

pub use incident::{Check, Event, Finding, Incident, Key, Severity, What};
pub use judge::{Verdict, judge};
pub use keep::{kept, leave, open_incidents, open_window, take};
pub use machine::{Input, Monitor, Notice, Output, Why};
pub use report::Report;
pub use rules::Rules;

/// The name under which incidents stand that are not one node's.
pub const FLEET: &str = "fleet";
/// A name is not longer.
pub const NODE_CHARS_MAX: usize = 64;
/// More nodes are not watched.
pub const NODES_MAX: usize = 1_024;
/// Text of people and of nodes is cut here.
pub const WORDS_CHARS_MAX: usize = 500;

/// Text of a stranger as it may stand in a line: cut, without control characters, and without marks that turn the direction of writing.
fn one_line(text: &str) -> String {
    let moves = |one: char| one.is_control() || matches!(one, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|one| if moves(one) { ' ' } else { one }).take(WORDS_CHARS_MAX).collect()
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
