//! The manifest (docs/FORMAT.md section 6): what the owner signed about the vault.

use crate::{
    AgentId, Refusal, ScopeId, UnlockerId, VaultId,
    cbor::{Canonical, Reader, Writer, ascending},
    hash::{Hash, ZERO},
    header::require,
    sign::{PublicKey, What},
    signed::{Body, Signed},
    wrap::WrapPublic,
};

mod agent;
pub use agent::{Agent, AgentKeys, AgentKind, AgentScope, AgentState, Budget, Capabilities};

/// Longest node address.
pub const NODE_BYTES_MAX: usize = 255;
/// The suite this code knows; `min_suite` must be this one.
pub const SUITE: u8 = 1;

/// A verified manifest.
pub type SignedManifest = Signed<Manifest>;

/// A manifest's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The vault.
    pub vault: VaultId,
    /// From 1, plus 1 each.
    pub version: u64,
    /// SHA-256 of the body before; zero in the first.
    pub previous: Hash,
    /// Which vault key is in force.
    pub vault_epoch: u32,
    /// The vault's signing key; never changes.
    pub usk: PublicKey,
    /// Ways in for the person.
    pub unlockers: Vec<Unlocker>,
    /// Scopes; the whole vault is always there.
    pub scopes: Vec<Scope>,
    /// Agents.
    pub agents: Vec<Agent>,
    /// Address of the home node.
    pub home_node: String,
    /// Address of the backup node, empty for none.
    pub backup_node: String,
    /// Whether the vault may be replicated.
    pub replication_consent: bool,
    /// The audit log as the owner last saw it.
    pub log_pin: LogPin,
    /// How the recovery code is known, and how long it waits.
    pub recovery: Recovery,
    /// The names record in force.
    pub names: Names,
    /// Hybrid clock, Unix ms; never less than the one before.
    pub hlc_ms: u64,
}

/// A way in for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unlocker {
    /// Its id.
    pub id: UnlockerId,
    /// What it is.
    pub kind: UnlockerKind,
    /// The vault key is wrapped to this.
    pub x25519: WrapPublic,
    /// When it was added, Unix seconds.
    pub added_s: u64,
}

/// What an unlocker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum UnlockerKind {
    /// A WebAuthn credential with PRF.
    Passkey = 1,
    /// The recovery code.
    Recovery = 2,
}

/// A scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Its id.
    pub id: ScopeId,
    /// Which scope key is in force.
    pub epoch: u32,
    /// New entry records in the scope use at least this entry-key epoch.
    pub ek_epoch_min: u32,
}

/// The audit log as the owner last saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPin {
    /// Events.
    pub size: u64,
    /// RFC 6962 root.
    pub root: Hash,
    /// The log's key.
    pub key: PublicKey,
}

/// How the recovery code is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    /// SHA-256(D(code, "recover-auth", 0)), or zero for none.
    pub auth_hash: Hash,
    /// Seconds between a recovery request and its release.
    pub delay_s: u64,
}

/// The names record in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    /// Its version; 0 for none.
    pub version: u64,
    /// SHA-256 of the record; zero for none.
    pub hash: Hash,
}

impl Canonical for Unlocker {
    fn write(&self, writer: &mut Writer) {
        writer.map(4).bytes(0, &self.id.0).number(1, self.kind as u8).bytes(2, &self.x25519.0).number(3, self.added_s);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(4)?;
        let id = UnlockerId(reader.fixed(0)?);
        let kind = match reader.number::<u64>(1)? {
            1 => UnlockerKind::Passkey,
            2 => UnlockerKind::Recovery,
            _ => return Err(Refusal::Rule),
        };
        Ok(Self { id, kind, x25519: WrapPublic(reader.fixed(2)?), added_s: reader.number(3)? })
    }
}

impl Canonical for Scope {
    fn write(&self, writer: &mut Writer) {
        writer.map(3).bytes(0, &self.id.0).number(1, self.epoch).number(2, self.ek_epoch_min);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(3)?;
        Ok(Self { id: ScopeId(reader.fixed(0)?), epoch: reader.number(1)?, ek_epoch_min: reader.number(2)? })
    }
}

