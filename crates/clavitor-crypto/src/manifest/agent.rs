//! Agents in the manifest: who they are, which scopes they have, and what they may do there.

use crate::{
    AgentId, Refusal, ScopeId,
    cbor::{Canonical, Reader, Writer, ascending},
    sign::PublicKey,
    wrap::WrapPublic,
};

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// Enrolled or hosted.
    pub kind: AgentKind,
    /// Its public keys; a hosted agent and an invited one have none.
    pub keys: Option<AgentKeys>,
    /// Its scopes, sorted.
    pub scopes: Vec<AgentScope>,
    /// Distinct entries it may ask for.
    pub budget: Budget,
    /// It stops working then, Unix seconds.
    pub not_after_s: u64,
    /// Whether it may do anything now.
    pub state: AgentState,
}

/// Public keys of an enrolled agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentKeys {
    /// Proves possession and signs headers.
    pub ed25519: PublicKey,
    /// Scope keys are wrapped to this.
    pub x25519: WrapPublic,
}

/// Enrolled or hosted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AgentKind {
    /// Has its own keys on its own machine.
    Enrolled = 1,
    /// Has a bearer token only.
    Hosted = 2,
}

/// Whether an agent may do anything now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AgentState {
    /// Yes.
    Active = 1,
    /// No, until the owner says so.
    Suspended = 2,
    /// Not yet: it has no keys.
    Invited = 3,
}

/// What an agent may do in one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentScope {
    /// The scope.
    pub scope: ScopeId,
    /// What it may do there.
    pub capabilities: Capabilities,
}

/// Distinct entries an agent may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Each minute.
    pub per_minute: u32,
    /// Each hour.
    pub per_hour: u32,
}

/// A set of things an agent may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Capabilities(u8);

impl Capabilities {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Use a credential without showing it.
    pub const USE: Self = Self(1);
    /// Get one-time codes.
    pub const TOTP: Self = Self(2);
    /// See values.
    pub const REVEAL: Self = Self(4);
    /// Store new versions.
    pub const WRITE: Self = Self(8);

    const ALL: u8 = 15;

    /// The set with these bits.
    ///
    /// # Errors
    /// [`Refusal::Rule`] for unknown bits.
    pub const fn from_bits(bits: u8) -> Result<Self, Refusal> {
        if bits & !Self::ALL == 0 { Ok(Self(bits)) } else { Err(Refusal::Rule) }
    }

    /// Its bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Canonical for AgentScope {
    fn write(&self, writer: &mut Writer) {
        writer.map(2).bytes(0, &self.scope.0).number(1, self.capabilities.bits());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(2)?;
        Ok(Self { scope: ScopeId(reader.fixed(0)?), capabilities: Capabilities::from_bits(reader.number(1)?)? })
    }
}

impl Canonical for Budget {
    fn write(&self, writer: &mut Writer) {
        writer.map(2).number(0, self.per_minute).number(1, self.per_hour);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(2)?;
        Ok(Self { per_minute: reader.number(0)?, per_hour: reader.number(1)? })
    }
}

impl Canonical for Agent {
    fn write(&self, writer: &mut Writer) {
        let (ed25519, x25519): (&[u8], &[u8]) = match &self.keys {
            Some(keys) => (keys.ed25519.as_bytes(), &keys.x25519.0),
            None => (&[], &[]),
        };
        writer.map(8).bytes(0, &self.id.0).number(1, self.kind as u8).bytes(2, ed25519).bytes(3, x25519);
        writer.list(4, &self.scopes).inside(5, &self.budget).number(6, self.not_after_s).number(7, self.state as u8);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(8)?;
        let id = AgentId(reader.fixed(0)?);
        let kind = match reader.number::<u64>(1)? {
            1 => AgentKind::Enrolled,
            2 => AgentKind::Hosted,
            _ => return Err(Refusal::Rule),
        };
        let keys = keys(reader.bytes(2)?, reader.bytes(3)?)?;
        let (scopes, budget, not_after_s) = (reader.list(4)?, reader.inside(5)?, reader.number(6)?);
        let state = match reader.number::<u64>(7)? {
            1 => AgentState::Active,
            2 => AgentState::Suspended,
            3 => AgentState::Invited,
            _ => return Err(Refusal::Rule),
        };
        Ok(Self { id, kind, keys, scopes, budget, not_after_s, state })
    }
}

fn keys(ed25519: &[u8], x25519: &[u8]) -> Result<Option<AgentKeys>, Refusal> {
    match (ed25519.len(), x25519.len()) {
        (0, 0) => Ok(None),
        (32, 32) => {
            let x25519 = WrapPublic(x25519.try_into().map_err(|_| Refusal::Cbor)?);
            Ok(Some(AgentKeys { ed25519: PublicKey::parse(ed25519)?, x25519 }))
        }
        _ => Err(Refusal::Rule),
    }
}

impl Agent {
    pub(super) fn keeps_rules(&self) -> bool {
        let keys = match (self.kind, self.state) {
            (AgentKind::Hosted, state) => self.keys.is_none() && state != AgentState::Invited,
            (AgentKind::Enrolled, AgentState::Active) => self.keys.is_some(),
            (AgentKind::Enrolled, AgentState::Invited) => self.keys.is_none(),
            (AgentKind::Enrolled, AgentState::Suspended) => true,
        };
        self.id != AgentId::ZERO && keys && ascending(self.scopes.iter().map(|grant| grant.scope))
    }
}
