//! Backups on a schedule: into a folder, each verified after it is written, the oldest removed only then.
//!
//! What is due and what may go is decided in [`plan`]; what lies in the folder is read and written in [`shelf`]; the task here only connects them.

mod lateness;
mod name;
pub mod plan;
pub mod shelf;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use clavitor_vault::{Error, Vault, backup};
use tokio::task::{JoinHandle, spawn_blocking};

use self::{
    lateness::Lateness,
    plan::{Input, Kept, Output, Plan, State},
    shelf::{Shelf, ShelfError},
};
use crate::{
    Node, Shutdown,
    alert::{Alert, BackupFault},
};

/// How often the schedule looks whether something is due.
pub const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What the operator asked for.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Where the backups go.
    pub folder: PathBuf,
    /// How often, and how many are kept.
    pub plan: Plan,
    /// How often to look; [`LOOK_EVERY`] outside of tests.
    pub look_every: Duration,
}

/// How the schedule is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BackupStatus {
    /// From one backup to the next; 0: there is no schedule.
    pub every_ms: u64,
    /// The newest whole backup. It was verified when it was written.
    pub newest: Option<Kept>,
    /// How many whole ones are kept.
    pub kept: u64,
    /// Bytes of the newest that this process wrote.
    pub bytes: u64,
    /// Backups in a row that failed.
    pub failures: u64,
    /// Why the last one failed, as long as none has worked since.
    pub cause: Option<BackupFault>,
}

impl BackupStatus {
    /// How old the newest backup is. None: there is none, or its stamp lies ahead.
    pub fn age_ms(&self, now_ms: u64) -> Option<u64> {
        self.newest.and_then(|newest| now_ms.checked_sub(newest.taken_ms))
    }

    /// How old the newest may become: two turns of the schedule, in milliseconds.
    pub fn age_ms_max(&self) -> u64 {
        self.every_ms.saturating_mul(2)
    }

    /// Whether the newest backup is older than two turns of the schedule, or missing while backups fail.
    pub fn is_old(&self, now_ms: u64) -> bool {
        let older = |age_ms: u64| age_ms > self.age_ms_max();
        self.every_ms > 0 && self.age_ms(now_ms).map_or(self.cause.is_some(), older)
    }
}

/// The status, shared with whoever reports it. The default says that there is no schedule.
#[derive(Clone, Default)]
pub struct Backups(Arc<Mutex<BackupStatus>>);

impl Backups {
    /// How the schedule is doing now.
    pub fn status(&self) -> BackupStatus {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut BackupStatus)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Starts the schedule beside the requests. A folder that cannot be used is told to the operator and tried again; it is no reason not to serve.
pub fn start(node: &Node, schedule: Schedule, shutdown: &Shutdown) -> JoinHandle<()> {
    node.backups().change(|status| status.every_ms = schedule.plan.every_ms);
    let (mut keeper, shutdown) =
        (Keeper { node: node.clone(), schedule, shelf: None, state: State::default(), lateness: Lateness::default() }, shutdown.clone());
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = keeper.look() => {}
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(keeper.schedule.look_every) => {}
            }
        }
    })
}

struct Keeper {
    node: Node,
    schedule: Schedule,
    shelf: Option<Arc<Shelf>>,
    state: State,
    lateness: Lateness,
}

impl Keeper {
    async fn look(&mut self) {
        let opened = self.open().await;
        if opened.is_ok() {
            self.show();
        }
        for output in self.step(Input::Tick) {
            if let Output::Write(number) = output {
                let done = match &opened {
                    Ok(shelf) => self.write(Arc::clone(shelf), number).await,
                    Err(cause) => Err(*cause),
                };
                self.told(done).await;
            }
        }
        // After the attempt: a node that was off for long makes one at once, and nobody needs to hear of it.
        if let Some(alert) = self.lateness.step(&self.node.backups().status(), self.node.now_ms()) {
            self.node.alert(&alert);
        }
    }

