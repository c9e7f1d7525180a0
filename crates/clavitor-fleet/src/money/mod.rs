//! Money: amounts in whole cents, so that sums are exact, and what the fleet costs.

mod cost;
mod usd;

pub use cost::{AtProvider, Cost, Step, Upgrades};
pub use usd::Usd;
