//! The model of a round trip: twice the distance at the speed of light in fibre, times a detour, plus a fixed part.
//!
//! Measured Internet round trips are about 2.1 times the straight line over fibre speed (arXiv 1811.10737). The model knows no cables: it says
//! what distance allows, not what a route does.

use serde::Serialize;

/// Light in fibre, in kilometres per millisecond.
const FIBRE_KM_PER_MS: f64 = 200.0;

/// The model's two parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// How much longer the way is than the great circle.
    pub detour: f64,
    /// What every round trip costs besides distance: access network, queues, the node. In milliseconds.
    pub fixed_ms: f64,
}

impl Default for Latency {
    fn default() -> Self {
        Self { detour: 2.0, fixed_ms: 10.0 }
    }
}

impl Latency {
    /// The round trip over this distance, in milliseconds.
    pub fn round_trip_ms(self, km: f64) -> f64 {
        2.0 * km / FIBRE_KM_PER_MS * self.detour + self.fixed_ms
    }

    /// The distance that a round trip of so many milliseconds allows, in kilometres; 0 where none does.
    pub fn reach_km(self, goal_ms: f64) -> f64 {
        ((goal_ms - self.fixed_ms) * FIBRE_KM_PER_MS / (2.0 * self.detour)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundred_milliseconds_are_4500_km_by_default() {
        let model = Latency::default();
        assert_eq!(model.reach_km(100.0), 4500.0);
        assert_eq!(model.round_trip_ms(4500.0), 100.0);
        assert_eq!(Latency { detour: 2.1, fixed_ms: 15.0 }.reach_km(100.0).round(), 4048.0);
        assert_eq!(model.reach_km(5.0), 0.0);
    }
}
