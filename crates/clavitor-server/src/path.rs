//! Path parameters.

use clavitor_api::Id;
use clavitor_vault::{AgentId, EntryId};

use crate::{
    operation::{Carried, Input, InputSchema, Schemas},
    refusal::Refusal,
};

/// `{entry_id}`.
pub struct EntryPath(pub EntryId);

/// `{agent_id}`.
pub struct AgentPath(pub AgentId);

/// `{entry_id}` and `{field}`.
pub struct FieldPath {
    /// The entry.
    pub entry_id: EntryId,
    /// A field id, or a label.
    pub field: String,
}

impl Input for EntryPath {
    fn schema(_: &mut Schemas) -> InputSchema {
        InputSchema::Path
    }

    fn read(carried: &Carried<'_>) -> Result<Self, Refusal> {
        let Id(entry_id) = carried.id("entry_id")?;
        Ok(Self(EntryId(entry_id)))
    }
}

impl Input for AgentPath {
    fn schema(_: &mut Schemas) -> InputSchema {
        InputSchema::Path
    }

    fn read(carried: &Carried<'_>) -> Result<Self, Refusal> {
        let Id(agent_id) = carried.id("agent_id")?;
        Ok(Self(AgentId(agent_id)))
    }
}

impl Input for FieldPath {
    fn schema(_: &mut Schemas) -> InputSchema {
        InputSchema::Path
    }

    fn read(carried: &Carried<'_>) -> Result<Self, Refusal> {
        let Id(entry_id) = carried.id("entry_id")?;
        Ok(Self { entry_id: EntryId(entry_id), field: carried.parameter("field")?.to_owned() })
    }
}
