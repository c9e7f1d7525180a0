//! A node as small as it can be: keeps what changes bring, and gives it back.

#![allow(dead_code, reason = "each test uses its part of it")]

use std::collections::BTreeMap;

use clavitor_crypto::{AgentId, EntryId, FieldId, ScopeId, UnlockerId, VaultId, code::Code, secret::Secret, sign::SigningKey};
use clavitor_person::{Changes, Genesis, Grant, PasskeyPrf, Person, Seeded, Stored, StoredEntry};

pub(crate) const NOW_MS: u64 = 1_800_000_000_000;

/// Everything a node stores for one vault.
#[derive(Default)]
pub(crate) struct Node {
    pub manifest: Vec<u8>,
    pub names: Option<Vec<u8>>,
    pub usk: Vec<u8>,
    pub previous: Vec<Vec<u8>>,
    pub unlockers: BTreeMap<UnlockerId, (Vec<u8>, Vec<u8>)>,
    pub wraps: BTreeMap<(AgentId, ScopeId), (u32, Vec<u8>)>,
    pub enrolments: BTreeMap<AgentId, Vec<u8>>,
    pub tokens: BTreeMap<AgentId, Vec<(ScopeId, Vec<u8>)>>,
    pub headers: BTreeMap<EntryId, Vec<u8>>,
    pub records: BTreeMap<EntryId, BTreeMap<FieldId, Vec<u8>>>,
    pub grants: BTreeMap<(EntryId, ScopeId, u8, u32), Vec<u8>>,
}

impl Node {
    pub(crate) fn apply(&mut self, changes: &Changes) {
        self.manifest = changes.manifest.clone().unwrap_or_else(|| std::mem::take(&mut self.manifest));
        self.names = changes.names.clone().or_else(|| self.names.take());
        self.usk = changes.usk.clone().unwrap_or_else(|| std::mem::take(&mut self.usk));
        self.previous.extend(changes.previous_vmk.clone());
        for unlocker in &changes.unlockers {
            let record = unlocker.record.clone().unwrap_or_else(|| self.unlockers[&unlocker.id].0.clone());
            self.unlockers.insert(unlocker.id, (record, unlocker.sealed_vmk.clone()));
        }
        for wrap in &changes.scope_wraps {
            self.wraps.insert((wrap.agent, wrap.scope), (wrap.scope_epoch, wrap.wrap.clone()));
        }
        self.enrolments.extend(changes.enrolments.iter().map(|one| (one.agent, one.grant.clone())));
        self.tokens.extend(changes.hosted_tokens.iter().map(|one| (one.agent, one.grants.clone())));
        for (entry, grant) in &changes.grants {
            self.keep_grant(*entry, grant);
        }
        for change in &changes.entries {
            self.headers.insert(change.entry, change.header.clone());
            self.records.entry(change.entry).or_default().extend(change.records.iter().cloned());
            change.grants.iter().for_each(|grant| self.keep_grant(change.entry, grant));
        }
    }

    fn keep_grant(&mut self, entry: EntryId, grant: &Grant) {
        self.grants.insert((entry, grant.scope, grant.tier, grant.ek_epoch), grant.record.clone());
    }

    pub(crate) fn stored(&self, unlocker: UnlockerId) -> Stored<'_> {
        let (record, sealed_vmk) = &self.unlockers[&unlocker];
        Stored { record, usk: &self.usk, manifest: &self.manifest, sealed_vmk }
    }

    pub(crate) fn previous(&self) -> Vec<&[u8]> {
        self.previous.iter().map(Vec::as_slice).collect()
    }

    /// The entry with the grants of these scopes.
    pub(crate) fn entry(&self, id: EntryId, scopes: &[ScopeId]) -> StoredEntry {
        let grants = self.grants.iter().filter(|((entry, scope, ..), _)| *entry == id && scopes.contains(scope));
        StoredEntry {
            header: self.headers[&id].clone(),
            records: self.records[&id].iter().map(|(field, record)| (*field, record.clone())).collect(),
            grants: grants.map(|(&(_, scope, tier, ek_epoch), record)| Grant { scope, tier, ek_epoch, record: record.clone() }).collect(),
        }
    }
}

pub(crate) fn passkey(number: u8) -> PasskeyPrf {
    PasskeyPrf::new("localhost", &[number; 20], &[number; 32]).unwrap()
}

pub(crate) fn code() -> Code {
    Code::new(Secret::take([9; 20]))
}

/// A vault with one passkey, and the node that keeps it.
pub(crate) fn vault(seed: &str) -> (Person, Node) {
    let mut random = Seeded::new(seed);
    let log_key = SigningKey::make_with(&mut random).unwrap().public();
    let first = passkey(1);
    let genesis = Genesis {
        vault: VaultId::make_with(&mut random),
        name: "Home",
        home_node: "http://localhost:1984",
        log_key,
        passkey: &first,
        now_ms: NOW_MS,
    };
    let (person, changes) = Person::create(&genesis, Box::new(random)).unwrap();
    let mut node = Node::default();
    node.apply(&changes);
    (person, node)
}
