//! The map and the page: well-formed, asking nobody for anything, and told apart without colour.

use std::collections::BTreeSet;

use super::*;
use crate::geography::{Distances, Site, cities};
use crate::inventory::SHIPPED;

/// Elements of HTML that have no end.
const VOID: [&str; 1] = ["meta"];

fn drawn(text: &str) -> (String, String) {
    let inventory = Inventory::parse(text, "f").into_result().unwrap();
    let sites: Vec<Site> = inventory.wanted().map(|(name, node)| Site { name: name.to_string(), point: Point::of(node) }).collect();
    let coverage = Distances::new(cities::all(), &sites).coverage(Latency::default(), 100.0);
    let scene = Scene::new(&inventory, cities::all(), &coverage, Latency::default());
    (svg(&scene), html(&scene))
}

/// Every element that is opened is closed, in order; what is left of the text holds no bare mark. The elements' names come back.
fn elements(text: &str) -> Vec<String> {
    let (mut open, mut all, mut rest) = (Vec::new(), Vec::new(), text);
    while let Some(at) = rest.find('<') {
        assert!(
            !rest[..at].contains('>') || open.last().is_some_and(|last| last == "style" || last == "script"),
            "a bare > in {:.80}",
            rest
        );
        rest = &rest[at + 1..];
        let end = rest.find('>').unwrap();
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if tag.starts_with('!') {
            continue;
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap().to_owned();
        match (tag.starts_with('/'), tag.ends_with('/') || VOID.contains(&name.as_str())) {
            (true, _) => assert_eq!(open.pop(), Some(name), "in {tag}"),
            (false, true) => all.push(name),
            (false, false) => {
                if name == "style" || name == "script" {
                    rest = &rest[rest.find(&format!("</{name}>")).unwrap()..];
                }
                all.push(name.clone());
                open.push(name);
            }
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    all
}

#[test]
fn map_and_page_are_well_formed() {
    let (svg, html) = drawn(SHIPPED);
    let count = |elements: &[String], name: &str| elements.iter().filter(|element| *element == name).count();
    let in_svg = elements(&svg);
    assert_eq!((count(&in_svg, "g"), count(&in_svg, "title")), (16, 17));
    let in_html = elements(&html);
    assert_eq!((count(&in_html, "tr"), count(&in_html, "a"), count(&in_html, "main")), (17, 16, 1));
    assert_eq!((count(&in_html, "td"), count(&in_html, "th")), (16 * 9, 16 + 10));
    assert!(html.len() < 100_000 && svg.len() < 60_000, "{} {}", html.len(), svg.len());
}

#[test]
fn neither_asks_anybody_for_anything() {
    let (svg, html) = drawn(SHIPPED);
    assert_eq!(svg.matches("http").count(), 1, "the namespace");
    assert!(svg.contains("xmlns=\"http://www.w3.org/2000/svg\""));
    assert_eq!(html.matches("http").count(), 1, "http-equiv");
    for text in [&svg, &html] {
        for reference in ["url(", "@import", " src=", "srcset", "//cdn", "<link", "<img", "<iframe", "<image", " on", "style=\""] {
            let found = text.matches(reference).filter(|found| *found != " on").count();
            assert_eq!(found, 0, "{reference}");
        }
    }
    assert!(html.contains("content=\"default-src 'none'; style-src 'sha256-") && !html.contains("unsafe-inline"));
    assert!(elements(&html).iter().all(|name| name != "form" && name != "input"));
}

#[test]
fn what_the_inventory_says_stays_text() {
    let evil = SHIPPED.replacen("name = \"Clavitor\"", "name = \"<script>alert(1)</script>&'\"", 1).replacen(
        "city = \"Tokyo\"",
        "city = '\"><img src=x>'",
        1,
    );
    let (svg, html) = drawn(&evil);
    for text in [svg, html] {
        assert!(!text.contains("<script>alert") && !text.contains("<img"));
        assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;") && text.contains("&quot;&gt;&lt;img src=x&gt;"));
        elements(&text);
    }
}

#[test]
fn roles_and_states_differ_in_shape_and_in_words() {
    let shapes: BTreeSet<String> = chart::MEANINGS.iter().map(|(kind, _)| chart::shape(kind, 0.0, 0.0)).collect();
    assert_eq!(shapes.len(), 4);
    assert!(chart::STYLE.contains(".planned { stroke-dasharray"), "planned is dashed, not only paler");
    let (_, html) = drawn(SHIPPED);
    assert_eq!(html.matches("planned hub</span>").count(), 2);
    assert_eq!(html.matches("</svg>planned</span>").count(), 14);
}

#[test]
fn light_and_dark_have_the_same_colours_by_name() {
    for style in [chart::STYLE, include_str!("page.css")] {
        let names = |text: &str| -> BTreeSet<String> {
            text.split("--")
                .skip(1)
                .filter_map(|rest| rest.split_once(": #"))
                .map(|(name, _)| name.to_owned())
                .filter(|name| !name.contains(')'))
                .collect()
        };
        let (light, dark) = style.split_once("prefers-color-scheme: dark").unwrap();
        let dark_rule = dark.split_once("} }").unwrap().0;
        assert_eq!(names(light), names(dark_rule));
        assert!(names(light).len() >= 6);
    }
}
