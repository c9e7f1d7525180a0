//! The one error of the command line: what happened, why, what to type next, and the exit code.

use std::fmt;

use serde::Serialize;

use crate::inventory::Finding;

/// Which kind of failure it is. Programs branch on the exit code; the table stands in docs/FLEET.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Anything that has no code of its own.
    General,
    /// The inventory does not hold.
    Inventory,
    /// What was named is not there: a node, a plan, a file.
    NotFound,
    /// It would break something, so nothing was done.
    Refused,
    /// Another run holds the fleet's state, or a file changed meanwhile.
    Busy,
    /// A machine or a service could not be reached.
    Unreachable,
    /// The operator did not confirm; nothing was done.
    NotConfirmed,
    /// A rollout stopped at its first failure, and that node serves what it served before.
    RolledBack,
    /// A rollout stopped, and the state of at least one node is not known.
    Unconfirmed,
    /// The look at the fleet found something that wants an operator.
    Unhealthy,
    /// The command line makes no sense. The number is sysexits' EX_USAGE.
    Usage,
    /// Ctrl-C; what was begun can be resumed.
    Interrupted,
}

impl Kind {
    /// Every kind, for the table in the documentation.
    pub const ALL: [Self; 12] = [
        Self::General,
        Self::Inventory,
        Self::NotFound,
        Self::Refused,
        Self::Busy,
        Self::Unreachable,
        Self::NotConfirmed,
        Self::RolledBack,
        Self::Unconfirmed,
        Self::Unhealthy,
        Self::Usage,
        Self::Interrupted,
    ];

    /// The process exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::General => 1,
            Self::Inventory => 2,
            Self::NotFound => 3,
            Self::Refused => 4,
            Self::Busy => 5,
            Self::Unreachable => 6,
            Self::NotConfirmed => 7,
            Self::RolledBack => 8,
            Self::Unconfirmed => 9,
            Self::Unhealthy => 10,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }

    /// The word that stands in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::General => "failed",
            Self::Inventory => "inventory",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
            Self::NotConfirmed => "not_confirmed",
            Self::RolledBack => "rolled_back",
            Self::Unconfirmed => "unconfirmed",
            Self::Unhealthy => "unhealthy",
            Self::Usage => "usage",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A failure, with everything the operator needs to go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Which kind.
    pub kind: Kind,
    /// One sentence: what happened.
    pub message: String,
    /// One sentence: why, where that is known.
    pub why: Option<String>,
    /// What to type next.
    pub next: Option<String>,
    /// The places of the inventory that do not hold; empty for other failures.
    pub findings: Vec<Finding>,
}

impl Failure {
    /// A failure with a sentence and nothing else.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), why: None, next: None, findings: Vec::new() }
    }

    /// A failure without an exit code of its own.
    pub fn general(message: impl Into<String>) -> Self {
        Self::new(Kind::General, message)
    }

    /// An exit code for what the answer has said already: nothing is added to it.
    pub fn said(kind: Kind) -> Self {
        Self::new(kind, "")
    }

    /// Adds the reason.
    #[must_use]
    pub fn why(mut self, why: impl fmt::Display) -> Self {
        self.why = Some(why.to_string());
        self
    }

    /// Adds what to type next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// The form that is printed with `--json`.
    pub(crate) fn json(&self) -> FailureJson<'_> {
        FailureJson {
            schema: "clavitor.fleet-error/1",
            code: self.kind.word(),
            exit_code: self.kind.exit_code(),
            message: &self.message,
            why: self.why.as_deref(),
            next: self.next.as_deref(),
            findings: &self.findings,
        }
    }
}

/// The JSON form, `clavitor.fleet-error/1`.
#[derive(Debug, Serialize)]
pub(crate) struct FailureJson<'a> {
    schema: &'static str,
    code: &'static str,
    exit_code: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Finding]>::is_empty")]
    findings: &'a [Finding],
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(why) = &self.why {
            write!(f, "\n  because {why}")?;
        }
        for finding in &self.findings {
            write!(f, "\n{finding}")?;
        }
        if let Some(next) = &self.next {
            write!(f, "\n  next: {next}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_and_words_are_distinct() {
        let codes: std::collections::BTreeSet<u8> = Kind::ALL.iter().map(|kind| kind.exit_code()).collect();
        let words: std::collections::BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        assert_eq!((codes.len(), words.len()), (Kind::ALL.len(), Kind::ALL.len()));
        assert!(!codes.contains(&0));
    }

    #[test]
    fn a_failure_says_what_why_and_what_next() {
        let failure = Failure::new(Kind::NotFound, "no node is called oslo").why("the inventory has 16 others").next("clavitor-fleet list");
        assert_eq!(failure.to_string(), "no node is called oslo\n  because the inventory has 16 others\n  next: clavitor-fleet list");
        let json = serde_json::to_value(failure.json()).unwrap();
        assert_eq!((json["code"].as_str(), json["exit_code"].as_u64()), (Some("not_found"), Some(3)));
        assert!(json.get("findings").is_none());
    }
}
