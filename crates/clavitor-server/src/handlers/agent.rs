//! What agents ask for themselves.

use clavitor_api::{AgentEntryList, AgentQuery, AgentSelf, AgentWrite, Applied, ManifestPage, ManifestQuery, ReleaseRequest, Released};
use clavitor_vault::{agents, release};

use super::Answer;
use crate::{
    convert::{FromWire as _, ToWire as _},
    operation::{Call, Json, Query},
    who::{Agent, AnyAgent},
};

/// The caller's own state.
pub(crate) async fn me(call: Call<AnyAgent>, Query(query): Query<AgentQuery>) -> Answer<AgentSelf> {
    Ok(Json(call.node.read(|r| agents::me(r, call.who.credential(), query.log_from))?.to_wire()))
}

/// Manifests that were in force before.
pub(crate) async fn manifests(call: Call<Agent>, Query(query): Query<ManifestQuery>) -> Answer<ManifestPage> {
    Ok(Json(call.node.read(|r| agents::manifests(r, &call.who.credential, query.after))?.to_wire()))
}

/// The entries an enrolled agent may use.
pub(crate) async fn entries(call: Call<Agent>, (): ()) -> Answer<AgentEntryList> {
    let node = &call.node;
    let entries = node.done(|done| agents::entries(node.vault(), node.now_ms(), &call.who.credential, done)).await?.to_wire();
    Ok(Json(AgentEntryList { entries }))
}

/// Releases sealed fields.
pub(crate) async fn release(call: Call<Agent>, Json(input): Json<ReleaseRequest>) -> Answer<Released> {
    let (node, credential, request) = (&call.node, &call.who.credential, input.to_vault()?);
    let entry = node.done(|done| release::fields(node.vault(), node.now_ms(), credential, request, done)).await?;
    Ok(Json(Released { entry: entry.to_wire() }))
}

/// Stores a new version of an entry.
pub(crate) async fn write(call: Call<Agent>, Json(input): Json<AgentWrite>) -> Answer<Applied> {
    let (credential, entry) = (call.who.credential, input.entry.to_vault()?);
    let applied = call.node.write(move |w| agents::write(w, &credential, &entry)).await?;
    Ok(Json(applied.to_wire()))
}
