//! Names of backups: `clavitor-000042-20261122T175400Z.clv`, so that they sort by number and say when they were taken.

use super::plan::Kept;

const PREFIX: &str = "clavitor-";
const SUFFIX: &str = ".clv";
const DAY_S: i64 = 86_400;

/// The name of a backup. Its time has whole seconds.
pub(super) fn of(kept: Kept) -> String {
    let seconds = i64::try_from(kept.taken_ms / 1000).unwrap_or(i64::MAX);
    let (year, month, day) = date(seconds.div_euclid(DAY_S));
    let time = seconds.rem_euclid(DAY_S);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{PREFIX}{:06}-{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z{SUFFIX}", kept.number)
}

/// What a name says. None for every other file, the temporary ones of a backup included.
pub(super) fn parse(name: &str) -> Option<Kept> {
    let (number, stamp) = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i64>().ok()).flatten();
    let (day, time) = stamp.strip_suffix('Z')?.split_once('T')?;
    if number.len() < 6 || day.len() != 8 || time.len() != 6 || !stamp.is_ascii() {
        return None;
    }
    let (year, month, day_of_month) = (digits(&day[..4])?, digits(&day[4..6])?, digits(&day[6..])?);
    let (hour, minute, second) = (digits(&time[..2])?, digits(&time[2..4])?, digits(&time[4..])?);
    let seconds = days(year, month, day_of_month) * DAY_S + hour * 3600 + minute * 60 + second;
    let kept = Kept { number: digits(number)?.unsigned_abs(), taken_ms: u64::try_from(seconds).ok()? * 1000 };
    // One name for one backup: what does not come out the same again is not ours.
    (of(kept) == name).then_some(kept)
}

/// Whether a file is what a backup that was cut off has left behind.
pub(super) fn is_left_over(name: &str) -> bool {
    name.split_once(".clv.").is_some_and(|(stem, rest)| {
        let ours = ["copy-", "partial-", "check-", "sha256-"].iter().any(|what| rest.starts_with(what));
        ours && parse(&format!("{stem}{SUFFIX}")).is_some()
    })
}

/// Days since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the leap day is the last day of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// The other way: year, month and day.
fn date(days_since_1970: i64) -> (i64, i64, i64) {
    // The estimate is right or one too small.
    let mut year = 1970 + days_since_1970.div_euclid(366);
    while days(year + 1, 1, 1) <= days_since_1970 {
        year += 1;
    }
    let month = (2..=12).rev().find(|month| days(year, *month, 1) <= days_since_1970).unwrap_or(1);
    (year, month, days_since_1970 - days(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_says_number_and_time() {
        let known = [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_709_164_800, "20240229T000000Z"),
            (1_800_000_000, "20270115T080000Z"),
            (4_107_542_400, "21000301T000000Z"),
        ];
        for (seconds, stamp) in known {
            assert_eq!(of(Kept { number: 42, taken_ms: seconds * 1000 }), format!("clavitor-000042-{stamp}.clv"));
        }
    }

    #[test]
    fn other_files_are_none_of_ours() {
        for name in [
            "today.clv",
            "clavitor-42-20270115T080000Z.clv",
            "clavitor-000042-20270115T080000Z.clv.partial-00ff",
            "clavitor-000042-20271315T080000Z.clv",
            "clavitor-000042-20270115T080000Z.clv.sha256",
            "clavitor-000042-2027é115T08000Z.clv",
            "clavitor-+00042-20270115T080000Z.clv",
            "clavitor--",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }

    #[test]
    fn what_was_cut_off_is_known_by_its_name() {
        for (name, is) in [
            ("clavitor-000042-20270115T080000Z.clv.partial-00ff", true),
            ("clavitor-000042-20270115T080000Z.clv.copy-00ff-journal", true),
            ("clavitor-000042-20270115T080000Z.clv.check-00ff", true),
            ("clavitor-000042-20270115T080000Z.clv.sha256", false),
            ("clavitor-000042-20270115T080000Z.clv", false),
            ("today.clv.partial-00ff", false),
        ] {
            assert_eq!(is_left_over(name), is, "{name}");
        }
    }

    proptest! {
        #[test]
        fn names_come_back(number in 1u64..10_000_000, seconds in 0u64..10_000_000_000) {
            let kept = Kept { number, taken_ms: seconds * 1000 };
            prop_assert_eq!(parse(&of(kept)), Some(kept));
        }
    }
}
