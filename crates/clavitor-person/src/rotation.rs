//! Rotation (docs/FORMAT.md section 11): after an agent or a passkey is removed, what they knew opens nothing new.

use clavitor_crypto::{
    AgentId, EntryId, ScopeId, UnlockerId, VaultId,
    field_kind::Tier,
    manifest::{AgentKind, AgentState, Manifest},
    record::Context,
};

use crate::{Changes, Error, Grant, Person, UnlockerChange, VaultKeys, hierarchy, unlockers};

/// Opens the chain of older vault keys. `records` are the records 0x17, oldest first.
pub(crate) fn open_previous(vault: VaultId, keys: &VaultKeys, records: &[&[u8]]) -> Result<Vec<VaultKeys>, Error> {
    let mut chain: Vec<VaultKeys> = Vec::new();
    for record in records.iter().rev() {
        let newer = chain.last().unwrap_or(keys);
        let epoch = newer.epoch();
        let vmk = newer.previous_key().open_secret(&Context::previous_vmk(vault, epoch), record)?;
        chain.push(VaultKeys::new(vault, epoch - 1, vmk));
    }
    chain.reverse();
    Ok(chain)
}

impl Person {
    /// Removes an agent, and rotates the scopes it had: grants now, entry keys with the next version of each entry. Hosted agents of these scopes end,
    /// and what the agent wrote last is signed again by the owner. Every entry of the scopes must be open.
    ///
    /// # Errors
    /// [`Error::Unknown`] for an agent that is not listed.
    pub fn revoke(&mut self, id: AgentId, now_ms: u64) -> Result<Changes, Error> {
        let scopes: Vec<ScopeId> = self.manifest.body().agent(id).ok_or(Error::Unknown)?.scopes.iter().map(|grant| grant.scope).collect();
        let mut body = self.next_manifest(now_ms);
        let ends = |kind: AgentKind| kind == AgentKind::Hosted;
        body.agents.retain(|agent| {
            let touched = agent.scopes.iter().any(|grant| scopes.contains(&grant.scope));
            agent.id != id && !(ends(agent.kind) && touched)
        });
        self.rotate_scopes(&mut body, |scope| scopes.contains(&scope));
        let mut changes = self.changes(body)?;
        changes.scope_wraps = self.wraps_for_all(|scope| scopes.contains(&scope))?;
        changes.grants = self.regrant(&scopes)?;
        // Nobody could check its signature any more, so the owner takes its last versions over.
        let authored: Vec<EntryId> = self.entries.iter().filter(|(_, entry)| entry.header.body().author == id).map(|(id, _)| *id).collect();
        for entry in authored {
            let draft = self.entry(entry)?.draft.clone();
            changes.entries.push(self.next_version(entry, draft, now_ms)?);
        }
        Ok(changes)
    }

    /// Makes the next version of an entry under a new entry key, if one of its scopes asks for it.
    ///
    /// # Errors
    /// [`Error::Unknown`] for an entry that is not open.
    pub fn rekey(&mut self, id: EntryId, now_ms: u64) -> Result<Changes, Error> {
        let (ek_epoch, draft) = {
            let entry = self.entry(id)?;
            (entry.header.body().ek_epoch, entry.draft.clone())
        };
        if self.ek_epoch_min(id)? <= ek_epoch {
            return Ok(Changes::default());
        }
        let change = self.next_version(id, draft, now_ms)?;
        Ok(Changes { entries: vec![change], ..Changes::default() })
    }

