//! Data goes to standard output, words to standard error.

use std::io::{self, Write as _};

use anyhow::Context as _;

/// Data.
pub(crate) fn data(line: &str) -> anyhow::Result<()> {
    writeln!(io::stdout().lock(), "{line}").context("standard output cannot be written")
}

/// Words. There is nobody to tell when standard error is gone.
pub(crate) fn words(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
