//! A caller who has not been looked up yet, so that a request that ends early leaves nothing of a stranger behind.

use std::net::IpAddr;

use clavitor_api::ErrorCode;
use clavitor_vault::Credential;

use crate::{
    node::Node,
    proofs::ProofId,
    refusal::Refusal,
    who::{self, Who},
};

/// What a request left in memory before the vault knew its caller. A request that is dropped, by a timeout or by a caller who hangs up, and one
/// that is refused before the vault was asked, still ask the vault: anybody can sign with a key of their own.
pub(crate) struct Pending {
    node: Node,
    from: IpAddr,
    credential: Option<Credential>,
    proof: Option<ProofId>,
}

impl Pending {
    /// Of a caller from `from`.
    pub(crate) fn new(node: &Node, who: &impl Who, from: IpAddr) -> Self {
        Self { node: node.clone(), from, credential: who.unproved().cloned(), proof: who.proof_id().cloned() }
    }

    /// The vault knows the caller; the proof stays used.
    pub(crate) fn known(mut self) {
        self.credential = None;
    }

    /// The vault does not know the caller: the proof is forgotten, and the attempt costs.
    ///
    /// # Errors
    /// `rate_limited` for whoever does it too often.
    pub(crate) fn nobody(mut self) -> Result<(), Refusal> {
        self.credential = None;
        self.forget()
    }

    fn forget(&self) -> Result<(), Refusal> {
        if let Some(proof) = &self.proof {
            self.node.forget_proof(proof);
        }
        self.node.count_failed(self.from)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let Some(credential) = self.credential.take() else { return };
        // The proof of a known agent stays used: the vault may have answered it.
        if who::known(&self.node, &credential).is_err_and(|refusal| refusal.body.code == ErrorCode::Unauthenticated) {
            // Nobody is left to be told.
            let _ = self.forget();
        }
    }
}
