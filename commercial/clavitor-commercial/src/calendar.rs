//! Days and months of Unix time, in UTC.

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module calendar";

const DAY_S: u64 = 86_400;
/// Days in 400 years, after which the Gregorian calendar repeats.
const ERA_DAYS: u64 = 146_097;
/// From 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: u64 = 719_468;

/// A time as RFC 3339, to the second.
pub(crate) fn rfc3339(unix_s: u64) -> String {
    let (year, month, day) = date(unix_s);
    let (hour, minute, second) = (unix_s / 3600 % 24, unix_s / 60 % 60, unix_s % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// A number that is the same throughout a month and different in the next.
pub(crate) fn month(unix_s: u64) -> u64 {
    let (year, month, _) = date(unix_s);
    year * 12 + month
}

/// Year, month, day. Years are counted from 1 March, so that the leap day is the last one.
fn date(unix_s: u64) -> (u64, u64, u64) {
    let days = unix_s / DAY_S + EPOCH_DAYS;
    let (era, day) = (days / ERA_DAYS, days % ERA_DAYS);
    let leap_days = day / 1460 - day / 36_524 + day / (ERA_DAYS - 1);
    let year = (day - leap_days) / 365;
    let day_of_year = day - (year * 365 + year / 4 - year / 100);
    // Five months from March have 153 days, and so have the next five.
    let since_march = (day_of_year * 5 + 2) / 153;
    let day_of_month = day_of_year - (since_march * 153 + 2) / 5 + 1;
    let (month, next) = if since_march < 10 { (since_march + 3, 0) } else { (since_march - 9, 1) };
    (era * 400 + year + next, month, day_of_month)
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
        assert_eq!(month(march), month(march + 30 * DAY_S));
        assert_eq!(month(march + 31 * DAY_S), month(march) + 1);
    }
}
