//! A note that the last process closed the database in good order, and what the file looked like then.
//!
//! Checking a whole file takes longer than starting. If nothing has touched the file since it was closed, it is checked right after the start instead
//! of before it; if anything differs, before a single request is served.

use std::{fs, io::Write as _, os::unix::fs::MetadataExt as _, path::Path, sync::Arc, thread};

use super::{
    engine::{self, Side},
    folder::{DATABASE, private_file},
    shared::Shared,
};

const NOTE: &str = "clavitor.clean";

/// What the file looks like: length, inode, times of change in nanoseconds.
fn look(dir: &Path) -> Option<String> {
    let file = fs::metadata(dir.join(DATABASE)).ok()?;
    let log_bytes = fs::metadata(dir.join(format!("{DATABASE}-wal"))).map_or(0, |log| log.len());
    let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
    (log_bytes == 0).then(|| format!("{} {} {times:?}", file.len(), file.ino()))
}

/// Writes the note. Without it the next start only takes longer.
pub(super) fn leave(dir: &Path) {
    let Some(found) = look(dir) else { return };
    let written = private_file().create(true).truncate(true).open(dir.join(NOTE)).and_then(|mut note| writeln!(note, "{found}"));
    if written.is_err() {
        let _ = fs::remove_file(dir.join(NOTE));
    }
}

/// Takes the note away; whether the file is as it was when the note was written.
pub(super) fn take(dir: &Path) -> bool {
    let path = dir.join(NOTE);
    let Ok(note) = fs::read_to_string(&path) else { return false };
    fs::remove_file(&path).is_ok() && look(dir).is_some_and(|found| note.trim_end() == found)
}

/// Checks the file on a thread of its own, and stops the store if it is damaged.
pub(super) fn check_soon(shared: &Arc<Shared>, now_ms: u64) {
    let shared = Arc::clone(shared);
    let check = move || {
        let file = shared.database();
        let checked = engine::open(&file, Side::Reader).and_then(|connection| engine::check(&connection, &file));
        match checked {
            Ok(()) => shared.checked(now_ms),
            Err(damaged) => shared.poison(&damaged.to_string()),
        }
    };
    // Without the thread the daily check finds what this one would have.
    let _ = thread::Builder::new().name("vault-check".to_owned()).spawn(check);
}
