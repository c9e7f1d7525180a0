//! The clock: whether it can be right, and whether something keeps it so. Nobody is asked over the network.

use std::path::Path;

use super::finding::Finding;

/// The day of the commit for a released build; for every other a day on which this program was there already: 2026-06-01.
const BUILT_S: u64 = built_s();
const NEVER_BEFORE_S: u64 = 1_780_272_000;
/// Longer than any build is used.
const LIFE_S: u64 = 10 * 365 * 86_400;
/// What systemd-timesyncd and chrony leave where they keep the time.
const KEEPERS: &[&str] = &["/run/systemd/timesync/synchronized", "/run/chrony/chronyd.pid", "/run/ntpd.pid"];

const fn built_s() -> u64 {
    match option_env!("SOURCE_DATE_EPOCH") {
        Some(text) => parse(text.as_bytes()),
        None => NEVER_BEFORE_S,
    }
}

const fn parse(digits: &[u8]) -> u64 {
    let (mut value, mut at) = (0, 0);
    while at < digits.len() {
        if !digits[at].is_ascii_digit() || at > 12 {
            return NEVER_BEFORE_S;
        }
        value = value * 10 + (digits[at] - b'0') as u64;
        at += 1;
    }
    if value == 0 { NEVER_BEFORE_S } else { value }
}

/// This machine's clock against the program's age.
pub(super) fn look(now_ms: u64) -> Finding {
    judge(now_ms / 1000, BUILT_S, KEEPERS.iter().any(|path| Path::new(path).exists()))
}

/// A running node's clock against ours: the machine is the same, so they differ only while somebody sets it.
pub(super) fn against(node_ms: u64, now_ms: u64) -> Option<Finding> {
    let apart_s = node_ms.abs_diff(now_ms) / 1000;
    (apart_s > 60).then(|| {
        Finding::warn("clock", format!("the node's time is {apart_s} s from ours"), "clavitor doctor once more, then restart the node")
    })
}

fn judge(now_s: u64, built_s: u64, kept: bool) -> Finding {
    let todo = "timedatectl set-ntp true, or set it by hand; sessions, one-time codes and certificates depend on it";
    if now_s < built_s {
        return Finding::fail("clock", format!("it is {} days before this program was made", (built_s - now_s) / 86_400 + 1), todo);
    }
    if now_s - built_s > LIFE_S {
        return Finding::warn("clock", "it is more than ten years after this program was made", todo);
    }
    if kept {
        Finding::ok("clock", "it can be right, and a time service keeps it")
    } else {
        Finding::warn("clock", "it can be right, but no time service was found that keeps it", todo)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::finding::Level, *};

    #[test]
    fn a_clock_before_the_build_is_wrong() {
        assert_eq!(judge(BUILT_S - 1, BUILT_S, true).level, Level::Fail);
        assert_eq!(judge(BUILT_S + 86_400, BUILT_S, true).level, Level::Ok);
        assert_eq!(judge(BUILT_S + 86_400, BUILT_S, false).level, Level::Warn);
        assert_eq!(judge(BUILT_S + LIFE_S + 1, BUILT_S, true).level, Level::Warn);
        assert!(against(0, 60_999).is_none() && against(61_000, 0).is_some());
    }

    #[test]
    fn a_date_of_a_build_is_digits() {
        assert_eq!(parse(b"1800000000"), 1_800_000_000);
        assert_eq!((parse(b""), parse(b"x1"), parse(b"99999999999999")), (NEVER_BEFORE_S, NEVER_BEFORE_S, NEVER_BEFORE_S));
    }
}
