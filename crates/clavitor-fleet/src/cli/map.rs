//! The verb that draws.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Context, Done, Failure, figures};
use crate::geography::map::{Mark, Scene, html, svg};
use crate::geography::{Distances, Latency, cities};

const EXAMPLES: &str = "\
Examples:
  clavitor-fleet map > fleet.svg
  clavitor-fleet map --form page > fleet.html
  clavitor-fleet map --out public            fleet.svg and fleet.html in the folder public

Neither file asks anybody for anything. The page says what each node costs: think before you publish it.";

/// `map`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AskedMap {
    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = Form::Svg, conflicts_with = "out")]
    form: Form,
    /// Write both files into this folder instead; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only nodes in service; otherwise planned ones are drawn too
    #[arg(long)]
    active: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// The map alone
    Svg,
    /// A page with the map and a table
    Page,
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: &'static str,
    share: f64,
    goal_ms: f64,
    nodes: &'a [Mark<'a>],
    files: &'a [String],
}

/// Draws the fleet.
pub(super) fn map(context: &Context, asked: &AskedMap) -> Done {
    let mut inventory = context.load()?;
    if asked.active {
        inventory.nodes.retain(|_, node| node.is_active());
    }
    let (sites, model) = (figures::sites(&inventory, false), Latency::default());
    let coverage = Distances::new(cities::all(), &sites).coverage(model, f64::from(inventory.fleet.latency_goal_ms));
    let scene = Scene::new(&inventory, cities::all(), &coverage, model);
    let files = asked.out.as_ref().map(|folder| write(folder, &scene)).transpose()?.unwrap_or_default();
    let answer =
        Answer { schema: "clavitor.fleet-map/1", share: coverage.share, goal_ms: scene.goal_ms, nodes: &scene.nodes, files: &files };
    context.answer(&answer, || match (asked.form, files.is_empty()) {
        (_, false) => files.join("\n"),
        (Form::Svg, true) => svg(&scene),
        (Form::Page, true) => html(&scene),
    })
}

fn write(folder: &PathBuf, scene: &Scene<'_>) -> Result<Vec<String>, Failure> {
    let failed = |error| Failure::general(format!("the map cannot be written to {}", folder.display())).why(error);
    fs::create_dir_all(folder).map_err(failed)?;
    let each = [("fleet.svg", svg(scene)), ("fleet.html", html(scene))];
    each.into_iter()
        .map(|(name, text)| fs::write(folder.join(name), text).map_err(failed).map(|()| folder.join(name).display().to_string()))
        .collect()
}
