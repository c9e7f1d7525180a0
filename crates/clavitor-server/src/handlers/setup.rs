//! The first owner, and every further vault of this node.

use clavitor_api::{Ceremony, SetupBegin, SetupFinish};
use clavitor_vault::{
    VaultId,
    ceremony::{self, Purpose},
    setup,
};

use super::{Answer, changes, session::signed_in};
use crate::{
    answer::SignedIn,
    operation::{Call, Json},
    refusal::Refusal,
    who::Anyone,
};

/// Begins making a vault with a set-up link.
pub(crate) async fn begin(call: Call<Anyone>, Json(input): Json<SetupBegin>) -> Answer<Ceremony> {
    let node = &call.node;
    node.read(|r| setup::check(r, &input.setup_token))?;
    let begun = node.relying_party().begin_registration(input.vault_id.0).map_err(|error| Refusal::internal(error.to_string()))?;
    let purpose = Purpose::Setup(VaultId(input.vault_id.0));
    let ceremony_id = node.write(move |w| ceremony::begin(w, &call.who.session, purpose, &begun.state)).await?;
    Ok(Json(Ceremony {
        ceremony_id: clavitor_api::Id(ceremony_id.0),
        challenge: begun.challenge.into(),
        rp_id: node.config().rp_id.clone(),
        credential_ids: Vec::new(),
    }))
}

/// Makes the vault.
pub(crate) async fn finish(call: Call<Anyone>, Json(input): Json<SetupFinish>) -> Result<SignedIn, Refusal> {
    let vault_id = VaultId(input.vault_id.0);
    let change = changes::verified(&call.node, &call.who.session, Purpose::Setup(vault_id), input.change).await?;
    let started = call.node.write(move |w| setup::claim(w, &input.setup_token, vault_id, &change)).await?;
    Ok(signed_in(&call.node, started))
}
