//! The published JSON schema of `fleet.toml`, made from the types.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::Inventory;

static SCHEMA: LazyLock<Value> = LazyLock::new(make);

/// The schema as it is published in docs/fleet.schema.json, and as the reader walks it.
pub fn value() -> &'static Value {
    &SCHEMA
}

fn make() -> Value {
    let mut schema = schemars::schema_for!(Inventory).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), json!("Clavitor's fleet.toml"));
    }
    // Whether maps keep the order in which they were filled is decided by whoever else is built along; the published order is the alphabet's.
    schema.sort_all_objects();
    schema
}
