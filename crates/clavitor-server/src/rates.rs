//! Token buckets: for requests that need no caller by network prefix and for the whole node, and for each agent.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
};

use crate::limits::Limits;

/// The part of an address that counts as one neighbour: an IPv4 address, or an IPv6 /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Prefix(u128);

impl From<IpAddr> for Prefix {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(v4.to_ipv6_mapped().to_bits()),
            IpAddr::V6(v6) => Self(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).to_bits()),
        }
    }
}

/// How much fits into a bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// Requests a minute that flow in.
    pub per_minute: u32,
    /// Requests that fit.
    pub burst: u32,
}

impl Rate {
    /// A minute's worth fits.
    pub(crate) fn of_a_minute(per_minute: u32) -> Self {
        Self { per_minute, burst: per_minute }
    }

    /// After this long without a request a bucket is full.
    fn fill_ms(self) -> u64 {
        (u64::from(self.burst) * 60_000).div_ceil(u64::from(self.per_minute.max(1)))
    }
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Thousandths of a request.
    level: u64,
    at_ms: u64,
}

impl Bucket {
    fn full(rate: Rate, now_ms: u64) -> Self {
        Self { level: u64::from(rate.burst) * 1000, at_ms: now_ms }
    }

    /// Takes `cost` requests, or says in how many seconds there will be room.
    fn take(&mut self, cost: u32, rate: Rate, now_ms: u64) -> Result<(), u64> {
        self.refill(rate, now_ms);
        let cost = u64::from(cost) * 1000;
        if self.level >= cost {
            self.level -= cost;
            return Ok(());
        }
        Err(((cost - self.level) * 60).div_ceil(u64::from(rate.per_minute.max(1)) * 1000).max(1))
    }

    fn refill(&mut self, rate: Rate, now_ms: u64) {
        let gained = now_ms.saturating_sub(self.at_ms).saturating_mul(u64::from(rate.per_minute)) / 60;
        self.level = self.level.saturating_add(gained).min(u64::from(rate.burst) * 1000);
        self.at_ms = now_ms;
    }
}

/// One bucket for each of a bounded number of keys.
pub(crate) struct Buckets<K> {
    rate: Rate,
    keys_max: usize,
    buckets: HashMap<K, Bucket>,
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    /// Nothing was taken yet.
    pub(crate) fn new(rate: Rate, keys_max: usize) -> Self {
        Self { rate, keys_max, buckets: HashMap::new() }
    }

    /// Takes `cost` requests from the bucket of `key`.
    ///
    /// # Errors
    /// Seconds until there is room.
    pub(crate) fn take(&mut self, key: K, cost: u32, now_ms: u64) -> Result<(), u64> {
        let rate = self.rate;
        if !self.buckets.contains_key(&key) && self.buckets.len() >= self.keys_max {
            self.make_room(now_ms);
        }
        self.buckets.entry(key).or_insert_with(|| Bucket::full(rate, now_ms)).take(cost, rate, now_ms)
    }

    /// Whether anything was taken for `key` that is remembered.
    pub(crate) fn remembers(&self, key: K) -> bool {
        self.buckets.contains_key(&key)
    }

    /// A bucket that was quiet until it was full says nothing and goes first; if none was, the quietest goes.
    fn make_room(&mut self, now_ms: u64) {
        let fill_ms = self.rate.fill_ms();
        self.buckets.retain(|_, bucket| now_ms.saturating_sub(bucket.at_ms) < fill_ms);
        if self.buckets.len() >= self.keys_max
            && let Some(quietest) = self.buckets.iter().min_by_key(|(_, bucket)| bucket.at_ms).map(|(key, _)| *key)
        {
            self.buckets.remove(&quietest);
        }
    }
}

/// The buckets of requests that need no caller.
pub(crate) struct Rates {
    prefixes: Buckets<Prefix>,
    node_rate: Rate,
    node: Bucket,
}

impl Rates {
    /// Full buckets.
    pub(crate) fn new(prefix_per_minute: u32, node_per_minute: u32, prefixes_max: usize, now_ms: u64) -> Self {
        let node_rate = Rate::of_a_minute(node_per_minute);
        let prefixes = Buckets::new(Rate::of_a_minute(prefix_per_minute), prefixes_max);
        Self { prefixes, node_rate, node: Bucket::full(node_rate, now_ms) }
    }

    /// Counts a request from `prefix`; an expensive one counts for the node too.
    ///
    /// # Errors
    /// Seconds until there is room.
    pub(crate) fn take(&mut self, prefix: Prefix, expensive: bool, now_ms: u64) -> Result<(), u64> {
        self.prefixes.take(prefix, 1, now_ms)?;
        if expensive { self.node.take(1, self.node_rate, now_ms) } else { Ok(()) }
    }

    /// A caller who could not be proved costs more than one who asks for nothing.
    ///
    /// # Errors
    /// Seconds until there is room.
    pub(crate) fn failed(&mut self, prefix: Prefix, now_ms: u64) -> Result<(), u64> {
        self.prefixes.take(prefix, 4, now_ms)
    }
}

/// The buckets of requests without a caller.
pub(crate) struct Requests {
    prefixes: Buckets<Prefix>,
    quiet: Buckets<Prefix>,
    strangers_rate: Rate,
    strangers: Bucket,
}

