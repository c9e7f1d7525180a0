//! A note that the last process closed the database in good order, and what the file looked like then.
//!
//! Checking a whole file takes longer than starting. If nothing has touched the file since it was closed, it is checked right after the start instead
//! of before it; if anything differs, before a single request is served.

use std::{fs, io::Write as _, os::unix::fs::MetadataExt as _, path::Path, sync::Arc, thread, time::Duration};

use super::{
    OpenError,
    engine::{self, Side},
    folder::{DATABASE, private_file},
    shared::Shared,
};

const NOTE: &str = "clavitor.clean";
/// Between two tries of the check after the start.
const RETRY_MIN: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(60);

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

/// Checks the file on a thread of its own, and stops the store if it is damaged. What keeps it from being looked at and passes is waited for.
pub(super) fn check_soon(shared: &Arc<Shared>, now_ms: u64) {
    let shared = Arc::clone(shared);
    let check = move || {
        let mut pause = RETRY_MIN;
        while shared.check().is_ok() {
            match check(&shared) {
                Ok(()) => return shared.checked(now_ms),
                Err(OpenError::Busy(why)) => shared.check_waits_for(why),
                Err(damaged) => return shared.poison(&damaged.to_string()),
            }
            thread::sleep(pause);
            pause = (2 * pause).min(RETRY_MAX);
        }
    };
    // Without the thread the daily check finds what this one would have.
    let _ = thread::Builder::new().name("vault-check".to_owned()).spawn(check);
}

fn check(shared: &Shared) -> Result<(), OpenError> {
    let file = shared.database();
    engine::check(&engine::open(&file, Side::Reader)?, &file)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    use super::*;
    use crate::{OpenOptions, Vault};

    const NOW_MS: u64 = 1_767_225_600_000;

    fn opened(dir: &Path) -> Vault {
        Vault::open(dir, &OpenOptions { ballast_bytes: 0, ..OpenOptions::default() }, NOW_MS).unwrap()
    }

    fn until(holds: impl Fn() -> bool) {
        for _ in 0..6_000 {
            if holds() {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("it does not come");
    }

    /// A process has one limit of open files for all of its threads, so this one has a process of its own.
    #[test]
    fn running_out_of_open_files_does_not_stop_the_store() {
        let child = ["--exact", "store::clean::tests::child_without_open_files", "--ignored", "--nocapture"];
        let output = Command::new("/proc/self/exe").args(child).output().unwrap();
        assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    #[ignore = "started by running_out_of_open_files_does_not_stop_the_store"]
    fn child_without_open_files() {
        let dir = tempfile::tempdir().unwrap();
        let vault = opened(dir.path());
        setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..getrlimit(Resource::Nofile) }).unwrap();
        let taken: Vec<_> = std::iter::from_fn(|| fs::File::open("/dev/null").ok()).collect();
        check_soon(vault.shared(), NOW_MS + 7);
        until(|| vault.health().check_waits.is_some());
        let health = vault.health();
        assert_eq!((health.poisoned, health.checked_ms), (None, NOW_MS));
        assert!(health.check_waits.unwrap().contains("ulimit -n"));
        drop(taken);
        until(|| vault.health().checked_ms == NOW_MS + 7);
        assert_eq!((vault.health().check_waits, vault.health().poisoned), (None, None));
    }

    #[test]
    fn a_file_that_is_gone_or_damaged_stops_it() {
        let damages: [fn(&Path) -> std::io::Result<()>; 2] = [|file| fs::remove_file(file), |file| fs::write(file, [0x5a; 8192])];
        for damage in damages {
            let dir = tempfile::tempdir().unwrap();
            // Closed once, so that the file has everything and the log beside it nothing.
            opened(dir.path()).close();
            let vault = opened(dir.path());
            until(|| vault.health().checked_ms == NOW_MS);
            damage(&dir.path().join(DATABASE)).unwrap();
            check_soon(vault.shared(), NOW_MS + 7);
            until(|| vault.health().poisoned.is_some());
            assert_eq!(vault.health().checked_ms, NOW_MS);
        }
    }
}
