//! The manifest, and where this agent stands in it. Nothing else of a node's answer is looked at before this holds.

use clavitor_crypto::{
    ScopeId,
    keys::ScopeKey1,
    manifest::{Agent, AgentKind, AgentState, Manifest, SignedManifest},
    secret::Secret32,
    signed::Signed,
    wrap::Purpose,
};

use crate::{
    alarm::Alarm,
    identity::{Identity, ObjectPin, Pins, Step},
    tier2::ScopeKey2,
};

/// Verifies a manifest against the pinned signing key and against what was verified before.
///
/// # Errors
/// An alarm: forged, another vault's, rolled back or forked.
pub(super) fn manifest(identity: &Identity, pins: &Pins, bytes: &[u8]) -> Result<SignedManifest, Alarm> {
    let signed =
        Signed::<Manifest>::verify(bytes, &identity.vault, &identity.usk).map_err(|refusal| Alarm::new("the manifest", refusal))?;
    let body = signed.body();
    if body.usk != identity.usk {
        return Err(Alarm::new("the manifest", "names another signing key than the one pinned at enrolment"));
    }
    match ObjectPin::judge(pins.manifest.as_ref(), body.version, signed.hash(), &body.previous) {
        Step::Follows => Ok(signed),
        Step::Rollback => Err(Alarm::rollback("the manifest", body.version, pins.manifest.map_or(0, |pin| pin.version))),
        Step::Fork => Err(Alarm::fork("the manifest")),
    }
}

/// What the owner signed about this agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may work.
    Active,
    /// The owner's browser has not confirmed its keys yet.
    Invited,
    /// The owner has suspended it.
    Suspended,
    /// The manifest does not name it (any more).
    Removed,
}

/// Finds this agent in the manifest and checks that the keys there are the ones on this machine.
///
/// # Errors
/// An alarm: the owner's signature is over other keys, so somebody stood between at enrolment.
pub(super) fn standing(identity: &Identity, manifest: &Manifest) -> Result<Standing, Alarm> {
    let Some(agent) = manifest.agent(identity.agent) else { return Ok(Standing::Removed) };
    if agent.kind != AgentKind::Enrolled {
        return Err(Alarm::new("the manifest", "lists this agent as a hosted one"));
    }
    if let Some(keys) = &agent.keys {
        let unwrapping = identity.keys.unwrapping.public().map_err(|refused| Alarm::new("this agent's key", refused))?;
        if keys.ed25519 != identity.keys.signing.public() || keys.x25519 != unwrapping {
            return Err(Alarm::new("the manifest", "lists other keys for this agent than the ones on this machine"));
        }
    }
    Ok(match agent.state {
        AgentState::Active => Standing::Active,
        AgentState::Suspended => Standing::Suspended,
        AgentState::Invited => Standing::Invited,
    })
}

/// A scope this agent holds, with its keys of tiers 1 and 2.
pub(super) struct HeldScope {
    /// The scope.
    pub scope: ScopeId,
    /// Opens grants of tier 1.
    pub key1: ScopeKey1,
    /// Opens grants of tier 2.
    pub key2: ScopeKey2,
}

const WRAPPED_BYTES: usize = 16 + 4 + 32 + 32;

/// Opens the scope keys sealed to this agent, after checking that the owner sealed them, for a scope and epoch that the manifest gives it.
///
/// # Errors
/// An alarm: a wrap that is not the owner's, not for this agent, or not of the epoch in force.
pub(super) fn held_scopes(
    identity: &Identity,
    manifest: &Manifest,
    agent: &Agent,
    wraps: &[clavitor_api::ScopeWrap],
) -> Result<Vec<HeldScope>, Alarm> {
    wraps.iter().map(|wrap| held_scope(identity, manifest, agent, wrap)).collect()
}

fn held_scope(identity: &Identity, manifest: &Manifest, agent: &Agent, wrap: &clavitor_api::ScopeWrap) -> Result<HeldScope, Alarm> {
    let scope = ScopeId(wrap.scope_id.0);
    let object = format!("the key of scope {scope}");
    let alarm = |fault: &str| Alarm::new(&object, fault);
    let in_force = manifest.scope(scope).ok_or_else(|| alarm("is for a scope the manifest does not have"))?;
    if wrap.agent_id.0 != identity.agent.0 || !agent.scopes.iter().any(|held| held.scope == scope) {
        return Err(alarm("is not for this agent"));
    }
    if wrap.scope_epoch != in_force.epoch {
        return Err(Alarm::new(&object, format_args!("is of epoch {}, the manifest says {}", wrap.scope_epoch, in_force.epoch)));
    }
    let purpose = Purpose::Scope { agent: identity.agent, scope, scope_epoch: wrap.scope_epoch };
    let sealed = purpose.verify(&identity.vault, &identity.usk, &wrap.wrap.0).map_err(|refusal| Alarm::new(&object, refusal))?;
    let opened = identity.keys.unwrapping.open(&purpose.info(&identity.vault), sealed).map_err(|refused| Alarm::new(&object, refused))?;
    if opened.len() != WRAPPED_BYTES || opened[..16] != scope.0 || opened[16..20] != wrap.scope_epoch.to_be_bytes() {
        return Err(alarm("holds another scope or epoch"));
    }
    let key = |from: usize| Secret32::from_slice(&opened[from..from + 32]).ok_or_else(|| alarm("is cut short"));
    Ok(HeldScope {
        scope,
        key1: ScopeKey1::new(identity.vault, scope, wrap.scope_epoch, key(20)?),
        key2: ScopeKey2::new(identity.vault, scope, wrap.scope_epoch, key(52)?),
    })
}
