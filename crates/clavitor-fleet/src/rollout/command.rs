//! What is asked of a node, and what comes back: closed lists, as they stand in the journal.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the three checks after a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// TLS from outside at the public address with the real name, ready, and the new version.
    Outside,
    /// A fresh ssh connection through the tunnel finds the new system running.
    Tunnel,
    /// The node's own word: it works, and it is the new version.
    Heartbeat,
}

impl Check {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Outside, Self::Tunnel, Self::Heartbeat];

    /// The one after this.
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Outside => Some(Self::Tunnel),
            Self::Tunnel => Some(Self::Heartbeat),
            Self::Heartbeat => None,
        }
    }
}

/// What is asked of one node. At most one is under way for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Asked from outside whether it serves, whatever its version.
    Serving,
    /// Whether it can take the new system. Changes nothing.
    Preflight,
    /// Online backup of the vault, on the node.
    Backup,
    /// Copies the new system's closure to it.
    Copy,
    /// Arms the timer that goes back to the system of now, and marks the node as unconfirmed.
    Arm,
    /// Activates the new system, without making it the one that boots.
    Switch,
    /// One of the checks.
    Check(Check),
    /// Makes the new system the one that boots, removes the mark, stops the timer. The node refuses if its timer was faster.
    Confirm,
    /// Goes back now, removes the mark, stops the timer.
    Rollback,
    /// Asks what it runs, boots, and has armed. Changes nothing.
    Look,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// It was done, or all is well.
    Done,
    /// To `Preflight`: it runs and boots the new system already, confirmed.
    Already,
    /// To `Preflight`: it bears the mark of this very rollout. A step of a process that was killed arrived after it had been looked at.
    Unsettled,
    /// It says no, or it tried and failed.
    Failed(String),
    /// No answer: nobody knows whether it was done.
    Lost(String),
    /// To `Look`.
    Seen(Sight),
}

/// One of the two systems that matter to a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// The plan's.
    New,
    /// Any other.
    Old,
}

/// What a look at a node finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sight {
    /// What runs.
    pub runs: System,
    /// What would boot.
    pub boots: System,
    /// Whether the rollback timer is armed.
    pub is_armed: bool,
    /// Whether the node is marked as unconfirmed.
    pub is_marked: bool,
    /// Whether it is switching or going back at this moment.
    pub is_busy: bool,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Serving => "asking whether it serves",
            Self::Preflight => "preflight",
            Self::Backup => "backup",
            Self::Copy => "copying the system",
            Self::Arm => "arming the rollback timer",
            Self::Switch => "switching",
            Self::Check(Check::Outside) => "check from outside",
            Self::Check(Check::Tunnel) => "check through the tunnel",
            Self::Check(Check::Heartbeat) => "check of its own word",
            Self::Confirm => "confirming",
            Self::Rollback => "going back",
            Self::Look => "looking",
        })
    }
}
