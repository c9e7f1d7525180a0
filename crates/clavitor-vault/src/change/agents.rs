//! Agents: exactly as the manifest lists them, each with the keys of its scopes in force; one that is removed leaves rotated scopes behind.

use clavitor_crypto::{
    AgentId,
    manifest::{Agent, AgentKind, AgentState},
    wrap::Purpose,
};

use super::{
    NewEnrolment, NewHostedToken, ScopeWrap,
    step::{Step, envelope},
};
use crate::{Error, Result};

const ENROLMENT_S_MAX: u32 = 900;

impl Step<'_, '_> {
    pub(super) fn put_agents(&self) -> Result<()> {
        if self.new_manifest() {
            self.remove_agents()?;
            for agent in &self.body().agents {
                self.put_agent(agent)?;
            }
        }
        self.change.enrolments.iter().try_for_each(|new| self.put_enrolment(new))?;
        self.change.scope_wraps.iter().try_for_each(|wrap| self.put_scope_wrap(wrap))?;
        self.change.hosted_tokens.iter().try_for_each(|token| self.put_hosted_token(token))?;
        if self.new_manifest() {
            self.body().agents.iter().try_for_each(|agent| self.check_agent(agent))?;
        }
        Ok(())
    }

    fn remove_agents(&self) -> Result<()> {
        for old in self.before().map(|before| before.agents.as_slice()).unwrap_or_default() {
            if self.body().agent(old.id).is_some() {
                continue;
            }
            if self.ever_had_keys(old)? && !self.scopes_rotate(old) {
                return Err(Error::NotValid("the scopes of a removed agent need new keys"));
            }
            self.w.retire_agent(old.id)?;
            self.log("agent.remove", &old.id.to_string())?;
        }
        Ok(())
    }

    /// An invitation that nobody answered has told nobody anything.
    fn ever_had_keys(&self, agent: &Agent) -> Result<bool> {
        let answered = self.w.enrolment(agent.id)?.is_some_and(|enrolment| enrolment.answer.is_some());
        Ok(agent.state != AgentState::Invited || answered)
    }

    fn scopes_rotate(&self, agent: &Agent) -> bool {
        agent.scopes.iter().all(|grant| {
            let old = self.before().and_then(|before| before.scope(grant.scope));
            match (old, self.body().scope(grant.scope)) {
                (Some(old), Some(new)) => new.epoch > old.epoch && new.ek_epoch_min > old.ek_epoch_min,
                _ => true,
            }
        })
    }

    fn put_agent(&self, agent: &Agent) -> Result<()> {
        let old = self.before().and_then(|before| before.agent(agent.id));
        match old {
            None => self.check_new(agent)?,
            Some(old) => self.check_changed(old, agent)?,
        }
        if old == Some(agent) {
            return Ok(());
        }
        self.w.put_agent(self.vault_id(), agent)?;
        for scope in old.map(|old| old.scopes.as_slice()).unwrap_or_default() {
            if !agent.scopes.iter().any(|kept| kept.scope == scope.scope) {
                self.w.delete_scope_wrap(agent.id, scope.scope)?;
                self.w.delete_hosted_grant(agent.id, scope.scope)?;
            }
        }
        self.log(if old.is_none() { "agent.add" } else { "agent.change" }, &agent.id.to_string())
    }

    fn check_new(&self, agent: &Agent) -> Result<()> {
        if self.w.agent_id_is_taken(agent.id)? {
            return Err(Error::NotValid("an agent's id was used before"));
        }
        let brought = match agent.kind {
            AgentKind::Enrolled if agent.state == AgentState::Invited => self.change.enrolments.iter().any(|new| new.agent_id == agent.id),
            AgentKind::Enrolled => return Err(Error::NotValid("a new agent begins as invited")),
            AgentKind::Hosted => self.change.hosted_tokens.iter().any(|new| new.agent_id == agent.id),
        };
        if brought { Ok(()) } else { Err(Error::NotValid("a new agent comes with its enrolment or its token")) }
    }

    fn check_changed(&self, old: &Agent, agent: &Agent) -> Result<()> {
        if old.kind != agent.kind {
            return Err(Error::NotValid("an agent stays enrolled or hosted"));
        }
        match (&old.keys, &agent.keys) {
            (None, None) => Ok(()),
            (Some(old), Some(new)) if old == new => Ok(()),
            (None, Some(new)) => {
                let answer = self.w.enrolment(agent.id)?.and_then(|enrolment| enrolment.answer);
                let same = answer.is_some_and(|sent| sent.ed25519 == *new.ed25519.as_bytes() && sent.x25519 == new.x25519.0);
                if !same {
                    return Err(Error::NotValid("an agent's keys are not the ones it sent"));
                }
                self.w.delete_enrolment(agent.id)?;
                self.log("agent.confirm", &agent.id.to_string())
            }
            _ => Err(Error::NotValid("an agent's keys never change")),
        }
    }

