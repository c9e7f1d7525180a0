//! The map itself, as SVG.

use std::fmt::Write as _;

use super::labels::{self, Label};
use super::{LAND, Mark, Scene, escape};
use crate::geography::cities::City;
use crate::geography::projection::{HEIGHT, Spot, WIDTH, outline, project};

/// The map's own style.
pub(super) const STYLE: &str = include_str!("chart.css");
/// Room above the map for its title, in its units, where it stands alone.
const HEAD: f64 = 60.0;
/// Room below it for the legend and the caption.
const FOOT: f64 = 120.0;
/// Cities of more people than this are drawn larger, and larger still.
const MIDDLE_PEOPLE: u64 = 2_000_000;
const LARGE_PEOPLE: u64 = 8_000_000;

/// The map as a file of its own, with title, legend and caption. Light or dark as the reader's system is.
pub fn svg(scene: &Scene<'_>) -> String {
    let (title, caption) = (escape(&format!("{}: {} nodes", scene.title, scene.nodes.len())), escape(&scene.caption()));
    let foot = HEIGHT + 44.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 {top} {WIDTH} {height}\" role=\"img\" aria-labelledby=\"chart-title chart-words\">\n\
         <title id=\"chart-title\">{title}</title>\n<desc id=\"chart-words\">{caption}</desc>\n<style>\n{STYLE}</style>\n\
         <rect class=\"paper\" x=\"0\" y=\"{top}\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
         <text class=\"title\" x=\"40\" y=\"-20\">{title}</text>\n{drawing}{legend}\
         <text class=\"words\" x=\"40\" y=\"{below}\">{caption}</text>\n</svg>\n",
        top = -HEAD,
        height = HEIGHT + HEAD + FOOT,
        drawing = drawing(scene, false),
        legend = legend(foot),
        below = foot + 46.0,
    )
}

/// The map inside a page that has a title and a legend of its own; each mark leads to its row.
pub(super) fn inline(scene: &Scene<'_>) -> String {
    let caption = escape(&scene.caption());
    format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"group\" aria-label=\"Map of the nodes\">\n<desc>{caption}</desc>\n{}</svg>\n",
        drawing(scene, true)
    )
}

fn drawing(scene: &Scene<'_>, linked: bool) -> String {
    let mut text = format!("<path class=\"sea\" d=\"{}\"/>\n<path class=\"land\" d=\"{}\"/>\n", globe(), LAND.trim_end());
    let reach_km = scene.model.reach_km(scene.goal_ms);
    let is_far = |city: &City| scene.nodes.iter().all(|mark| super::Point::of(mark.node).km_to(city.point) > reach_km);
    let (far, near): (Vec<&City>, Vec<&City>) = scene.cities.iter().partition(|city| is_far(city));
    for (size, people) in [("small", 0..MIDDLE_PEOPLE), ("middle", MIDDLE_PEOPLE..LARGE_PEOPLE), ("large", LARGE_PEOPLE..u64::MAX)] {
        let dots = near.iter().filter(|city| people.contains(&city.population)).map(|city| dot(project(city.point)));
        let _ = writeln!(text, "<path class=\"people {size}\" d=\"{}\"/>", dots.collect::<String>());
    }
    let _ = writeln!(text, "<path class=\"far\" d=\"{}\"/>", far.iter().map(|city| cross(project(city.point))).collect::<String>());
    let labels = labels::place(&scene.nodes);
    for (mark, label) in scene.nodes.iter().zip(&labels) {
        text += &node(mark, label, linked);
    }
    text
}

fn node(mark: &Mark<'_>, label: &Label, linked: bool) -> String {
    let (name, words) = (escape(mark.name.as_str()), escape(&mark.words()));
    let leader = label
        .leader
        .map_or_else(String::new, |(x, y)| format!("<line class=\"leader\" x1=\"{}\" y1=\"{}\" x2=\"{x}\" y2=\"{y}\"/>", mark.x, mark.y));
    let inner = format!(
        "<title>{name}: {words}</title>{leader}{}<text class=\"name\" x=\"{}\" y=\"{}\" text-anchor=\"{}\">{name}</text>",
        shape(mark.shape(), mark.x, mark.y),
        label.x,
        label.y,
        label.anchor
    );
    match linked {
        true => format!("<a href=\"#node-{name}\" aria-label=\"{name}: {words}\">{inner}</a>\n"),
        false => format!("<g>{inner}</g>\n"),
    }
}

/// Square or round is hub or not; full or dashed is in service or planned.
pub(super) fn shape(kind: &str, x: f64, y: f64) -> String {
    let state = if kind.ends_with("active") { "active" } else { "planned" };
    match kind.starts_with("hub") {
        true => format!("<rect class=\"mark {state}\" x=\"{}\" y=\"{}\" width=\"20\" height=\"20\"/>", x - 10.0, y - 10.0),
        false => format!("<circle class=\"mark {state}\" cx=\"{x}\" cy=\"{y}\" r=\"10\"/>"),
    }
}

/// What the shapes mean.
pub(super) const MEANINGS: [(&str, &str); 4] = [
    ("hub-active", "hub in service"),
    ("hub-planned", "hub, planned"),
    ("pop-active", "node in service"),
    ("pop-planned", "node, planned"),
];

fn legend(y: f64) -> String {
    let mut text = String::new();
    let mut x = 52.0;
    for (kind, words) in MEANINGS {
        let _ = writeln!(text, "{}<text class=\"words\" x=\"{}\" y=\"{}\">{words}</text>", shape(kind, x, y - 8.0), x + 22.0, y);
        x += 250.0;
    }
    let people = format!("<path class=\"people large\" d=\"{}\"/>", dot(Spot { x, y: y - 8.0 }));
    let _ = writeln!(text, "{people}<text class=\"words\" x=\"{}\" y=\"{y}\">city within the goal</text>", x + 18.0);
    let far = format!("<path class=\"far\" d=\"{}\"/>", cross(Spot { x: x + 300.0, y: y - 8.0 }));
    let _ = writeln!(text, "{far}<text class=\"words\" x=\"{}\" y=\"{y}\">city beyond it</text>", x + 318.0);
    text
}

fn globe() -> String {
    let corners: Vec<String> = outline().iter().map(|spot| format!("{:.0} {:.0}", spot.x, spot.y)).collect();
    format!("M{}z", corners.join("L"))
}

/// A line of no length with round ends is a dot.
fn dot(Spot { x, y }: Spot) -> String {
    format!("M{x:.0} {y:.0}h0")
}

fn cross(Spot { x, y }: Spot) -> String {
    format!("M{:.0} {:.0}l8 8m0-8l-8 8", x - 4.0, y - 4.0)
}
