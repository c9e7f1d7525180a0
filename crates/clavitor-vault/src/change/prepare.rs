//! What can be checked of a change before anybody looks anything up: signatures and hashes. Pure, so that it need not wait for the one thread that writes.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use clavitor_crypto::{
    VaultId,
    header::{Header, SignedHeader},
    sign::PublicKey,
    signed::Unverified,
};

use super::{Change, EntryChange, records, step::claimed};
use crate::{Error, Result, Vault};

/// Vaults whose keys are remembered; beyond that the memory is emptied.
const KEPT_MAX: usize = 1024;

/// A change as it was sent, with what was found out about it beforehand.
pub struct Prepared {
    pub(super) change: Change,
    pub(super) headers: Result<Vec<Presented>>,
}

/// A new version's header.
pub(super) enum Presented {
    /// Well-formed.
    Claimed(Unverified<Header>),
    /// Proved, and its records are those it names.
    Proved(Proved),
}

/// A header that the holder of one key has signed for the vault it names, with exactly the records it names. Whether that key is the vault's is looked up later.
pub(super) struct Proved {
    header: SignedHeader,
    key: PublicKey,
}

impl Presented {
    pub(super) fn claims(&self) -> &Header {
        match self {
            Self::Claimed(unverified) => unverified.claims(),
            Self::Proved(proved) => proved.header.body(),
        }
    }

    /// The header, if it was proved for this vault by this key.
    pub(super) fn proved(&self, vault: VaultId, key: &PublicKey) -> Option<&SignedHeader> {
        match self {
            Self::Proved(proved) if proved.key == *key && proved.header.body().vault == vault => Some(&proved.header),
            _ => None,
        }
    }
}

/// The keys that vaults sign with, as far as they were needed lately. A wrong one only costs time: whoever is told that a key has signed compares it
/// with the manifest in force.
#[derive(Default)]
pub(crate) struct Authors(Mutex<HashMap<VaultId, PublicKey>>);

impl Authors {
    pub(super) fn remember(&self, vault: VaultId, key: PublicKey) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT_MAX {
            known.clear();
        }
        known.insert(vault, key);
    }

    fn of(&self, vault: VaultId) -> Option<PublicKey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&vault).copied()
    }
}

/// Checks what can be checked on any thread. What does not hold, or cannot be told yet, is left to [`super::apply_prepared`], which says what is wrong.
#[must_use]
pub fn prepare(vault: &Vault, change: Change) -> Prepared {
    let authors = &vault.shared().authors;
    let headers = present(&change, |unverified, entry| match authors.of(unverified.claims().vault) {
        Some(key) => prove(unverified, key, entry),
        None => Ok(Presented::Claimed(unverified)),
    });
    Prepared { change, headers }
}

/// The headers of a change, each well-formed.
pub(super) fn present(change: &Change, prove: impl Fn(Unverified<Header>, &EntryChange) -> Result<Presented>) -> Result<Vec<Presented>> {
    change.entries.iter().map(|entry| prove(claimed(&entry.header)?, entry)).collect()
}

fn prove(unverified: Unverified<Header>, key: PublicKey, entry: &EntryChange) -> Result<Presented> {
    let vault = unverified.claims().vault;
    let holds = records::check(unverified.claims(), entry).is_ok();
    match unverified.verify(&vault, &key) {
        Ok(header) if holds => Ok(Presented::Proved(Proved { header, key })),
        _ => claimed(&entry.header).map(Presented::Claimed),
    }
}

/// The header of a version: proved beforehand, or proved now.
pub(super) fn proved(presented: &Presented, entry: &EntryChange, vault: VaultId, key: &PublicKey) -> Result<SignedHeader> {
    match presented.proved(vault, key) {
        Some(header) => Ok(header.clone()),
        None => {
            let verified = claimed(&entry.header)?.verify(&vault, key);
            verified.map_err(|_| Error::NotValid("an entry's header is not signed by its author"))
        }
    }
}
