//! Agents from the owner's side: inviting, admitting, hosting, suspending. Revoking one rotates keys (`rotation`).

use clavitor_crypto::{
    AgentId, ScopeId, Secret, cbor,
    enrol::{EnrolSecret, EnrolString},
    manifest::{Agent, AgentKeys, AgentKind, AgentScope, AgentState, Budget, Capabilities},
    sign::PublicKey,
    token::HostedToken,
    wrap::{Purpose, WrapPublic},
};
use zeroize::Zeroizing;

use crate::{Changes, EnrolmentChange, Error, GrantBody, GrantScope, HostedTokenChange, Person, ScopeWrapChange, grant_body};

/// What an agent is called and may do.
#[derive(Debug, Clone)]
pub struct AgentTerms {
    /// Its name.
    pub name: String,
    /// Its scopes and what it may do there.
    pub scopes: Vec<(ScopeId, Capabilities)>,
    /// Its budget.
    pub budget: Budget,
    /// It stops working then, Unix seconds.
    pub not_after_s: u64,
}

impl AgentTerms {
    /// The default: `use` and `totp` in one scope, 3 entries a minute, 10 an hour.
    #[must_use]
    pub fn new(name: &str, scope: ScopeId, not_after_s: u64) -> Self {
        let scopes = vec![(scope, Capabilities::USE.with(Capabilities::TOTP))];
        Self { name: name.to_owned(), scopes, budget: Budget { per_minute: 3, per_hour: 10 }, not_after_s }
    }

    /// With other capabilities in its first scope.
    #[must_use]
    pub fn allowing(mut self, capabilities: Capabilities) -> Self {
        if let Some(first) = self.scopes.first_mut() {
            first.1 = capabilities;
        }
        self
    }

    fn agent(&self, id: AgentId, kind: AgentKind, state: AgentState) -> Agent {
        let mut scopes: Vec<_> = self.scopes.iter().map(|&(scope, capabilities)| AgentScope { scope, capabilities }).collect();
        scopes.sort_unstable_by_key(|grant| grant.scope);
        Agent { id, kind, keys: None, scopes, budget: self.budget, not_after_s: self.not_after_s, state }
    }
}

/// An agent that has been invited.
pub struct Invitation {
    /// The agent.
    pub agent: AgentId,
    /// The enrolment string, to be handed over once.
    pub text: Zeroizing<String>,
}

/// An agent that the node opens tier 1 for.
pub struct HostedAgent {
    /// The agent.
    pub agent: AgentId,
    /// Its token, to be handed over once.
    pub token: Zeroizing<String>,
}

impl Person {
    /// Invites an agent.
    ///
    /// # Errors
    /// [`Error`] if the manifest would break a rule.
    pub fn invite(&mut self, terms: &AgentTerms, now_ms: u64) -> Result<(Invitation, Changes), Error> {
        let id = AgentId::make_with(&mut *self.random);
        let mut changes = self.list_agent(terms, terms.agent(id, AgentKind::Enrolled, AgentState::Invited), now_ms)?;
        let secret = EnrolSecret::new(self.vault, id, self.keys.enrol_secret(id));
        let body = GrantBody {
            usk: self.usk.public(),
            manifest: self.manifest.bytes().to_vec(),
            name: self.names["vault"].as_str().unwrap_or_default().to_owned(),
            scopes: terms.scopes.iter().map(|&(scope, _)| self.grant_scope(scope)).collect::<Result<_, _>>()?,
        };
        let value = Zeroizing::new(cbor::encode(&body));
        let grant = grant_body::record_key(&secret).seal_salted(&grant_body::context(self.vault, id), &value, &self.salt())?;
        changes.enrolments.push(EnrolmentChange { agent: id, auth_hash: secret.auth_hash(), grant });
        let text = EnrolString { secret, node: self.manifest.body().home_node.clone() }.text();
        Ok((Invitation { agent: id, text }, changes))
    }

    /// Verifies what an invited agent answered, and signs its keys into the manifest.
    ///
    /// # Errors
    /// [`Error::Signed`] if the MAC does not fit, [`Error::Unknown`] for an agent that is not invited.
    pub fn admit(&mut self, id: AgentId, ed25519: &[u8], x25519: &[u8], mac: &[u8], now_ms: u64) -> Result<Changes, Error> {
        let ed25519 = PublicKey::parse(ed25519)?;
        let x25519 = WrapPublic(x25519.try_into().map_err(|_| Error::Unknown)?);
        EnrolSecret::new(self.vault, id, self.keys.enrol_secret(id)).verify_mac(&ed25519, &x25519, mac)?;
        let mut body = self.next_manifest(now_ms);
        let invited = |agent: &&mut Agent| agent.id == id && agent.state == AgentState::Invited;
        let agent = body.agents.iter_mut().find(invited).ok_or(Error::Unknown)?;
        agent.keys = Some(AgentKeys { ed25519, x25519 });
        agent.state = AgentState::Active;
        let agent = agent.clone();
        let mut changes = self.changes(body)?;
        changes.scope_wraps = self.wraps_for(&agent, |_| true)?;
        Ok(changes)
    }

