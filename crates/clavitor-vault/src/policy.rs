//! Who may do what: one pure function, and the permits that only it can lead to.
//!
//! A permit carries the id it is for and is borrowed from the transaction it was decided in; the store takes ids out of permits. It cannot be
//! cloned, and a permit for one action does not fit a function that does another.

use std::marker::PhantomData;

use clavitor_crypto::{
    AgentId, EntryId, FieldId, VaultId,
    field_kind::{FieldKind, Tier},
    header::Deleted,
    manifest::{AgentKind, Capabilities},
};

use crate::{Denial, Error, Result, UseMode, Write, caller::Caller, setup::UsedLink};

/// Who is asking, as far as policy cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    Person { fresh: bool },
    Agent { kind: AgentKind, standing: Standing },
}

/// How an agent stands with its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Active,
    Invited,
    Suspended,
    Expired,
    Locked,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    ReadVault,
    ReadEntry,
    Export,
    Change {
        sensitive: bool,
    },
    RegisterPasskey,
    ReadAgent,
    LockAgent,
    UnlockAgent,
    CancelRecovery,
    ReadSelf,
    /// What the vault's owner had signed before: for whoever is let in now.
    ReadPast,
    ListNames,
    Release(UseMode),
    WriteEntry,
}

/// What it is asked of. Always in the asker's own vault: another vault's things are unknown there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Vault,
    Agent { known: bool },
    Entry(EntryFacts),
    Field(EntryFacts, Option<FieldFacts>),
}

/// What policy has to know of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryFacts {
    /// None: there is no such entry.
    pub(crate) place: Option<Deleted>,
    /// What the asking agent may do in the scopes that hold the entry; None: it shares no scope with it. People have no capabilities.
    pub(crate) capabilities: Option<Capabilities>,
}

/// What policy has to know of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldFacts {
    pub(crate) kind: FieldKind,
    pub(crate) tier: Tier,
}

/// The one decision.
pub(crate) fn decide(asker: Asker, act: Act, subject: Subject) -> Result<()> {
    match asker {
        Asker::Person { fresh } => decide_for_person(fresh, act, subject),
        Asker::Agent { kind, standing } => decide_for_agent(kind, standing, act, subject),
    }
}

fn decide_for_person(fresh: bool, act: Act, subject: Subject) -> Result<()> {
    let needs_fresh = match act {
        Act::ReadVault | Act::ReadEntry | Act::ReadAgent | Act::LockAgent | Act::CancelRecovery => false,
        Act::Change { sensitive } => sensitive,
        Act::Export | Act::RegisterPasskey | Act::UnlockAgent => true,
        Act::ReadSelf | Act::ReadPast | Act::ListNames | Act::Release(_) | Act::WriteEntry => return Err(Error::Unauthenticated),
    };
    if needs_fresh && !fresh {
        return Err(Error::FreshPasskeyNeeded);
    }
    match subject {
        Subject::Vault | Subject::Agent { known: true } | Subject::Entry(EntryFacts { place: Some(_), .. }) => Ok(()),
        Subject::Agent { known: false } | Subject::Entry(_) | Subject::Field(..) => Err(Error::Hidden),
    }
}

fn decide_for_agent(kind: AgentKind, standing: Standing, act: Act, subject: Subject) -> Result<()> {
    match act {
        Act::ReadSelf => return Ok(()),
        Act::ReadPast if kind == AgentKind::Enrolled => return stands(standing),
        Act::ReadPast => return stands(standing).and(Err(Error::Unauthenticated)),
        Act::ListNames | Act::Release(_) | Act::WriteEntry => {}
        _ => return Err(Error::Unauthenticated),
    }
    stands(standing)?;
    match (act, subject) {
        (Act::ListNames, Subject::Vault) => Ok(()),
        (Act::Release(mode), Subject::Field(entry, field)) => release(kind, mode, may(entry)?, field),
        (Act::WriteEntry, Subject::Entry(entry)) => write(kind, may(entry)?),
        _ => Err(Error::Hidden),
    }
}

fn stands(standing: Standing) -> Result<()> {
    let (message, remedy) = match standing {
        Standing::Active => return Ok(()),
        Standing::Locked => return Err(Error::AgentLocked),
        Standing::Invited => ("this agent is not confirmed yet", "ask the owner to confirm it on the agents page"),
        Standing::Suspended => ("this agent is suspended", "ask the owner to resume it on the agents page"),
        Standing::Expired => ("this agent's time is over", "ask the owner to prolong it on the agents page"),
    };
    Err(Error::Forbidden(Denial { message, allowed_modes: Vec::new(), remedy }))
}

/// What an agent may do with an entry. One it shares no scope with looks like one that is not there.
fn may(entry: EntryFacts) -> Result<Capabilities> {
    match entry {
        EntryFacts { place: Some(Deleted::Live), capabilities: Some(capabilities) } => Ok(capabilities),
        _ => Err(Error::Hidden),
    }
}

