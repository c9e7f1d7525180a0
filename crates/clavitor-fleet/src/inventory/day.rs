//! Days and moments of UTC, as text in the inventory and as seconds in the program. No clock is read here.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use time::{Date, UtcDateTime, format_description::StaticFormatDescription, macros::format_description};

const DAY: StaticFormatDescription = format_description!("[year]-[month]-[day]");
const MOMENT: StaticFormatDescription = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// A day of the Gregorian calendar, UTC, from 1970 to 9999: `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(Date);

/// A second of UTC: `2026-11-22T13:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment {
    unix_s: u64,
}

impl Day {
    /// The day of this second since 1970.
    pub fn of_unix_s(unix_s: u64) -> Self {
        Self(at(unix_s).date())
    }

    /// Days from the other day to this one; 0 when the other is later.
    pub fn days_since(self, earlier: Self) -> u32 {
        u32::try_from((self.0 - earlier.0).whole_days()).unwrap_or(0)
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

/// Times after the year 9999 are its end.
fn at(unix_s: u64) -> UtcDateTime {
    let known = i64::try_from(unix_s).ok().and_then(|unix_s| UtcDateTime::from_unix_timestamp(unix_s).ok());
    known.unwrap_or(UtcDateTime::MAX)
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(DAY).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&at(self.unix_s).format(MOMENT).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let day = Date::parse(text, DAY).ok().filter(|day| day.year() >= 1970).map(Self);
        // One text for one day: "+2026-11-22" is read as well.
        let same = day.filter(|day| day.to_string() == text);
        same.ok_or_else(|| format!("{text:?} is not a day: write it as \"2026-11-22\", in quotes"))
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unix_s = UtcDateTime::parse(text, MOMENT).ok().and_then(|at| u64::try_from(at.unix_timestamp()).ok());
        let same = unix_s.map(Self::of_unix_s).filter(|moment| moment.to_string() == text);
        same.ok_or_else(|| format!("{text:?} is not a moment of UTC: write it as \"2026-11-22T13:00:00Z\", in quotes"))
    }
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
        for wrong in ["2026-02-29", "2100-02-29", "2026-13-01", "2026-1-1", "22.11.2026", "2026-11-31", "+2026-11-22", "1969-12-31", ""] {
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
