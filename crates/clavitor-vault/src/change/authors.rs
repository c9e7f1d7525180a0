//! What agents wrote stays provable: a manifest that takes the right to write from an author comes with the owner's own version on top, or is not put
//! in force. Without this, an agent that writes after its owner has looked, and before the manifest arrives, leaves a version that every other browser
//! must refuse.

use clavitor_crypto::{
    AgentId, ScopeId,
    header::Header,
    manifest::{Agent, AgentKind, Capabilities, Manifest, SignedManifest},
};

use super::step::Step;
use crate::{Error, Result, store::entries::decode};

/// A manifest under which everything that agents wrote can still be proved. Only [`Step::settle`] makes one, and the store takes no other.
pub(crate) struct Settled<'a>(&'a SignedManifest);

impl Settled<'_> {
    /// Signature and body.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// Agents that may write less under the next manifest than before.
struct Losers<'a> {
    next: &'a Manifest,
    agents: Vec<AgentId>,
    /// Where they lose it.
    scopes: Vec<ScopeId>,
}

impl<'a> Losers<'a> {
    fn between(before: &Manifest, next: &'a Manifest) -> Self {
        let mut losers = Self { next, agents: Vec::new(), scopes: Vec::new() };
        for agent in &before.agents {
            let lost: Vec<_> = written_scopes(agent).filter(|scope| !writes_in(next, agent.id, *scope)).collect();
            if !lost.is_empty() {
                losers.agents.push(agent.id);
                losers.scopes.extend(lost);
            }
        }
        losers.scopes.sort_unstable();
        losers.scopes.dedup();
        losers
    }

    /// Whether nobody could prove this version any more.
    fn orphan(&self, header: &Header) -> bool {
        let writes = |agent: &Agent| agent.kind == AgentKind::Enrolled && header.capabilities_of(agent).has(Capabilities::WRITE);
        self.agents.contains(&header.author) && !self.next.agent(header.author).is_some_and(writes)
    }
}

fn written_scopes(agent: &Agent) -> impl Iterator<Item = ScopeId> {
    agent.scopes.iter().filter(|grant| grant.capabilities.has(Capabilities::WRITE)).map(|grant| grant.scope)
}

fn writes_in(manifest: &Manifest, agent: AgentId, scope: ScopeId) -> bool {
    manifest.agent(agent).is_some_and(|agent| written_scopes(agent).any(|held| held == scope))
}

impl Step<'_, '_> {
    /// Looks, with every version of the change written, for one that nobody could prove under the next manifest.
    pub(super) fn settle(&self) -> Result<Settled<'_>> {
        if let Some(before) = self.before() {
            let losers = Losers::between(before, self.body());
            losers.scopes.iter().try_for_each(|scope| self.check_authors(&losers, *scope))?;
        }
        Ok(Settled(self.next))
    }

    fn check_authors(&self, losers: &Losers<'_>, scope: ScopeId) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.w.rewritten(self.permit, scope, after)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.entry_id);
            for row in &page {
                self.check_entry(losers, row.header()?)?;
            }
        }
    }

    /// Every author from the newest version down to the owner's last.
    fn check_entry(&self, losers: &Losers<'_>, newest: Header) -> Result<()> {
        if newest.author == AgentId::ZERO {
            return Ok(());
        }
        let current = newest.version;
        let beneath = self.w.chain_in_scope(self.vault_id(), newest.entry, &newest)?;
        let mut orphan = losers.orphan(&newest);
        for header in &beneath {
            orphan |= losers.orphan(&decode(header)?);
        }
        if orphan { Err(Error::VersionConflict { current }) } else { Ok(()) }
    }
}
