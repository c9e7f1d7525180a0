//! How long the files are. Long ones are reported; only one that nobody can read in a sitting fails.

use std::fmt;

use super::{Finding, Tree};

/// Reported above this.
const LINES_WISHED_MAX: usize = 450;
/// Refused above this.
const LINES_MAX: usize = 700;

/// Line counts of the source files, ascending.
pub(super) struct Sizes {
    files: Vec<(usize, String)>,
}

/// Counts Rust and TypeScript; what a program wrote has no reader.
pub(super) fn measure(tree: &Tree) -> Sizes {
    let sources = tree.files.iter().filter(|file| (file.is("rs") || file.is_script()) && !file.path.ends_with(".d.ts"));
    let mut files: Vec<_> = sources.map(|file| (file.text.lines().count(), file.path.clone())).collect();
    files.sort();
    Sizes { files }
}

impl Sizes {
    /// Files above the limit.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let long = self.files.iter().filter(|(lines, _)| *lines > LINES_MAX);
        long.map(|(lines, path)| Finding {
            path: path.clone(),
            line: *lines,
            message: format!("longer than {LINES_MAX} lines: split it by what it holds"),
        })
        .collect()
    }

    fn percentile(&self, percent: usize) -> usize {
        let last = self.files.len().saturating_sub(1);
        self.files.get(last * percent / 100).map_or(0, |(lines, _)| *lines)
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (lines, path) in self.files.iter().filter(|(lines, _)| *lines > LINES_WISHED_MAX) {
            writeln!(f, "{path}: {lines} lines, wished for at most {LINES_WISHED_MAX}")?;
        }
        write!(f, "sizes: {} source files, median {} lines, 90th percentile {}", self.files.len(), self.percentile(50), self.percentile(90))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_reported_and_very_long_ones_refused() {
        let (short, long, endless) = ("x\n".repeat(10), "x\n".repeat(LINES_WISHED_MAX + 1), "x\n".repeat(LINES_MAX + 1));
        let sizes =
            measure(&Tree::with(&[("a.rs", &short), ("b.ts", &long), ("c.rs", &endless), ("schema.d.ts", &endless), ("d.md", &endless)]));
        assert_eq!(sizes.findings().len(), 1);
        assert_eq!(sizes.findings()[0].path, "c.rs");
        let report = sizes.to_string();
        assert!(report.contains("b.ts: 451 lines") && report.contains("3 source files"), "{report}");
    }
}
