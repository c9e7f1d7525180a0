//! Rows of what only grows: the audit log with its tree, and the commit log.

use clavitor_crypto::{
    VaultId,
    hash::Hash,
    merkle::{Frontier, Node, leaf_hash, node_hash},
};

use super::{
    Read, Write,
    tails::Tail,
    tx::{Fault, values},
};
use crate::audit::event::{Draft, Event};

type Got<T> = Result<T, Fault>;

/// Inner hashes are stored every so many levels; those between are computed from at most 16 below.
const STORED_EVERY: u8 = 4;
/// Every commit of a node that has no replica is of this epoch.
const EPOCH: u32 = 1;

impl Read<'_> {
    /// Events in a vault's log.
    pub(crate) fn log_size(&self, vault_id: VaultId) -> Got<u64> {
        let sql = "SELECT seq FROM audit_event WHERE vault_id = $1 ORDER BY seq DESC LIMIT 1";
        Ok(self.tx.one(sql, values![&vault_id.0], |row| row.u64(0))?.map_or(0, |seq| seq + 1))
    }

    /// At most `limit` events before `before`, newest first, as bytes.
    pub(crate) fn events_before(&self, vault_id: VaultId, before: u64, limit: u32) -> Got<Vec<Vec<u8>>> {
        let sql = "SELECT bytes FROM audit_event WHERE vault_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";
        self.tx.all(sql, values![&vault_id.0, before, limit], |row| row.bytes(0))
    }

    /// At most `limit` events from `from` on, oldest first, as bytes.
    pub(crate) fn events_from(&self, vault_id: VaultId, from: u64, limit: u32) -> Got<Vec<Vec<u8>>> {
        let sql = "SELECT bytes FROM audit_event WHERE vault_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
        self.tx.all(sql, values![&vault_id.0, from, limit], |row| row.bytes(0))
    }

    /// Hash of a complete subtree.
    pub(crate) fn tree_node(&self, vault_id: VaultId, node: Node) -> Got<Hash> {
        if node.level == 0 {
            let sql = "SELECT bytes FROM audit_event WHERE vault_id = $1 AND seq = $2";
            let leaf = self.tx.one(sql, values![&vault_id.0, node.index], |row| row.bytes(0))?;
            return leaf.map(|bytes| leaf_hash(&bytes)).ok_or_else(|| missing(node));
        }
        if node.level.is_multiple_of(STORED_EVERY) {
            let sql = "SELECT hash FROM audit_node WHERE vault_id = $1 AND level = $2 AND position = $3";
            return self.tx.one(sql, values![&vault_id.0, node.level, node.index], |row| row.array(0))?.ok_or_else(|| missing(node));
        }
        let child = |side| self.tree_node(vault_id, Node { level: node.level - 1, index: node.index * 2 + side });
        Ok(node_hash(&child(0)?, &child(1)?))
    }

    /// The tree of the first `size` events.
    pub(crate) fn frontier(&self, vault_id: VaultId, size: u64) -> Got<Frontier> {
        self.with_nodes(vault_id, |lookup| Frontier::load(size, lookup))
    }

    /// Lets `compute` look subtrees up, and tells a store that failed from a tree that has no answer.
    pub(crate) fn with_nodes<T>(
        &self,
        vault_id: VaultId,
        compute: impl FnOnce(&mut dyn FnMut(Node) -> Option<Hash>) -> Option<T>,
    ) -> Got<T> {
        let mut fault = None;
        let computed = compute(&mut |node| self.tree_node(vault_id, node).map_err(|why| fault = Some(why)).ok());
        match (computed, fault) {
            (Some(value), None) => Ok(value),
            (_, Some(fault)) => Err(fault),
            (None, None) => Err(Fault::Other("a proof was asked of a tree that has none".to_owned())),
        }
    }

    fn load_tail(&self, vault_id: VaultId) -> Got<Tail> {
        let sql = "SELECT seq FROM commit_log WHERE vault_id = $1 ORDER BY seq DESC LIMIT 1";
        let seq = self.tx.one(sql, values![&vault_id.0], |row| row.u64(0))?.unwrap_or(0);
        let frontier = self.frontier(vault_id, self.log_size(vault_id)?)?;
        let last = self.events_before(vault_id, frontier.size(), 1)?;
        let time_ms = last.first().and_then(|bytes| Event::decode(bytes).ok()).map_or(0, |event| event.time_ms);
        Ok(Tail { seq, frontier, time_ms })
    }
}

impl Write<'_> {
    /// Appends an event to a vault's audit log. An error undoes the job, and with it whatever the event is about.
    pub(crate) fn log(&self, vault_id: VaultId, draft: &Draft<'_>) -> Got<()> {
        let mut tail = self.tails.vault(vault_id, || self.load_tail(vault_id))?;
        let (seq, time_ms) = (tail.frontier.size(), tail.time_ms.max(self.now_ms()));
        let bytes = draft.encode(vault_id, seq, time_ms);
        let complete = tail.frontier.append(leaf_hash(&bytes));
        tail.time_ms = time_ms;
        self.tx.execute("INSERT INTO audit_event (vault_id, seq, bytes) VALUES ($1, $2, $3)", values![&vault_id.0, seq, &bytes])?;
        for (node, hash) in complete.iter().filter(|(node, _)| node.level > 0 && node.level.is_multiple_of(STORED_EVERY)) {
            let sql = "INSERT INTO audit_node (vault_id, level, position, hash) VALUES ($1, $2, $3, $4)";
            self.tx.execute(sql, values![&vault_id.0, node.level, node.index, hash])?;
        }
        Ok(())
    }

    /// Appends to a vault's commit log what this job did. Returns the sequence number and the size of the audit log.
    pub(crate) fn commit(&self, vault_id: VaultId, kind: &'static str, subject: Option<&[u8]>) -> Got<(u64, u64)> {
        let mut tail = self.tails.vault(vault_id, || self.load_tail(vault_id))?;
        tail.seq += 1;
        let (seq, log_size) = (tail.seq, tail.frontier.size());
        let sql = "INSERT INTO commit_log (vault_id, seq, epoch, time_ms, kind, subject, log_size) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        self.tx.execute(sql, values![&vault_id.0, seq, EPOCH, self.now_ms(), kind, subject, log_size])?;
        Ok((seq, log_size))
    }
}

fn missing(node: Node) -> Fault {
    Fault::Other(format!("the audit tree lacks node {} of level {}", node.index, node.level))
}
