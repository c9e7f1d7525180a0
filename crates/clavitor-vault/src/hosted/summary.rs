//! What the node reads of an opened summary (docs/FORMAT.md section 8). Members it does not know stay unread.

use clavitor_crypto::{FieldId, field_kind::FieldKind, record::Opened};
use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// An opened summary, wiped on drop.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Summary {
    pub(super) title: String,
    pub(super) kind: String,
    #[serde(default)]
    pub(super) fields: Vec<SummaryField>,
}

/// One field of it.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct SummaryField {
    id: String,
    pub(super) kind: String,
    pub(super) label: String,
    /// Present for descriptive fields of tier 1.
    pub(super) value: Option<String>,
}

impl Summary {
    /// Reads it; none if it is not the JSON it should be.
    pub(super) fn read(opened: &Opened) -> Option<Self> {
        // Of text that is known to be text, no string is looked at again for it.
        serde_json::from_str(opened.text().ok()?).ok()
    }

    pub(super) fn field(&self, id: FieldId) -> Option<&SummaryField> {
        self.fields.iter().find(|field| field.id() == Some(id))
    }
}

impl SummaryField {
    pub(super) fn id(&self) -> Option<FieldId> {
        self.id.parse().ok().filter(|id| *id != FieldId::ZERO)
    }

    pub(super) fn field_kind(&self) -> Option<FieldKind> {
        FieldKind::from_name(&self.kind)
    }
}
