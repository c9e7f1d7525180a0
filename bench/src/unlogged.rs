//! The edition of the bench's own node: the product's reads once more without their events, through the same server, so that what an event costs can be told.

use clavitor_api::{Blob, EntryDetail, FieldRecord, Grant, HostedValue, Id, ReleaseRequest, Released};
use clavitor_server::{
    edition::Edition,
    operation::{Call, Json, Operation},
    path::FieldPath,
    refusal::Refusal,
    who::{Agent, Hosted},
};
use clavitor_vault::{EntryId, FieldId, UseMode, hosted::FieldName, measure, release};
use hyper::Method;

/// An edition that only the bench starts.
pub(crate) struct Unlogged;

impl Edition for Unlogged {
    fn name(&self) -> &'static str {
        "bench"
    }

    fn operations(&self) -> Vec<Operation> {
        vec![
            Operation::new(Method::GET, "/unlogged/hosted/entries/{entry_id}/fields/{field}", "unloggedValue", "No event.", value),
            Operation::new(Method::POST, "/unlogged/agent/release", "unloggedFields", "No event.", fields),
        ]
    }
}

async fn value(call: Call<Hosted>, path: FieldPath) -> Result<Json<HostedValue>, Refusal> {
    let (node, name) = (&call.node, FieldName::parse(&path.field));
    let value = measure::value(node.vault(), node.now_ms(), &call.who.credential, path.entry_id, &name)?;
    Ok(Json(HostedValue { field_id: Id(value.field_id.0), label: value.label, value: value.value.to_string() }))
}

async fn fields(call: Call<Agent>, Json(asked): Json<ReleaseRequest>) -> Result<Json<Released>, Refusal> {
    let field_ids = asked.field_ids.into_iter().map(|id| FieldId(id.0)).collect();
    let request = release::ReleaseRequest { entry_id: EntryId(asked.entry_id.0), field_ids, mode: UseMode::Use, reason: asked.reason };
    let node = &call.node;
    let found = measure::fields(node.vault(), node.now_ms(), &call.who.credential, &request)?;
    let records = found.records.into_iter().map(|one| FieldRecord { field_id: Id(one.field_id.0), record: Blob(one.record) }).collect();
    let grant = |one: clavitor_vault::change::Grant| Grant {
        scope_id: Id(one.scope_id.0),
        tier: one.tier,
        ek_epoch: one.ek_epoch,
        record: Blob(one.record),
    };
    let grants = found.grants.into_iter().map(grant).collect();
    let chain = found.chain.into_iter().map(Blob).collect();
    Ok(Json(Released { entry: EntryDetail { entry_id: Id(found.entry_id.0), header: Blob(found.header), records, grants, chain } }))
}
