//! What agents and owners looked at lately, sealed as it is stored, so that the next look at it reads no file. Whatever changes anything empties it.
//!
//! The generation is odd while a change is being committed and has grown when the change can be seen. A look takes from the shelf, adds to it and
//! gives its answer only if the generation was even and stayed the same from its begin to its end; otherwise it is done again without the shelf.

use std::{
    any::Any,
    cell::RefCell,
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use clavitor_crypto::{AgentId, EntryId, FieldId, ScopeId, VaultId};

/// Everything on the shelf together; beyond that it is emptied.
const KEPT_BYTES_MAX: usize = 8 << 20;
/// A thing larger than this is not kept.
const ITEM_BYTES_MAX: usize = 64 << 10;
/// What the map needs for an item besides what is in it.
const ITEM_BYTES: usize = 160;

/// What a thing on the shelf is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Session([u8; 32]),
    Agent(AgentId),
    Token(AgentId),
    TokenGrants(AgentId),
    Scopes(AgentId),
    Entry(VaultId, EntryId),
    Told(VaultId, EntryId),
    Grant(VaultId, EntryId, ScopeId, u8, u32),
    Grants(VaultId, EntryId, ScopeId),
    Record(VaultId, EntryId, FieldId, u64),
}

/// A row that may lie on the shelf.
pub(super) trait Keep: Clone + Send + Sync + 'static {
    /// About how much memory it takes.
    fn bytes(&self) -> usize;
}

impl Keep for Vec<u8> {
    fn bytes(&self) -> usize {
        self.len()
    }
}

impl Keep for Arc<[u8]> {
    fn bytes(&self) -> usize {
        self.len()
    }
}

impl Keep for [u8; 32] {
    fn bytes(&self) -> usize {
        self.len()
    }
}

type Item = Arc<dyn Any + Send + Sync>;

/// The shelf. The writer's thread empties it, every look uses it.
#[derive(Default)]
pub(crate) struct Shelf {
    generation: AtomicU64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    generation: u64,
    bytes: usize,
    items: HashMap<Key, Item>,
}

impl Shelf {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Nothing is taken from it any more: a change is about to become visible.
    pub(super) fn shut(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// The change is visible, or undone: the shelf is empty, and begins anew.
    pub(super) fn reopen(&self) {
        let mut kept = self.kept();
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        *kept = Kept { generation, ..Kept::default() };
    }

    /// The shelf for one look; none while a change is being committed.
    pub(super) fn view(&self) -> Option<View<'_>> {
        let generation = self.generation();
        generation.is_multiple_of(2).then(|| View { shelf: self, generation, new: RefCell::default() })
    }
}

/// The shelf as one look sees it.
pub(crate) struct View<'s> {
    shelf: &'s Shelf,
    generation: u64,
    new: RefCell<Vec<(Key, usize, Item)>>,
}

impl View<'_> {
    /// The thing with this key, if it is there.
    pub(super) fn get<T: Keep>(&self, key: Key) -> Option<T> {
        let kept = self.shelf.kept();
        let item = kept.items.get(&key).filter(|_| kept.generation == self.generation)?;
        item.downcast_ref().cloned()
    }

    /// Puts a thing on the shelf, once the look has ended well.
    pub(super) fn put<T: Keep>(&self, key: Key, item: &T) {
        let bytes = item.bytes() + ITEM_BYTES;
        if bytes <= ITEM_BYTES_MAX {
            self.new.borrow_mut().push((key, bytes, Arc::new(item.clone())));
        }
    }

    /// Ends the look: whether nothing has changed since it began, so that what it saw was one state.
    pub(super) fn ends_well(self) -> bool {
        let new = self.new.take();
        if new.is_empty() {
            return self.shelf.generation() == self.generation;
        }
        let mut kept = self.shelf.kept();
        if self.shelf.generation() != self.generation {
            return false;
        }
        for (key, bytes, item) in new {
            if kept.bytes + bytes > KEPT_BYTES_MAX {
                *kept = Kept { generation: self.generation, ..Kept::default() };
            }
            if kept.items.insert(key, item).is_none() {
                kept.bytes += bytes;
            }
        }
        true
    }
}

#[cfg(test)]
#[path = "shelf_tests.rs"]
mod tests;
