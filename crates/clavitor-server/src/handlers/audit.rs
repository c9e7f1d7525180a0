//! The audit log.

use clavitor_api::{AuditPage, AuditQuery, Checkpoint, CheckpointQuery};
use clavitor_vault::audit;

use super::Answer;
use crate::{
    convert::ToWire as _,
    operation::{Call, Json, Query},
    who::Person,
};

const PAGE_EVENTS: u32 = 200;

/// A page of events.
pub(crate) async fn page(call: Call<Person>, Query(query): Query<AuditQuery>) -> Answer<AuditPage> {
    let limit = query.limit.unwrap_or(PAGE_EVENTS);
    Ok(Json(call.node.read(|r| audit::page(r, &call.who.credential, query.before, limit))?.to_wire()))
}

/// The signed tree head.
pub(crate) async fn checkpoint(call: Call<Person>, Query(query): Query<CheckpointQuery>) -> Answer<Checkpoint> {
    Ok(Json(call.node.read(|r| audit::checkpoint(r, &call.who.credential, query.from))?.to_wire()))
}
