//! Opening tier 1 with the key that a hosted token brings. Keys and values live for one request.

use std::collections::BTreeMap;

use clavitor_crypto::{
    AgentId, EntryId, FieldId, ScopeId,
    field_kind::{FieldKind, Tier},
    header::Header,
    keys::{EntryKey1, ScopeKey1},
    manifest::{AgentKind, Capabilities},
};
use zeroize::Zeroizing;

use super::{
    FieldName, HostedEntry, HostedField,
    summary::{Summary, SummaryField},
};
use crate::{
    Error, Read, Result, UseMode,
    caller::{Caller, HostedBearer, shared_scopes},
    policy::{FieldFacts, ListNames, Permit, modes},
    release::{Found, Line},
    store::{agents::AgentRow, entries::decode},
};

/// The scope keys of one token.
pub(super) struct Key {
    agent_id: AgentId,
    scopes: BTreeMap<ScopeId, ScopeKey1>,
}

fn unopened() -> Error {
    Error::Internal("a record of tier 1 did not open".to_owned())
}

impl Key {
    pub(super) fn of(r: &Read<'_>, caller: &Caller<'_>, bearer: &HostedBearer) -> Result<Self> {
        let agent = caller.agent(AgentKind::Hosted)?;
        let mut scopes = BTreeMap::new();
        for (scope, epoch, record) in r.hosted_grants(agent.agent_id)? {
            let key = bearer.0.open_scope(agent.vault_id, scope, epoch, &record).map_err(|_| Error::Unauthenticated)?;
            scopes.insert(scope, key);
        }
        Ok(Self { agent_id: agent.agent_id, scopes })
    }

    pub(super) fn agent_id(&self) -> AgentId {
        self.agent_id
    }

    /// Names and kinds of everything the token reaches.
    pub(super) fn list(&self, r: &Read<'_>, permit: &Permit<'_, ListNames>) -> Result<Vec<HostedEntry>> {
        let granted = r.agent_scopes(permit.target().1)?;
        let mut listed = Vec::new();
        for entry in crate::agents::listed(r, permit)? {
            let header = decode(&entry.header)?;
            let Some(grant) = entry.grants.first() else { continue };
            let scope = self.scopes.get(&grant.scope_id).ok_or_else(unopened)?;
            let key = scope.open_grant(entry.entry_id, grant.ek_epoch, &grant.record).map_err(|_| unopened())?;
            let summary = open_summary(&key, &header, entry.summary.as_deref().ok_or_else(unopened)?)?;
            let may = shared_scopes(&granted, &header).fold(Capabilities::NONE, |sum, grant| sum.with(grant.capabilities));
            listed.push(describe(entry.entry_id, &summary, &header, may));
        }
        Ok(listed)
    }

    /// Opens what is needed to find a field of an entry. Nothing of a value is opened here.
    pub(super) fn entry(self, r: &Read<'_>, caller: &Caller<'_>, agent: &AgentRow, entry_id: EntryId, mode: UseMode) -> Result<OpenEntry> {
        let found = Found::load(r, agent, entry_id)?;
        // The summary is a field like any other; whether the entry is there for this caller is decided before it is opened.
        let as_summary = FieldFacts { kind: FieldKind::Summary, tier: Tier::Hosted };
        let permit = match found.permit_for(caller, UseMode::Reveal, FieldId::ZERO, Some(as_summary)) {
            Err(Error::Forbidden(_)) => {
                found.permit_for(caller, UseMode::Totp, FieldId::ZERO, Some(FieldFacts { kind: FieldKind::Totp, ..as_summary }))
            }
            decided => decided,
        }?;
        let header = found.header().ok_or(Error::Hidden)?;
        let scope =
            shared_scopes(&found.scopes, header).map(|grant| grant.scope).find_map(|scope| self.scopes.get(&scope)).ok_or_else(unopened)?;
        let grant = r.grant(&permit, scope.scope(), 1, header.ek_epoch)?.ok_or_else(unopened)?;
        let key = scope.open_grant(entry_id, header.ek_epoch, &grant).map_err(|_| unopened())?;
        let sealed = header.summary().ok_or_else(unopened)?;
        let record = r.record(&permit, FieldId::ZERO, sealed.version)?.ok_or_else(unopened)?;
        let summary = open_summary(&key, header, &record)?;
        Ok(OpenEntry { found, key, summary, mode })
    }
}

