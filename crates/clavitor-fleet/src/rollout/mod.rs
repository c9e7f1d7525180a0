//! A new version goes round: waves, three checks, a timer on each node that goes back by itself. The decisions are one pure state machine; what it decided is in a journal before it is done.

mod command;
mod facts;
mod journal;
mod machine;
mod nodes;
mod outcome;
mod phase;
mod plan;
mod run;
mod words;

pub use command::{Check, Command, Report, Sight, System};
pub use facts::Needs;
pub use journal::{Entry, Found, Journal, JournalError, newest, path_of, read, replay};
pub use machine::{Gate, Input, Output, Stage, State, step};
pub use nodes::{Front, Nodes};
pub use outcome::Outcome;
pub use phase::{NodeState, Phase};
pub use plan::{ANY_VERSION, Candidate, Limits, Plan, PlanError, Wish};
pub use run::{Clock, Desk, run};
pub use words::{clock, next_words, phase_words, plan_words, state_words};
