//! The harvest budget: how many distinct entries an agent may ask for. A pure state machine; the store only carries its state.
//!
//! It counts entries, not requests, and misses count. The first breach cools the agent for 15 minutes; a second within two hours locks it
//! until its owner unlocks it. While it cools, requests are refused and are no further breach.

use std::collections::{BTreeSet, HashMap};

use clavitor_crypto::EntryId;

/// The shorter window.
pub(crate) const MINUTE_MS: u64 = 60_000;
/// The longer window.
pub(crate) const HOUR_MS: u64 = 3_600_000;
/// How long a first breach is answered for.
pub(crate) const COOLING_MS: u64 = 15 * MINUTE_MS;
/// A second breach this soon after one locks.
pub(crate) const SECOND_BREACH_MS: u64 = 2 * HOUR_MS;

/// Distinct entries allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) per_minute: u32,
    pub(crate) per_hour: u32,
}

/// What one agent has asked for in the last hour, and what followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    asked: HashMap<EntryId, u64>,
    by_time: BTreeSet<(u64, EntryId)>,
    /// Refused until then.
    pub(crate) cooling_until_ms: u64,
    /// The last breach.
    pub(crate) last_breach_ms: Option<u64>,
    /// Refused until the owner unlocks.
    pub(crate) locked: bool,
}

/// What a step decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Within the budget; the entry is charged.
    Within,
    /// Refused: still cooling from a breach.
    Cooling {
        /// Until it is worth trying again.
        retry_after_ms: u64,
    },
    /// Refused: the first breach, which begins to cool.
    Breached {
        /// Until it is worth trying again.
        retry_after_ms: u64,
    },
    /// Refused: a second breach, which locks.
    LockedNow,
    /// Refused: locked before.
    Locked,
}

impl State {
    /// Takes up a state that was stored.
    pub(crate) fn load(
        asked: impl IntoIterator<Item = (EntryId, u64)>,
        cooling_until_ms: u64,
        last_breach_ms: Option<u64>,
        locked: bool,
    ) -> Self {
        let asked: HashMap<_, _> = asked.into_iter().collect();
        let by_time = asked.iter().map(|(entry, last_ms)| (*last_ms, *entry)).collect();
        Self { asked, by_time, cooling_until_ms, last_breach_ms, locked }
    }

    /// Distinct entries in the last `window_ms`.
    pub(crate) fn used(&self, now_ms: u64, window_ms: u64) -> u32 {
        u32::try_from(self.by_time.range((after(now_ms, window_ms), EntryId::ZERO)..).count()).unwrap_or(u32::MAX)
    }

    /// When the entry was last asked for.
    pub(crate) fn last_asked_ms(&self, entry: EntryId) -> Option<u64> {
        self.asked.get(&entry).copied()
    }

    /// One request for `entry` at `now_ms`.
    pub(crate) fn step(&mut self, limits: Limits, entry: EntryId, now_ms: u64) -> Outcome {
        if self.locked {
            return Outcome::Locked;
        }
        if now_ms < self.cooling_until_ms {
            return Outcome::Cooling { retry_after_ms: self.cooling_until_ms - now_ms };
        }
        self.prune(now_ms);
        if self.fits(limits, entry, now_ms) {
            self.charge(entry, now_ms);
            return Outcome::Within;
        }
        self.breach(limits, now_ms)
    }

    /// The owner unlocked it: everything begins afresh.
    pub(crate) fn unlock(&mut self) {
        *self = Self::default();
    }

    fn fits(&self, limits: Limits, entry: EntryId, now_ms: u64) -> bool {
        let asked_after = |window_ms| self.last_asked_ms(entry).is_some_and(|last_ms| last_ms >= after(now_ms, window_ms));
        let minute = asked_after(MINUTE_MS) || self.used_below(now_ms, MINUTE_MS, limits.per_minute);
        let hour = asked_after(HOUR_MS) || self.used_below(now_ms, HOUR_MS, limits.per_hour);
        minute && hour
    }

    /// Whether one more fits; looks at no more entries than the limit.
    fn used_below(&self, now_ms: u64, window_ms: u64, limit: u32) -> bool {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.by_time.range((after(now_ms, window_ms), EntryId::ZERO)..).take(limit).count() < limit
    }

    fn charge(&mut self, entry: EntryId, now_ms: u64) {
        // A clock that went back never makes an entry look older than it is.
        let last_ms = self.asked.get(&entry).copied().unwrap_or(0).max(now_ms);
        if let Some(before_ms) = self.asked.insert(entry, last_ms) {
            self.by_time.remove(&(before_ms, entry));
        }
        self.by_time.insert((last_ms, entry));
    }

    fn breach(&mut self, limits: Limits, now_ms: u64) -> Outcome {
        let second = self.last_breach_ms.is_some_and(|last_ms| now_ms < last_ms.saturating_add(SECOND_BREACH_MS));
        self.last_breach_ms = Some(now_ms);
        if second {
            self.locked = true;
            return Outcome::LockedNow;
        }
        self.cooling_until_ms = now_ms.saturating_add(COOLING_MS);
        let free_ms = self.free_at(limits.per_hour, now_ms);
        Outcome::Breached { retry_after_ms: COOLING_MS.max(free_ms.saturating_sub(now_ms)) }
    }

    /// When the hour has room for another entry.
    fn free_at(&self, per_hour: u32, now_ms: u64) -> u64 {
        let keep = usize::try_from(per_hour).unwrap_or(usize::MAX);
        let Some(over) = self.by_time.len().checked_sub(keep) else { return now_ms };
        self.by_time.iter().nth(over).map_or(now_ms, |(last_ms, _)| last_ms.saturating_add(HOUR_MS + 1))
    }

    fn prune(&mut self, now_ms: u64) {
        let oldest = after(now_ms, HOUR_MS);
        while let Some(&(last_ms, entry)) = self.by_time.first() {
            if last_ms >= oldest {
                break;
            }
            self.by_time.pop_first();
            self.asked.remove(&entry);
        }
    }
}

/// The first moment that still lies in the window.
const fn after(now_ms: u64, window_ms: u64) -> u64 {
    now_ms.saturating_sub(window_ms - 1)
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
