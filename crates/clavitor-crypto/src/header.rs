//! Entry headers (docs/FORMAT.md section 6): what an author signed about one version of an entry.

use crate::{
    AgentId, EntryId, FieldId, Refusal, ScopeId, VaultId,
    cbor::{Canonical, Reader, Writer, ascending},
    field_kind::{FieldKind, Tier},
    hash::{Hash, ZERO},
    manifest::{Agent, Capabilities},
    sign::What,
    signed::{Body, Signed},
};

/// Longest destination.
pub const DESTINATION_BYTES_MAX: usize = 2048;

/// A verified header.
pub type SignedHeader = Signed<Header>;

/// A header's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The vault.
    pub vault: VaultId,
    /// The entry.
    pub entry: EntryId,
    /// From 1, plus 1 each.
    pub version: u64,
    /// SHA-256 of the body before; zero in the first.
    pub previous: Hash,
    /// Epoch of the entry keys of tiers 1 and 2.
    pub ek_epoch: u32,
    /// Vault epoch of the tier-3 records.
    pub vault_epoch: u32,
    /// Records of this version, by field id; the summary is [`FieldId::ZERO`].
    pub fields: Vec<Field>,
    /// Origins where the entry may be used, sorted.
    pub destinations: Vec<String>,
    /// Scopes that hold the entry besides the whole vault, sorted.
    pub scopes: Vec<ScopeId>,
    /// Where in its life the entry is.
    pub deleted: Deleted,
    /// The agent that signed; [`AgentId::ZERO`] for the vault's own key.
    pub author: AgentId,
    /// Hybrid clock, Unix ms.
    pub hlc_ms: u64,
}

/// One record of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The field.
    pub id: FieldId,
    /// What it is.
    pub kind: FieldKind,
    /// Who may open it.
    pub tier: Tier,
    /// The entry version it was last sealed in.
    pub version: u64,
    /// SHA-256 of the record.
    pub hash: Hash,
}

/// Where in its life an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Deleted {
    /// In use.
    Live = 0,
    /// In the trash.
    Trash = 1,
    /// Gone for good: no records, the header stays.
    Purged = 2,
}

impl Canonical for Field {
    fn write(&self, writer: &mut Writer) {
        writer.map(5).bytes(0, &self.id.0).number(1, self.kind.number()).number(2, self.tier.number());
        writer.number(3, self.version).bytes(4, &self.hash);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(5)?;
        Ok(Self {
            id: FieldId(reader.fixed(0)?),
            kind: FieldKind::from_number(reader.number(1)?)?,
            tier: Tier::from_number(reader.number(2)?)?,
            version: reader.number(3)?,
            hash: reader.fixed(4)?,
        })
    }
}

impl Canonical for ScopeId {
    fn write(&self, writer: &mut Writer) {
        writer.element_bytes(&self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        Self::from_slice(reader.element_bytes()?).ok_or(Refusal::Cbor)
    }
}

impl Canonical for String {
    fn write(&self, writer: &mut Writer) {
        writer.element_text(self);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.element_text()
    }
}

impl Canonical for Header {
    fn write(&self, writer: &mut Writer) {
        writer.map(14).number(0, 1u8).bytes(1, &self.vault.0).bytes(2, &self.entry.0).number(3, self.version);
        writer.bytes(4, &self.previous).number(5, self.ek_epoch).number(6, self.vault_epoch).list(7, &self.fields);
        writer.list(8, &self.destinations).number(9, 0u8).list(10, &self.scopes).number(11, self.deleted as u8);
        writer.bytes(12, &self.author.0).number(13, self.hlc_ms);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(14)?;
        known(reader.number(0)?, 1)?;
        let vault = VaultId(reader.fixed(1)?);
        let entry = EntryId(reader.fixed(2)?);
        let (version, previous) = (reader.number(3)?, reader.fixed(4)?);
        let (ek_epoch, vault_epoch) = (reader.number(5)?, reader.number(6)?);
        let (fields, destinations) = (reader.list(7)?, reader.list(8)?);
        known(reader.number(9)?, 0)?;
        let scopes = reader.list(10)?;
        let deleted = match reader.number::<u64>(11)? {
            0 => Deleted::Live,
            1 => Deleted::Trash,
            2 => Deleted::Purged,
            _ => return Err(Refusal::Rule),
        };
        let (author, hlc_ms) = (AgentId(reader.fixed(12)?), reader.number(13)?);
        Ok(Self { vault, entry, version, previous, ek_epoch, vault_epoch, fields, destinations, scopes, deleted, author, hlc_ms })
    }
}

fn known(number: u64, expected: u64) -> Result<(), Refusal> {
    if number == expected { Ok(()) } else { Err(Refusal::Rule) }
}

pub(crate) fn require(holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal) }
}

impl Body for Header {
    const WHAT: What = What::Header;

