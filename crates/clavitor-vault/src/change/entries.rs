//! Entries: every version signed, the next of its chain, complete, and granted to exactly the scopes that hold it.

use clavitor_crypto::{
    AgentId, ScopeId,
    field_kind::Tier,
    header::{Deleted, Field, Header, SignedHeader},
    manifest::{AgentKind, Manifest},
    sign::PublicKey,
    signed::Unverified,
};

use super::{
    Applied, EntryChange, Grant,
    prepare::{Presented, proved},
    records,
    step::{Step, claimed, envelope},
};
use crate::{
    Error, Result, Write,
    audit::event::{Actor, Draft},
    caller::Caller,
    policy::{Act, Permit, Subject, WriteEntry},
    release,
    store::entries::{CHAIN_HEADERS_MAX, MayWrite},
};

impl Step<'_, '_> {
    /// Grants sealed again for entries that stay as they are, because their scope's key is a new one. They come before new versions, which may bring
    /// newer ones.
    pub(super) fn put_grants(&self) -> Result<()> {
        if self.change.grants.is_empty() {
            return Ok(());
        }
        for grant in &self.change.grants {
            let row = self.w.entry_row(self.vault_id(), grant.entry_id)?.ok_or(Error::NotValid("a grant is for an unknown entry"))?;
            let header = row.header()?;
            if !self.rises(grant.grant.scope_id) {
                return Err(Error::NotValid("grants are sealed again only with a manifest that gives their scope or the vault a new key"));
            }
            // A client that remembers a purged entry may grant it again; there is nothing left to open.
            if header.deleted != Deleted::Purged {
                self.put_grant(&header, &grant.grant)?;
            }
        }
        self.log("entry.regrant", &format!("{} grants", self.change.grants.len()))
    }

    /// Whether a scope has a new key with this change. No signature is over a grant: the owner's is over the manifest that asks for it.
    fn rises(&self, scope: ScopeId) -> bool {
        let epoch = |manifest: &Manifest| manifest.scope(scope).map(|scope| scope.epoch);
        self.rotates() || self.before().and_then(epoch).is_some_and(|before| epoch(self.body()).is_some_and(|next| next > before))
    }

    fn put_grant(&self, header: &Header, grant: &Grant) -> Result<()> {
        let holds = header.is_in(grant.scope_id) && header.deleted != Deleted::Purged;
        let known = matches!(grant.tier, 1 | 2) && (1..=header.ek_epoch).contains(&grant.ek_epoch);
        let scope = self.body().scope(grant.scope_id).filter(|_| holds && known);
        let scope = scope.ok_or(Error::NotValid("a grant is for no scope, tier and entry key of its entry"))?;
        envelope(&grant.record, 0x10 + grant.tier, scope.epoch, "a grant is not sealed under the scope key in force")?;
        let stored = self.w.put_grant(self.permit, header.entry, grant, (scope.epoch, self.body().vault_epoch))?;
        if stored { Ok(()) } else { Err(Error::NotValid("a grant under the scope key in force is there already, and is not replaced")) }
    }

    pub(super) fn put_entries(&self) -> Result<()> {
        self.change.entries.iter().zip(self.headers).try_for_each(|(entry, presented)| self.put_entry(entry, presented))
    }

    fn put_entry(&self, entry: &EntryChange, presented: &Presented) -> Result<()> {
        if presented.claims().author != AgentId::ZERO {
            return Err(Error::NotValid("a person's entry is signed by the vault's key"));
        }
        let known = presented.proved(self.vault_id(), &self.body().usk).is_some();
        let next = proved(presented, entry, self.vault_id(), &self.body().usk)?;
        let before = follow(self.w, &next, self.body())?;
        let header = next.body();
        if header.vault_epoch != self.body().vault_epoch {
            return Err(Error::NotValid("a header names a vault key that is not in force"));
        }
        if header.scopes.iter().any(|scope| self.body().scope(*scope).is_none()) {
            return Err(Error::NotValid("a header names a scope that the manifest does not list"));
        }
        if !known {
            records::check(header, entry)?;
        }
        check_ek_epoch(header, self.body())?;
        store(self.w, self.permit, &next, entry)?;
        entry.grants.iter().try_for_each(|grant| self.put_grant(header, grant))?;
        self.check_grants(header, entry)?;
        let draft = Draft::done(self.actor, action(before.as_ref(), header)).on(header.entry);
        Ok(self.w.log(self.vault_id(), &draft)?)
    }

    /// Every scope that holds the entry, and its owner, can open its current records.
    fn check_grants(&self, header: &Header, entry: &EntryChange) -> Result<()> {
        if header.deleted == Deleted::Purged {
            return Ok(());
        }
        for scope in std::iter::once(&ScopeId::ZERO).chain(&header.scopes) {
            for tier in [1, 2] {
                let brought = |grant: &Grant| grant.scope_id == *scope && grant.tier == tier && grant.ek_epoch == header.ek_epoch;
                let there =
                    entry.grants.iter().any(brought) || self.w.has_grant(self.permit, header.entry, *scope, tier, header.ek_epoch)?;
                if !there {
                    return Err(Error::NotValid("a scope that holds the entry has no grant of its key"));
                }
            }
        }
        Ok(())
    }
}

