//! Merkle tree of the audit log (RFC 6962 section 2.1): growing it, proving from stored subtrees, and checking proofs.

use crate::{
    Refusal,
    hash::{Hash, same, sha256},
    header::require,
};

/// Longest proof: one hash for each level of a tree of 2^64 leaves, and one more.
pub const PROOF_HASHES_MAX: usize = 65;

/// Hash of a leaf.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    sha256(&[&[0], leaf])
}

/// Hash of an inner node.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// Root of the empty tree.
#[must_use]
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// A complete subtree: `level` 0 is a leaf; it covers leaves `index << level` to `(index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Height.
    pub level: u8,
    /// Position among the nodes of this height.
    pub index: u64,
}

/// The right edge of a growing tree: the roots of its complete subtrees, largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Takes up a tree of `size` leaves whose complete subtrees can be looked up.
    #[must_use]
    pub fn load(size: u64, lookup: &mut dyn FnMut(Node) -> Option<Hash>) -> Option<Self> {
        let peaks = peaks(0, size).into_iter().map(lookup).collect::<Option<_>>()?;
        Some(Self { size, peaks })
    }

    /// Leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf and gives every subtree that is complete now, the leaf first: what a store keeps for later proofs.
    pub fn append(&mut self, leaf: Hash) -> Vec<(Node, Hash)> {
        let mut node = Node { level: 0, index: self.size };
        let mut hash = leaf;
        let mut complete = vec![(node, hash)];
        while node.index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            node = Node { level: node.level + 1, index: node.index >> 1 };
            complete.push((node, hash));
        }
        self.peaks.push(hash);
        self.size += 1;
        complete
    }

    /// Root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.peaks).unwrap_or_else(empty_root)
    }
}

fn fold(peaks: &[Hash]) -> Option<Hash> {
    peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right))
}

/// Root of a tree with these leaf hashes.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.append(*leaf);
    }
    frontier.root()
}

/// The complete subtrees that cover the leaves `from..to`, left to right. `from` is a multiple of the largest one.
fn peaks(from: u64, to: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut at = from;
    while at < to {
        let level = (to - at).ilog2() as u8;
        nodes.push(Node { level, index: at >> level });
        at += 1 << level;
    }
    nodes
}

/// Largest power of two below `size`, which is at least 2.
const fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// Proof that the leaf at `index` is in the tree of `size` leaves; `None` if there is no such leaf or a subtree is missing.
#[must_use]
pub fn inclusion_proof(index: u64, size: u64, lookup: &mut dyn FnMut(Node) -> Option<Hash>) -> Option<Vec<Hash>> {
    if index >= size {
        return None;
    }
    let mut ranges = Vec::new();
    let (mut from, mut to) = (0, size);
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            ranges.push((middle, to));
            to = middle;
        } else {
            ranges.push((from, middle));
            from = middle;
        }
    }
    hashes_of(ranges, lookup)
}

/// Proof that the tree of `old` leaves is the beginning of the tree of `new` leaves; empty when they are equal or `old` is 0.
#[must_use]
pub fn consistency_proof(old: u64, new: u64, lookup: &mut dyn FnMut(Node) -> Option<Hash>) -> Option<Vec<Hash>> {
    if old > new {
        return None;
    }
    if old == 0 || old == new {
        return Some(Vec::new());
    }
    let mut ranges = Vec::new();
    let (mut from, mut to, mut whole) = (0, new, true);
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            ranges.push((middle, to));
            to = middle;
        } else {
            ranges.push((from, middle));
            from = middle;
            whole = false;
        }
    }
    if !whole {
        ranges.push((from, to));
    }
    hashes_of(ranges, lookup)
}

/// Roots of the ranges, the last one first: proofs run from the leaf to the root.
fn hashes_of(ranges: Vec<(u64, u64)>, lookup: &mut dyn FnMut(Node) -> Option<Hash>) -> Option<Vec<Hash>> {
    ranges
        .into_iter()
        .rev()
        .map(|(from, to)| {
            let peaks = peaks(from, to).into_iter().map(&mut *lookup).collect::<Option<Vec<_>>>()?;
            fold(&peaks)
        })
        .collect()
}

/// Checks an inclusion proof (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// [`Refusal::Signature`] unless the proof leads to `root`.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), Refusal> {
    require(index < size && proof.len() <= PROOF_HASHES_MAX, Refusal::Signature)?;
    let (mut position, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        require(last != 0, Refusal::Signature)?;
        if position & 1 == 1 || position == last {
            hash = node_hash(sibling, &hash);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    require(last == 0 && same(&hash, root), Refusal::Signature)
}

/// Checks a consistency proof (RFC 9162 section 2.1.4.2). From the empty tree everything follows, with an empty proof.
/// An empty tree pins nothing, so its root is not looked at.
///
/// # Errors
/// [`Refusal::Signature`] unless the proof leads to both roots.
pub fn verify_consistency(old: u64, new: u64, old_root: &Hash, new_root: &Hash, proof: &[Hash]) -> Result<(), Refusal> {
    require(old <= new && proof.len() <= PROOF_HASHES_MAX, Refusal::Signature)?;
    if old == 0 {
        return require(proof.is_empty(), Refusal::Signature);
    }
    if old == new {
        return require(proof.is_empty() && same(old_root, new_root), Refusal::Signature);
    }
    let (seed, rest) = if old.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or(Refusal::Signature)? };
    let (mut position, mut last) = (old - 1, new - 1);
    while position & 1 == 1 {
        position >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (*seed, *seed);
    for sibling in rest {
        require(last != 0, Refusal::Signature)?;
        if position & 1 == 1 || position == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    require(last == 0 && same(&old_hash, old_root) && same(&new_hash, new_root), Refusal::Signature)
}
