//! The node's log: as many events as anybody likes, each proof made as a real one makes it.

use std::collections::BTreeMap;

use clavitor_api::{Blob, Checkpoint};
use clavitor_crypto::{
    VaultId, checkpoint,
    hash::Hash,
    merkle::{self, Frontier, Node},
    sign::SigningKey,
};

/// A log, and everything its proofs are made of.
#[derive(Clone, Default)]
pub(crate) struct Log {
    frontier: Frontier,
    nodes: BTreeMap<Node, Hash>,
}

impl Log {
    /// One event more.
    pub(crate) fn append(&mut self, event: &[u8]) {
        self.nodes.extend(self.frontier.append(merkle::leaf_hash(event)));
    }

    /// The signed head, with the proof that it grew from `from`; without one if the log is shorter.
    pub(crate) fn head(&self, vault: VaultId, key: &SigningKey, from: u64) -> Checkpoint {
        let size = self.frontier.size();
        let head = checkpoint::Checkpoint { origin: checkpoint::origin(&vault), size, root: self.frontier.root() };
        let proof = merkle::consistency_proof(from.min(size), size, &mut |node| self.nodes.get(&node).copied()).unwrap();
        Checkpoint { checkpoint: head.sign(key), consistency: proof.into_iter().map(|hash| Blob(hash.to_vec())).collect() }
    }
}
