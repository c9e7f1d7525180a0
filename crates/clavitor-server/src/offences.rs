//! Prefixes that went too far: not let in for a while. A pure state machine.

use std::collections::HashMap;

use crate::rates::Prefix;

/// Who went too far, and until when that counts.
pub(crate) struct Offences {
    time_ms: u64,
    prefixes_max: usize,
    until_ms: HashMap<Prefix, u64>,
}

impl Offences {
    /// None yet. Each counts for `time_ms`; so many prefixes are remembered.
    pub(crate) fn new(time_ms: u64, prefixes_max: usize) -> Self {
        Self { time_ms, prefixes_max, until_ms: HashMap::new() }
    }

    /// Somebody at `prefix` went too far.
    pub(crate) fn add(&mut self, prefix: Prefix, now_ms: u64) {
        if self.until_ms.len() >= self.prefixes_max {
            self.until_ms.retain(|_, until_ms| *until_ms > now_ms);
        }
        // So many at once are too many to tell from each other; the rates hold for the rest.
        if self.until_ms.len() < self.prefixes_max || self.until_ms.contains_key(&prefix) {
            self.until_ms.insert(prefix, now_ms.saturating_add(self.time_ms));
        }
    }

    /// Whether that still counts.
    pub(crate) fn count(&self, prefix: Prefix, now_ms: u64) -> bool {
        self.until_ms.get(&prefix).is_some_and(|until_ms| now_ms < *until_ms)
    }

    /// Whatever somebody at `prefix` did, somebody else there proved who he is.
    pub(crate) fn forgive(&mut self, prefix: Prefix) {
        self.until_ms.remove(&prefix);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn at(host: u8) -> Prefix {
        IpAddr::from([192, 0, 2, host]).into()
    }

    #[test]
    fn an_offence_counts_for_a_while_and_again_from_the_last_one() {
        let mut offences = Offences::new(1_000, 10);
        assert!(!offences.count(at(1), 0));
        offences.add(at(1), 0);
        offences.add(at(1), 500);
        assert!(offences.count(at(1), 1_499) && !offences.count(at(2), 1_499));
        assert!(!offences.count(at(1), 1_500));
        offences.add(at(1), 2_000);
        offences.forgive(at(1));
        assert!(!offences.count(at(1), 2_000));
    }

    #[test]
    fn memory_of_offences_is_bounded() {
        let mut offences = Offences::new(1_000, 3);
        for host in 1..=5 {
            offences.add(at(host), 0);
        }
        assert_eq!((1..=5).map(|host| offences.count(at(host), 0)).collect::<Vec<_>>(), [true, true, true, false, false]);
        offences.add(at(1), 500);
        offences.add(at(4), 1_000);
        assert!(offences.count(at(1), 1_000) && offences.count(at(4), 1_000));
        assert_eq!(offences.until_ms.len(), 2);
    }
}
