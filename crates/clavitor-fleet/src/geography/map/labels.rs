//! Where the names stand on the map: beside their mark, over no other mark and no other name.

use super::Mark;
use crate::geography::projection::{HEIGHT, WIDTH};

/// The letters' height in the map's units.
pub(super) const LETTER: f64 = 27.0;
/// What a letter of the system's sans serif in bold is wide, of its height.
const WIDE: f64 = 0.62;
/// A mark's radius, with a little air.
const MARK: f64 = 14.0;
/// How far a name may go from its mark. Beyond the first a line leads to it.
const AWAY: [f64; 5] = [20.0, 44.0, 70.0, 100.0, 140.0];
/// Directions in degrees, clockwise from the right: beside first, slanted last.
const TOWARDS: [f64; 12] = [0.0, 180.0, 90.0, 270.0, 315.0, 225.0, 45.0, 135.0, 340.0, 200.0, 20.0, 160.0];

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Label {
    /// The end of the letters' base line that faces the mark, or its middle.
    pub(super) x: f64,
    pub(super) y: f64,
    /// Which of them, in SVG's words.
    pub(super) anchor: &'static str,
    /// The end of the line that leads to it, where it is not beside its mark.
    pub(super) leader: Option<(f64, f64)>,
}

#[derive(Debug, Clone, Copy)]
struct Area {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Area {
    fn around(x: f64, y: f64, radius: f64) -> Self {
        Self { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius }
    }

    fn overlap(&self, other: &Self) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        width.max(0.0) * height.max(0.0)
    }

    /// How much of it lies outside the map.
    fn outside(&self) -> f64 {
        let all = (self.right - self.left) * (self.bottom - self.top);
        all - self.overlap(&Self { left: 0.0, top: 0.0, right: WIDTH, bottom: HEIGHT })
    }
}

/// Places every name, the ones with the nearest neighbours first.
pub(super) fn place(nodes: &[Mark<'_>]) -> Vec<Label> {
    let marks: Vec<Area> = nodes.iter().map(|mark| Area::around(mark.x, mark.y, MARK)).collect();
    let near = |mark: &Mark<'_>| nodes.iter().filter(|other| (other.x - mark.x).hypot(other.y - mark.y) < 180.0).count();
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(near(&nodes[*index])));
    let mut placed: Vec<Option<(Area, Label)>> = vec![None; nodes.len()];
    for index in order {
        let taken = |area: &Area| {
            let names: f64 = placed.iter().flatten().map(|(other, _)| area.overlap(other)).sum();
            let others: f64 = marks.iter().map(|other| area.overlap(other)).sum();
            names + others + area.outside()
        };
        let candidates = AWAY.iter().flat_map(|away| TOWARDS.iter().map(|towards| candidate(&nodes[index], *away, *towards)));
        let best = candidates.fold(None::<(f64, (Area, Label))>, |best, candidate| {
            let cost = taken(&candidate.0) + line_over(&nodes[index], &candidate.1, &marks) + mistaken(&nodes[index], &candidate.1, nodes);
            if best.as_ref().is_none_or(|(least, _)| cost < *least) { Some((cost, candidate)) } else { best }
        });
        placed[index] = best.map(|(_, candidate)| candidate);
    }
    placed.into_iter().flatten().map(|(_, label)| label).collect()
}

fn candidate(mark: &Mark<'_>, away: f64, towards: f64) -> (Area, Label) {
    let width = mark.name.as_str().chars().count() as f64 * LETTER * WIDE;
    let (sine, cosine) = towards.to_radians().sin_cos();
    let (x, y) = (mark.x + away * cosine, mark.y + away * sine);
    // Letters are wider or narrower than thought; the end that faces the mark is where it was meant to be.
    let (anchor, left) = match cosine {
        _ if cosine > 0.3 => ("start", x),
        _ if cosine < -0.3 => ("end", x - width),
        _ => ("middle", x - width / 2.0),
    };
    let top = y - LETTER * (1.0 - sine) / 2.0;
    let area = Area { left, top, right: left + width, bottom: top + LETTER };
    let leader = (away > AWAY[0]).then_some((x.round(), y.round()));
    (area, Label { x: x.round(), y: (top + LETTER * 0.78).round(), anchor, leader })
}

/// How much of the line from a mark to its name runs over other marks.
fn line_over(mark: &Mark<'_>, label: &Label, others: &[Area]) -> f64 {
    const STEPS: u8 = 8;
    let Some((x, y)) = label.leader else { return 0.0 };
    let at = |step: u8| (f64::from(step) / f64::from(STEPS), 3.0);
    let points = (1..=STEPS).map(at).map(|(part, radius)| Area::around(mark.x + (x - mark.x) * part, mark.y + (y - mark.y) * part, radius));
    let own = Area::around(mark.x, mark.y, MARK);
    points
        .map(|point| {
            others.iter().filter(|other| other.left != own.left || other.top != own.top).map(|other| other.overlap(&point)).sum::<f64>()
        })
        .sum()
}

/// A name that stands as near to another mark as to its own is read as the other's.
fn mistaken(mark: &Mark<'_>, label: &Label, nodes: &[Mark<'_>]) -> f64 {
    const COST: f64 = 400.0;
    let middle = label.y - LETTER * 0.28;
    let to = |other: &Mark<'_>| (other.x - label.x).hypot(other.y - middle);
    let others = nodes.iter().filter(|other| other.name != mark.name && to(other) < to(mark) + MARK / 2.0);
    // Further away a line says whose it is.
    others.count() as f64 * if label.leader.is_some() { COST / 4.0 } else { COST }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::{Distances, Latency, Point, Site, cities, map::Scene};
    use crate::inventory::{Inventory, SHIPPED};

    #[test]
    fn no_name_lies_on_another_or_on_a_mark() {
        let inventory = Inventory::parse(SHIPPED, "f").into_result().unwrap();
        let sites: Vec<Site> = inventory.wanted().map(|(name, node)| Site { name: name.to_string(), point: Point::of(node) }).collect();
        let coverage = Distances::new(cities::all(), &sites).coverage(Latency::default(), 100.0);
        let scene = Scene::new(&inventory, cities::all(), &coverage, Latency::default());
        let labels = place(&scene.nodes);
        assert_eq!(labels.len(), 16);
        let area = |mark: &Mark<'_>, label: &Label| {
            let width = mark.name.as_str().len() as f64 * LETTER * WIDE;
            let left = label.x
                - width * [("start", 0.0), ("middle", 0.5), ("end", 1.0)].iter().find(|(anchor, _)| *anchor == label.anchor).unwrap().1;
            Area { left, top: label.y - LETTER * 0.78, right: left + width, bottom: label.y + LETTER * 0.22 }
        };
        let areas: Vec<Area> = scene.nodes.iter().zip(&labels).map(|(mark, label)| area(mark, label)).collect();
        for (index, one) in areas.iter().enumerate() {
            assert!(one.outside() < 1.0, "{}", scene.nodes[index].name);
            for (other, two) in areas.iter().enumerate().skip(index + 1) {
                assert!(one.overlap(two) < 30.0, "{} and {}", scene.nodes[index].name, scene.nodes[other].name);
            }
        }
    }
}
