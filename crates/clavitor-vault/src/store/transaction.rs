//! What a job gets: a consistent state, one time, and for a write the right to change things.

use std::{cell::Cell, ops::Deref};

use super::{
    Disk,
    shared::Shared,
    shelf::{Keep, Key, View},
    tails::Tails,
    tx::Tx,
};
use crate::Error;

type Result<T, E = Error> = std::result::Result<T, E>;

/// A read transaction: one consistent state, one time.
pub struct Read<'tx> {
    pub(crate) tx: &'tx Tx<'tx>,
    pub(crate) shared: &'tx Shared,
    view: Option<&'tx View<'tx>>,
    now_ms: u64,
}

/// A write transaction: everything a read can, and changes that become durable together.
pub struct Write<'tx> {
    read: Read<'tx>,
    pub(crate) tails: &'tx Tails,
    keep: Cell<bool>,
    quiet: Cell<bool>,
}

/// What a write is for, when room is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// An agent's write or release: needs a disk that is not low.
    Agent,
    /// Something new of the owner's: needs a disk that is not full.
    Grow,
}

impl<'tx> Read<'tx> {
    pub(super) fn new(tx: &'tx Tx<'tx>, shared: &'tx Shared, now_ms: u64) -> Self {
        Self { tx, shared, view: None, now_ms }
    }

    /// One that may take what others looked at lately.
    pub(super) fn looking(tx: &'tx Tx<'tx>, shared: &'tx Shared, view: &'tx View<'tx>, now_ms: u64) -> Self {
        Self { view: Some(view), ..Self::new(tx, shared, now_ms) }
    }

    /// A row from the shelf, or else from `load`.
    pub(super) fn shelved<T: Keep, E>(&self, key: Key, load: impl FnOnce() -> Result<Option<T>, E>) -> Result<Option<T>, E> {
        let Some(view) = self.view else { return load() };
        if let Some(known) = view.get(key) {
            return Ok(Some(known));
        }
        let found = load()?;
        if let Some(found) = &found {
            view.put(key, found);
        }
        Ok(found)
    }

    /// The time of this transaction, Unix milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }
}

impl<'tx> Write<'tx> {
    pub(super) fn new(tx: &'tx Tx<'tx>, shared: &'tx Shared, tails: &'tx Tails, now_ms: u64) -> Self {
        Self { read: Read::new(tx, shared, now_ms), tails, keep: Cell::new(false), quiet: Cell::new(false) }
    }

    /// Says that what was written so far stays although the job returns an error: a refusal that is logged and charged.
    pub(crate) fn keep_effects(&self) {
        self.keep.set(true);
    }

    /// Says that this job writes nothing but traces: nothing that another look decides by or hands out.
    pub(crate) fn leaves_only_traces(&self) {
        self.quiet.set(true);
    }

    pub(super) fn left_only_traces(&self) -> bool {
        self.quiet.get()
    }

    pub(super) fn keeps_effects(&self) -> bool {
        self.keep.get()
    }

    /// Refuses what the disk has no room for. Revoking, locking and deleting never ask.
    pub(crate) fn demand(&self, room: Room) -> Result<()> {
        match (self.shared.disk(), room) {
            (Disk::Normal, _) | (Disk::Low, Room::Grow) => Ok(()),
            (Disk::Low, Room::Agent) => Err(Error::Unavailable("the disk is nearly full: agents wait until there is room")),
            (Disk::Full, _) => Err(Error::Unavailable("the disk is full: only revoking, locking and deleting work")),
        }
    }
}

impl<'tx> Deref for Write<'tx> {
    type Target = Read<'tx>;

    fn deref(&self) -> &Read<'tx> {
        &self.read
    }
}
