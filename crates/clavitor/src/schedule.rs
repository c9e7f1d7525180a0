//! Flags of scheduled backups.

use std::path::PathBuf;

use clap::Args;
use clavitor_server::schedule::{LOOK_EVERY, Schedule, plan::Plan};

const MINUTE_MS: u64 = 60_000;
/// Backups more often than this would be work without an end.
const EVERY_MS_MIN: u64 = MINUTE_MS;
const EVERY_MS_MAX: u64 = 366 * 24 * 60 * MINUTE_MS;

/// Backups on a schedule.
#[derive(Args, Clone)]
pub(crate) struct Backups {
    /// Write a backup into this folder on a schedule, such as /var/backups/clavitor; needs `clavitor backup code` once
    #[arg(long, env = "CLAVITOR_BACKUP_DIR", value_name = "FOLDER")]
    pub(crate) backup_dir: Option<PathBuf>,
    /// From one scheduled backup to the next, such as 24h, 90m or 7d
    #[arg(long, env = "CLAVITOR_BACKUP_EVERY", default_value = "24h", value_parser = duration_ms, value_name = "TIME")]
    pub(crate) backup_every: u64,
    /// How many scheduled backups are kept; an older one is removed only after a newer one was verified
    #[arg(long, env = "CLAVITOR_BACKUP_KEEP", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=10_000), value_name = "COUNT")]
    pub(crate) backup_keep: u16,
}

impl Backups {
    /// The schedule, if there is one.
    pub(crate) fn schedule(&self) -> Option<Schedule> {
        let plan = Plan { every_ms: self.backup_every, keep: usize::from(self.backup_keep) };
        self.backup_dir.clone().map(|folder| Schedule { folder, plan, look_every: LOOK_EVERY })
    }
}

/// A number and a unit: m, h or d.
pub(crate) fn duration_ms(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not a time: write a number and m, h or d, such as 24h");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let unit_ms = match unit {
        'm' => MINUTE_MS,
        'h' => 60 * MINUTE_MS,
        'd' => 24 * 60 * MINUTE_MS,
        _ => return Err(wrong()),
    };
    let count: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    let ms = count.saturating_mul(unit_ms);
    if (EVERY_MS_MIN..=EVERY_MS_MAX).contains(&ms) { Ok(ms) } else { Err(format!("{text} must be between 1m and 366d")) }
}

/// The same for a person.
pub(crate) fn duration_text(ms: u64) -> String {
    let minutes = ms / MINUTE_MS;
    match minutes {
        _ if minutes > 0 && minutes.is_multiple_of(24 * 60) => format!("{}d", minutes / (24 * 60)),
        _ if minutes > 0 && minutes.is_multiple_of(60) => format!("{}h", minutes / 60),
        _ => format!("{minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        for (text, ms, shown) in [("1m", 60_000, "1m"), ("90m", 5_400_000, "90m"), ("24h", 86_400_000, "1d"), ("7d", 604_800_000, "7d")] {
            assert_eq!(duration_ms(text), Ok(ms));
            assert_eq!(duration_text(ms), shown);
        }
        for wrong in ["", "24", "h", "0m", "400d", "-1h", "1.5h", "24 h", "1hh", "99999999999999999999d", "1ü"] {
            assert!(duration_ms(wrong).is_err(), "{wrong}");
        }
    }
}