    fn put_enrolment(&self, new: &NewEnrolment) -> Result<()> {
        let invited = self.body().agent(new.agent_id).is_some_and(|agent| agent.state == AgentState::Invited);
        if !invited {
            return Err(Error::NotValid("an enrolment is for an agent that the manifest lists as invited"));
        }
        if !(1..=ENROLMENT_S_MAX).contains(&new.valid_s) {
            return Err(Error::NotValid("an enrolment is valid for 1 to 900 seconds"));
        }
        envelope(&new.grant, 0x14, 0, "an enrolment's grant is not record 0x14")?;
        self.w.put_enrolment(new)?;
        self.log("agent.invite", &new.agent_id.to_string())
    }

    fn put_scope_wrap(&self, wrap: &ScopeWrap) -> Result<()> {
        let agent = self.body().agent(wrap.agent_id).filter(|agent| agent.keys.is_some());
        let has_scope = agent.is_some_and(|agent| agent.scopes.iter().any(|grant| grant.scope == wrap.scope_id));
        let in_force = self.body().scope(wrap.scope_id).is_some_and(|scope| scope.epoch == wrap.scope_epoch);
        if !has_scope || !in_force {
            return Err(Error::NotValid("a scope wrap is for no agent and scope key in force"));
        }
        let purpose = Purpose::Scope { agent: wrap.agent_id, scope: wrap.scope_id, scope_epoch: wrap.scope_epoch };
        let checked = purpose.verify(&self.vault_id(), &self.body().usk, &wrap.wrap);
        checked.map_err(|_| Error::NotValid("a scope wrap is not signed by the vault's key"))?;
        Ok(self.w.put_scope_wrap(wrap)?)
    }

    fn put_hosted_token(&self, new: &NewHostedToken) -> Result<()> {
        let agent = self.body().agent(new.agent_id).filter(|agent| agent.kind == AgentKind::Hosted);
        let agent = agent.ok_or(Error::NotValid("a token is for an agent that the manifest lists as hosted"))?;
        let mut scopes: Vec<_> = new.grants.iter().map(|(scope, _)| *scope).collect();
        scopes.sort_unstable();
        if !scopes.iter().eq(agent.scopes.iter().map(|grant| &grant.scope)) {
            return Err(Error::NotValid("a token has one grant for each scope of its agent"));
        }
        self.w.put_hosted_token(agent.id, &new.auth_hash)?;
        for (scope_id, record) in &new.grants {
            let epoch = self.body().scope(*scope_id).map_or(0, |scope| scope.epoch);
            envelope(record, 0x15, epoch, "a token's grant is not record 0x15 of the scope key in force")?;
            self.w.insert_hosted_grant(agent.id, *scope_id, epoch, record)?;
        }
        self.log("agent.token", &agent.id.to_string())
    }

    /// What must hold of an agent once everything is written; what a rotation made useless ends here.
    fn check_agent(&self, agent: &Agent) -> Result<()> {
        let brings_enrolment = self.change.enrolments.iter().any(|new| new.agent_id == agent.id);
        match (agent.kind, agent.state) {
            (AgentKind::Enrolled, AgentState::Active) => self.check_wraps(agent),
            (AgentKind::Enrolled, AgentState::Invited) if self.rotates() && !brings_enrolment => Ok(self.w.delete_enrolment(agent.id)?),
            (AgentKind::Enrolled, _) => Ok(()),
            (AgentKind::Hosted, _) => self.end_stale_token(agent.id),
        }
    }

    fn check_wraps(&self, agent: &Agent) -> Result<()> {
        let wraps = self.w.scope_wraps(agent.id)?;
        let in_force = |grant: &clavitor_crypto::manifest::AgentScope| {
            let epoch = self.body().scope(grant.scope).map(|scope| scope.epoch);
            wraps.iter().any(|wrap| wrap.scope_id == grant.scope && Some(wrap.scope_epoch) == epoch)
        };
        if agent.scopes.iter().all(in_force) { Ok(()) } else { Err(Error::NotValid("an active agent lacks the key of a scope")) }
    }

    fn end_stale_token(&self, id: AgentId) -> Result<()> {
        let brought = self.change.hosted_tokens.iter().any(|new| new.agent_id == id);
        if brought {
            return Ok(());
        }
        let grants = self.w.hosted_grants(id)?;
        let in_force = |scope, epoch| !self.rotates() && self.body().scope(scope).is_some_and(|known| known.epoch == epoch);
        let stale: Vec<_> = grants.iter().filter(|(scope, epoch, _)| !in_force(*scope, *epoch)).collect();
        if stale.is_empty() {
            return Ok(());
        }
        if stale.len() == grants.len() {
            self.w.delete_hosted_token(id)?;
            return self.log("agent.token-end", &id.to_string());
        }
        stale.iter().try_for_each(|(scope, ..)| Ok(self.w.delete_hosted_grant(id, *scope)?))
    }
}
