//! What the tarpit spent this month, in a small file of the data folder: a restart does not begin the month anew.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::budget::Spent;

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module tarpit/ledger";

/// One line: the month, a space, the bytes.
const FILE: &str = "tarpit.spent";
const NEW_FILE: &str = "tarpit.spent.new";
const LINE_BYTES_MAX: u64 = 64;

/// The file.
pub(crate) struct Ledger {
    folder: PathBuf,
    /// What is in it, as far as we know; and whether the last attempt to write it failed.
    kept: Mutex<(Spent, bool)>,
}

impl Ledger {
    /// In this folder. A file that cannot be read counts as none, and says so.
    pub(crate) fn open(folder: &Path) -> (Self, Spent) {
        let spent = read(&folder.join(FILE)).unwrap_or_else(|error| {
            tracing::warn!(%error, "what the tarpit spent this month cannot be read; it counts from nothing");
            Spent::default()
        });
        (Self { folder: folder.to_owned(), kept: Mutex::new((spent, false)) }, spent)
    }

    /// Keeps it, if it is another than before. Blocks for one small write.
    pub(crate) fn keep(&self, spent: Spent) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 == spent {
            return;
        }
        match self.write(spent) {
            Ok(()) => *kept = (spent, false),
            Err(error) => {
                if !std::mem::replace(&mut kept.1, true) {
                    tracing::warn!(%error, "what the tarpit spent this month cannot be kept; a restart would forget it");
                }
            }
        }
    }

    fn write(&self, spent: Spent) -> io::Result<()> {
        let new = self.folder.join(NEW_FILE);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        writeln!(file, "{} {}", spent.month, spent.wire_bytes)?;
        file.sync_data()?;
        fs::rename(&new, self.folder.join(FILE))
    }
}

fn read(path: &Path) -> io::Result<Spent> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Spent::default()),
        file => file?,
    };
    let mut line = String::new();
    file.take(LINE_BYTES_MAX).read_to_string(&mut line)?;
    let numbers = line.strip_suffix('\n').and_then(|line| line.split_once(' '));
    let read = numbers.and_then(|(month, bytes)| Some(Spent { month: month.parse().ok()?, wire_bytes: bytes.parse().ok()? }));
    read.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is damaged"))
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::fs::{MetadataExt as _, PermissionsExt as _},
        time::Duration,
    };

    use clavitor_server::{Shutdown, system_clock};

    use super::*;
    use crate::tarpit::{Limits, Tarpit};

    const SPENT: Spent = Spent { month: 24_323, wire_bytes: 1_234_567_890 };

    #[test]
    fn what_was_kept_is_there_after_a_restart_and_only_a_change_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, spent) = Ledger::open(folder.path());
        assert_eq!(spent, Spent::default());
        ledger.keep(SPENT);
        let file = fs::metadata(folder.path().join(FILE)).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
        ledger.keep(SPENT);
        assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().ino(), file.ino(), "nothing new, nothing written");
        let (again, spent) = Ledger::open(folder.path());
        assert_eq!(spent, SPENT);
        again.keep(Spent { wire_bytes: SPENT.wire_bytes + 1, ..SPENT });
        assert_ne!(Ledger::open(folder.path()).1, SPENT);
    }

    #[test]
    fn a_damaged_file_counts_as_none_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for damage in ["", "24323", "24323 12", "x y\n", "24323 99999999999999999999999\n", &"7".repeat(1 << 20)] {
            fs::write(folder.path().join(FILE), damage).unwrap();
            let (ledger, spent) = Ledger::open(folder.path());
            assert_eq!(spent, Spent::default(), "{damage:.30}");
            ledger.keep(SPENT);
            assert_eq!(Ledger::open(folder.path()).1, SPENT);
        }
    }
    #[tokio::test]
    async fn it_is_kept_while_the_node_runs_so_that_a_kill_forgets_little() {
        let folder = tempfile::tempdir().unwrap();
        let (tarpit, shutdown) = (Tarpit::new(Limits::default(), system_clock()), Shutdown::default());
        tarpit.open(folder.path());
        tarpit.lock().budget.spend(system_clock()() / 1000, 777);
        let keeping = tokio::spawn(tarpit.clone().keep_every(Duration::from_millis(5), shutdown.clone()));
        while Ledger::open(folder.path()).1.wire_bytes != 777 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        shutdown.cancel();
        keeping.await.unwrap();
    }
}
