//! Where nodes and people are.

pub mod cities;
mod point;

pub use point::Point;
