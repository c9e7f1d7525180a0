//! The one error type of the agent's side: what happened, what may be done instead, and the exit code.
//!
//! Messages name things, never values.

use std::fmt;

use clavitor_api::{ErrorBody, ErrorCode, UseMode};
use serde::Serialize;

/// Which kind of failure it is. Programs branch on the exit code; the table stands in docs/agents.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Anything that has no code of its own: bad arguments, unreadable files, an answer that makes no sense.
    General,
    /// The node cannot be reached.
    Connection,
    /// The node does not accept this agent's identity, or there is none.
    Auth,
    /// Unknown, or not for this agent.
    NotFound,
    /// What the node sent, or the key file, does not prove what it must. Nothing was opened.
    IdentityMismatch,
    /// It exists, and may not be used this way.
    Denied,
    /// The owner has to confirm first.
    ApprovalPending,
    /// The owner refused, or the string expired.
    ApprovalRefused,
    /// The agent is locked or suspended.
    Locked,
    /// The harvest budget is used up.
    Budget,
    /// Only the person can open this field.
    OnlyThePerson,
}

impl Kind {
    /// Every kind, for the table in the documentation.
    pub const ALL: [Self; 11] = [
        Self::General,
        Self::Connection,
        Self::Auth,
        Self::NotFound,
        Self::IdentityMismatch,
        Self::Denied,
        Self::ApprovalPending,
        Self::ApprovalRefused,
        Self::Locked,
        Self::Budget,
        Self::OnlyThePerson,
    ];

    /// The process exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::General => 1,
            Self::Connection => 2,
            Self::Auth => 3,
            Self::NotFound => 4,
            Self::IdentityMismatch => 5,
            Self::Denied => 6,
            Self::ApprovalPending => 7,
            Self::ApprovalRefused => 8,
            Self::Locked => 9,
            Self::Budget => 10,
            Self::OnlyThePerson => 11,
        }
    }

    /// The word that stands in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::General => "failed",
            Self::Connection => "connection",
            Self::Auth => "unauthenticated",
            Self::NotFound => "not_found",
            Self::IdentityMismatch => "identity_mismatch",
            Self::Denied => "denied",
            Self::ApprovalPending => "approval_pending",
            Self::ApprovalRefused => "approval_refused",
            Self::Locked => "locked",
            Self::Budget => "budget_exceeded",
            Self::OnlyThePerson => "only_the_person",
        }
    }
}

/// A refusal or an error, with everything the caller needs to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which kind.
    pub kind: Kind,
    /// One sentence: what happened and why.
    pub message: String,
    /// Whether the thing asked for exists; absent where that is not told.
    pub exists: Option<bool>,
    /// The ways in which this agent may use it.
    pub allowed_modes: Vec<UseMode>,
    /// What to do next, as something to type where that is possible.
    pub remedy: Option<String>,
    /// Where the owner confirms.
    pub approval_url: Option<String>,
    /// Seconds until it is worth trying again.
    pub retry_after_s: Option<u64>,
    /// The vault changed while it was read; the same request is worth repeating at once.
    pub again: bool,
}

/// The JSON form, `clavitor.error/1`.
#[derive(Debug, Clone, Serialize)]
pub struct FailureJson<'a> {
    schema: &'static str,
    code: &'static str,
    exit_code: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exists: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_modes: Option<&'a [UseMode]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
}

impl Failure {
    /// A failure with a sentence and nothing else.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            exists: None,
            allowed_modes: Vec::new(),
            remedy: None,
            approval_url: None,
            retry_after_s: None,
            again: false,
        }
    }

    /// The owner changed the vault while it was read.
    pub fn changed_meanwhile() -> Self {
        Self { again: true, ..Self::general("the vault was changed while it was read").remedy("run the command again") }
    }

    /// A failure without an exit code of its own.
    pub fn general(message: impl Into<String>) -> Self {
        Self::new(Kind::General, message)
    }

    /// Adds what to do next.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Says that the thing exists, and the ways in which it may be used.
    #[must_use]
    pub fn exists(mut self, allowed_modes: Vec<UseMode>) -> Self {
        self.exists = Some(true);
        self.allowed_modes = allowed_modes;
        self
    }

    /// What a node's refusal means here. The message and remedy are the node's own words.
    pub fn from_node(body: ErrorBody, local_now_ms: u64) -> Self {
        let kind = match body.code {
            ErrorCode::Unauthenticated | ErrorCode::ClockSkew => Kind::Auth,
            ErrorCode::Forbidden | ErrorCode::FreshPasskeyNeeded | ErrorCode::SecondWayInNeeded => Kind::Denied,
            ErrorCode::TierTooHigh => Kind::OnlyThePerson,
            ErrorCode::AgentLocked => Kind::Locked,
            ErrorCode::NotFound => Kind::NotFound,
            ErrorCode::Gone => Kind::ApprovalRefused,
            ErrorCode::BudgetExceeded => Kind::Budget,
            ErrorCode::Unavailable => Kind::Connection,
            _ => Kind::General,
        };
        let message = match (body.code, body.now_ms) {
            (ErrorCode::ClockSkew, Some(node_ms)) => crate::clock::skew_message(local_now_ms, node_ms),
            _ => crate::label::sanitise(&body.message, MESSAGE_CHARS_MAX),
        };
        let remedy = match body.code {
            ErrorCode::ClockSkew => Some("set this machine's clock, for example: sudo timedatectl set-ntp true".to_owned()),
            _ => body.remedy.map(|text| crate::label::sanitise(&text, MESSAGE_CHARS_MAX)),
        };
        Self {
            kind,
            message,
            exists: body.exists,
            allowed_modes: body.allowed_modes,
            remedy,
            approval_url: None,
            retry_after_s: body.retry_after_s,
            again: false,
        }
    }

    /// The form that is printed with `--json` and handed to MCP clients.
    pub fn json(&self) -> FailureJson<'_> {
        FailureJson {
            schema: "clavitor.error/1",
            code: self.kind.code(),
            exit_code: self.kind.exit_code(),
            message: &self.message,
            exists: self.exists,
            allowed_modes: self.exists.is_some().then_some(self.allowed_modes.as_slice()),
            remedy: self.remedy.as_deref(),
            approval_url: self.approval_url.as_deref(),
            retry_after_s: self.retry_after_s,
        }
    }
}

