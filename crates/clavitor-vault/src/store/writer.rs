//! The one thread that writes. Waiting jobs run under savepoints in one transaction and share one sync; nobody is answered before COMMIT returned.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    time::Duration,
};

use rusqlite::Connection;

use super::{
    Write,
    shared::Shared,
    tails::Tails,
    tx::{Fault, Tx},
};
use crate::{Error, Result};

/// Jobs of one transaction.
const JOBS_MAX: usize = 256;
/// The write-ahead log is folded back above this size, and whenever nothing is to do.
const WAL_BYTES_MAX: u64 = 4 << 20;
/// Transactions between two looks at the disk.
const LOOK_EVERY: u32 = 64;
const IDLE: Duration = Duration::from_secs(1);
/// Others fill the disk too, and make room: it is looked at this often when nobody writes.
const LOOK: Duration = Duration::from_secs(5);

/// A job without its type: runs once, and is answered once.
pub(super) trait Job: Send {
    /// Runs it; whether its effects stay.
    fn run(&mut self, write: &Write<'_>) -> bool;
    /// The time it was given.
    fn now_ms(&self) -> u64;
    /// Answers it: with what it returned, or with the error that undid it.
    fn finish(self: Box<Self>, undone: Option<Error>);
}

/// A job and whom to answer.
pub(super) struct Typed<T, F, D> {
    pub(super) now_ms: u64,
    pub(super) job: Option<F>,
    pub(super) done: D,
    pub(super) result: Option<Result<T>>,
}

impl<T, F, D> Job for Typed<T, F, D>
where
    T: Send,
    F: FnOnce(&Write<'_>) -> Result<T> + Send,
    D: FnOnce(Result<T>) + Send,
{
    fn run(&mut self, write: &Write<'_>) -> bool {
        let Some(job) = self.job.take() else { return false };
        // A panic is a bug of one job. Its effects go with the savepoint, and the others must not suffer from it.
        let result = catch_unwind(AssertUnwindSafe(|| job(write))).unwrap_or_else(|_| Err(Error::Internal("a job panicked".to_owned())));
        let stays = result.is_ok() || write.keeps_effects();
        self.result = Some(result);
        stays
    }

    fn now_ms(&self) -> u64 {
        self.now_ms
    }

    fn finish(self: Box<Self>, undone: Option<Error>) {
        let result = match (undone, self.result) {
            (Some(error), _) => Err(error),
            (None, Some(result)) => result,
            (None, None) => Err(Error::Unavailable("the vault is closed")),
        };
        (self.done)(result);
    }
}

/// What is sent to the writer.
pub(super) enum Order {
    Job(Box<dyn Job>),
    Close,
}

pub(super) struct Writer {
    connection: Connection,
    shared: Arc<Shared>,
    tails: Tails,
    commits: u32,
    unfolded: bool,
}

impl Writer {
    pub(super) fn new(connection: Connection, shared: Arc<Shared>) -> Self {
        Self { connection, shared, tails: Tails::default(), commits: 0, unfolded: true }
    }

    /// Works until it is told to close or nobody can send any more.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        loop {
            let first = match orders.recv_timeout(if self.unfolded { IDLE } else { LOOK }) {
                Ok(Order::Job(job)) => job,
                Err(RecvTimeoutError::Timeout) => {
                    if self.unfolded {
                        // The file keeps its length: writing over it costs less than making it grow again.
                        self.fold("PRAGMA wal_checkpoint(PASSIVE)");
                        self.unfolded = false;
                    }
                    self.shared.look_at_disk();
                    continue;
                }
                Ok(Order::Close) | Err(RecvTimeoutError::Disconnected) => break,
            };
            let (batch, close) = gather(first, orders);
            self.commit_batch(batch);
            if close {
                break;
            }
        }
        self.shared.close();
        self.fold("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    fn commit_batch(&mut self, mut batch: Vec<Box<dyn Job>>) {
        let undone = match self.shared.check() {
            Ok(()) => self.transact(&mut batch).err(),
            Err(error) => Some(error),
        };
        if undone.is_some() {
            self.tails.clear();
        }
        for job in batch {
            // Whoever is answered runs their own code here; a mistake in it must not end the only writer.
            let _ = catch_unwind(AssertUnwindSafe(|| job.finish(undone.clone())));
        }
        self.after_commit();
    }

    /// Runs the jobs in one transaction. An error undoes all of them.
    fn transact(&self, batch: &mut [Box<dyn Job>]) -> Result<()> {
        let done = self.try_transact(batch);
        if let Err(fault) = &done {
            match fault {
                Fault::Full => self.shared.found_full(),
                Fault::Broken(why) => self.shared.poison(why),
                Fault::Other(_) => {}
            }
            if !self.connection.is_autocommit() && self.connection.execute_batch("ROLLBACK").is_err() {
                self.shared.poison("a transaction could not be undone");
            }
        }
        Ok(done?)
    }

    fn try_transact(&self, batch: &mut [Box<dyn Job>]) -> std::result::Result<(), Fault> {
        let tx = Tx::new(&self.connection);
        tx.execute("BEGIN IMMEDIATE", &[])?;
        let mut changes = false;
        for job in batch {
            tx.execute("SAVEPOINT job", &[])?;
            let write = Write::new(&tx, &self.shared, &self.tails, job.now_ms());
            let stays = job.run(&write);
            changes |= stays && !write.left_only_traces();
            if let Some(fault) = tx.take_fault() {
                return Err(fault);
            }
            if stays {
                self.tails.keep();
            } else {
                self.tails.forget();
                tx.execute("ROLLBACK TO job", &[])?;
            }
            tx.execute("RELEASE job", &[])?;
        }
        if !changes {
            return tx.execute("COMMIT", &[]).map(drop);
        }
        self.shared.shelf.shut();
        let committed = tx.execute("COMMIT", &[]);
        self.shared.shelf.reopen();
        committed.map(drop)
    }

    fn after_commit(&mut self) {
        self.unfolded = true;
        self.commits = self.commits.wrapping_add(1);
        if self.commits.is_multiple_of(LOOK_EVERY) {
            self.shared.look_at_disk();
            let wal = self.shared.database().with_file_name("clavitor.db-wal");
            if std::fs::metadata(wal).is_ok_and(|file| file.len() > WAL_BYTES_MAX) {
                self.fold("PRAGMA wal_checkpoint(PASSIVE)");
            }
        }
    }

    /// Folds the write-ahead log into the database. A busy reader only postpones it; a failed write or sync stops the store.
    fn fold(&self, sql: &str) {
        if self.shared.poisoned().is_some() {
            return;
        }
        match self.connection.query_row(sql, [], |_| Ok(())).map_err(Fault::from) {
            Err(Fault::Broken(why)) => self.shared.poison(&why),
            Err(Fault::Full) => self.shared.found_full(),
            Ok(()) | Err(Fault::Other(_)) => {}
        }
    }
}

/// The first job and those that wait behind it; whether to close afterwards.
fn gather(first: Box<dyn Job>, orders: &Receiver<Order>) -> (Vec<Box<dyn Job>>, bool) {
    let mut batch = vec![first];
    while batch.len() < JOBS_MAX {
        match orders.try_recv() {
            Ok(Order::Job(job)) => batch.push(job),
            Ok(Order::Close) | Err(TryRecvError::Disconnected) => return (batch, true),
            Err(TryRecvError::Empty) => break,
        }
    }
    (batch, false)
}