impl Requests {
    /// Full buckets.
    pub(crate) fn new(limits: &Limits, now_ms: u64) -> Self {
        let strangers_rate = Rate { per_minute: limits.stranger_requests_per_minute_max, burst: limits.stranger_requests_burst_max };
        Self {
            prefixes: Buckets::new(Rate::of_a_minute(limits.requests_per_minute_max), limits.prefixes_max),
            quiet: Buckets::new(Rate::of_a_minute(limits.quiet_requests_per_minute_max), limits.prefixes_max),
            strangers_rate,
            strangers: Bucket::full(strangers_rate, now_ms),
        }
    }

    /// Counts a request from `prefix`. What a prefix asks beyond a quiet use counts together with what other prefixes ask where nobody is known.
    ///
    /// # Errors
    /// Seconds until there is room.
    pub(crate) fn take(&mut self, prefix: Prefix, is_known: impl FnOnce() -> bool, now_ms: u64) -> Result<(), u64> {
        self.prefixes.take(prefix, 1, now_ms)?;
        if self.quiet.take(prefix, 1, now_ms).is_ok() || is_known() {
            return Ok(());
        }
        self.strangers.take(1, self.strangers_rate, now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn an_ipv6_neighbour_is_a_64_and_a_mapped_address_is_its_ipv4_one() {
        assert_eq!(prefix("2001:db8::1"), prefix("2001:db8::ffff:1"));
        assert_ne!(prefix("2001:db8::1"), prefix("2001:db8:0:1::1"));
        assert_eq!(prefix("::ffff:192.0.2.1"), prefix("192.0.2.1"));
        assert_ne!(prefix("192.0.2.1"), prefix("192.0.2.2"));
    }

    #[test]
    fn one_neighbour_runs_dry_and_comes_back_and_the_other_is_not_touched() {
        let mut rates = Rates::new(6, 100, 10, 0);
        let (a, b) = (prefix("192.0.2.1"), prefix("192.0.2.2"));
        for _ in 0..6 {
            assert_eq!(rates.take(a, false, 0), Ok(()));
        }
        assert_eq!(rates.take(a, false, 0), Err(10));
        assert_eq!(rates.take(b, false, 0), Ok(()));
        assert_eq!(rates.take(a, false, 10_000), Ok(()));
        assert_eq!(rates.take(a, false, 10_000), Err(10));
    }

    #[test]
    fn expensive_requests_share_one_bucket() {
        let mut rates = Rates::new(10, 2, 10, 0);
        assert_eq!(rates.take(prefix("192.0.2.1"), true, 0), Ok(()));
        assert_eq!(rates.take(prefix("192.0.2.2"), true, 0), Ok(()));
        assert_eq!(rates.take(prefix("192.0.2.3"), true, 0), Err(30));
        assert_eq!(rates.take(prefix("192.0.2.3"), false, 0), Ok(()));
    }

    #[test]
    fn loud_strangers_share_one_bucket_and_quiet_ones_and_known_ones_do_not_need_it() {
        let limits = Limits {
            requests_per_minute_max: 20,
            quiet_requests_per_minute_max: 6,
            stranger_requests_per_minute_max: 60,
            stranger_requests_burst_max: 10,
            ..Limits::default()
        };
        let mut requests = Requests::new(&limits, 0);
        let mut answered = |host: u8, count: usize, known: bool, now_ms: u64| {
            (0..count).filter(|_| requests.take(IpAddr::from([192, 0, 2, host]).into(), || known, now_ms).is_ok()).count()
        };
        assert_eq!(answered(1, 30, false, 0), 16, "six quietly, and all that strangers have together");
        assert_eq!(answered(2, 15, false, 0), 6, "nobody takes the quiet ones from another prefix");
        assert_eq!(answered(3, 30, true, 0), 20, "where somebody is known, only the own bucket counts");
        assert_eq!(
            answered(2, 30, false, 10_000),
            8,
            "what was left of the own bucket and what flowed in: one quietly, and the rest from the common one"
        );
        assert_eq!(answered(4, 9, false, 10_000), 9, "and the common one is not empty yet");
    }

    #[test]
    fn memory_of_neighbours_is_bounded() {
        let mut rates = Rates::new(6, 6, 3, 0);
        for number in 0..100_u8 {
            assert_eq!(rates.take(IpAddr::from([192, 0, 2, number]).into(), false, u64::from(number)), Ok(()));
        }
        assert_eq!(rates.prefixes.buckets.len(), 3);
    }

    #[test]
    fn a_burst_goes_at_once_and_then_the_rate_holds() {
        let mut agents = Buckets::new(Rate { per_minute: 120, burst: 3 }, 10);
        for _ in 0..3 {
            assert_eq!(agents.take(1, 1, 0), Ok(()));
        }
        assert_eq!(agents.take(1, 1, 0), Err(1));
        assert_eq!(agents.take(2, 1, 0), Ok(()));
        assert_eq!(agents.take(1, 1, 500), Ok(()));
        assert_eq!(agents.take(1, 1, 500), Err(1));
        for _ in 0..3 {
            assert_eq!(agents.take(1, 1, 3_600_000), Ok(()));
        }
        assert_eq!(agents.take(1, 1, 3_600_000), Err(1));
    }
}
