//! The machine's clock, and how times are shown.

use std::time::{SystemTime, UNIX_EPOCH};

use time::{UtcDateTime, format_description::well_known::Rfc3339};

/// Now, Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A time as RFC 3339 in UTC, to the second.
pub(crate) fn rfc3339(unix_ms: u64) -> String {
    let unix_s = i64::try_from(unix_ms / 1000).unwrap_or(i64::MAX);
    let at = UtcDateTime::from_unix_timestamp(unix_s).unwrap_or(UtcDateTime::MAX);
    at.format(&Rfc3339).unwrap_or_default()
}

/// What a person is told when the two clocks differ too much for a proof of possession.
pub(crate) fn skew_message(local_ms: u64, node_ms: u64) -> String {
    let apart_s = local_ms.abs_diff(node_ms) / 1000;
    let apart = if apart_s < 120 { format!("{apart_s} s") } else { format!("{} min", apart_s / 60) };
    let direction = if local_ms < node_ms { "behind" } else { "ahead of" };
    format!(
        "the clocks differ: this machine says {}, the node says {} (this machine is {apart} {direction} the node)",
        rfc3339(local_ms),
        rfc3339(node_ms),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (2_147_483_648, "2038-01-19T03:14:08Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds * 1000), text);
        }
    }

    #[test]
    fn the_direction_of_a_skew_is_said() {
        assert!(skew_message(0, 61_000).contains("61 s behind"));
        assert!(skew_message(3_600_000, 0).contains("60 min ahead of"));
    }
}
