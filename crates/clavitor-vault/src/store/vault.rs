//! The handle: opening, reading, writing, closing.

use std::{
    path::Path,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use rusqlite::{Connection, OptionalExtension as _};

use super::{
    Health, OpenError, OpenOptions, Read, Write, checked, clean,
    engine::{self, Side},
    folder::Folder,
    migrate,
    shared::Shared,
    tx::{Fault, Tx},
    upkeep::Upkeep,
    writer::{Order, Typed, Writer},
};
use crate::{Error, Result};

/// Jobs that may wait for the writer; more are refused at once.
const WAITING_MAX: usize = 4096;
const READERS_MAX: usize = 64;

/// The vaults of one node. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    orders: SyncSender<Order>,
    writer: Mutex<Option<thread::JoinHandle<()>>>,
    readers: Mutex<Readers>,
    returned: Condvar,
}

/// Connections that nobody uses, and how many wait for one.
struct Readers {
    idle: Vec<Connection>,
    waiting: usize,
}

impl Vault {
    /// Opens the store in the folder `dir`, making it if the folder is empty.
    ///
    /// # Errors
    /// [`OpenError`]; each message says what to do.
    pub fn open(dir: &Path, options: &OpenOptions, now_ms: u64) -> std::result::Result<Self, OpenError> {
        let folder = Folder::lock(dir, options.marker.clone())?;
        let file = folder.database();
        let new = folder.is_new()?;
        if new {
            folder.make_database()?;
        }
        let clean = clean::take(&folder.dir);
        let mut connection = engine::open(&file, Side::Writer)?;
        if !new && !clean && !is_blank(&connection) {
            engine::check(&connection, &file)?;
        }
        migrate::run(&mut connection, &file, now_ms)?;
        let log_key = identify(&connection, &folder)?;
        let shared = Arc::new(Shared::new(options.clone(), log_key, folder));
        shared.fully_checked(checked::last(&shared.folder.dir));
        shared.look_at_disk();
        let idle =
            (0..options.readers.clamp(1, READERS_MAX)).map(|_| engine::open(&file, Side::Reader)).collect::<std::result::Result<_, _>>()?;
        if clean {
            clean::check_soon(&shared, now_ms);
        } else {
            shared.checked(now_ms);
        }
        let (orders, waiting) = sync_channel(WAITING_MAX);
        let writer = Writer::new(connection, Arc::clone(&shared));
        let thread = thread::Builder::new()
            .name("vault-writer".to_owned())
            .spawn(move || writer.run(&waiting))
            .map_err(|error| OpenError::Engine(format!("the writer thread did not start: {error}")))?;
        let inner = Inner {
            shared,
            orders,
            writer: Mutex::new(Some(thread)),
            readers: Mutex::new(Readers { idle, waiting: 0 }),
            returned: Condvar::new(),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Runs `job` in a read transaction on this thread.
    ///
    /// # Errors
    /// What `job` returns; `Unavailable` once the store has stopped.
    pub fn read<T>(&self, now_ms: u64, job: impl FnOnce(&Read<'_>) -> Result<T>) -> Result<T> {
        self.0.shared.check()?;
        let lent = self.0.lend();
        self.read_on(lent.connection()?, |tx| job(&Read::new(tx, &self.0.shared, now_ms)))
    }

    /// [`Vault::read`] for what is asked for again and again: what others looked at lately is taken from memory. `job` runs a second time if
    /// something has changed in the meantime.
    ///
    /// # Errors
    /// As there.
    pub fn look<T>(&self, now_ms: u64, job: impl Fn(&Read<'_>) -> Result<T>) -> Result<T> {
        let shared = &self.0.shared;
        shared.check()?;
        if let Some(view) = shared.shelf.view() {
            let lent = self.0.lend();
            let looked = self.read_on(lent.connection()?, |tx| job(&Read::looking(tx, shared, &view, now_ms)));
            if view.ends_well() {
                return looked;
            }
        }
        self.read(now_ms, job)
    }

    fn read_on<T>(&self, connection: &Connection, job: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        let tx = Tx::reading(connection);
        let result = job(&tx);
        let ended = tx.end_reading();
        if let Some(Fault::Broken(why)) = tx.take_fault() {
            self.0.shared.poison(&why);
        }
        ended?;
        result
    }

    /// Runs `job` on the writer thread; `done` is called there once its effects are durable, or with the error that undid them. Neither may block.
    pub fn write<T: Send + 'static>(
        &self,
        now_ms: u64,
        job: impl FnOnce(&Write<'_>) -> Result<T> + Send + 'static,
        done: impl FnOnce(Result<T>) + Send + 'static,
    ) {
        let typed = Box::new(Typed { now_ms, job: Some(job), done, result: None });
        let refused = match self.0.orders.try_send(Order::Job(typed)) {
            Err(TrySendError::Full(Order::Job(job)) | TrySendError::Disconnected(Order::Job(job))) => job,
            _ => return,
        };
        refused.finish(Some(Error::Unavailable("too much is waiting to be written, or the vault is closed")));
    }

    /// [`Vault::write`], waiting for it. Not for async threads, and not from inside a job.
    ///
    /// # Errors
    /// What `job` returns; `Unavailable`.
    pub fn write_wait<T: Send + 'static>(&self, now_ms: u64, job: impl FnOnce(&Write<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        let (answer, answered) = sync_channel(1);
        self.write(now_ms, job, move |result| {
            // Nobody waits any more only if the asking thread is gone.
            let _ = answer.send(result);
        });
        answered.recv().unwrap_or(Err(Error::Unavailable("the vault is closed")))
    }

    /// The state of the store.
    #[must_use]
    pub fn health(&self) -> Health {
        let shared = &self.0.shared;
        Health {
            poisoned: shared.poisoned(),
            disk: shared.disk(),
            checked_ms: shared.checked_ms(),
            check_waits: shared.check_waits(),
            full_checked_ms: shared.full_checked_ms(),
            locked_agents: shared.locked_agents(),
            schema: migrate::SCHEMA,
        }
    }

    /// Checks the whole file again while the node runs; requests are not held up. A damaged file stops the store. Blocks.
    ///
    /// # Errors
    /// `Unavailable` if it is damaged, or if too many checks and copies run already; `Internal` if the file cannot be opened.
    pub fn quick_check(&self, now_ms: u64) -> Result<()> {
        let found = engine::quick_check(&*Upkeep::open(&self.0.shared)?).map_err(Fault::from)?;
        if found != ["ok"] {
            self.0.shared.poison(&found.join("; "));
            return Err(Error::Unavailable("the database is damaged"));
        }
        self.0.shared.checked(now_ms);
        Ok(())
    }

    /// The audit log's Ed25519 public key.
    #[must_use]
    pub fn log_key(&self) -> [u8; 32] {
        *self.0.shared.log_key.public().as_bytes()
    }

    /// Finishes the jobs that wait, folds the write-ahead log into the database and ends the writer thread. Later calls are `Unavailable`.
    pub fn close(&self) {
        self.0.close();
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }
}

impl Inner {
    fn close(&self) {
        let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        if writer.thread().id() == thread::current().id() {
            // The last handle was dropped by an answer, on the writer's own thread, which ends by itself and must not wait for itself.
            let _ = self.orders.try_send(Order::Close);
            return;
        }
        // A closed channel or a dead thread is what we want.
        let _ = self.orders.send(Order::Close);
        if writer.join().is_ok() && self.shared.poisoned().is_none() {
            clean::leave(&self.shared.folder.dir);
        }
        self.shared.folder.unlock();
    }

    fn lend(&self) -> Lent<'_> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(connection) = readers.idle.pop() {
                return Lent { inner: self, connection: Some(connection) };
            }
            readers.waiting += 1;
            readers = self.returned.wait(readers).unwrap_or_else(PoisonError::into_inner);
            readers.waiting -= 1;
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// A reader on loan; it goes back when dropped, also when the borrower panics.
struct Lent<'a> {
    inner: &'a Inner,
    connection: Option<Connection>,
}

impl Lent<'_> {
    fn connection(&self) -> Result<&Connection> {
        self.connection.as_ref().ok_or_else(|| Error::Internal("a reader was lent without a connection".to_owned()))
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // A borrower that panicked leaves its transaction open.
        let usable = connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok();
        if !usable {
            self.inner.shared.poison("a reader could not end its transaction");
        }
        let mut readers = self.inner.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.idle.push(connection);
        // Telling costs a call to the system, whether anybody listens or not.
        if readers.waiting > 0 {
            self.inner.returned.notify_one();
        }
    }
}

/// A file that was made and never given a schema: the process ended in between.
fn is_blank(connection: &Connection) -> bool {
    connection.query_row("SELECT 1 FROM sqlite_schema LIMIT 1", [], |_| Ok(())).optional().is_ok_and(|row| row.is_none())
}

/// The database's id and the log's key, made together on the first start and checked on every other.
fn identify(connection: &Connection, folder: &Folder) -> std::result::Result<clavitor_crypto::sign::SigningKey, OpenError> {
    let failed = |error: rusqlite::Error| OpenError::Damaged(format!("{}: {error}", folder.database().display()));
    let row = "SELECT database_id, log_key FROM node WHERE one = 1";
    let known =
        connection.query_row(row, [], |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, [u8; 32]>(1)?))).optional().map_err(failed)?;
    let log_key = folder.log_key(known.is_none())?;
    let database_id = match known {
        Some((database_id, public)) if public == *log_key.public().as_bytes() => database_id,
        Some(_) => {
            return Err(OpenError::Lost(
                "node.key is not the key this database's audit log is signed with. Bring both back with `clavitor restore`.".to_owned(),
            ));
        }
        None => {
            let database_id: [u8; 16] = clavitor_crypto::random::make();
            let insert = "INSERT INTO node (one, database_id, log_key) VALUES (1, $1, $2)";
            connection.execute(insert, rusqlite::params![database_id, log_key.public().as_bytes()]).map_err(failed)?;
            database_id
        }
    };
    folder.mark(&database_id)?;
    Ok(log_key)
}
