//! The published JSON schema of `fleet.toml`, made from the types.

use serde_json::{Value, json};

use super::Inventory;

/// The schema as it is published in docs/fleet.schema.json, and as the reader walks it.
pub fn value() -> Value {
    let mut schema = schemars::schema_for!(Inventory).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), json!("Clavitor's fleet.toml"));
    }
    schema
}
