//! Names of backups: `clavitor-000042-20261122T175400Z.clv`, so that they sort by number and say when they were taken.

use time::{UtcDateTime, format_description::StaticFormatDescription, macros::format_description};

use super::plan::Kept;

const PREFIX: &str = "clavitor-";
const SUFFIX: &str = ".clv";
const STAMP: StaticFormatDescription = format_description!("[year][month][day]T[hour][minute][second]Z");

/// The name of a backup. Its time has whole seconds.
pub(super) fn of(kept: Kept) -> String {
    let unix_s = i64::try_from(kept.taken_ms / 1000).unwrap_or(i64::MAX);
    let taken = UtcDateTime::from_unix_timestamp(unix_s).unwrap_or(UtcDateTime::MAX);
    let stamp = taken.format(STAMP).unwrap_or_default();
    format!("{PREFIX}{:06}-{stamp}{SUFFIX}", kept.number)
}

/// What a name says. None for every other file, the temporary ones of a backup included.
pub(super) fn parse(name: &str) -> Option<Kept> {
    let (number, stamp) = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.split_once('-')?;
    let taken = UtcDateTime::parse(stamp, STAMP).ok()?;
    let kept = Kept { number: number.parse().ok()?, taken_ms: u64::try_from(taken.unix_timestamp()).ok()? * 1000 };
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