fn release(kind: AgentKind, mode: UseMode, capabilities: Capabilities, field: Option<FieldFacts>) -> Result<()> {
    let field = field.ok_or(Error::Hidden)?;
    let highest = match kind {
        AgentKind::Hosted => Tier::Hosted,
        AgentKind::Enrolled => Tier::Agents,
    };
    if field.tier > highest {
        return Err(Error::TierTooHigh(Denial {
            message: too_high(field.tier),
            allowed_modes: Vec::new(),
            remedy: lower_or_other(kind, field.tier),
        }));
    }
    let allowed_modes = modes(kind, capabilities, field);
    if allowed_modes.contains(&mode) {
        return Ok(());
    }
    let (message, remedy) = match mode {
        UseMode::Use if field.kind == FieldKind::Totp => ("the seed of one-time codes is not handed out", "ask for a code with mode totp"),
        UseMode::Use => ("this agent may not use this field", "ask the owner for the capability use"),
        UseMode::Totp if field.kind != FieldKind::Totp => ("this field is no seed of one-time codes", "name a field of kind totp"),
        UseMode::Totp => ("this agent may not have one-time codes", "ask the owner for the capability totp"),
        UseMode::Reveal => ("this agent may not see this field", "use it without seeing it, or ask the owner for the capability reveal"),
        UseMode::Write => ("writing is no release", "send a new version of the entry"),
    };
    Err(Error::Forbidden(Denial { message, allowed_modes, remedy }))
}

const fn too_high(tier: Tier) -> &'static str {
    match tier {
        Tier::OnlyMe => "only the owner can open this field, with a passkey",
        Tier::Hosted | Tier::Agents => "only an enrolled agent can open this field, on its own machine",
    }
}

const fn lower_or_other(kind: AgentKind, tier: Tier) -> &'static str {
    match (kind, tier) {
        (AgentKind::Hosted, Tier::Agents) => "use an enrolled agent, or ask the owner to mark the field Hosted",
        _ => "ask the owner to do this step, or to mark the field Agents if its kind allows",
    }
}

/// The ways in which an agent may use a field.
pub(crate) fn modes(kind: AgentKind, capabilities: Capabilities, field: FieldFacts) -> Vec<UseMode> {
    let is_totp = field.kind == FieldKind::Totp;
    let enrolled = kind == AgentKind::Enrolled;
    if field.tier > if enrolled { Tier::Agents } else { Tier::Hosted } {
        return Vec::new();
    }
    [
        (UseMode::Use, Capabilities::USE, enrolled && !is_totp),
        (UseMode::Totp, Capabilities::TOTP, is_totp),
        (UseMode::Reveal, Capabilities::REVEAL, true),
        (UseMode::Write, Capabilities::WRITE, enrolled),
    ]
    .into_iter()
    .filter(|(_, capability, fits)| *fits && capabilities.has(*capability))
    .map(|(mode, ..)| mode)
    .collect()
}

/// Whether a release in this mode holds the sealed value. Who writes needs the header to follow and the keys to seal with, and not the value that stands there.
pub(crate) const fn gives_value(mode: UseMode) -> bool {
    !matches!(mode, UseMode::Write)
}

fn write(kind: AgentKind, capabilities: Capabilities) -> Result<()> {
    if kind == AgentKind::Enrolled && capabilities.has(Capabilities::WRITE) {
        return Ok(());
    }
    let remedy = "ask the owner for the capability write";
    Err(Error::Forbidden(Denial { message: "this agent may not write this entry", allowed_modes: Vec::new(), remedy }))
}

/// An action as a type: what its permit carries.
pub(crate) trait Action {
    /// The ids it is for.
    type Target;
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident($target:ty);)*) => {$(
        $(#[$doc])*
        pub(crate) enum $name {}

        impl Action for $name {
            type Target = $target;
        }
    )*};
}

actions! {
    /// Read what the owner sees of a vault.
    ReadVault(VaultId);
    /// Read one entry as its owner.
    ReadEntry((VaultId, EntryId));
    /// Read everything as the owner.
    ExportVault(VaultId);
    /// Change a vault.
    ChangeVault(VaultId);
    /// Begin registering a passkey.
    RegisterPasskey(VaultId);
    /// Read, lock or unlock an agent as its owner.
    GovernAgent((VaultId, AgentId));
    /// Read what an agent may know of itself.
    ReadSelf((VaultId, AgentId));
    /// List names for an agent.
    ListNames((VaultId, AgentId));
    /// Release one field to an agent.
    ReleaseField((VaultId, EntryId, FieldId));
    /// Write one entry as an agent.
    WriteEntry((VaultId, EntryId));
}

/// The right to do one thing to one target, in one transaction.
pub(crate) struct Permit<'tx, A: Action> {
    target: A::Target,
    tx: PhantomData<&'tx ()>,
}

impl<A: Action> Permit<'_, A> {
    /// What it is for.
    pub(crate) fn target(&self) -> &A::Target {
        &self.target
    }
}

impl<'tx> Caller<'tx> {
    /// Asks policy. The target's vault is always the caller's own.
    pub(crate) fn permit<A: Action>(
        &self,
        act: Act,
        subject: Subject,
        target: impl FnOnce(VaultId) -> A::Target,
    ) -> Result<Permit<'tx, A>> {
        decide(self.asker(), act, subject)?;
        Ok(Permit { target: target(self.vault()), tx: PhantomData })
    }
}

/// The first change of a vault: who holds the used set-up link may make it.
pub(crate) fn permit_first<'tx>(_: &Write<'tx>, _: UsedLink, vault_id: VaultId) -> Permit<'tx, ChangeVault> {
    Permit { target: vault_id, tx: PhantomData }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
