//! Recovery with the printed code.

use clavitor_api::{RecoveryRequest, RecoveryStarted};
use clavitor_vault::{VaultId, recovery};

use super::{Answer, Finished, session::signed_in};
use crate::{
    answer::{Done, SignedIn},
    convert::secret32,
    operation::{Call, Json},
    refusal::Refusal,
    who::{Anyone, Person},
};

/// Starts the delay.
pub(crate) async fn start(call: Call<Anyone>, Json(input): Json<RecoveryRequest>) -> Answer<RecoveryStarted> {
    let (vault_id, proof) = (VaultId(input.vault_id.0), secret32(input.proof, "proof")?);
    let release_at_ms = call.node.write(move |w| recovery::start(w, vault_id, &proof)).await?;
    Ok(Json(RecoveryStarted { release_at_ms, now_ms: call.node.now_ms() }))
}

/// Signs in after the delay.
pub(crate) async fn claim(call: Call<Anyone>, Json(input): Json<RecoveryRequest>) -> Result<SignedIn, Refusal> {
    let (vault_id, proof) = (VaultId(input.vault_id.0), secret32(input.proof, "proof")?);
    let started = call.node.write(move |w| recovery::claim(w, vault_id, &proof)).await?;
    Ok(signed_in(&call.node, started))
}

/// Cancels one that somebody started.
pub(crate) async fn cancel(call: Call<Person>, (): ()) -> Finished {
    let credential = call.who.credential;
    call.node.write(move |w| recovery::cancel(w, &credential)).await?;
    Ok(Done)
}
