//! Where nodes and people are, how far apart, and how it looks on a map.

pub mod cities;
mod coverage;
mod latency;
pub mod map;
mod point;
mod projection;

pub use coverage::{Coverage, Distances, Far, Site, Useful, best_addition};
pub use latency::Latency;
pub use point::Point;
