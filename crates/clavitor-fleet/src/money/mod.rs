//! Money: amounts in whole cents, so that sums are exact.

mod usd;

pub use usd::Usd;