    /// Removes a way in and rotates the vault key: wraps, signing key, names, grants and tier 3 now, the rest with the next version of each entry.
    /// Every entry must be open. Hosted agents and invitations end.
    ///
    /// # Errors
    /// [`Error::Unknown`] for an unlocker that is not listed.
    pub fn remove_unlocker(&mut self, id: UnlockerId, now_ms: u64) -> Result<Changes, Error> {
        self.manifest.body().unlocker(id).ok_or(Error::Unknown)?;
        let mut body = self.next_manifest(now_ms);
        body.unlockers.retain(|unlocker| unlocker.id != id);
        if id == UnlockerId::of_recovery() {
            body.recovery.auth_hash = clavitor_crypto::hash::ZERO;
        }
        body.vault_epoch += 1;
        body.agents.retain(|agent| agent.kind == AgentKind::Enrolled && agent.state != AgentState::Invited);
        self.rotate_scopes(&mut body, |_| true);

        let next = hierarchy::next(&self.keys, &mut *self.random);
        let salt = self.salt();
        let old_vmk = self.keys.vmk().clone();
        let previous_vmk = next.previous_key().seal_salted(&Context::previous_vmk(self.vault, next.epoch()), old_vmk.expose(), &salt)?;
        let old = std::mem::replace(&mut self.keys, next);
        self.previous.push(old);
        if let Some(passkeys) = self.names["passkeys"].as_object_mut() {
            passkeys.remove(&id.to_string());
        }

        let mut changes = self.changes_with_names(body)?;
        changes.usk = Some(self.seal_usk()?);
        changes.previous_vmk = Some(previous_vmk);
        changes.unlockers = self.rewrap_unlockers()?;
        changes.scope_wraps = self.wraps_for_all(|_| true)?;
        let tier3: Vec<EntryId> = self.entries.iter().filter(|(_, entry)| has_tier3(entry)).map(|(id, _)| *id).collect();
        let scopes: Vec<ScopeId> = self.manifest.body().scopes.iter().map(|scope| scope.id).collect();
        // Grants first: they carry the entry keys that older versions need; the new versions below bring grants of their own.
        changes.grants = self.regrant(&scopes)?;
        for id in tier3 {
            let draft = self.entry(id)?.draft.clone();
            changes.entries.push(self.next_version(id, draft, now_ms)?);
        }
        Ok(changes)
    }

    /// The vault keys of `epoch`, in force or before.
    pub(crate) fn keys_of(&self, epoch: u32) -> Result<&VaultKeys, Error> {
        std::iter::once(&self.keys).chain(&self.previous).find(|keys| keys.epoch() == epoch).ok_or(Error::Unknown)
    }

    fn ek_epoch_min(&self, id: EntryId) -> Result<u32, Error> {
        let header = self.entry(id)?.header.body();
        Ok(self.manifest.body().scopes.iter().filter(|scope| header.is_in(scope.id)).map(|scope| scope.ek_epoch_min).max().unwrap_or(1))
    }

    /// Gives scopes new keys, and asks for entry keys above every one that was ever given out in them.
    fn rotate_scopes(&self, body: &mut Manifest, wanted: impl Fn(ScopeId) -> bool) {
        for scope in body.scopes.iter_mut().filter(|scope| wanted(scope.id)) {
            let headers = self.entries.values().map(|entry| entry.header.body()).filter(|header| header.is_in(scope.id));
            let highest = headers.map(|header| header.ek_epoch).max().unwrap_or(0);
            scope.epoch += 1;
            scope.ek_epoch_min = scope.ek_epoch_min.max(highest) + 1;
        }
    }

    fn rewrap_unlockers(&mut self) -> Result<Vec<UnlockerChange>, Error> {
        let listed = self.manifest.body().unlockers.clone();
        let mut changes = Vec::new();
        for unlocker in listed {
            let sealed_vmk = unlockers::seal_vmk(self.vault, &self.usk, &self.keys, unlocker.id, &unlocker.x25519, &mut *self.random)?;
            changes.push(UnlockerChange { id: unlocker.id, record: None, sealed_vmk });
        }
        Ok(changes)
    }

    fn wraps_for_all(&mut self, wanted: impl Fn(ScopeId) -> bool) -> Result<Vec<crate::ScopeWrapChange>, Error> {
        let agents = self.manifest.body().agents.clone();
        let mut wraps = Vec::new();
        for agent in &agents {
            wraps.extend(self.wraps_for(agent, &wanted)?);
        }
        Ok(wraps)
    }

    /// Grants of every entry in `scopes` under the scope keys in force. The whole vault gets every entry key, for the history; other scopes the current one.
    fn regrant(&mut self, scopes: &[ScopeId]) -> Result<Vec<(EntryId, Grant)>, Error> {
        let mut grants = Vec::new();
        for id in self.entries.keys().copied().collect::<Vec<_>>() {
            let entry = self.entry(id)?;
            let (header, keys) = (entry.header.body().clone(), entry.keys.clone());
            for &scope in scopes.iter().filter(|&&scope| header.is_in(scope)) {
                for (_, key) in keys.iter().filter(|(epoch, _)| scope == ScopeId::ZERO || **epoch == header.ek_epoch) {
                    grants.extend(self.grants_to(scope, key)?.map(|grant| (id, grant)));
                }
            }
        }
        Ok(grants)
    }
}

fn has_tier3(entry: &crate::Entry) -> bool {
    entry.header.body().fields.iter().any(|field| field.tier == Tier::OnlyMe)
}
