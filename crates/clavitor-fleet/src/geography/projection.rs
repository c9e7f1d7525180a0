//! From degrees to the map's units: the Natural Earth projection (T. Patterson; polynomials by B. Šavrič and others, 2011).
//!
//! data/land.mjs projects the land with the same polynomials, once.

use super::Point;

/// The map's width in its own units; the land's outline is in whole ones.
pub(super) const WIDTH: f64 = 2000.0;
/// The map's height in its own units.
pub(super) const HEIGHT: f64 = 870.0;
/// The northern edge: beyond it there is no land.
const NORTH: f64 = 84.0;
/// The southern edge: Antarctica has no cities.
const SOUTH: f64 = -57.0;

/// A place on the map: x to the right, y downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spot {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Projects a place.
pub(super) fn project(point: Point) -> Spot {
    let scale = WIDTH / (2.0 * std::f64::consts::PI * 0.8707);
    let (longitude, latitude) = (point.longitude.to_radians(), point.latitude.to_radians());
    Spot { x: WIDTH / 2.0 + longitude * length(latitude) * scale, y: (height(NORTH.to_radians()) - height(latitude)) * scale }
}

/// The outline of the part of the globe that is shown.
pub(super) fn outline() -> Vec<Spot> {
    const STEPS: i32 = 24;
    let at = |longitude: f64, step: i32| Point { latitude: NORTH + (SOUTH - NORTH) * f64::from(step) / f64::from(STEPS), longitude };
    let east = (0..=STEPS).map(|step| project(at(180.0, step)));
    let west = (0..=STEPS).rev().map(|step| project(at(-180.0, step)));
    east.chain(west).collect()
}

/// How long a parallel is, against its angle.
fn length(latitude: f64) -> f64 {
    let p2 = latitude * latitude;
    let p4 = p2 * p2;
    0.8707 - 0.131979 * p2 + p4 * (-0.013791 + p4 * p2 * (0.003971 - 0.001529 * p2))
}

/// How high a parallel lies above the equator.
fn height(latitude: f64) -> f64 {
    let p2 = latitude * latitude;
    let p4 = p2 * p2;
    latitude * (1.007226 + 0.015085 * p2 + p4 * p2 * (-0.044475 + 0.028874 * p2 - 0.005916 * p4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::cities;
    use crate::geography::map::LAND;

    /// The outlines of the land, as lists of corners.
    fn outlines() -> Vec<Vec<(f64, f64)>> {
        let numbers = |text: &str| text.replace('-', " -").split_whitespace().map(|number| number.parse().unwrap()).collect::<Vec<f64>>();
        let read = |line: &str| {
            let (start, steps) = line.trim_start_matches('M').trim_end_matches('z').split_once('l').unwrap();
            let start = numbers(start);
            let mut at = (start[0], start[1]);
            let mut corners = vec![at];
            for step in numbers(steps).chunks(2) {
                at = (at.0 + step[0], at.1 + step[1]);
                corners.push(at);
            }
            corners
        };
        LAND.lines().map(read).collect()
    }

    fn is_inside(spot: Spot, corners: &[(f64, f64)]) -> bool {
        let edges = corners.iter().zip(corners.iter().cycle().skip(1));
        let crossings =
            edges.filter(|((x1, y1), (x2, y2))| (*y1 > spot.y) != (*y2 > spot.y) && spot.x < (x2 - x1) * (spot.y - y1) / (y2 - y1) + x1);
        crossings.count() % 2 == 1
    }

    #[test]
    fn the_land_fits_the_map() {
        let corners = outlines().concat();
        assert!(corners.len() > 3_000);
        assert!(corners.iter().all(|(x, y)| (-1.0..=WIDTH + 1.0).contains(x) && (-1.0..=HEIGHT + 20.0).contains(y)));
        assert!(outline().iter().all(|spot| (-0.1..=WIDTH + 0.1).contains(&spot.x) && (-0.1..=HEIGHT).contains(&spot.y)));
    }

    #[test]
    fn cities_lie_on_the_land_that_was_projected_elsewhere() {
        let outlines = outlines();
        let ashore = |point: Point| outlines.iter().any(|corners| is_inside(project(point), corners));
        let on_land = cities::all().iter().filter(|city| ashore(city.point)).count();
        assert!(on_land * 100 > cities::all().len() * 90, "{on_land}: at 1:110 million some ports are in the sea");
        assert!(!ashore(Point { latitude: 0.0, longitude: -30.0 }) && !ashore(Point { latitude: 30.0, longitude: -170.0 }));
        assert!(ashore(Point { latitude: 52.2, longitude: 21.0 }) && ashore(Point { latitude: -26.2, longitude: 28.0 }));
    }
}
