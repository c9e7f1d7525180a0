//! An amount of US dollars.

use std::borrow::Cow;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// More than a million dollars a month is a typing error.
const CENTS_MAX: i64 = 100_000_000;

/// US dollars, held in cents. May be negative: what remains of a budget that is overdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd {
    cents: i64,
}

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self { cents: 0 };

    /// From cents.
    pub const fn from_cents(cents: i64) -> Self {
        Self { cents }
    }

    /// In cents.
    pub const fn cents(self) -> i64 {
        self.cents
    }

    /// Dollars with at most two decimals, not negative; none for anything else.
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        let cents = (dollars * 100.0).round();
        let holds = (0.0..=CENTS_MAX as f64).contains(&cents) && (dollars * 100.0 - cents).abs() < 1e-6;
        holds.then_some(Self { cents: cents as i64 })
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.cents < 0 { "-" } else { "" };
        f.pad(&format!("{sign}${}.{:02}", self.cents.abs() / 100, self.cents.abs() % 100))
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { cents: self.cents.saturating_add(other.cents) }
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { cents: self.cents.saturating_sub(other.cents) }
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.cents as f64 / 100.0)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Dollars)
    }
}

struct Dollars;

impl Visitor<'_> for Dollars {
    type Value = Usd;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("US dollars a month, such as 2.50")
    }

    fn visit_f64<E: Error>(self, dollars: f64) -> Result<Usd, E> {
        Usd::from_dollars(dollars).ok_or_else(|| E::custom(format!("{dollars} is not an amount: whole cents, from 0 to a million dollars")))
    }

    fn visit_i64<E: Error>(self, dollars: i64) -> Result<Usd, E> {
        self.visit_f64(dollars as f64)
    }

    fn visit_u64<E: Error>(self, dollars: u64) -> Result<Usd, E> {
        self.visit_f64(dollars as f64)
    }
}

impl JsonSchema for Usd {
    fn schema_name() -> Cow<'static, str> {
        "Usd".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": CENTS_MAX / 100 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact() {
        let thirteen: Usd = std::iter::repeat_n(Usd::from_dollars(2.5).unwrap(), 13).sum();
        assert_eq!(thirteen, Usd::from_cents(3250));
        assert_eq!(thirteen.to_string(), "$32.50");
        assert_eq!((Usd::from_cents(5) - Usd::from_cents(110)).to_string(), "-$1.05");
    }

    #[test]
    fn only_whole_cents_are_amounts() {
        assert_eq!(Usd::from_dollars(0.29).unwrap().cents(), 29);
        for wrong in [2.505, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(Usd::from_dollars(wrong).is_none(), "{wrong}");
        }
    }
}
