//! What an operation answers when it does not do what was asked, sorted by whose fault it is.

use thiserror::Error;

/// A way in which a credential may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum UseMode {
    /// Handed to a program that the agent runs.
    Use = 1,
    /// A one-time code is computed from it.
    Totp = 2,
    /// Shown to the agent.
    Reveal = 3,
    /// A new version may be written.
    Write = 4,
}

impl UseMode {
    /// Every mode.
    pub const ALL: [Self; 4] = [Self::Use, Self::Totp, Self::Reveal, Self::Write];

    /// Its name in the audit log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Use => "use",
            Self::Totp => "totp",
            Self::Reveal => "reveal",
            Self::Write => "write",
        }
    }
}

/// Why something that exists is not given, and what is possible instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// One sentence: what happened.
    pub message: &'static str,
    /// The ways in which this caller may use the thing.
    pub allowed_modes: Vec<UseMode>,
    /// What to do next.
    pub remedy: &'static str,
}

/// The closed list of refusals. The first message is for the caller; [`Error::Internal`] and [`Error::Unavailable`] carry one for the log only.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// Unknown, or not for this caller: the two look the same.
    #[error("not found")]
    Hidden,
    /// No caller, or one that could not be proved.
    #[error("sign in first")]
    Unauthenticated,
    /// The step needs a passkey used within the last five minutes.
    #[error("use your passkey again to do this")]
    FreshPasskeyNeeded,
    /// The thing exists and this caller may not use it in this way.
    #[error("{}", .0.message)]
    Forbidden(Denial),
    /// The field is of a tier that this kind of caller never opens.
    #[error("{}", .0.message)]
    TierTooHigh(Denial),
    /// The agent is locked until its owner unlocks it.
    #[error("this agent is locked until its owner unlocks it")]
    AgentLocked,
    /// The request is not what the operation takes; the text names the member.
    #[error("{0}")]
    BadRequest(&'static str),
    /// A signature, hash, chain or record does not hold; the text says which.
    #[error("{0}")]
    NotValid(&'static str),
    /// Somebody wrote in between.
    #[error("somebody else saved a newer version")]
    VersionConflict {
        /// The version that is stored.
        current: u64,
    },
    /// The vault needs a second way in before this.
    #[error("add a second way in before storing more")]
    SecondWayInNeeded,
    /// The link, string or ceremony was used or has expired.
    #[error("this was already used, or it has expired")]
    Gone,
    /// Larger than a limit; the text names it.
    #[error("{0}")]
    TooLarge(&'static str),
    /// The recovery delay is still running.
    #[error("the recovery delay is still running")]
    RecoveryDelay {
        /// Seconds until it ends.
        retry_after_s: u64,
    },
    /// The harvest budget is used up.
    #[error("too many different entries in a short time")]
    BudgetExceeded {
        /// Seconds until it is worth trying again.
        retry_after_s: u64,
    },
    /// Too many failed attempts.
    #[error("too many attempts")]
    RateLimited {
        /// Seconds until it is worth trying again.
        retry_after_s: u64,
    },
    /// The disk is full, or the store stopped after an input or output error. Nothing was changed.
    #[error("the vault cannot be written now")]
    Unavailable(&'static str),
    /// Our fault. The text is for the log, never for the caller.
    #[error("internal error")]
    Internal(String),
}

impl Error {
    /// The word that stands for this refusal in the audit log; the same as the error code on the wire.
    #[must_use]
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Hidden => "not_found",
            Self::Unauthenticated => "unauthenticated",
            Self::FreshPasskeyNeeded => "fresh_passkey_needed",
            Self::Forbidden(_) => "forbidden",
            Self::TierTooHigh(_) => "tier_too_high",
            Self::AgentLocked => "agent_locked",
            Self::BadRequest(_) => "bad_request",
            Self::NotValid(_) => "not_valid",
            Self::VersionConflict { .. } => "version_conflict",
            Self::SecondWayInNeeded => "second_way_in_needed",
            Self::Gone => "gone",
            Self::TooLarge(_) => "too_large",
            Self::RecoveryDelay { .. } => "recovery_delay",
            Self::BudgetExceeded { .. } => "budget_exceeded",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }
}

/// What an operation returns.
pub type Result<T> = std::result::Result<T, Error>;
