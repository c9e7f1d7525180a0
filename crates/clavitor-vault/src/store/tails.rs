//! The ends of what only grows, kept in the writer's memory: commit sequence, audit tree, agents' budgets, and proved manifests.
//! A job that is undone loses what it touched; the next job reads it from the database again.

use std::{
    cell::{RefCell, RefMut},
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
    sync::Arc,
};

use clavitor_crypto::{AgentId, VaultId, manifest::SignedManifest, merkle::Frontier};

use super::tx::Fault;
use crate::budget;

/// Vaults and agents whose ends are kept; beyond that the memory is emptied.
const KEPT_MAX: usize = 256;

/// Vault ids that are not there and were tried lately.
const STRANGERS_MAX: usize = 4096;

/// Where a vault's logs end.
#[derive(Clone, Default)]
pub(crate) struct Tail {
    /// The last commit.
    pub(crate) seq: u64,
    /// The audit tree.
    pub(crate) frontier: Frontier,
    /// The time of the last event; the log's times never go back.
    pub(crate) time_ms: u64,
}

/// Everything the writer remembers between jobs.
#[derive(Default)]
pub(crate) struct Tails {
    vaults: Kept<VaultId, Tail>,
    budgets: Kept<AgentId, budget::State>,
    manifests: Kept<VaultId, Arc<SignedManifest>>,
    strangers: RefCell<HashMap<VaultId, (u32, u64)>>,
}

impl Tails {
    /// The end of a vault's logs; `load` reads it if it is not remembered.
    pub(crate) fn vault(&self, id: VaultId, load: impl FnOnce() -> Result<Tail, Fault>) -> Result<RefMut<'_, Tail>, Fault> {
        self.vaults.get(id, load)
    }

    /// An agent's budget.
    pub(crate) fn budget(
        &self,
        id: AgentId,
        load: impl FnOnce() -> Result<budget::State, Fault>,
    ) -> Result<RefMut<'_, budget::State>, Fault> {
        self.budgets.get(id, load)
    }

    /// The manifest in force, proved once.
    pub(crate) fn manifest<E: From<Fault>>(
        &self,
        id: VaultId,
        load: impl FnOnce() -> Result<SignedManifest, E>,
    ) -> Result<Arc<SignedManifest>, E> {
        Ok(Arc::clone(&*self.manifests.get(id, || load().map(Arc::new))?))
    }

    /// Wrong recovery proofs for a vault that is not there, and since when, in Unix ms.
    pub(crate) fn stranger_misses(&self, id: VaultId) -> (u32, u64) {
        self.strangers.borrow().get(&id).copied().unwrap_or_default()
    }

    /// Remembers them. Of too many ids, those counted since before `expired_ms` are forgotten, or else the oldest.
    pub(crate) fn put_stranger_misses(&self, id: VaultId, misses: (u32, u64), expired_ms: u64) {
        let mut strangers = self.strangers.borrow_mut();
        if strangers.len() >= STRANGERS_MAX && !strangers.contains_key(&id) {
            strangers.retain(|_, (_, since_ms)| *since_ms > expired_ms);
            let oldest = strangers.iter().min_by_key(|(_, (_, since_ms))| *since_ms).map(|(id, _)| *id);
            if let Some(oldest) = oldest.filter(|_| strangers.len() >= STRANGERS_MAX) {
                strangers.remove(&oldest);
            }
        }
        strangers.insert(id, misses);
    }

    /// Drops a vault's manifest, because another one was stored.
    pub(crate) fn drop_manifest(&self, id: VaultId) {
        self.manifests.known.borrow_mut().remove(&id);
    }

    /// Drops an agent's budget, because its row was changed otherwise.
    pub(crate) fn drop_budget(&self, id: AgentId) {
        self.budgets.known.borrow_mut().remove(&id);
    }

    /// The job stays.
    pub(super) fn keep(&self) {
        self.vaults.keep();
        self.budgets.keep();
        self.manifests.keep();
    }

    /// The job is undone.
    pub(super) fn forget(&self) {
        self.vaults.forget();
        self.budgets.forget();
        self.manifests.forget();
    }

    /// The transaction is undone.
    pub(super) fn clear(&self) {
        self.vaults.clear();
        self.budgets.clear();
        self.manifests.clear();
    }
}

struct Kept<K, V> {
    known: RefCell<HashMap<K, V>>,
    touched: RefCell<Vec<K>>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { known: RefCell::default(), touched: RefCell::default() }
    }
}

impl<K: Copy + Eq + Hash, V> Kept<K, V> {
    fn get<E: From<Fault>>(&self, key: K, load: impl FnOnce() -> Result<V, E>) -> Result<RefMut<'_, V>, E> {
        self.touched.borrow_mut().push(key);
        let mut known = self.known.borrow_mut();
        if let Entry::Vacant(vacant) = known.entry(key) {
            vacant.insert(load()?);
        }
        RefMut::filter_map(known, |known| known.get_mut(&key)).map_err(|_| Fault::Other("a tail went missing".to_owned()).into())
    }

    fn keep(&self) {
        self.touched.borrow_mut().clear();
        let mut known = self.known.borrow_mut();
        if known.len() > KEPT_MAX {
            known.clear();
        }
    }

    fn forget(&self) {
        let mut known = self.known.borrow_mut();
        self.touched.borrow_mut().drain(..).for_each(|key| {
            known.remove(&key);
        });
    }

    fn clear(&self) {
        self.touched.borrow_mut().clear();
        self.known.borrow_mut().clear();
    }
}
