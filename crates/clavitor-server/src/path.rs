//! Path parameters.

use clavitor_api::Id;

use crate::operation::{Input, InputSchema, Schemas};

/// `{entry_id}`.
pub struct EntryPath {
    /// The entry.
    pub entry_id: Id,
}

/// `{agent_id}`.
pub struct AgentPath {
    /// The agent.
    pub agent_id: Id,
}

/// `{entry_id}` and `{field}`.
pub struct FieldPath {
    /// The entry.
    pub entry_id: Id,
    /// A field id, or a label.
    pub field: String,
}

macro_rules! path_input {
    ($($name:ident),*) => {$(
        impl Input for $name {
            fn schema(_: &mut Schemas) -> InputSchema {
                InputSchema::Path
            }
        }
    )*};
}

path_input!(EntryPath, AgentPath, FieldPath);
