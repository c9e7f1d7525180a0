//! The log as files: one JSON object a line, and the signed tree head.

use std::io;

use clavitor_crypto::VaultId;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::json;

use super::{Event, head};
use crate::{Error, Read, Result};

const EVENTS_EACH: u32 = 500;

/// What was written.
#[derive(Debug, Clone)]
pub struct Exported {
    /// Events.
    pub events: u64,
    /// The signed tree head over exactly these events.
    pub checkpoint: String,
}

/// The vaults of this node, for an operator who has not said which.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub fn vaults(r: &Read<'_>) -> Result<Vec<VaultId>> {
    Ok(r.vault_ids()?)
}

/// Writes a vault's log, one JSON object a line. For the operator of the node: it asks for no caller. `bytes` is what counts; the other members are read from it.
///
/// # Errors
/// `Hidden` for an unknown vault; `Internal` if `out` cannot be written or an event cannot be read.
pub fn export(r: &Read<'_>, vault_id: VaultId, out: &mut dyn io::Write) -> Result<Exported> {
    r.vault(vault_id)?.ok_or(Error::Hidden)?;
    let mut events = 0;
    loop {
        let page = r.events_from(vault_id, events, EVENTS_EACH)?;
        if page.is_empty() {
            let checkpoint = head(r, vault_id, events)?.checkpoint;
            return Ok(Exported { events, checkpoint });
        }
        for bytes in page {
            let event = Event::decode(&bytes).map_err(|error| Error::Internal(format!("event {events} {error}")))?;
            writeln!(out, "{}", line(&event)).map_err(|error| Error::Internal(format!("the export could not be written: {error}")))?;
            events += 1;
        }
    }
}

fn line(event: &Event) -> serde_json::Value {
    json!({
        "seq": event.seq,
        "time_ms": event.time_ms,
        "actor_kind": event.actor_kind,
        "actor_id": event.actor_id.as_ref().map(|id| HEXLOWER.encode(id)),
        "action": event.action,
        "outcome": event.outcome,
        "entry_id": event.entry_id.map(|id| id.to_string()),
        "field_id": event.field_id.map(|id| id.to_string()),
        "tier": event.tier,
        "detail": event.detail,
        "bytes": BASE64URL_NOPAD.encode(&event.bytes),
    })
}
