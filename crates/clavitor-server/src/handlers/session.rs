//! Signing in with a passkey, the session, and signing out.

use clavitor_api::{Ceremony, SessionBegin, SessionFinish, SessionInfo};
use clavitor_vault::{
    Session, Started, VaultId,
    ceremony::{self, CeremonyId, Purpose},
    session::{self, UsedPasskey},
    unlock,
};

use super::Answer;
use crate::{
    answer::{SignedIn, SignedOut},
    convert::ToWire as _,
    health,
    node::Node,
    operation::{Call, Json, Query},
    refusal::Refusal,
    who::{Anyone, FreshPerson, Person},
};

fn info(node: &Node, session: Session) -> SessionInfo {
    SessionInfo {
        vault_id: session.vault_id.to_wire(),
        unlocker_id: session.unlocker_id.to_wire(),
        idle_until_ms: session.idle_until_ms,
        ends_ms: session.ends_ms,
        fresh_until_ms: session.fresh_until_ms,
        now_ms: node.now_ms(),
        notices: health::notices(node),
    }
}

/// The answer that starts a session.
pub(crate) fn signed_in(node: &Node, started: Started) -> SignedIn {
    SignedIn { info: info(node, started.session), token: started.token }
}

/// Begins signing in.
pub(crate) async fn begin(call: Call<Anyone>, Json(SessionBegin {}): Json<SessionBegin>) -> Answer<Ceremony> {
    let node = &call.node;
    let begun = node.relying_party().begin_assertion().map_err(|error| Refusal::internal(error.to_string()))?;
    let ceremony_id = node.write(move |w| ceremony::begin(w, &call.who.session, Purpose::SignIn, &begun.state)).await?;
    Ok(Json(Ceremony {
        ceremony_id: clavitor_api::Id(ceremony_id.0),
        challenge: begun.challenge.into(),
        rp_id: node.config().rp_id.clone(),
        credential_ids: Vec::new(),
    }))
}

/// Signs in. Unknown passkey and wrong signature look the same.
pub(crate) async fn finish(call: Call<Anyone>, Json(input): Json<SessionFinish>) -> Result<SignedIn, Refusal> {
    let (node, old) = (&call.node, call.who.session);
    let (id, holder) = (CeremonyId(input.ceremony_id.0), old.clone());
    let state = node.write(move |w| ceremony::take(w, &holder, Purpose::SignIn, id)).await?;
    let stored = node.read(|r| session::passkey(r, &input.credential.raw_id.0))?;
    let VaultId(vault_id) = stored.vault_id;
    let used = node
        .relying_party()
        .finish_assertion(&state, vault_id, &stored.state, &input.credential)
        .map_err(|error| Refusal::unauthenticated().logged(error))?;
    let used = UsedPasskey { vault_id: stored.vault_id, unlocker_id: stored.unlocker_id, state: used.state, synced: used.synced };
    let started = node.write(move |w| session::start(w, &old, &used)).await?;
    Ok(signed_in(node, started))
}

/// The session of this request.
pub(crate) async fn current(call: Call<Person>, (): ()) -> Answer<SessionInfo> {
    Ok(Json(info(&call.node, call.who.session)))
}

/// Signs out.
pub(crate) async fn end(call: Call<Person>, (): ()) -> Result<SignedOut, Refusal> {
    let credential = call.who.credential;
    call.node.write(move |w| session::end(w, &credential)).await?;
    Ok(SignedOut)
}

/// Everything the browser needs to unlock.
pub(crate) async fn vault(call: Call<Person>, (): ()) -> Answer<clavitor_api::VaultState> {
    Ok(Json(call.node.read(|r| unlock::state(r, &call.who.credential))?.to_wire()))
}

/// Manifests that were in force before.
pub(crate) async fn manifests(call: Call<Person>, Query(query): Query<clavitor_api::ManifestQuery>) -> Answer<clavitor_api::ManifestPage> {
    Ok(Json(call.node.read(|r| unlock::manifests(r, &call.who.credential, query.after))?.to_wire()))
}

/// Every way in.
pub(crate) async fn unlockers(call: Call<Person>, (): ()) -> Answer<clavitor_api::UnlockerList> {
    let unlockers = call.node.read(|r| unlock::unlockers(r, &call.who.credential))?.to_wire();
    Ok(Json(clavitor_api::UnlockerList { unlockers }))
}

/// Begins making another passkey.
pub(crate) async fn begin_passkey(call: Call<FreshPerson>, (): ()) -> Answer<Ceremony> {
    let (node, credential) = (&call.node, call.who.credential);
    let session = node.read(|r| session::current(r, &credential))?;
    let credential_ids = node.read(|r| session::credential_ids(r, &credential))?;
    let VaultId(vault_id) = session.vault_id;
    let begun = node.relying_party().begin_registration(vault_id).map_err(|error| Refusal::internal(error.to_string()))?;
    let ceremony_id = node.write(move |w| ceremony::begin(w, &credential, Purpose::Register, &begun.state)).await?;
    Ok(Json(Ceremony {
        ceremony_id: clavitor_api::Id(ceremony_id.0),
        challenge: begun.challenge.into(),
        rp_id: node.config().rp_id.clone(),
        credential_ids: credential_ids.into_iter().map(clavitor_api::Blob).collect(),
    }))
}
