//! The one alarm: a node sent something that does not prove what it must.

use std::fmt;

use crate::failure::{Failure, Kind};

/// What was refused. It names the object and the fault, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm(String);

impl Alarm {
    /// An object that fails a check.
    pub fn new(object: &str, fault: impl fmt::Display) -> Self {
        Self(format!("{object} {fault}"))
    }

    /// An older version than one verified before.
    pub fn rollback(object: &str, version: u64, pinned: u64) -> Self {
        Self(format!("{object} was rolled back: version {version} was sent, version {pinned} was verified before"))
    }

    /// Two histories.
    pub fn fork(object: &str) -> Self {
        Self(format!("{object} has two histories: what was sent is not what was verified before, nor its continuation"))
    }

    /// The alarm as the caller sees it.
    pub fn failure(&self, profile: &str) -> Failure {
        Failure::new(
            Kind::IdentityMismatch,
            format!("ALARM: the node sent something that must not be trusted: {self}. Nothing was opened, and nothing will be until a person has looked"),
        )
        .remedy(format!(
            "tell the vault's owner; the node or the way to it may be in other hands. When that is settled: clavitor agent --profile {profile} alarm --clear"
        ))
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
