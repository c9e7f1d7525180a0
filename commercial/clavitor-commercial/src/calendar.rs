//! Days and months of Unix time, in UTC.

use time::{UtcDateTime, format_description::well_known::Rfc3339};

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module calendar";

/// A time as RFC 3339, to the second.
pub(crate) fn rfc3339(unix_s: u64) -> String {
    at(unix_s).format(&Rfc3339).unwrap_or_default()
}

/// A number that is the same throughout a month and different in the next.
pub(crate) fn month(unix_s: u64) -> u64 {
    let at = at(unix_s);
    u64::from(at.year().unsigned_abs()) * 12 + u64::from(u8::from(at.month()))
}

/// Times after the year 9999 are its end.
fn at(unix_s: u64) -> UtcDateTime {
    let known = i64::try_from(unix_s).ok().and_then(|unix_s| UtcDateTime::from_unix_timestamp(unix_s).ok());
    known.unwrap_or(UtcDateTime::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        for (unix_s, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_775_088_705, "2026-04-02T00:11:45Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(unix_s), text);
        }
    }

    #[test]
    fn a_month_changes_with_its_first_second() {
        let march = 1_772_323_200; // 2026-03-01
        assert_ne!(month(march - 1), month(march));
        assert_eq!(month(march), month(march + 30 * 86_400));
        assert_eq!(month(march + 31 * 86_400), month(march) + 1);
    }
}
