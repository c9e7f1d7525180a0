//! Nix values as a tree, and the one place that prints them. Data only: there is no variant for a function, an operator or a piece of text that is code.

use std::{collections::BTreeMap, fmt::Write as _};

/// Where the usual formatter breaks lines.
const COLUMNS_MAX: usize = 100;

/// A value of the Nix language. Attributes print in the order of their names, so equal values are equal texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A string. Whatever stands in it, it stays a string.
    Text(String),
    /// A file of the rendered folder, relative to the file that names it: `../modules/node.nix`.
    File(&'static str),
    /// A list.
    List(Vec<Value>),
    /// An attribute set.
    Set(BTreeMap<String, Value>),
}

impl Value {
    /// A set of these attributes.
    pub fn set<const N: usize>(attributes: [(&str, Self); N]) -> Self {
        Self::Set(attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A list of strings.
    pub fn texts(texts: impl IntoIterator<Item = impl ToString>) -> Self {
        Self::List(texts.into_iter().map(|text| Self::Text(text.to_string())).collect())
    }

    /// A string.
    pub fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    /// The text of a whole file: why it exists, in comment lines, and the value.
    pub fn file(&self, comment: &str) -> String {
        let mut text = String::new();
        for line in comment.lines() {
            let _ = writeln!(text, "# {line}"); // writing to a string cannot fail
        }
        self.print(&mut text, 0);
        text.push('\n');
        text
    }

    fn print(&self, text: &mut String, depth: usize) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Int(number) if *number < 0 => drop(write!(text, "({number})")),
            Self::Int(number) => drop(write!(text, "{number}")),
            Self::Text(value) => print_text(text, value),
            Self::File(path) => text.push_str(path),
            Self::List(values) => print_list(text, values, depth),
            Self::Set(attributes) => print_set(text, attributes, depth),
        }
    }

    fn is_simple(&self) -> bool {
        match self {
            Self::List(values) => values.is_empty(),
            Self::Set(attributes) => attributes.is_empty(),
            _ => true,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Int(number.into())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

fn print_list(text: &mut String, values: &[Value], depth: usize) {
    match values {
        [] => text.push_str("[ ]"),
        [one] if one.is_simple() && fits(text, one) => {
            text.push_str("[ ");
            one.print(text, 0);
            text.push_str(" ]");
        }
        _ => {
            text.push('[');
            for value in values {
                new_line(text, depth + 1);
                value.print(text, depth + 1);
            }
            new_line(text, depth);
            text.push(']');
        }
    }
}

/// Whether a list of this one value fits behind what stands on the line, with brackets and a semicolon.
fn fits(text: &str, one: &Value) -> bool {
    let mut alone = String::new();
    one.print(&mut alone, 0);
    let line = text.rsplit('\n').next().unwrap_or_default();
    line.chars().count() + "[  ];".len() + alone.chars().count() <= COLUMNS_MAX
}

fn print_set(text: &mut String, attributes: &BTreeMap<String, Value>, depth: usize) {
    if attributes.is_empty() {
        text.push_str("{ }");
        return;
    }
    text.push('{');
    for (name, value) in attributes {
        new_line(text, depth + 1);
        print_name(text, name);
        text.push_str(" = ");
        value.print(text, depth + 1);
        text.push(';');
    }
    new_line(text, depth);
    text.push('}');
}

/// Words that are no names by themselves.
const KEYWORDS: &[&str] = &["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"];

fn print_name(text: &mut String, name: &str) {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\''));
    if begins && plain && !KEYWORDS.contains(&name) { text.push_str(name) } else { print_text(text, name) }
}

/// A string between quotation marks. A dollar sign is escaped where it would begin an antiquotation. The language cannot hold a NUL; it is left out.
fn print_text(text: &mut String, value: &str) {
    text.push('"');
    for (at, c) in value.char_indices() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\0' => {}
            '$' if value[at + 1..].starts_with('{') => text.push_str("\\$"),
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_prints_as_a_formatter_would_write_it() {
        let value = Value::set([
            ("list", Value::List(vec![Value::Int(1), Value::Int(-2)])),
            ("one", Value::texts(["only"])),
            ("none", Value::List(Vec::new())),
            ("empty", Value::set([])),
            ("with space", Value::Bool(true)),
            ("in", Value::Null),
            ("nested", Value::List(vec![Value::set([("file", Value::File("./a.nix"))])])),
        ]);
        let text = value.file("A test.");
        assert_eq!(nixfmt_rs::format(&text).expect("it parses"), text);
        assert!(text.contains("\"in\" = null;"), "{text}");
        assert!(text.contains("one = [ \"only\" ];"), "{text}");
    }

    #[test]
    fn a_line_is_broken_where_a_formatter_would_break_it() {
        for length in 80..=100 {
            let text = Value::set([("list", Value::texts(["x".repeat(length)]))]).file("A test.");
            assert_eq!(nixfmt_rs::format(&text).expect("it parses"), text, "{length}");
        }
    }

    #[test]
    fn text_stays_text() {
        let odd = "a\"b\\c${d}$${e}$$f\n\tü ''${x}'' \\${y}";
        let mut text = String::new();
        print_text(&mut text, odd);
        assert_eq!(text, "\"a\\\"b\\\\c\\${d}$\\${e}$$f\\n\\tü ''\\${x}'' \\\\\\${y}\"");
    }
}
