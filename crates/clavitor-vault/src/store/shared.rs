//! What the writer, the readers and the handle share.

use std::{
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
};

use clavitor_crypto::sign::SigningKey;

use super::{Disk, folder::Folder, options::OpenOptions, pace::Pace, shelf::Shelf, upkeep::Places};
use crate::{Error, Result, change::Authors};

/// Lives as long as any handle, the writer thread included.
pub(crate) struct Shared {
    pub(crate) options: OpenOptions,
    pub(crate) log_key: SigningKey,
    pub(crate) folder: Folder,
    /// Lists that agents asked for.
    pub(crate) lists: Pace,
    /// What agents looked at lately.
    pub(super) shelf: Shelf,
    /// What vaults sign with.
    pub(crate) authors: Authors,
    /// Checks and copies that run.
    pub(super) upkeep: Places,
    checked_ms: AtomicU64,
    check_waits: Mutex<Option<String>>,
    full_checked_ms: AtomicU64,
    locked_agents: AtomicU64,
    broken: Mutex<Option<String>>,
    stopped: AtomicU8,
    disk: AtomicU8,
}

const RUNNING: u8 = 0;
const CLOSED: u8 = 1;
const BROKEN: u8 = 2;

impl Shared {
    pub(super) fn new(options: OpenOptions, log_key: SigningKey, folder: Folder) -> Self {
        Self {
            options,
            log_key,
            folder,
            lists: Pace::default(),
            shelf: Shelf::default(),
            authors: Authors::default(),
            upkeep: Places::default(),
            checked_ms: AtomicU64::new(0),
            check_waits: Mutex::new(None),
            full_checked_ms: AtomicU64::new(0),
            locked_agents: AtomicU64::new(0),
            broken: Mutex::new(None),
            stopped: AtomicU8::new(RUNNING),
            disk: AtomicU8::new(Disk::Normal as u8),
        }
    }

    /// Refuses once the store has stopped.
    pub(super) fn check(&self) -> Result<()> {
        match self.stopped.load(Ordering::Acquire) {
            RUNNING => Ok(()),
            CLOSED => Err(Error::Unavailable("the vault is closed")),
            _ => Err(Error::Unavailable("the store stopped after an input or output error")),
        }
    }

    /// Stops the store for good: what the disk holds is not known any more.
    pub(super) fn poison(&self, why: &str) {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.get_or_insert_with(|| why.to_owned());
        self.stopped.store(BROKEN, Ordering::Release);
    }

    pub(super) fn close(&self) {
        let _ = self.stopped.compare_exchange(RUNNING, CLOSED, Ordering::AcqRel, Ordering::Acquire);
    }

    pub(super) fn poisoned(&self) -> Option<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn disk(&self) -> Disk {
        match self.disk.load(Ordering::Acquire) {
            0 => Disk::Normal,
            1 => Disk::Low,
            _ => Disk::Full,
        }
    }

    /// A write found no room: the reserve is given back, for revoking and deleting.
    pub(super) fn found_full(&self) {
        self.disk.store(Disk::Full as u8, Ordering::Release);
        self.folder.drop_ballast();
    }

    /// Looks at the free room again. A full disk counts as full until there is room for the reserve and as much again.
    pub(super) fn look_at_disk(&self) {
        let reserve = self.options.ballast_bytes.max(1 << 20);
        let disk = match self.disk() {
            Disk::Full if self.folder.free_bytes().is_none_or(|free| free < reserve.saturating_mul(2)) => Disk::Full,
            _ if self.folder.is_low() => Disk::Low,
            _ => Disk::Normal,
        };
        if disk == Disk::Normal {
            self.folder.fill_ballast(self.options.ballast_bytes);
        }
        self.disk.store(disk as u8, Ordering::Release);
    }

    /// The whole file was checked and is sound.
    pub(super) fn checked(&self, now_ms: u64) {
        self.checked_ms.store(now_ms, Ordering::Relaxed);
        *self.check_waits.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The check after the start could not be made, for a reason that passes.
    pub(super) fn check_waits_for(&self, why: String) {
        *self.check_waits.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }

    pub(super) fn check_waits(&self) -> Option<String> {
        self.check_waits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn checked_ms(&self) -> u64 {
        self.checked_ms.load(Ordering::Relaxed)
    }

    /// A copy of the file was checked in full and is sound.
    pub(super) fn fully_checked(&self, now_ms: u64) {
        self.full_checked_ms.store(now_ms, Ordering::Relaxed);
    }

    pub(super) fn full_checked_ms(&self) -> u64 {
        self.full_checked_ms.load(Ordering::Relaxed)
    }

    /// An agent was locked by its budget.
    pub(crate) fn locked_agent(&self) {
        self.locked_agents.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn locked_agents(&self) -> u64 {
        self.locked_agents.load(Ordering::Relaxed)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.database()
    }
}
