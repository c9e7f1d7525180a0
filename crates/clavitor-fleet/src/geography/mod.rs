//! Where nodes and people are.

mod point;

pub use point::Point;
