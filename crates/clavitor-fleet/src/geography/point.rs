//! Places on the globe and the distance between them.

use crate::inventory::Node;

/// The radius of the sphere with the Earth's volume (IUGG), in kilometres.
const EARTH_KM: f64 = 6371.0;

/// A place, in degrees north and east.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Degrees north of the equator.
    pub latitude: f64,
    /// Degrees east of Greenwich.
    pub longitude: f64,
}

impl Point {
    /// Where a node stands.
    pub const fn of(node: &Node) -> Self {
        Self { latitude: node.latitude, longitude: node.longitude }
    }

    /// The great circle's length in kilometres, by the haversine formula; a sphere is within 0.5 % of the ellipsoid.
    pub fn km_to(self, other: Self) -> f64 {
        let (here, there) = (self.latitude.to_radians(), other.latitude.to_radians());
        let (north, east) = (there - here, (other.longitude - self.longitude).to_radians());
        let chord = (north / 2.0).sin().powi(2) + here.cos() * there.cos() * (east / 2.0).sin().powi(2);
        2.0 * EARTH_KM * chord.clamp(0.0, 1.0).sqrt().asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn km(from: (f64, f64), to: (f64, f64)) -> f64 {
        let point = |(latitude, longitude)| Point { latitude, longitude };
        point(from).km_to(point(to))
    }

    #[test]
    fn known_distances() {
        let (london, new_york, tokyo, los_angeles) = ((51.5074, -0.1278), (40.7128, -74.006), (35.6762, 139.6503), (34.0522, -118.2437));
        assert!((km(london, new_york) - 5570.0).abs() < 10.0);
        assert!((km(los_angeles, tokyo) - 8815.0).abs() < 15.0);
    }

    #[test]
    fn the_date_line_poles_and_antipodes() {
        assert!(km((0.0, 179.5), (0.0, -179.5)) < 112.0);
        assert!(km((90.0, 0.0), (90.0, 135.0)) < 1e-6);
        assert!((km((10.0, 20.0), (-10.0, -160.0)) - EARTH_KM * std::f64::consts::PI).abs() < 1e-3);
    }
}