fn verify(next: Unverified<Header>, manifest: &Manifest, key: &PublicKey) -> Result<SignedHeader> {
    next.verify(&manifest.vault, key).map_err(|_| Error::NotValid("an entry's header is not signed by its author"))
}

/// Checks that a header is the next of its entry's chain; returns the one before, for whose body the new signature vouches.
fn follow(w: &Write<'_>, next: &SignedHeader, manifest: &Manifest) -> Result<Option<SignedHeader>> {
    let broken = |_| Error::NotValid("a header does not follow the one that is stored");
    let (vault_id, header) = (manifest.vault, next.body());
    let before = match w.entry_row(vault_id, header.entry)? {
        Some(row) => {
            let stored = Unverified::<Header>::parse(&row.header);
            let stored = stored.map_err(|_| Error::Internal(format!("the stored header of entry {} is damaged", row.entry_id)))?;
            let current = stored.claims().version;
            if header.version != current + 1 {
                return Err(Error::VersionConflict { current });
            }
            Some(stored.vouched_by(&vault_id, &header.previous).map_err(broken)?)
        }
        None if header.version != 1 => return Err(Error::VersionConflict { current: 0 }),
        None => None,
    };
    next.follows(before.as_ref()).map_err(broken)?;
    Ok(before)
}

/// Other agents get the versions beneath an agent's, down to the owner's last, and there is a limit to what they get.
fn provable(w: &Write<'_>, permit: &Permit<'_, WriteEntry>, next: &Header) -> Result<()> {
    let Some(current) = w.entry_row(permit.target().0, next.entry)? else { return Err(Error::Hidden) };
    let beneath = w.chain(permit, &current.header()?)?.len();
    let full = Error::NotValid("agents wrote 256 versions in a row: the owner saves the entry before the next");
    if beneath < CHAIN_HEADERS_MAX { Ok(()) } else { Err(full) }
}

/// New records use an entry key that the scopes' removed agents never had.
fn check_ek_epoch(header: &Header, manifest: &Manifest) -> Result<()> {
    let lowest = manifest.scopes.iter().filter(|scope| header.is_in(scope.id)).map(|scope| scope.ek_epoch_min).max().unwrap_or(1);
    // Tier 3 is sealed under the vault key: a rotation seals it again at once, and leaves the entry key for later.
    let sealed_now = |field: &Field| field.version == header.version && field.tier != Tier::OnlyMe;
    if header.ek_epoch >= lowest || !header.fields.iter().any(sealed_now) {
        return Ok(());
    }
    Err(Error::NotValid("the entry needs a new key after an agent or a passkey was removed"))
}

fn store<A: MayWrite>(w: &Write<'_>, permit: &Permit<'_, A>, next: &SignedHeader, entry: &EntryChange) -> Result<()> {
    let header = next.body();
    w.put_entry(permit, header, next.bytes())?;
    entry.records.iter().try_for_each(|record| Ok(w.put_record(permit, header.entry, header.version, record)?))
}

const fn action(before: Option<&SignedHeader>, header: &Header) -> &'static str {
    let Some(before) = before else { return "entry.create" };
    match (before.body().deleted, header.deleted) {
        (_, Deleted::Purged) => "entry.purge",
        (Deleted::Live, Deleted::Trash) => "entry.trash",
        (Deleted::Trash, Deleted::Live) => "entry.restore",
        _ => "entry.update",
    }
}

/// A version that an agent signed: its budget is charged, and a refusal that says whether the entry exists is logged.
pub(super) fn put_by_agent(w: &Write<'_>, caller: &Caller<'_>, entry: &EntryChange) -> Result<Applied> {
    let agent = caller.agent(AgentKind::Enrolled)?;
    let next = claimed(&entry.header)?;
    let id = next.claims().entry;
    release::charge(w, agent, id)?;
    let facts = release::Found::load(w, agent, id)?.facts();
    let actor = Actor::of(caller);
    let permit = match caller.permit::<WriteEntry>(Act::WriteEntry, Subject::Entry(facts), |vault| (vault, id)) {
        Ok(permit) => permit,
        Err(refusal) => return Err(release::refuse(w, caller, Draft::done(actor, "entry.update").on(id), refusal)?),
    };
    let manifest = w.known_vault(caller.vault())?.manifest()?;
    let key = PublicKey::parse(&agent.ed25519).map_err(|_| Error::Unauthenticated)?;
    if next.claims().author != agent.agent_id || !entry.grants.is_empty() {
        return Err(Error::NotValid("an agent signs with its own key and grants nothing"));
    }
    let next = verify(next, &manifest, &key)?;
    follow(w, &next, &manifest)?;
    provable(w, &permit, next.body())?;
    records::check(next.body(), entry)?;
    check_ek_epoch(next.body(), &manifest)?;
    store(w, &permit, &next, entry)?;
    w.log(manifest.vault, &Draft::done(actor, "entry.update").on(id))?;
    w.count_change(manifest.vault, 0)?;
    let (seq, log_size) = w.commit(manifest.vault, "change", Some(&id.0))?;
    Ok(Applied { seq, manifest_version: manifest.version, log_size })
}
