//! Counts of what browsers reported, by directive of the content policy. The list is closed, so that no text of a report reaches a log.

use std::sync::atomic::{AtomicU64, Ordering};

/// The directives that our policy has, and one place for everything else.
const NAMES: [&str; 12] = [
    "default-src",
    "script-src",
    "script-src-elem",
    "script-src-attr",
    "style-src",
    "style-src-elem",
    "style-src-attr",
    "connect-src",
    "img-src",
    "require-trusted-types-for",
    "trusted-types",
    "other",
];

/// A directive of the closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Directive(usize);

impl Directive {
    /// The directive that a browser named; some send its sources along.
    pub fn named(text: &str) -> Self {
        let name = text.split_ascii_whitespace().next().unwrap_or_default();
        Self(NAMES.iter().position(|known| *known == name).unwrap_or(NAMES.len() - 1))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES.get(self.0).copied().unwrap_or("other")
    }
}

/// How often each was reported since the node started.
#[derive(Debug, Default)]
pub struct Reports([AtomicU64; NAMES.len()]);

impl Reports {
    /// Counts one more; returns how many there are now.
    pub fn count(&self, directive: Directive) -> u64 {
        self.0.get(directive.0).map_or(0, |count| count.fetch_add(1, Ordering::Relaxed).saturating_add(1))
    }

    /// All of them together.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_directives_have_a_name() {
        for (sent, name) in [
            ("script-src-elem", "script-src-elem"),
            ("script-src https://a.example 'self'", "script-src"),
            ("https://secret.example/?q=typed", "other"),
            ("", "other"),
        ] {
            assert_eq!(Directive::named(sent).name(), name);
        }
    }

    #[test]
    fn each_has_its_own_count() {
        let reports = Reports::default();
        let (script, style) = (Directive::named("script-src"), Directive::named("style-src"));
        assert_eq!((reports.count(script), reports.count(script), reports.count(style)), (1, 2, 1));
        assert_eq!(reports.total(), 3);
    }
}