    fn vault(&self) -> VaultId {
        self.vault
    }

    fn check(&self) -> Result<(), Refusal> {
        let numbers = self.version >= 1 && self.ek_epoch >= 1 && self.vault_epoch >= 1;
        let first = (self.version == 1) == (self.previous == ZERO);
        // What an agent signs never takes an entry away, whatever stands before it: a client that has no earlier header is safe too.
        let author = self.author == AgentId::ZERO || (self.version > 1 && self.deleted == Deleted::Live);
        let sorted = ascending(self.fields.iter().map(|field| field.id))
            && ascending(self.destinations.iter().map(String::as_bytes))
            && ascending(self.scopes.iter());
        let whole_vault = !self.scopes.contains(&ScopeId::ZERO) && self.entry != EntryId::ZERO;
        let destinations = self.destinations.iter().all(|text| !text.is_empty() && text.len() <= DESTINATION_BYTES_MAX);
        let records = match self.deleted {
            Deleted::Purged => self.fields.is_empty(),
            Deleted::Live | Deleted::Trash => self.summary().is_some(),
        };
        let fields = self.fields.iter().all(|field| field.keeps_rules(self.version));
        require(numbers && first && author && sorted && whole_vault && destinations && records && fields, Refusal::Rule)
    }
}

impl Field {
    fn keeps_rules(&self, entry_version: u64) -> bool {
        let summary = (self.id == FieldId::ZERO) == (self.kind == FieldKind::Summary);
        let version = self.version >= 1 && self.version <= entry_version;
        summary && version && self.kind.allows(self.tier) && self.kind.has_record(self.tier)
    }

    fn same_policy(&self, other: &Self) -> bool {
        self.id == other.id && self.kind == other.kind && self.tier == other.tier
    }
}

impl Header {
    /// The field with this id.
    #[must_use]
    pub fn field(&self, id: FieldId) -> Option<&Field> {
        let at = self.fields.binary_search_by_key(&id, |field| field.id).ok()?;
        self.fields.get(at)
    }

    /// The summary; absent once purged.
    #[must_use]
    pub fn summary(&self) -> Option<&Field> {
        self.field(FieldId::ZERO)
    }

    /// Whether the entry is in `scope`; every entry is in the whole vault.
    #[must_use]
    pub fn is_in(&self, scope: ScopeId) -> bool {
        scope == ScopeId::ZERO || self.scopes.binary_search(&scope).is_ok()
    }

    /// What `agent` may do with the entry: the capabilities of all its scopes that hold it.
    #[must_use]
    pub fn capabilities_of(&self, agent: &Agent) -> Capabilities {
        agent.scopes.iter().filter(|grant| self.is_in(grant.scope)).fold(Capabilities::NONE, |sum, grant| sum.with(grant.capabilities))
    }
}

impl SignedHeader {
    /// Checks that this header may come after `before`, or be the first. An author that is an agent keeps the narrower rules of section 6; whether it
    /// may write at all is for the manifest to say ([`Header::capabilities_of`]).
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
            && next.entry == last.entry
            && Some(next.version) == last.version.checked_add(1)
            && next.previous == *before.hash();
        let epochs = next.ek_epoch >= last.ek_epoch && next.vault_epoch >= last.vault_epoch;
        let alive = last.deleted != Deleted::Purged;
        let author = next.author == AgentId::ZERO || next.keeps_agent_rules(last);
        require(linked && epochs && alive && next.fields_follow(last) && author, Refusal::Chain)
    }
}

impl Header {
    /// A field sealed in an older version is exactly the one that stood there before; a new key seals all of its tiers again.
    fn fields_follow(&self, last: &Self) -> bool {
        self.fields.iter().all(|field| {
            let same_key = match field.tier {
                Tier::Hosted | Tier::Agents => self.ek_epoch == last.ek_epoch,
                Tier::OnlyMe => self.vault_epoch == last.vault_epoch,
            };
            field.version == self.version || (same_key && last.field(field.id) == Some(field))
        })
    }

    /// An agent changes values of tiers 1 and 2 and may add or remove such fields; nothing else.
    fn keeps_agent_rules(&self, last: &Self) -> bool {
        let same = self.destinations == last.destinations
            && self.scopes == last.scopes
            && self.deleted == last.deleted
            && self.deleted == Deleted::Live
            && self.ek_epoch == last.ek_epoch
            && self.vault_epoch == last.vault_epoch;
        let only_me = |header: &Self| -> Vec<Field> { header.fields.iter().filter(|field| field.tier == Tier::OnlyMe).copied().collect() };
        let kept = self.fields.iter().all(|field| last.field(field.id).is_none_or(|old| field.same_policy(old)));
        let new_at_default = self.fields.iter().all(|field| last.field(field.id).is_some() || field.tier >= field.kind.default_tier());
        same && only_me(self) == only_me(last) && kept && new_at_default
    }
}