    /// Makes a hosted agent with a token.
    ///
    /// # Errors
    /// [`Error`] if the manifest would break a rule.
    pub fn host(&mut self, terms: &AgentTerms, now_ms: u64) -> Result<(HostedAgent, Changes), Error> {
        let id = AgentId::make_with(&mut *self.random);
        let token = HostedToken::new(id, Secret::make_with(&mut *self.random));
        let mut changes = self.list_agent(terms, terms.agent(id, AgentKind::Hosted, AgentState::Active), now_ms)?;
        let mut grants = Vec::new();
        for &(scope, _) in &terms.scopes {
            let key = self.keys.scope1(scope, self.scope_epoch(scope)?);
            let salt = self.salt();
            grants.push((scope, token.seal_scope(self.vault, &key, &salt)?));
        }
        changes.hosted_tokens.push(HostedTokenChange { agent: id, auth_hash: token.auth_hash(&self.vault), grants });
        Ok((HostedAgent { agent: id, token: token.text() }, changes))
    }

    /// Changes what an agent may do. Scopes that are new to it come with their keys; a scope that is taken away is not rotated, which only
    /// [`Person::revoke`] does.
    ///
    /// # Errors
    /// [`Error::Unknown`] for an agent that is not listed, [`Error`] if the manifest would break a rule.
    pub fn change_agent(&mut self, id: AgentId, edit: impl FnOnce(&mut Agent), now_ms: u64) -> Result<Changes, Error> {
        let mut body = self.next_manifest(now_ms);
        let agent = body.agents.iter_mut().find(|agent| agent.id == id).ok_or(Error::Unknown)?;
        let before = agent.clone();
        edit(agent);
        agent.scopes.sort_unstable_by_key(|grant| grant.scope);
        let agent = agent.clone();
        let mut changes = self.changes(body)?;
        changes.scope_wraps = self.wraps_for(&agent, |scope| before.scopes.iter().all(|grant| grant.scope != scope))?;
        Ok(changes)
    }

    /// Suspends an agent, or lets it go on.
    ///
    /// # Errors
    /// As [`Person::change_agent`].
    pub fn suspend(&mut self, id: AgentId, suspended: bool, now_ms: u64) -> Result<Changes, Error> {
        let state = if suspended { AgentState::Suspended } else { AgentState::Active };
        self.change_agent(id, |agent| agent.state = state, now_ms)
    }

    fn list_agent(&mut self, terms: &AgentTerms, agent: Agent, now_ms: u64) -> Result<Changes, Error> {
        let mut body = self.next_manifest(now_ms);
        self.names["agents"][agent.id.to_string()] = terms.name.as_str().into();
        body.agents.push(agent);
        body.agents.sort_unstable_by_key(|agent| agent.id);
        self.changes_with_names(body)
    }

    fn grant_scope(&self, scope: ScopeId) -> Result<GrantScope, Error> {
        let epoch = self.scope_epoch(scope)?;
        let sk1 = self.keys.scope1(scope, epoch).secret().clone();
        let sk2 = self.keys.scope2(scope, epoch).secret().clone();
        Ok(GrantScope { scope, epoch, sk1, sk2 })
    }

    /// Scope wraps for an agent that has keys, for those of its scopes that `wanted` names.
    pub(crate) fn wraps_for(&mut self, agent: &Agent, wanted: impl Fn(ScopeId) -> bool) -> Result<Vec<ScopeWrapChange>, Error> {
        let Some(keys) = agent.keys else { return Ok(Vec::new()) };
        let mut wraps = Vec::new();
        for scope in agent.scopes.iter().map(|grant| grant.scope).filter(|&scope| wanted(scope)) {
            let scope_keys = self.grant_scope(scope)?;
            let purpose = Purpose::Scope { agent: agent.id, scope, scope_epoch: scope_keys.epoch };
            let plaintext = scope_plaintext(&scope_keys);
            let wrap = keys.x25519.wrap(&purpose.info(&self.vault), &plaintext, &mut *self.random)?;
            let wrap = purpose.sign(&self.vault, &self.usk, &wrap);
            wraps.push(ScopeWrapChange { agent: agent.id, scope, scope_epoch: scope_keys.epoch, wrap });
        }
        Ok(wraps)
    }

    pub(crate) fn scope_epoch(&self, scope: ScopeId) -> Result<u32, Error> {
        self.manifest.body().scope(scope).map(|scope| scope.epoch).ok_or(Error::Unknown)
    }
}

/// scope_id ‖ u32be scope_epoch ‖ SK1 ‖ SK2.
pub(crate) fn scope_plaintext(keys: &GrantScope) -> Zeroizing<Vec<u8>> {
    let mut plaintext = Zeroizing::new(Vec::with_capacity(84));
    plaintext.extend_from_slice(&keys.scope.0);
    plaintext.extend_from_slice(&keys.epoch.to_be_bytes());
    plaintext.extend_from_slice(keys.sk1.expose());
    plaintext.extend_from_slice(keys.sk2.expose());
    plaintext
}

/// Reads what [`scope_plaintext`] wrote, for the scope and epoch that were asked for.
pub(crate) fn open_scope_plaintext(scope: ScopeId, scope_epoch: u32, plaintext: &[u8]) -> Option<GrantScope> {
    let rest = plaintext.strip_prefix(scope.0.as_slice())?.strip_prefix(scope_epoch.to_be_bytes().as_slice())?;
    let (sk1, sk2) = rest.split_at_checked(32)?;
    Some(GrantScope { scope, epoch: scope_epoch, sk1: Secret::from_slice(sk1)?, sk2: Secret::from_slice(sk2)? })
}
