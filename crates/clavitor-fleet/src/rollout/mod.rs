//! A new version goes round: waves, three checks, a timer on each node that goes back by itself. The decisions are one pure state machine; what it decided is in a journal before it is done.

mod command;
mod journal;
mod machine;
mod outcome;
mod phase;
mod plan;

pub use command::{Check, Command, Report, Sight, System};
pub use journal::{Entry, Found, Journal, JournalError, newest, path_of, read, replay};
pub use machine::{Gate, Input, Output, Stage, State, step};
pub use outcome::Outcome;
pub use phase::{NodeState, Phase};
pub use plan::{Candidate, Limits, Plan, PlanError, Wish};
