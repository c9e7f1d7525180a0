//! Days and moments of UTC, as text in the inventory and as seconds in the program. No clock is read here.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

const DAY_S: u64 = 86_400;

/// A day of the Gregorian calendar, UTC: `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day {
    days: u32,
}

/// A second of UTC: `2026-11-22T13:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment {
    unix_s: u64,
}

impl Day {
    /// The day of this second since 1970.
    pub fn of_unix_s(unix_s: u64) -> Self {
        Self { days: u32::try_from(unix_s / DAY_S).unwrap_or(u32::MAX) }
    }

    /// Days from the other day to this one; 0 when the other is later.
    pub const fn days_since(self, earlier: Self) -> u32 {
        self.days.saturating_sub(earlier.days)
    }

    /// Year, month and day, by the shift of the year to March that puts the leap day last.
    fn civil(self) -> (u64, u64, u64) {
        let shifted = u64::from(self.days) + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
    }

    fn of_civil(year: u64, month: u64, day: u64) -> Option<Self> {
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let shifted_year = if month <= 2 { year - 1 } else { year };
        let (era, year_of_era) = (shifted_year / 400, shifted_year % 400);
        let shifted_month = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let found = Self { days: u32::try_from((era * 146_097 + of_era).checked_sub(719_468)?).ok()? };
        // The 31st of a short month comes out as a day of the next one.
        (found.civil() == (year, month, day)).then_some(found)
    }
}

impl Moment {
    /// From seconds since 1970.
    pub const fn of_unix_s(unix_s: u64) -> Self {
        Self { unix_s }
    }

    /// Seconds since 1970.
    pub const fn unix_s(self) -> u64 {
        self.unix_s
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, second) = (Day::of_unix_s(self.unix_s), self.unix_s % DAY_S);
        write!(f, "{day}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        day(text).ok_or_else(|| format!("{text:?} is not a day: write it as \"2026-11-22\", in quotes"))
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        moment(text).ok_or_else(|| format!("{text:?} is not a moment of UTC: write it as \"2026-11-22T13:00:00Z\", in quotes"))
    }
}

fn number(text: &str, digits: usize) -> Option<u64> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn day(text: &str) -> Option<Day> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    Day::of_civil(year, month, day)
}

fn moment(text: &str) -> Option<Moment> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut parts = time.splitn(3, ':');
    let (hour, minute, second) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let in_day = (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)?;
    Some(Moment { unix_s: u64::from(day(date)?.days) * DAY_S + in_day })
}

macro_rules! as_text {
    ($name:ident, $format:literal) => {
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format })
            }
        }
    };
}

as_text!(Day, "date");
as_text!(Moment, "date-time");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_read_as_they_are_written() {
        for text in ["1970-01-01", "2000-02-29", "2026-11-22", "2100-03-01", "9999-12-31"] {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        }
        let moment: Moment = "2026-11-22T13:00:00Z".parse().unwrap();
        assert_eq!(moment.unix_s(), 1_795_352_400);
        assert_eq!(moment.to_string(), "2026-11-22T13:00:00Z");
        assert_eq!(Day::of_unix_s(moment.unix_s()).to_string(), "2026-11-22");
    }

    #[test]
    fn days_that_are_not() {
        for wrong in ["2026-02-29", "2100-02-29", "2026-13-01", "2026-1-1", "22.11.2026", "2026-11-31", ""] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
        for wrong in ["2026-11-22", "2026-11-22T24:00:00Z", "2026-11-22T13:00:00+01:00"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn age_in_days() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert_eq!(day("2026-03-01").days_since(day("2026-02-01")), 28);
        assert_eq!(day("2026-02-01").days_since(day("2026-03-01")), 0);
    }
}