/// A node's message is cut here, in characters.
const MESSAGE_CHARS_MAX: usize = 400;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.exists == Some(true) {
            f.write_str("\n  it exists; you may ")?;
            f.write_str(&modes_in_words(&self.allowed_modes))?;
        }
        if let Some(seconds) = self.retry_after_s {
            write!(f, "\n  try again in {seconds} s")?;
        }
        if let Some(remedy) = &self.remedy {
            write!(f, "\n  next: {remedy}")?;
        }
        if let Some(url) = &self.approval_url {
            write!(f, "\n  the owner confirms at {url}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

/// The modes as a phrase that ends "you may …".
pub fn modes_in_words(modes: &[UseMode]) -> String {
    let words: Vec<&str> = modes.iter().map(|mode| mode_in_words(*mode)).collect();
    match words.as_slice() {
        [] => "not use it".to_owned(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} or {last}", all.join(", ")),
    }
}

const fn mode_in_words(mode: UseMode) -> &'static str {
    match mode {
        UseMode::Use => "hand it to a program you run",
        UseMode::Totp => "get a one-time code from it",
        UseMode::Reveal => "read it",
        UseMode::Write => "write a new version of it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: ErrorCode) -> ErrorBody {
        ErrorBody {
            code,
            message: "no".into(),
            exists: None,
            allowed_modes: Vec::new(),
            remedy: None,
            retry_after_s: None,
            current_version: None,
            now_ms: None,
        }
    }

    #[test]
    fn exit_codes_are_one_to_eleven_in_order() {
        let codes: Vec<u8> = Kind::ALL.iter().map(|kind| kind.exit_code()).collect();
        assert_eq!(codes, (1..=11).collect::<Vec<u8>>());
    }

    #[test]
    fn a_denial_says_exists_how_and_what_next() {
        let body = ErrorBody {
            exists: Some(true),
            allowed_modes: vec![UseMode::Use, UseMode::Totp],
            remedy: Some("clavitor agent run".into()),
            ..refused(ErrorCode::Forbidden)
        };
        let failure = Failure::from_node(body, 0);
        assert_eq!(failure.kind.exit_code(), 6);
        let words = failure.to_string();
        assert!(words.contains("it exists; you may hand it to a program you run or get a one-time code from it"), "{words}");
        assert!(words.contains("next: clavitor agent run"));
        let json = serde_json::to_value(failure.json()).unwrap();
        assert_eq!(json["schema"], "clavitor.error/1");
        assert_eq!(json["exists"], true);
        assert_eq!(json["allowed_modes"], serde_json::json!(["use", "totp"]));
    }

    #[test]
    fn not_found_tells_nothing_about_existence() {
        let json = serde_json::to_value(Failure::from_node(refused(ErrorCode::NotFound), 0).json()).unwrap();
        assert_eq!(json["exit_code"], 4);
        assert!(json.get("exists").is_none());
        assert!(json.get("allowed_modes").is_none());
    }

    #[test]
    fn clock_skew_names_both_times() {
        let body = ErrorBody { now_ms: Some(1_790_003_600_000), ..refused(ErrorCode::ClockSkew) };
        let words = Failure::from_node(body, 1_790_000_000_000).to_string();
        assert!(words.contains("2026-09-21T14:13:20Z") && words.contains("2026-09-21T15:13:20Z"), "{words}");
        assert!(words.contains("60 min"), "{words}");
    }

    #[test]
    fn control_characters_of_a_node_do_not_reach_the_terminal() {
        let mut body = refused(ErrorCode::Forbidden);
        body.message = "no\u{1b}[2Jthing\u{202e}".into();
        assert_eq!(Failure::from_node(body, 0).message, "no[2Jthing");
    }
}
