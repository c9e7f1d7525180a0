//! How often an agent may have the list of its entries: reading and sending all of it is much work for one small request.
//!
//! Kept in memory: after a restart everybody begins afresh.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use clavitor_crypto::AgentId;

use crate::{Error, Result};

/// One list in this time, in the long run.
const EVERY_MS: u64 = 2_000;
/// Lists at once: every command of an agent asks for one, and scripts have a few of them in a row.
const BURST: u64 = 20;
/// Agents remembered; beyond that those who may have a full burst are forgotten.
const KEPT_MAX: usize = 1024;

/// When each agent's lists so far are paid off, in Unix milliseconds.
#[derive(Default)]
pub(crate) struct Pace(Mutex<HashMap<AgentId, u64>>);

impl Pace {
    /// Counts one list of an agent that was proved.
    ///
    /// # Errors
    /// `RateLimited`; a list that is refused is not counted.
    pub(crate) fn take(&self, agent: AgentId, now_ms: u64) -> Result<()> {
        let mut paid = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if paid.len() >= KEPT_MAX {
            paid.retain(|_, paid_ms| *paid_ms > now_ms);
        }
        // A clock that was set back keeps nobody out for longer than a burst takes.
        let debt_ms = paid.get(&agent).map_or(0, |paid_ms| paid_ms.saturating_sub(now_ms)).min(BURST * EVERY_MS);
        if let Some(over_ms) = (debt_ms + EVERY_MS).checked_sub(BURST * EVERY_MS).filter(|over_ms| *over_ms > 0) {
            return Err(Error::RateLimited { retry_after_s: over_ms.div_ceil(1000) });
        }
        paid.insert(agent, now_ms.saturating_add(debt_ms + EVERY_MS));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_790_000_000_000;

    #[test]
    fn twenty_at_once_and_then_one_every_two_seconds() {
        let (pace, agent) = (Pace::default(), AgentId([1; 16]));
        for _ in 0..20 {
            assert_eq!(pace.take(agent, NOW_MS), Ok(()));
        }
        assert_eq!(pace.take(agent, NOW_MS), Err(Error::RateLimited { retry_after_s: 2 }));
        assert_eq!(pace.take(AgentId([2; 16]), NOW_MS), Ok(()), "each for itself");
        assert_eq!(pace.take(agent, NOW_MS + 1_999), Err(Error::RateLimited { retry_after_s: 1 }));
        assert_eq!(pace.take(agent, NOW_MS + 2_000), Ok(()));
        assert!(pace.take(agent, NOW_MS + 2_000).is_err());
        for _ in 0..20 {
            assert_eq!(pace.take(agent, NOW_MS + 42_000), Ok(()));
        }
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_out_for_long() {
        let (pace, agent) = (Pace::default(), AgentId([1; 16]));
        assert_eq!(pace.take(agent, NOW_MS), Ok(()));
        assert_eq!(pace.take(agent, NOW_MS - 86_400_000), Err(Error::RateLimited { retry_after_s: 2 }));
    }

    #[test]
    fn agents_remembered_have_a_limit() {
        let pace = Pace::default();
        for number in 0..3 * KEPT_MAX as u64 {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&number.to_be_bytes());
            pace.take(AgentId(id), NOW_MS + number * 10).unwrap();
        }
        assert!(pace.0.lock().unwrap().len() <= KEPT_MAX);
    }
}
