//! The page: figures, the map, and a table that can be sorted. One file that asks nobody for anything.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Mark, Scene, chart, escape, percent};
use crate::inventory::State;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A column: its heading, and whether it holds figures.
const COLUMNS: [(&str, bool); 10] = [
    ("Node", false),
    ("No.", true),
    ("City", false),
    ("Region", false),
    ("State", false),
    ("Provider", false),
    ("Plan", false),
    ("A month", true),
    ("Nearest for", true),
    ("Backup", false),
];

/// The page as one file. Its own style and script run by their hashes, and nothing else does.
pub fn html(scene: &Scene<'_>) -> String {
    let style = format!("\n{}{STYLE}", chart::STYLE);
    let script = format!("\n{SCRIPT}");
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(&style),
        hash(&script)
    );
    let title = escape(&format!("{}: the fleet", scene.title));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{figures}<figure>\n{map}<figcaption>\n{legend}<p>{caption}</p>\n\
         </figcaption>\n</figure>\n{table}<p id=\"said\" class=\"legend\" role=\"status\"></p>\n</main>\n<script>{script}</script>\n</body>\n</html>\n",
        figures = figures(scene),
        map = chart::inline(scene),
        legend = legend(),
        caption = escape(&scene.caption()),
        table = table(scene),
    )
}

fn hash(text: &str) -> String {
    STANDARD.encode(digest(&SHA256, text.as_bytes()))
}

fn figures(scene: &Scene<'_>) -> String {
    let beyond: u64 = scene.coverage.beyond.iter().map(|far| far.population).sum();
    let each = [
        ("Nodes", scene.nodes.len().to_string()),
        ("In service", scene.count(State::Active).to_string()),
        ("A month", format!("{} of {}", scene.total_usd, scene.budget_usd)),
        ("City people within the goal", percent(scene.coverage.share)),
        ("Half of them within", scene.coverage.percentiles_ms.get(&50).map_or("no node".to_owned(), |ms| format!("{ms:.0} ms"))),
        ("City people beyond it", format!("{:.0} million", beyond as f64 / 1e6)),
    ];
    let rows: String = each.iter().map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escape(value))).collect();
    format!("<dl>\n{rows}</dl>\n")
}

fn legend() -> String {
    let item = |drawn: &str, words: &str| {
        format!("<li><svg class=\"chart key\" viewBox=\"0 0 28 28\" aria-hidden=\"true\">{drawn}</svg>{words}</li>\n")
    };
    let shapes: String = chart::MEANINGS.iter().map(|(kind, words)| item(&chart::shape(kind, 14.0, 14.0), words)).collect();
    let near = item("<path class=\"people large\" d=\"M14 14h0\"/>", "city within the goal");
    let far = item("<path class=\"far\" d=\"M8 8l12 12m0-12l-12 12\"/>", "city beyond it");
    format!("<ul class=\"legend\">\n{shapes}{near}{far}</ul>\n")
}

fn table(scene: &Scene<'_>) -> String {
    let heading = |(name, is_figure): &(&str, bool)| {
        let class = if *is_figure { " class=\"figure\"" } else { "" };
        format!("<th scope=\"col\"{class}><button type=\"button\">{name}</button></th>")
    };
    let rows: String = scene.nodes.iter().map(row).collect();
    format!(
        "<div class=\"wide\" role=\"region\" aria-label=\"Table of the nodes\" tabindex=\"0\">\n<table>\n<caption>Press a heading to sort.</caption>\n\
         <thead>\n<tr>{}</tr>\n</thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n",
        COLUMNS.iter().map(heading).collect::<String>()
    )
}

fn row(mark: &Mark<'_>) -> String {
    let node = mark.node;
    let (name, state) = (escape(mark.name.as_str()), node.state.word());
    let role = if node.is_hub() { " hub" } else { "" };
    let icon =
        format!("<svg class=\"chart key\" viewBox=\"0 0 28 28\" aria-hidden=\"true\">{}</svg>", chart::shape(mark.shape(), 14.0, 14.0));
    let mut text = format!("<tr id=\"node-{name}\"><th scope=\"row\">{name}</th>");
    text += &figure(f64::from(node.number), &node.number.to_string());
    text += &cell(&format!("{}, {}", node.city, node.country));
    text += &cell(&node.region);
    let _ = write!(text, "<td><span class=\"state\">{icon}{state}{role}</span></td>");
    text += &cell(node.provider.as_str());
    text += &cell(node.plan.as_str());
    text +=
        &figure(mark.cost_usd.map_or(-1.0, |usd| usd.cents() as f64), &mark.cost_usd.map_or("unknown".to_owned(), |usd| usd.to_string()));
    text += &figure(mark.share_nearest, &percent(mark.share_nearest));
    text += &cell(node.backup.as_ref().map_or("none", AsRef::as_ref));
    text + "</tr>\n"
}

fn cell(text: &str) -> String {
    format!("<td>{}</td>", escape(text))
}

fn figure(value: f64, shown: &str) -> String {
    format!("<td class=\"figure\" data-value=\"{value}\">{}</td>", escape(shown))
}
