//! Proofs that were seen, so that each works once. Bounded: a full memory refuses instead of forgetting.

use std::collections::HashMap;

use clavitor_api::Id;

use crate::digest::sha256;

/// Names a proof: its agent, the hash of its `jti`, and the second it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofId {
    agent: Id,
    jti: [u8; 16],
    made_s: u64,
}

impl ProofId {
    /// The name of an agent's proof.
    pub fn new(agent: Id, jti: &str, made_s: u64) -> Self {
        let mut short = [0; 16];
        short.copy_from_slice(&sha256(jti.as_bytes())[..16]);
        Self { agent, jti: short, made_s }
    }
}

/// Why a proof is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// It was used before.
    Seen,
    /// There is no room to remember it.
    Full,
}

/// The proofs seen within the time in which they would be accepted.
pub(crate) struct Proofs {
    all_max: usize,
    agent_max: usize,
    keep_s: u64,
    seen: HashMap<Id, HashMap<[u8; 16], u64>>,
    count: usize,
    swept_s: u64,
}

impl Proofs {
    /// Remembers at most `all_max` proofs, `agent_max` of one agent, each until `skew_s_max` seconds after it was made.
    pub(crate) fn new(all_max: usize, agent_max: usize, skew_s_max: u64) -> Self {
        Self { all_max, agent_max, keep_s: skew_s_max, seen: HashMap::new(), count: 0, swept_s: 0 }
    }

    /// Uses a proof up.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub(crate) fn take(&mut self, id: &ProofId, now_s: u64) -> Result<(), NotTaken> {
        self.sweep(now_s);
        if self.seen.get(&id.agent).is_some_and(|of_agent| of_agent.contains_key(&id.jti)) {
            return Err(NotTaken::Seen);
        }
        let of_agent = self.seen.get(&id.agent).map_or(0, HashMap::len);
        if self.count >= self.all_max || of_agent >= self.agent_max {
            return Err(NotTaken::Full);
        }
        self.seen.entry(id.agent).or_default().insert(id.jti, id.made_s);
        self.count += 1;
        Ok(())
    }

    /// Forgets a proof that turned out to be nobody's: strangers may not fill the memory.
    pub(crate) fn forget(&mut self, id: &ProofId) {
        let Some(of_agent) = self.seen.get_mut(&id.agent) else { return };
        self.count -= usize::from(of_agent.remove(&id.jti).is_some());
        if of_agent.is_empty() {
            self.seen.remove(&id.agent);
        }
    }

    /// Once a second is enough, because expired proofs are refused by their time.
    fn sweep(&mut self, now_s: u64) {
        if now_s == self.swept_s {
            return;
        }
        self.swept_s = now_s;
        let keep_s = self.keep_s;
        self.seen.retain(|_, of_agent| {
            of_agent.retain(|_, made_s| made_s.saturating_add(keep_s) >= now_s);
            !of_agent.is_empty()
        });
        self.count = self.seen.values().map(HashMap::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: Id = Id([1; 16]);

    #[test]
    fn a_proof_works_once_and_is_forgotten_when_it_has_expired() {
        let mut proofs = Proofs::new(10, 10, 60);
        let id = ProofId::new(AGENT, "proof-one", 1_000);
        assert_eq!(proofs.take(&id, 1_000), Ok(()));
        assert_eq!(proofs.take(&id, 1_060), Err(NotTaken::Seen));
        assert_eq!(proofs.take(&id, 1_061), Ok(()));
        assert_eq!(proofs.count, 1);
    }

    #[test]
    fn equal_names_of_two_agents_are_two_proofs() {
        let mut proofs = Proofs::new(10, 10, 60);
        assert_eq!(proofs.take(&ProofId::new(AGENT, "proof-one", 1), 1), Ok(()));
        assert_eq!(proofs.take(&ProofId::new(Id([2; 16]), "proof-one", 1), 1), Ok(()));
    }

    #[test]
    fn a_full_memory_refuses_and_a_strangers_proof_leaves_no_trace() {
        let mut proofs = Proofs::new(3, 2, 60);
        let id = |agent, number: u8| ProofId::new(Id([agent; 16]), &format!("proof-{number}"), 1);
        assert_eq!(proofs.take(&id(1, 1), 1), Ok(()));
        assert_eq!(proofs.take(&id(1, 2), 1), Ok(()));
        assert_eq!(proofs.take(&id(1, 3), 1), Err(NotTaken::Full));
        assert_eq!(proofs.take(&id(2, 1), 1), Ok(()));
        assert_eq!(proofs.take(&id(3, 1), 1), Err(NotTaken::Full));
        proofs.forget(&id(2, 1));
        assert_eq!(proofs.take(&id(3, 1), 1), Ok(()));
    }
}