    fn step(&mut self, input: Input) -> Vec<Output> {
        let (state, outputs) = std::mem::take(&mut self.state).step(&self.schedule.plan, self.node.now_ms(), input);
        self.state = state;
        outputs
    }

    /// The folder, and at the first time what is in it.
    async fn open(&mut self) -> Result<Arc<Shelf>, BackupFault> {
        if let Some(shelf) = &self.shelf {
            return Ok(Arc::clone(shelf));
        }
        let (folder, log_key) = (self.schedule.folder.clone(), self.node.vault().log_key());
        let opened = spawn_blocking(move || {
            let shelf = Shelf::open(&folder, &log_key)?;
            let kept = shelf.kept().map_err(|source| ShelfError::Unusable { path: folder, source })?;
            Ok::<_, ShelfError>((Arc::new(shelf), kept))
        });
        match opened.await {
            Ok(Ok((shelf, kept))) => {
                self.state = self.state.clone().with(kept);
                self.shelf = Some(Arc::clone(&shelf));
                Ok(shelf)
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "no backups");
                Err(BackupFault::NotWritable)
            }
            Err(_) => Err(BackupFault::Store),
        }
    }

    async fn write(&self, shelf: Arc<Shelf>, number: u64) -> Result<(Kept, u64), BackupFault> {
        // Names have whole seconds.
        let (kept, vault) = (Kept { number, taken_ms: self.node.now_ms() / 1000 * 1000 }, self.node.vault().clone());
        let written = spawn_blocking(move || shelf.write(&vault, kept).map_err(|error| fault(&vault, kept.taken_ms, &error))).await;
        Ok((kept, written.unwrap_or(Err(BackupFault::Store))?))
    }

    /// Takes note of how it went, and does what follows.
    async fn told(&mut self, done: Result<(Kept, u64), BackupFault>) {
        let input = done.map_or(Input::Failed, |(kept, _)| Input::Written(kept));
        let before = self.shelf.as_ref().and_then(|shelf| shelf.kept().ok()).unwrap_or_default();
        // The plan knows first: whoever sees the outcome may count on what follows from it.
        let outputs = self.step(input);
        self.node.backups().change(|status| match done {
            Ok((_, bytes)) => (status.bytes, status.failures, status.cause) = (bytes, 0, None),
            Err(cause) => (status.failures, status.cause) = (status.failures.saturating_add(1), Some(cause)),
        });
        if let Ok((kept, bytes)) = done {
            tracing::info!(number = kept.number, bytes, "a backup was written and verified");
        }
        for output in outputs {
            match (output, done) {
                (Output::Remove(number), _) => self.remove(before.iter().find(|kept| kept.number == number).copied()),
                (Output::TellFailing, Err(cause)) => {
                    let failures = self.node.backups().status().failures;
                    self.node.config().edition.alert(&Alert::BackupFailed { failures, cause });
                }
                (Output::TellWorking, _) => tracing::info!("backups work again"),
                _ => {}
            }
        }
        self.show();
    }

    fn remove(&self, old: Option<Kept>) {
        let removed = self.shelf.as_ref().zip(old).map(|(shelf, old)| shelf.remove(old));
        if let Some(Err(error)) = removed {
            tracing::warn!(%error, "an old backup cannot be removed");
        }
    }

    fn show(&self) {
        let (newest, kept) = (self.state.newest(), self.state.count() as u64);
        self.node.backups().change(|status| (status.newest, status.kept) = (newest, kept));
    }
}

/// Why a backup was not written.
fn fault(vault: &Vault, now_ms: u64, error: &Error) -> BackupFault {
    tracing::warn!(%error, "a backup was not written");
    let has_code = vault.read(now_ms, backup::has_code);
    match (has_code, error) {
        (Err(_), _) => BackupFault::Store,
        (Ok(false), _) => BackupFault::NoCode,
        (Ok(true), Error::Unavailable(_)) => BackupFault::NoRoom,
        (Ok(true), Error::NotValid(_)) => BackupFault::NotVerified,
        (Ok(true), _) => BackupFault::NotWritable,
    }
}
