//! An entry as this agent sees it: names, kinds, tiers and the ways each field may be used. Values of secret kinds are not in it.

use clavitor_api::{Id, UseMode};
use clavitor_crypto::{
    EntryId, FieldId,
    field_kind::{FieldKind, Tier},
    header::SignedHeader,
    manifest::{Agent, Capabilities},
};
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{alarm::Alarm, identity::Pins, label};

/// An entry whose header was verified and whose summary was opened.
pub struct Item {
    /// The verified header.
    pub header: SignedHeader,
    /// The title as it is shown.
    pub title: String,
    /// What kind of entry it is.
    pub kind: String,
    /// Its fields, in the owner's order.
    pub fields: Vec<ItemField>,
    /// What this agent may do with it.
    pub capabilities: Capabilities,
    /// The opened summary, for writing the next one.
    pub summary: Zeroizing<Vec<u8>>,
}

/// One field.
pub struct ItemField {
    /// Its id.
    pub id: FieldId,
    /// Its label as it is shown.
    pub label: String,
    /// What it is.
    pub kind: FieldKind,
    /// Who may open it.
    pub tier: Tier,
    /// The value, for descriptive fields of tier 1 only: it stands in the summary.
    pub descriptive: Option<Zeroizing<String>>,
}

/// The members of a summary that are read here; others are kept by the writer.
#[derive(Deserialize)]
struct Summary {
    #[serde(default)]
    title: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    fields: Vec<SummaryField>,
}

#[derive(Deserialize)]
struct SummaryField {
    id: Id,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    value: Option<Value>,
}

/// More fields than this are not shown.
const FIELDS_MAX: usize = 1000;

impl Item {
    /// Reads an opened summary beside its verified header.
    ///
    /// # Errors
    /// An alarm: the summary is signed and sealed, and still not what the format says.
    pub fn read(header: SignedHeader, summary: Zeroizing<Vec<u8>>, agent: &Agent) -> Result<Self, Alarm> {
        let body = header.body();
        let malformed = || Alarm::new(&format!("the summary of entry {}", body.entry), "is not the JSON of the format");
        let read: Summary = serde_json::from_slice(&summary).map_err(|_| malformed())?;
        let mut fields: Vec<ItemField> = Vec::new();
        for field in read.fields.into_iter().take(FIELDS_MAX) {
            fields.extend(ItemField::read(field, &header));
        }
        // What has a record and no name in the summary still exists.
        for signed in body.fields.iter().filter(|signed| signed.id != FieldId::ZERO) {
            if !fields.iter().any(|field| field.id == signed.id) {
                fields.push(ItemField {
                    id: signed.id,
                    label: signed.kind.name().into(),
                    kind: signed.kind,
                    tier: signed.tier,
                    descriptive: None,
                });
            }
        }
        let capabilities = body.capabilities_of(agent);
        let (title, kind) = (label::label(&read.title), label::sanitise(&read.kind, 40));
        Ok(Self { title, kind, fields, capabilities, summary, header })
    }

    /// The entry.
    pub const fn id(&self) -> EntryId {
        self.header.body().entry
    }

    /// What was verified of this entry when it was listed: nothing older is accepted after it.
    pub fn pins(&self) -> Pins {
        Pins { entries: [(Id(self.id().0), super::pin_of(&self.header))].into(), ..Pins::default() }
    }

    /// The ways in which this agent may use a field.
    pub fn allowed_modes(&self, field: &ItemField) -> Vec<UseMode> {
        if field.tier == Tier::OnlyMe {
            return Vec::new();
        }
        let may = |capability, mode| self.capabilities.has(capability).then_some(mode);
        [
            may(Capabilities::USE, UseMode::Use),
            may(Capabilities::TOTP, UseMode::Totp).filter(|_| field.kind == FieldKind::Totp),
            // What stands in the summary was read with the name.
            may(Capabilities::REVEAL, UseMode::Reveal).or(field.descriptive.as_ref().map(|_| UseMode::Reveal)),
            may(Capabilities::WRITE, UseMode::Write),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl ItemField {
    /// The header decides what a field is; a field without a record is descriptive, or is not there.
    fn read(field: SummaryField, header: &SignedHeader) -> Option<Self> {
        let id = FieldId(field.id.0);
        if let Some(signed) = header.body().field(id).filter(|signed| signed.id != FieldId::ZERO) {
            return Some(Self {
                id,
                label: label_or_kind(&field.label, signed.kind),
                kind: signed.kind,
                tier: signed.tier,
                descriptive: None,
            });
        }
        let kind = FieldKind::from_name(&field.kind).filter(|kind| kind.is_descriptive())?;
        let Some(Value::String(value)) = field.value else { return None };
        Some(Self { id, label: label_or_kind(&field.label, kind), kind, tier: Tier::Hosted, descriptive: Some(Zeroizing::new(value)) })
    }
}

fn label_or_kind(text: &str, kind: FieldKind) -> String {
    let shown = label::label(text);
    if shown.is_empty() { kind.name().to_owned() } else { shown }
}
