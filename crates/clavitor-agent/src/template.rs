//! Templates for `inject`: text with `{{ clv://vault/item/field }}`.

use crate::{failure::Failure, reference::Reference};

/// A template is at most this long, in bytes.
pub(crate) const TEMPLATE_BYTES_MAX: usize = 4 << 20;

/// A piece of a template, in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Copied as it is.
    Text(&'a str),
    /// Replaced by the value.
    Value(Reference),
}

/// Splits a template. Braces that hold no reference stay as they are, so that templates of other tools pass through.
///
/// # Errors
/// A `{{ clv://` that is not closed on its line, or does not hold a reference: the line is named.
pub(crate) fn parse(template: &str) -> Result<Vec<Piece<'_>>, Failure> {
    let mut pieces = Vec::new();
    let mut text_from = 0;
    let mut at = 0;
    while let Some(open) = template[at..].find("{{").map(|found| at + found) {
        let inner_from = open + 2;
        if !template[inner_from..].trim_start_matches([' ', '\t']).starts_with(crate::reference::SCHEME) {
            at = open + 1;
            continue;
        }
        let line = template[..open].matches('\n').count() + 1;
        let this_line = template[inner_from..].lines().next().unwrap_or("");
        let length = this_line.find("}}").ok_or_else(|| Failure::general(format!("line {line}: the reference is not closed with }}}}")))?;
        let reference = template[inner_from..inner_from + length].trim();
        let reference = reference.parse().map_err(|error| Failure::general(format!("line {line}: {error}")))?;
        if text_from < open {
            pieces.push(Piece::Text(&template[text_from..open]));
        }
        pieces.push(Piece::Value(reference));
        at = inner_from + length + 2;
        text_from = at;
    }
    if text_from < template.len() {
        pieces.push(Piece::Text(&template[text_from..]));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_and_references_in_order() {
        let pieces = parse("user = \"{{clv://-/Mail/username}}\"\npass={{ clv://-/Mail/password }};").unwrap();
        assert_eq!(
            pieces,
            [
                Piece::Text("user = \""),
                Piece::Value("clv://-/Mail/username".parse().unwrap()),
                Piece::Text("\"\npass="),
                Piece::Value("clv://-/Mail/password".parse().unwrap()),
                Piece::Text(";"),
            ]
        );
    }

    #[test]
    fn other_braces_pass_through() {
        let template = "{{ .Values.x }} {{{ }} { {{";
        assert_eq!(parse(template).unwrap(), [Piece::Text(template)]);
        assert_eq!(parse("{{{clv://-/a/b}}").unwrap()[0], Piece::Text("{"));
    }

    #[test]
    fn an_error_names_the_line() {
        assert!(parse("\n\n{{ clv://-/a/b\n}}").unwrap_err().message.starts_with("line 3:"));
        assert!(parse("{{ clv://only }}").unwrap_err().message.starts_with("line 1:"));
    }

    proptest! {
        #[test]
        fn nothing_but_references_is_lost(template in "([a-z{}\n ]|\\{\\{ clv://-/a/b \\}\\}){0,40}") {
            if let Ok(pieces) = parse(&template) {
                let again: String = pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => (*text).to_owned(),
                    Piece::Value(reference) => format!("{{{{ {reference} }}}}"),
                }).collect();
                prop_assert_eq!(again, template);
            }
        }
    }
}
