//! Hosted agents: tier 1, opened with the key that the request brings.

use clavitor_api::{HostedList, HostedTotp, HostedValue};
use clavitor_vault::hosted::{self, FieldName};

use super::Answer;
use crate::{
    convert::ToWire as _,
    operation::{Call, Json},
    path::{EntryPath, FieldPath},
    who::Hosted,
};

/// Names and kinds.
pub(crate) async fn list(call: Call<Hosted>, (): ()) -> Answer<HostedList> {
    let node = &call.node;
    let entries = node.done(|done| hosted::list(node.vault(), node.now_ms(), &call.who.credential, done)).await?;
    Ok(Json(HostedList { entries: entries.to_wire() }))
}

/// One value.
pub(crate) async fn value(call: Call<Hosted>, path: FieldPath) -> Answer<HostedValue> {
    let (node, field) = (&call.node, FieldName::parse(&path.field));
    let value = node.done(|done| hosted::value(node.vault(), node.now_ms(), &call.who.credential, path.entry_id, field, done)).await?;
    Ok(Json(HostedValue { field_id: value.field_id.to_wire(), label: value.label, value: value.value.to_string() }))
}

/// One code.
pub(crate) async fn totp(call: Call<Hosted>, EntryPath(entry_id): EntryPath) -> Answer<HostedTotp> {
    let node = &call.node;
    let totp = node.done(|done| hosted::totp(node.vault(), node.now_ms(), &call.who.credential, entry_id, done)).await?;
    Ok(Json(HostedTotp { code: totp.code.to_string(), valid_s: totp.valid_s }))
}
