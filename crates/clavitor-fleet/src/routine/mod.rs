//! The SOC's daily and weekly work on every node: what it will do is a list that can be read before it is done, kept while it is done, and gone on with when it was cut off.

mod plan;
mod work;

pub use plan::{Journal, Kind, Outcome, Step, Task};
pub use work::{Codes, Work};

#[cfg(test)]
mod tests;
