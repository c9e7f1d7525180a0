//! What a refused request is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A way in which a credential may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UseMode {
    /// Handed to a program that the agent runs.
    Use,
    /// A one-time code is computed from it.
    Totp,
    /// Shown to the agent.
    Reveal,
    /// A new version may be written.
    Write,
}

/// The closed list of error codes. The HTTP status of each stands in docs/API.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// 400: the body is not what this route takes; the message names the member.
    BadRequest,
    /// 400: the request carried PRF output or a key. Nothing of it was kept.
    SecretRefused,
    /// 400: a signature, hash, version chain or record in the request does not hold.
    NotValid,
    /// 401: no caller, or one that could not be proved.
    Unauthenticated,
    /// 401: the proof's time is too far from the node's; `now_ms` says what time the node has.
    ClockSkew,
    /// 403: this needs a passkey used within the last five minutes.
    FreshPasskeyNeeded,
    /// 403: the thing exists; `allowed_modes` and `remedy` say what is possible.
    Forbidden,
    /// 403: the field is of a tier that this kind of caller never opens.
    TierTooHigh,
    /// 403: the agent is locked until the owner unlocks it with a passkey.
    AgentLocked,
    /// 404: unknown, or not for this caller.
    NotFound,
    /// 405: the route exists with another method.
    MethodNotAllowed,
    /// 409: somebody wrote in between; `current_version` says what is there.
    VersionConflict,
    /// 409: the vault needs a second way in before this.
    SecondWayInNeeded,
    /// 410: the link, string or ceremony was used or has expired.
    Gone,
    /// 413: larger than the limit; the message names it.
    TooLarge,
    /// 415: not `application/json`.
    UnsupportedMediaType,
    /// 425: the recovery delay is still running; `retry_after_s` says how long.
    RecoveryDelay,
    /// 429: the harvest budget is used up; `retry_after_s` says when to come back.
    BudgetExceeded,
    /// 429: too many requests from this address or caller.
    RateLimited,
    /// 500: our fault. The log has the request id.
    Internal,
    /// 503: the node is starting, stopping, or its disk is full; nothing was changed.
    Unavailable,
}

/// The body of every refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// Which refusal it is; programs branch on this.
    pub code: ErrorCode,
    /// One sentence for a person: what happened.
    pub message: String,
    /// Whether the thing asked for exists; absent where that is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// The ways in which this caller may use it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_modes: Vec<UseMode>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Seconds until it is worth trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
    /// The version the node holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_version: Option<u64>,
    /// The node's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now_ms: Option<u64>,
}
