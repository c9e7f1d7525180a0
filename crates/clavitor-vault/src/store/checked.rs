//! A note of when the file was last checked in full, so that a restart does not check it again.
//!
//! It is about one file: a database that was restored or copied is another, and has not been checked.

use std::{fs, io::Write as _, os::unix::fs::MetadataExt as _, path::Path};

use super::folder::{DATABASE, private_file};

const NOTE: &str = "clavitor.checked";

fn file_number(dir: &Path) -> Option<u64> {
    fs::metadata(dir.join(DATABASE)).ok().map(|file| file.ino())
}

/// Writes the note. Without it the next start only checks sooner.
pub(super) fn leave(dir: &Path, now_ms: u64) {
    let Some(number) = file_number(dir) else { return };
    let written = private_file().create(true).truncate(true).open(dir.join(NOTE)).and_then(|mut note| writeln!(note, "{now_ms} {number}"));
    if written.is_err() {
        let _ = fs::remove_file(dir.join(NOTE));
    }
}

/// When it was, Unix milliseconds; 0 if there is no note, or it is about another file.
pub(super) fn last(dir: &Path) -> u64 {
    let note = fs::read_to_string(dir.join(NOTE)).unwrap_or_default();
    let (checked_ms, number) = note.trim_end().split_once(' ').unwrap_or_default();
    let same = number.parse().ok().is_some_and(|number: u64| file_number(dir) == Some(number));
    checked_ms.parse().ok().filter(|_| same).unwrap_or(0)
}
