//! The node itself: health, description, and where passkeys belong.

use clavitor_api::NodeInfo;
use clavitor_vault::setup;

use super::Answer;
use crate::{
    answer::{Document, Metrics, Ready, Word},
    convert::ToWire as _,
    health, metrics,
    operation::{Call, Json},
    refusal::Refusal,
    who::{Anyone, Onlooker, Watcher},
};

/// The process answers.
pub(crate) async fn live(_: Call<Anyone>, (): ()) -> Result<Word, Refusal> {
    Ok(Word("live\n"))
}

/// Whether the node can do its work.
pub(crate) async fn ready(call: Call<Onlooker>, (): ()) -> Result<Ready, Refusal> {
    let readiness = health::readiness(&call.node.recent_vitals());
    Ok(Ready(if call.who.watches { readiness } else { health::in_public(readiness) }))
}

/// Numbers for Prometheus.
pub(crate) async fn metrics(call: Call<Watcher>, (): ()) -> Result<Metrics, Refusal> {
    let gauges = call.node.config().edition.gauges();
    metrics::page(&call.node.vitals(), &gauges).map(Metrics).map_err(|_| Refusal::internal("metrics cannot be written"))
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
        version: config.edition.version().to_owned(),
        log_key: call.node.vault().log_key().to_wire(),
    }))
}