impl Canonical for LogPin {
    fn write(&self, writer: &mut Writer) {
        writer.map(3).number(0, self.size).bytes(1, &self.root).bytes(2, self.key.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(3)?;
        Ok(Self { size: reader.number(0)?, root: reader.fixed(1)?, key: public_key(reader.fixed(2)?)? })
    }
}

impl Canonical for Recovery {
    fn write(&self, writer: &mut Writer) {
        writer.map(2).bytes(0, &self.auth_hash).number(1, self.delay_s);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(2)?;
        Ok(Self { auth_hash: reader.fixed(0)?, delay_s: reader.number(1)? })
    }
}

impl Canonical for Names {
    fn write(&self, writer: &mut Writer) {
        writer.map(2).number(0, self.version).bytes(1, &self.hash);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(2)?;
        Ok(Self { version: reader.number(0)?, hash: reader.fixed(1)? })
    }
}

/// A public key as a member: its length is the encoding's business, the key itself is a rule.
fn public_key(bytes: [u8; 32]) -> Result<PublicKey, Refusal> {
    PublicKey::parse(&bytes)
}

impl Canonical for Manifest {
    fn write(&self, writer: &mut Writer) {
        writer.map(17).number(0, 1u8).bytes(1, &self.vault.0).number(2, self.version).bytes(3, &self.previous);
        writer.number(4, self.vault_epoch).number(5, SUITE).bytes(6, self.usk.as_bytes()).list(7, &self.unlockers);
        writer.list(8, &self.scopes).list(9, &self.agents).text(10, &self.home_node).text(11, &self.backup_node);
        writer.flag(12, self.replication_consent).inside(13, &self.log_pin).inside(14, &self.recovery);
        writer.inside(15, &self.names).number(16, self.hlc_ms);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(17)?;
        require(reader.number::<u64>(0)? == 1, Refusal::Rule)?;
        let vault = VaultId(reader.fixed(1)?);
        let (version, previous, vault_epoch) = (reader.number(2)?, reader.fixed(3)?, reader.number(4)?);
        require(reader.number::<u64>(5)? == u64::from(SUITE), Refusal::Rule)?;
        Ok(Self {
            vault,
            version,
            previous,
            vault_epoch,
            usk: public_key(reader.fixed(6)?)?,
            unlockers: reader.list(7)?,
            scopes: reader.list(8)?,
            agents: reader.list(9)?,
            home_node: reader.text(10)?,
            backup_node: reader.text(11)?,
            replication_consent: reader.flag(12)?,
            log_pin: reader.inside(13)?,
            recovery: reader.inside(14)?,
            names: reader.inside(15)?,
            hlc_ms: reader.number(16)?,
        })
    }
}

impl Body for Manifest {
    const WHAT: What = What::Manifest;

    fn vault(&self) -> VaultId {
        self.vault
    }

    fn check(&self) -> Result<(), Refusal> {
        let numbers = self.version >= 1 && self.vault_epoch >= 1;
        let first = (self.version == 1) == (self.previous == ZERO);
        let sorted = ascending(self.unlockers.iter().map(|unlocker| unlocker.id))
            && ascending(self.scopes.iter().map(|scope| scope.id))
            && ascending(self.agents.iter().map(|agent| agent.id));
        let unlockers = !self.unlockers.is_empty()
            && self.unlockers.iter().all(|one| (one.kind == UnlockerKind::Recovery) == (one.id == UnlockerId::of_recovery()));
        let scopes = self.scope(ScopeId::ZERO).is_some() && self.scopes.iter().all(|scope| scope.epoch >= 1 && scope.ek_epoch_min >= 1);
        let agents =
            self.agents.iter().all(|agent| agent.keeps_rules() && agent.scopes.iter().all(|grant| self.scope(grant.scope).is_some()));
        let nodes = self.home_node.len() <= NODE_BYTES_MAX && self.backup_node.len() <= NODE_BYTES_MAX;
        let names = (self.names.version == 0) == (self.names.hash == ZERO);
        require(numbers && first && sorted && unlockers && scopes && agents && nodes && names, Refusal::Rule)
    }
}

impl Manifest {
    /// The unlocker with this id.
    #[must_use]
    pub fn unlocker(&self, id: UnlockerId) -> Option<&Unlocker> {
        self.unlockers.binary_search_by_key(&id, |unlocker| unlocker.id).ok().and_then(|at| self.unlockers.get(at))
    }

    /// The scope with this id.
    #[must_use]
    pub fn scope(&self, id: ScopeId) -> Option<&Scope> {
        self.scopes.binary_search_by_key(&id, |scope| scope.id).ok().and_then(|at| self.scopes.get(at))
    }

    /// The agent with this id.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> Option<&Agent> {
        self.agents.binary_search_by_key(&id, |agent| agent.id).ok().and_then(|at| self.agents.get(at))
    }
}

impl SignedManifest {
    /// Checks that this manifest may come after `before`, or be the first.
    ///
    /// # Errors
    /// [`Refusal::Chain`].
    pub fn follows(&self, before: Option<&Self>) -> Result<(), Refusal> {
        let next = self.body();
        let Some(before) = before else {
            return require(next.version == 1, Refusal::Chain);
        };
        let last = before.body();
        let linked = next.vault == last.vault
            && next.usk == last.usk
            && Some(next.version) == last.version.checked_add(1)
            && next.previous == *before.hash();
        let epoch = next.vault_epoch == last.vault_epoch || Some(next.vault_epoch) == last.vault_epoch.checked_add(1);
        let scopes = last
            .scopes
            .iter()
            .all(|old| next.scope(old.id).is_none_or(|scope| scope.epoch >= old.epoch && scope.ek_epoch_min >= old.ek_epoch_min));
        let forward = next.hlc_ms >= last.hlc_ms && next.names.version >= last.names.version && next.log_pin.size >= last.log_pin.size;
        require(linked && epoch && scopes && forward, Refusal::Chain)
    }
}
