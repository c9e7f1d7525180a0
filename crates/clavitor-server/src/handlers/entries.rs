//! Entries as their owner reads them: sealed.

use clavitor_api::{EntryDetail, EntryHistory, EntryPage, EntryQuery, ExportPage, ExportQuery};
use clavitor_vault::{EntryId, entries};

use super::Answer;
use crate::{
    answer::Told,
    convert::ToWire as _,
    operation::{Call, Json, Query},
    path::EntryPath,
    refusal::Refusal,
    who::{FreshPerson, Person},
};

const PAGE_ENTRIES: u32 = 500;

/// A page of summaries.
pub(crate) async fn page(call: Call<Person>, Query(query): Query<EntryQuery>) -> Answer<EntryPage> {
    let after = query.after.map(|id| EntryId(id.0));
    let limit = query.limit.unwrap_or(PAGE_ENTRIES);
    Ok(Json(call.node.read(|r| entries::page(r, &call.who.credential, after, limit))?.to_wire()))
}

/// One entry.
pub(crate) async fn detail(call: Call<Person>, EntryPath(entry_id): EntryPath) -> Result<Told<EntryDetail>, Refusal> {
    Ok(Told::new(call.node.look(|r| entries::told(r, &call.who.credential, entry_id, |entry| Told::write(&entry.to_wire())))?))
}

/// All versions of one entry.
pub(crate) async fn history(call: Call<Person>, EntryPath(entry_id): EntryPath) -> Answer<EntryHistory> {
    let versions = call.node.read(|r| entries::history(r, &call.who.credential, entry_id))?.to_wire();
    Ok(Json(EntryHistory { versions }))
}

/// Whole entries, page by page.
pub(crate) async fn export(call: Call<FreshPerson>, Query(query): Query<ExportQuery>) -> Answer<ExportPage> {
    let (credential, after) = (call.who.credential, query.after.map(|id| EntryId(id.0)));
    let page = call.node.write(move |w| entries::export(w, &credential, after)).await?;
    Ok(Json(page.to_wire()))
}
