//! What the renewal of certificates looks like from outside: for health, metrics, `doctor` and the web page.

use super::span::Level;

/// How the node's certificate is doing. Times are Unix milliseconds. It holds nothing secret.
#[derive(Debug, Clone, PartialEq)]
pub struct AcmeStatus {
    /// How much of the certificate's life is left, in words of [`Level`].
    pub level: Level,
    /// Whole days until it ends; negative once it has ended; none while there is none.
    pub days_left: Option<i64>,
    /// What is left of its life, from 1 to 0.
    pub fraction_left: Option<f64>,
    /// When it was issued.
    pub last_success_ms: Option<u64>,
    /// Why the last attempt failed, in a sentence for the operator; none if it did not.
    pub last_error: Option<String>,
    /// Failed attempts since the last good one.
    pub failures: u32,
    /// When the next order is due as things stand.
    pub next_attempt_ms: Option<u64>,
    /// The directory of the authority that was asked last.
    pub directory: Option<String>,
    /// The address of the account there, for a CAA record with `accounturi` (RFC 8657).
    pub account: Option<String>,
    /// Whether an order is under way.
    pub ordering: bool,
}
