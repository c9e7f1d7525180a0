//! Changes: the registrations in them are checked here, everything else in the vault.

use clavitor_api::{Applied, Change, UnlockerChange};
use clavitor_vault::{
    Credential, UnlockerId,
    ceremony::{self, CeremonyId, Purpose},
    change::{self, NewPasskey, Prepared},
};

use super::Answer;
use crate::{
    convert::{FromWire as _, ToWire as _},
    node::Node,
    operation::{Call, Json},
    refusal::Refusal,
    who::Person,
};

/// A change may register this many passkeys; each costs a signature.
const PASSKEYS_MAX: usize = 4;
/// Signatures that are checked between two other requests.
const INLINE_MAX: usize = 8;

/// Applies a change.
pub(crate) async fn apply(call: Call<Person>, Json(input): Json<Change>) -> Answer<Applied> {
    let change = verified(&call.node, &call.who.credential, Purpose::Register, input).await?;
    let credential = call.who.credential;
    let prepared = prepared(&call.node, change).await?;
    let applied = call.node.write(move |w| change::apply_prepared(w, &credential, &prepared)).await?;
    Ok(Json(applied.to_wire()))
}

/// Checks signatures where others need not wait for it: an import brings thousands.
async fn prepared(node: &Node, change: clavitor_vault::Change) -> Result<Prepared, Refusal> {
    if change.entries.len() <= INLINE_MAX {
        return Ok(change::prepare(node.vault(), change));
    }
    let vault = node.vault().clone();
    let checking = tokio::task::spawn_blocking(move || change::prepare(&vault, change));
    checking.await.map_err(|error| Refusal::internal(format!("checking a change: {error}")))
}

/// The change with its registrations checked. A wrong answer uses its ceremony up.
pub(crate) async fn verified(
    node: &Node,
    credential: &Credential,
    purpose: Purpose,
    mut input: Change,
) -> Result<clavitor_vault::Change, Refusal> {
    let unlockers = std::mem::take(&mut input.unlockers);
    if unlockers.iter().filter(|unlocker| unlocker.passkey.is_some()).count() > PASSKEYS_MAX {
        return Err(Refusal::bad_request(format!("A change registers at most {PASSKEYS_MAX} passkeys.")));
    }
    let mut change = input.to_vault()?;
    for unlocker in unlockers {
        change.unlockers.push(checked(node, credential, purpose, unlocker).await?);
    }
    Ok(change)
}

async fn checked(
    node: &Node,
    credential: &Credential,
    purpose: Purpose,
    unlocker: UnlockerChange,
) -> Result<change::UnlockerChange, Refusal> {
    let passkey = match unlocker.passkey {
        Some(passkey) => Some(registered(node, credential, purpose, passkey).await?),
        None => None,
    };
    Ok(change::UnlockerChange {
        id: UnlockerId(unlocker.id.0),
        record: unlocker.record.map(|record| record.0),
        sealed_vmk: unlocker.sealed_vmk.0,
        passkey,
    })
}

async fn registered(
    node: &Node,
    credential: &Credential,
    purpose: Purpose,
    passkey: clavitor_api::NewPasskey,
) -> Result<NewPasskey, Refusal> {
    let (id, credential) = (CeremonyId(passkey.ceremony_id.0), credential.clone());
    let state = node.write(move |w| ceremony::take(w, &credential, purpose, id)).await?;
    let registered = node
        .relying_party()
        .finish_registration(&state, &passkey.credential)
        .map_err(|error| Refusal::new(clavitor_api::ErrorCode::NotValid, "The passkey's answer does not hold. Try again.").logged(error))?;
    Ok(NewPasskey { credential_id: registered.credential_id, state: registered.state, synced: registered.synced })
}