/// An entry whose summary is open.
pub(super) struct OpenEntry {
    found: Found,
    key: EntryKey1,
    summary: Summary,
    mode: UseMode,
}

impl OpenEntry {
    pub(super) fn named(&self, name: &FieldName) -> Result<&SummaryField> {
        match name {
            FieldName::Id(id) => self.summary.field(*id),
            FieldName::Label(label) => self.summary.fields.iter().find(|field| field.label == *label),
        }
        .ok_or(Error::Hidden)
    }

    /// The first field of a kind that the node may open; else the first of the kind, so that the refusal says why.
    pub(super) fn first_of(&self, kind: FieldKind) -> Result<&SummaryField> {
        let of_kind = || self.summary.fields.iter().filter(|field| field.field_kind() == Some(kind));
        let hosted = |field: &&SummaryField| self.tier(field) == Some(Tier::Hosted);
        of_kind().find(hosted).or_else(|| of_kind().next()).ok_or(Error::Hidden)
    }

    /// Opens a field, if policy allows.
    pub(super) fn open(&self, r: &Read<'_>, caller: &Caller<'_>, field: &SummaryField) -> Result<(Zeroizing<String>, Line)> {
        let field_id = field.id().ok_or(Error::Hidden)?;
        let header = self.found.header().ok_or(Error::Hidden)?;
        let facts = facts(header, field);
        let permit = self.found.permit_for(caller, self.mode, field_id, facts)?;
        let (value, version) = match header.field(field_id) {
            Some(sealed) => {
                let record = r.record(&permit, field_id, sealed.version)?.ok_or_else(unopened)?;
                let opened = self.key.open_field(field_id, sealed.version, &record).map_err(|_| unopened())?;
                let text = opened.text().map_err(|_| Error::Forbidden(not_text()))?;
                (Zeroizing::new(text.to_owned()), sealed.version)
            }
            None => {
                let version = header.summary().map_or(0, |summary| summary.version);
                (Zeroizing::new(field.value.clone().unwrap_or_default()), version)
            }
        };
        Ok((value, Line { field_id, version, tier: Tier::Hosted }))
    }

    fn tier(&self, field: &SummaryField) -> Option<Tier> {
        facts(self.found.header()?, field).map(|facts| facts.tier)
    }
}

fn not_text() -> crate::Denial {
    crate::Denial {
        message: "this field is a file, not text",
        allowed_modes: Vec::new(),
        remedy: "ask the owner, or use an enrolled agent",
    }
}

fn open_summary(key: &EntryKey1, header: &Header, record: &[u8]) -> Result<Summary> {
    let sealed = header.summary().ok_or_else(unopened)?;
    let opened = key.open_field(FieldId::ZERO, sealed.version, record).map_err(|_| unopened())?;
    Summary::read(&opened).ok_or_else(unopened)
}

/// Kind and tier of a field: the signed header's word where the field has a record, else the summary's, which is of tier 1.
fn facts(header: &Header, field: &SummaryField) -> Option<FieldFacts> {
    let id = field.id()?;
    match header.field(id) {
        Some(sealed) => Some(FieldFacts { kind: sealed.kind, tier: sealed.tier }),
        None => {
            let kind = field.field_kind().filter(|kind| !kind.has_record(Tier::Hosted) && field.value.is_some())?;
            Some(FieldFacts { kind, tier: Tier::Hosted })
        }
    }
}

fn describe(entry_id: EntryId, summary: &Summary, header: &Header, may: Capabilities) -> HostedEntry {
    let describe_field = |field: &SummaryField| {
        let facts = facts(header, field)?;
        Some(HostedField {
            field_id: field.id()?,
            label: field.label.clone(),
            kind: facts.kind.name().to_owned(),
            tier: facts.tier.number(),
            allowed_modes: modes(AgentKind::Hosted, may, facts),
        })
    };
    let fields = summary.fields.iter().filter_map(describe_field).collect();
    HostedEntry { entry_id, title: summary.title.clone(), kind: summary.kind.clone(), fields }
}
