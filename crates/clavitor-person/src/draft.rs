//! An entry as a person sees it, and its summary as JSON (docs/FORMAT.md section 8).

use clavitor_crypto::{
    FieldId, ScopeId,
    field_kind::{FieldKind, Tier},
    header::Deleted,
    secret::SecretBytes,
};
use serde_json::{Map, Value as Json, json};
use zeroize::Zeroizing;

use crate::Error;

/// A field's value.
pub type Value = SecretBytes;

/// An entry in the clear.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its title.
    pub title: String,
    /// Its kind, one of the words of section 8.
    pub kind: String,
    /// Its folder.
    pub folder: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its fields, in the order of the screen.
    pub fields: Vec<FieldDraft>,
    /// Origins where it may be used, sorted.
    pub destinations: Vec<String>,
    /// Scopes besides the whole vault, sorted.
    pub scopes: Vec<ScopeId>,
    /// Where in its life it is.
    pub deleted: Deleted,
}

/// A field in the clear.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldDraft {
    /// Its id.
    pub id: FieldId,
    /// What it is.
    pub kind: FieldKind,
    /// What the person calls it.
    pub label: String,
    /// Who may open it.
    pub tier: Tier,
    /// Its value.
    pub value: Value,
}

impl FieldDraft {
    /// A field with the default tier of its kind.
    #[must_use]
    pub fn new(id: FieldId, kind: FieldKind, label: &str, value: &[u8]) -> Self {
        Self { id, kind, label: label.to_owned(), tier: kind.default_tier(), value: Zeroizing::new(value.to_vec()) }
    }

    /// The same field at another tier.
    #[must_use]
    pub fn at(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// Whether it has a record of its own.
    #[must_use]
    pub fn has_record(&self) -> bool {
        self.kind.has_record(self.tier)
    }
}

impl Draft {
    /// An entry of no scope besides the whole vault, without fields.
    #[must_use]
    pub fn new(kind: &str, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            kind: kind.to_owned(),
            folder: String::new(),
            tags: Vec::new(),
            fields: Vec::new(),
            destinations: Vec::new(),
            scopes: Vec::new(),
            deleted: Deleted::Live,
        }
    }

    /// With one more field.
    #[must_use]
    pub fn with(mut self, field: FieldDraft) -> Self {
        self.fields.push(field);
        self
    }

    /// With one more scope.
    #[must_use]
    pub fn in_scope(mut self, scope: ScopeId) -> Self {
        self.scopes.push(scope);
        self.scopes.sort_unstable();
        self.scopes.dedup();
        self
    }

    /// The field with this id.
    #[must_use]
    pub fn field(&self, id: FieldId) -> Option<&FieldDraft> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// The summary's bytes.
    ///
    /// # Errors
    /// [`Error::Json`] if a descriptive value is not text.
    pub fn summary(&self) -> Result<Value, Error> {
        let fields = self.fields.iter().map(summary_field).collect::<Result<Vec<_>, _>>()?;
        let summary = json!({
            "title": self.title, "kind": self.kind, "folder": self.folder, "tags": self.tags,
            "favorite": false, "archived": false, "fields": fields,
        });
        bytes_of(summary).map(Zeroizing::new)
    }

    /// Reads title, kind, folder, tags and fields from a summary. Values that are not in it stay empty.
    ///
    /// # Errors
    /// [`Error::Json`].
    pub fn from_summary(bytes: &[u8]) -> Result<Self, Error> {
        let summary: Map<String, Json> = serde_json::from_slice(bytes).map_err(|_| Error::Json)?;
        let text = |name: &str| summary.get(name).and_then(Json::as_str).map(str::to_owned).ok_or(Error::Json);
        let list = |name: &str| summary.get(name).and_then(Json::as_array).ok_or(Error::Json);
        let mut draft = Self::new(&text("kind")?, &text("title")?);
        draft.folder = text("folder")?;
        draft.tags = list("tags")?.iter().filter_map(Json::as_str).map(str::to_owned).collect();
        draft.fields = list("fields")?.iter().map(field_of).collect::<Result<_, _>>()?;
        Ok(draft)
    }
}

fn summary_field(field: &FieldDraft) -> Result<Json, Error> {
    let mut json = json!({"id": field.id.to_string(), "kind": field.kind.name(), "label": field.label});
    if !field.has_record() {
        json["value"] = std::str::from_utf8(&field.value).map_err(|_| Error::Json)?.into();
    }
    Ok(json)
}

fn field_of(json: &Json) -> Result<FieldDraft, Error> {
    let text = |name: &str| json.get(name).and_then(Json::as_str).ok_or(Error::Json);
    let id = text("id")?.parse().map_err(|_| Error::Json)?;
    let kind = FieldKind::from_name(text("kind")?).ok_or(Error::Json)?;
    let value = text("value").unwrap_or_default().as_bytes();
    Ok(FieldDraft::new(id, kind, text("label")?, value))
}

/// JSON with sorted members: what is sealed must not depend on which features of the JSON library the rest of a build asks for.
pub(crate) fn bytes_of(mut json: Json) -> Result<Vec<u8>, Error> {
    json.sort_all_objects();
    serde_json::to_vec(&json).map_err(|_| Error::Json)
}
