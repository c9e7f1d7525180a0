//! What is wrong with an inventory, and where: file, line and column, with the line itself.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use super::Inventory;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The inventory cannot be used.
    Error,
    /// It can be used, and somebody should look.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// The file as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The key it is about, such as `node.tokyo.number`; empty for a mistake of the file's grammar.
    pub key: String,
    /// What is wrong and why.
    pub message: String,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The line's text and the number of characters that are meant.
    #[serde(skip)]
    excerpt: (String, usize),
}

/// What reading an inventory gave: the inventory unless there was an error, and everything found.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// Present when no finding is an error.
    pub inventory: Option<Inventory>,
    /// Errors and warnings in the order of the file.
    pub findings: Vec<Finding>,
}

impl Parsed {
    /// The inventory, or everything that was found.
    pub fn into_result(self) -> Result<Inventory, Vec<Finding>> {
        self.inventory.ok_or(self.findings)
    }
}

/// The text of an inventory and its name, to turn places into lines.
pub(super) struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl<'a> Source<'a> {
    pub(super) const fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text }
    }

    /// A finding at a place of the text.
    pub(super) fn at(&self, level: Level, span: Option<Range<usize>>, key: &str, message: String, help: Option<String>) -> Finding {
        let span = span.unwrap_or(0..0);
        let start = self.boundary(span.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let end = self.boundary(span.end).clamp(start, line_start + line.len().max(start - line_start));
        Finding {
            level,
            file: self.file.to_owned(),
            line: self.text[..start].matches('\n').count() + 1,
            column: self.text[line_start..start].chars().count() + 1,
            key: key.to_owned(),
            message,
            help,
            excerpt: (line.to_owned(), self.text[start..end].chars().count().max(1)),
        }
    }

    /// The place, or the last one before it that begins a character.
    fn boundary(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        (0..=at).rev().find(|index| self.text.is_char_boundary(*index)).unwrap_or(0)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.level == Level::Error { "error" } else { "warning" };
        let Self { file, line, column, message, excerpt: (text, width), .. } = self;
        let (gutter, indent) = (line.to_string().len(), column.saturating_sub(1));
        writeln!(f, "{file}:{line}:{column}: {level}: {message}")?;
        writeln!(f, "  {line} | {}", text.replace('\t', " "))?;
        write!(f, "  {:gutter$} | {:indent$}{}", "", "", "^".repeat(*width))?;
        match &self.help {
            Some(help) => write!(f, "\n  {:gutter$} = {help}", ""),
            None => Ok(()),
        }
    }
}

/// The candidate that was probably meant: at most a third of the letters differ.
pub fn nearest<'a>(typed: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = candidates.map(|candidate| (strsim::damerau_levenshtein(typed, candidate), candidate)).min()?;
    (near.0 * 3 <= typed.chars().count().max(3)).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_points_at_line_and_column_in_characters() {
        let text = "a = 1\ncity = \"São\" # x\n";
        let at = text.find("# x").unwrap();
        let finding = Source::new("fleet.toml", text).at(Level::Error, Some(at..at + 3), "", "no".into(), Some("yes".into()));
        assert_eq!((finding.line, finding.column), (2, 14));
        let shown = finding.to_string();
        assert_eq!(shown, "fleet.toml:2:14: error: no\n  2 | city = \"São\" # x\n    |              ^^^\n    = yes");
    }

    #[test]
    fn places_outside_the_text_do_not_matter() {
        let source = Source::new("f", "é");
        for span in [Some(0..99), Some(1..1), Some(50..60), None] {
            assert_eq!(source.at(Level::Warning, span, "", String::new(), None).line, 1);
        }
    }

    #[test]
    fn the_nearest_word_is_near() {
        let words = || ["latitude", "longitude", "provider"].into_iter();
        assert_eq!(nearest("lattitude", words()), Some("latitude"));
        assert_eq!(nearest("colour", words()), None);
    }
}
