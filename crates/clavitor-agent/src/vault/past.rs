//! What lies between the last conversation and this one: the manifests in between, each named by the next, and a log that only grew.

use clavitor_api::{AgentSelf, ManifestPage};
use clavitor_crypto::{
    checkpoint::{self, Checkpoint},
    manifest::{Manifest, SignedManifest},
    merkle,
    sign::PublicKey,
    signed::Unverified,
};

use crate::{
    alarm::Alarm,
    failure::Failure,
    identity::{Identity, LogPin, ObjectPin, Pins},
    node::Node,
};

/// Manifests of the past that are read for one conversation.
const LINKS_MAX: usize = 10_000;
const MANIFEST: &str = "the manifest";

/// Why the past does not hold.
pub(super) enum Broken {
    /// It proves to be another one.
    Alarm(Alarm),
    /// The node could not be asked.
    Failure(Failure),
}

/// Whether something lies between the pinned manifest and `newest`.
pub(super) fn has_gap(pins: &Pins, newest: &SignedManifest) -> bool {
    pins.manifest.is_some_and(|pin| newest.body().version > pin.version.saturating_add(1))
}

/// Asks for the manifests between the pinned one and `newest`, and checks that each follows from the one before.
///
/// # Errors
/// See [`Broken`].
pub(super) async fn linked(identity: &Identity, node: &Node, pins: &Pins, newest: &SignedManifest) -> Result<(), Broken> {
    let Some(pin) = pins.manifest.filter(|_| has_gap(pins, newest)) else { return Ok(()) };
    let mut between = Vec::new();
    let mut after = Some(pin.version);
    while let Some(from) = after.filter(|_| between.len() < LINKS_MAX) {
        let path = format!("/v1/agent/manifests?after={from}");
        let page: ManifestPage = match node.get(identity.prover(), &path).await {
            Ok(page) => page,
            // A node from before manifests were kept has nothing to say here; one that was seen to keep them has.
            Err(_) if pins.log.is_none() => return Ok(()),
            Err(failure) => return Err(Broken::Failure(failure)),
        };
        between.extend(page.manifests.into_iter().map(|manifest| manifest.0));
        after = page.next.filter(|next| *next > from);
    }
    let complete = newest.body().version - pin.version - 1 == between.len() as u64;
    if !complete && pins.log.is_none() {
        return Ok(());
    }
    chain(identity, &pin, newest, &between).map_err(Broken::Alarm)
}

/// From the newest down: each hash vouches for the one beneath, and the lowest names the pinned one.
fn chain(identity: &Identity, pin: &ObjectPin, newest: &SignedManifest, between: &[Vec<u8>]) -> Result<(), Alarm> {
    let mut above = newest.clone();
    for bytes in between.iter().rev() {
        let beneath = Unverified::<Manifest>::parse(bytes).map_err(|refusal| Alarm::new(MANIFEST, refusal))?;
        let beneath = beneath.vouched_by(&identity.vault, &above.body().previous).map_err(|_| Alarm::fork(MANIFEST))?;
        above.follows(Some(&beneath)).map_err(|refusal| Alarm::new(MANIFEST, refusal))?;
        above = beneath;
    }
    let meets = Some(above.body().version) == pin.version.checked_add(1) && above.body().previous == pin.hash;
    if meets { Ok(()) } else { Err(Alarm::fork(MANIFEST)) }
}

/// Checks that the log is signed by the key the owner pinned, and that it grew from what was seen.
///
/// # Errors
/// An alarm: unsigned, shorter, rewritten, or not sent although it was before.
pub(super) fn log(identity: &Identity, pins: &Pins, manifest: &Manifest, status: &AgentSelf) -> Result<Option<LogPin>, Alarm> {
    let object = "the audit log";
    let Some(answer) = &status.log else {
        return match pins.log {
            Some(_) => Err(Alarm::new(object, "was left out")),
            None => Ok(None),
        };
    };
    let refused = |what: &str| Alarm::new(object, what);
    let head = verified(identity, &manifest.log_pin.key, &answer.checkpoint).ok_or_else(|| refused("is not signed by the log's key"))?;
    let pinned = &manifest.log_pin;
    if head.size < pinned.size || (head.size == pinned.size && head.root != pinned.root) {
        return Err(refused("is not the one that the owner has signed for"));
    }
    if let Some(seen) = pins.log {
        if head.size < seen.size {
            return Err(refused("is shorter than it was"));
        }
        let proof: Option<Vec<_>> = answer.consistency.iter().map(|hash| hash.0.as_slice().try_into().ok()).collect();
        let proof = proof.ok_or_else(|| refused("came with a proof of another form"))?;
        let grew = merkle::verify_consistency(seen.size, head.size, &seen.root, &head.root, &proof);
        grew.map_err(|_| refused("was rewritten: it did not grow from what was seen before"))?;
    }
    Ok(Some(LogPin { size: head.size, root: head.root }))
}

fn verified(identity: &Identity, key: &PublicKey, note: &str) -> Option<Checkpoint> {
    Checkpoint::verify(note, &checkpoint::origin(&identity.vault), key).ok()
}
