//! What the checks say, before it is given a place in the text.

use super::Level;

/// One thing that is wrong, by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) level: Level,
    /// Dotted, such as `node.tokyo.number`; the elements of arrays by number.
    pub(super) key: String,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// Nothing depends on a key that nobody knows: without it the rest can still be read.
    pub(super) is_unknown_key: bool,
}

/// Everything that was found so far.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Vec<Note>);

impl Notes {
    pub(super) fn error(&mut self, key: impl Into<String>, message: impl Into<String>) -> &mut Note {
        self.add(Level::Error, key.into(), message.into())
    }

    pub(super) fn warning(&mut self, key: impl Into<String>, message: impl Into<String>) -> &mut Note {
        self.add(Level::Warning, key.into(), message.into())
    }

    fn add(&mut self, level: Level, key: String, message: String) -> &mut Note {
        let at = self.0.len();
        self.0.push(Note { level, key, message, help: None, is_unknown_key: false });
        &mut self.0[at]
    }
}

impl Note {
    /// What would be right.
    pub(super) fn help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }

    /// The key itself is what is wrong.
    pub(super) fn unknown_key(&mut self) -> &mut Self {
        self.is_unknown_key = true;
        self
    }

    /// What would be right, where that is known.
    pub(super) fn perhaps(&mut self, help: Option<String>) {
        self.help = help;
    }
}
