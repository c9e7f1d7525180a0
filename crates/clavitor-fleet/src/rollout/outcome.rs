//! How a rollout ended, and the exit code that says so.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cli::Kind;

/// How it ended. The exit codes are a table in `docs/FLEET.md`; giving up, when asked to, is no failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every node of the plan runs the new system, confirmed.
    Completed,
    /// A node said no before anything was changed on it. Every node is confirmed or as it was.
    Refused,
    /// A node did not pass and is back on its old system. Every node is confirmed or as it was.
    RolledBack,
    /// Nodes were confirmed and then stopped serving, or no other node serves.
    Unhealthy,
    /// At least one node cannot be seen, or did not go back.
    Unknown,
    /// The operator stopped it. Unconfirmed nodes have their timer.
    Interrupted,
    /// The operator gave it up. Every node is confirmed or as it was.
    Aborted,
}

impl Outcome {
    /// Which kind of failure it is, if it is one; the kind brings the exit code.
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Self::Completed | Self::Aborted => None,
            Self::Refused => Some(Kind::Refused),
            Self::RolledBack => Some(Kind::RolledBack),
            Self::Unknown => Some(Kind::Unconfirmed),
            Self::Interrupted => Some(Kind::Interrupted),
            Self::Unhealthy => Some(Kind::Unhealthy),
        }
    }

    /// Whether nothing is left to resume.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Completed | Self::Aborted)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Completed => "every node runs the new version, confirmed",
            Self::Refused => "stopped: a node refused, and was not changed",
            Self::RolledBack => "stopped: a node did not pass, and is back on its old version",
            Self::Unhealthy => "stopped: nodes that should serve do not",
            Self::Unknown => "stopped: of at least one node nobody knows what it runs",
            Self::Interrupted => "interrupted by you",
            Self::Aborted => "given up: what was not confirmed is as it was",
        })
    }
}
