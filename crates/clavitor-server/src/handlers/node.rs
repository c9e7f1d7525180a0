//! The node itself: health, description, and where passkeys belong.

use clavitor_api::NodeInfo;
use clavitor_vault::setup;

use super::Answer;
use crate::{
    answer::{Document, Word},
    convert::ToWire as _,
    operation::{Call, Json},
    refusal::Refusal,
    who::Anyone,
};

/// The process answers.
pub(crate) async fn live(_: Call<Anyone>, (): ()) -> Result<Word, Refusal> {
    Ok(Word("live\n"))
}

/// The store can be read and the node is not going away.
pub(crate) async fn ready(call: Call<Anyone>, (): ()) -> Result<Word, Refusal> {
    let health = call.node.vault().health();
    if call.node.stopping() || health.poisoned.is_some() {
        return Err(clavitor_vault::Error::Unavailable("stopping").into());
    }
    call.node.read(setup::needed)?;
    Ok(Word("ready\n"))
}

/// The API description.
pub(crate) async fn describe(call: Call<Anyone>, (): ()) -> Result<Document, Refusal> {
    Ok(Document(call.node.description()))
}

/// What a browser needs before anybody is signed in.
pub(crate) async fn info(call: Call<Anyone>, (): ()) -> Answer<NodeInfo> {
    let config = call.node.config();
    Ok(Json(NodeInfo {
        setup_needed: call.node.read(setup::needed)?,
        rp_id: config.rp_id.clone(),
        origin: config.origin.clone(),
        edition: config.edition.name().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        log_key: call.node.vault().log_key().to_wire(),
    }))
}
