//! Where a key stands in the text.

use std::ops::Range;

use toml_edit::{Document, Item};

/// The place of a dotted key: its value, or the header of its table. Where the key is missing, the nearest table that should hold it.
pub(super) fn of(document: &Document<String>, key: &str) -> Option<Range<usize>> {
    let mut item = document.as_item();
    let mut place = None;
    for part in key.split('.').filter(|part| !part.is_empty()) {
        let Some((next, at)) = step(item, part) else { break };
        (item, place) = (next, at.or(place));
    }
    place
}

fn step<'a>(item: &'a Item, part: &str) -> Option<(&'a Item, Option<Range<usize>>)> {
    if let Some(array) = item.as_array() {
        // An element is a value without a key, so the array itself stays the item and the place is the element's.
        let index: usize = part.parse().ok()?;
        return Some((item, array.get(index)?.span()));
    }
    let (key, value) = item.as_table_like()?.get_key_value(part)?;
    let at = if value.is_table() { key.span().or_else(|| value.span()) } else { value.span().or_else(|| key.span()) };
    Some((value, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_headers_elements_and_missing_keys_have_a_place() {
        let text = "a = 1\n[node.tokyo]\nnumber = 22\ncovers = [\"x\", \"yy\"]\n";
        let document = Document::parse(text.to_owned()).unwrap();
        let at = |key: &str| of(&document, key).map(|span| &text[span]);
        assert_eq!(at("a"), Some("1"));
        assert_eq!(at("node.tokyo.number"), Some("22"));
        assert_eq!(at("node.tokyo.covers.1"), Some("\"yy\""));
        assert_eq!(at("node.tokyo"), Some("tokyo"));
        assert_eq!(at("node.tokyo.city"), Some("tokyo"));
        assert_eq!(at("fleet.name"), None);
    }
}
