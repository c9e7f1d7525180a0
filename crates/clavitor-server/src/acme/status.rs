//! What the renewal of certificates looks like from outside: for health, metrics, `doctor` and the web page.

use std::{io, path::Path};

use super::{
    order::certified,
    span::Level,
    store::glance,
    teller::{FAILURES_TOLD, level},
};
use crate::tls::Life;

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

impl AcmeStatus {
    /// Whether renewing fails for longer than a hiccup of the authority, or cannot be tried because the clock is wrong.
    pub fn failing(&self) -> bool {
        self.failures >= FAILURES_TOLD || (self.failures == 0 && self.last_error.is_some())
    }

    /// Everything that follows from the certificate alone.
    pub(super) fn of_life(life: Option<&Life>, now_ms: u64) -> Self {
        Self {
            level: level(life, now_ms),
            days_left: life.map(|life| life.days_left(now_ms / 1000)),
            fraction_left: life.map(|life| life.fraction_left(now_ms / 1000)),
            last_success_ms: None,
            last_error: None,
            failures: 0,
            next_attempt_ms: None,
            directory: None,
            account: None,
            ordering: false,
        }
    }
}

/// The same as far as it lies on the disk, for a process beside the node; nothing is changed there. None if the node never asked for a certificate.
///
/// # Errors
/// The folder cannot be read: it belongs to the user that runs the node.
pub fn kept(data: &Path, now_ms: u64) -> io::Result<Option<AcmeStatus>> {
    let Some(glance) = glance(data)? else { return Ok(None) };
    let life = glance.certificate.as_ref().and_then(|kept| certified(kept).ok()).map(|(_, life)| life);
    let attempts = glance.attempts.unwrap_or_default();
    Ok(Some(AcmeStatus {
        last_success_ms: glance.certificate.map(|kept| kept.issued_ms),
        last_error: attempts.last_error,
        failures: attempts.memory.failures(),
        directory: attempts.directory,
        account: attempts.account,
        ..AcmeStatus::of_life(life.as_ref(), now_ms)
    }))
}
