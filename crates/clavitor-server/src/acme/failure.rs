//! Why there is no new certificate, in the operator's words, and what that means for the next attempt.

use std::{fmt, io};

use instant_acme::Problem;

use super::store::Way;
use crate::alert::CertificateFault;

/// An attempt that failed. It holds no secret: texts of the authority, cut to a readable length, and our own.
#[derive(Debug)]
pub(super) enum Failure {
    /// The authority could not be asked: name, connection, TLS, deadline, or an answer that is not ACME.
    Unreachable { directory: String, why: String },
    /// The authority's clock and ours differ by so many seconds; one of them is wrong, and ours is the one we can mend.
    Clock { authority_ahead_s: i64 },
    /// The authority connected, or tried to, and did not find the proof.
    Challenge { name: String, way: Way, why: String },
    /// The authority will not issue for a name, whatever we prove.
    Refused { why: String },
    /// Too many orders; wait.
    Limited { why: String, wait_ms: u64 },
    /// The authority does not know our account.
    NoAccount,
    /// The order is gone or invalid; a new one may do.
    OrderGone,
    /// Anything else that the authority answered.
    Authority { why: String },
    /// Terms of service, external account, profile: the operator must decide.
    Settings { why: String },
    /// What came is no certificate for our names and our key.
    Unusable { why: String },
    /// The data folder cannot be written.
    Disk(io::Error),
}

/// How long an authority that only says "too many" is left alone, milliseconds.
const LIMITED_MS: u64 = 3_600_000;
const WORDS_CHARS_MAX: usize = 300;

impl Failure {
    /// Sorts what the authority answered. `retry_after_ms` is what it said with that answer.
    pub(super) fn of_problem(problem: &Problem, retry_after_ms: Option<u64>) -> Self {
        let why = words(problem);
        let kind = problem.r#type.as_deref().and_then(|kind| kind.strip_prefix("urn:ietf:params:acme:error:")).unwrap_or_default();
        match kind {
            "rateLimited" => Self::Limited { why, wait_ms: retry_after_ms.unwrap_or(LIMITED_MS) },
            _ if problem.status == Some(429) || problem.status == Some(503) => {
                Self::Limited { why, wait_ms: retry_after_ms.unwrap_or(LIMITED_MS / 60) }
            }
            "accountDoesNotExist" => Self::NoAccount,
            "rejectedIdentifier" | "caa" | "unsupportedIdentifier" => Self::Refused { why },
            "userActionRequired" | "externalAccountRequired" | "unsupportedContact" | "invalidContact" | "invalidProfile" => {
                Self::Settings { why }
            }
            _ => Self::Authority { why },
        }
    }

    /// The word of it that alerts carry.
    pub(super) fn fault(&self) -> CertificateFault {
        match self {
            Self::Unreachable { .. } => CertificateFault::Unreachable,
            Self::Clock { .. } => CertificateFault::Clock,
            Self::Challenge { .. } => CertificateFault::Challenge,
            Self::Limited { .. } => CertificateFault::RateLimited,
            Self::Disk(_) => CertificateFault::Storage,
            Self::Refused { .. }
            | Self::NoAccount
            | Self::OrderGone
            | Self::Authority { .. }
            | Self::Settings { .. }
            | Self::Unusable { .. } => CertificateFault::Refused,
        }
    }

    /// How long this authority must be left alone, if it said so.
    pub(super) fn blocked_for_ms(&self) -> Option<u64> {
        match self {
            Self::Limited { wait_ms, .. } => Some(*wait_ms),
            _ => None,
        }
    }
}

/// What the authority says went wrong, all names included, in one line.
pub(super) fn words(problem: &Problem) -> String {
    let mut text = problem.detail.clone().or_else(|| problem.r#type.clone()).unwrap_or_else(|| "no reason given".to_owned());
    for part in problem.subproblems.iter().filter_map(|part| part.detail.as_deref()) {
        text.push_str("; ");
        text.push_str(part);
    }
    one_line(&text)
}

/// A foreign text in one line of bounded length: it goes to logs and pages.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(WORDS_CHARS_MAX).collect()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { directory, why } => write!(
                f,
                "the certificate authority at {directory} cannot be reached: {why}. The node needs to get out to it on its port, usually 443"
            ),
            Self::Clock { authority_ahead_s } => write!(
                f,
                "this machine's clock differs from the certificate authority's by {} s ({}). Set the clock, for instance with `timedatectl set-ntp true`; nothing is ordered until then",
                authority_ahead_s.unsigned_abs(),
                if *authority_ahead_s > 0 { "ours is behind" } else { "ours is ahead" }
            ),
            Self::Challenge { name, way, why } => {
                let (what, port) = match way {
                    Way::TlsAlpn => ("by TLS", 443),
                    Way::Http => ("by HTTP", 80),
                };
                write!(
                    f,
                    "the authority could not check {name} {what}: {why}. {name} must lead to this node, and port {port} must be open from everywhere"
                )
            }
            Self::Refused { why } => {
                write!(
                    f,
                    "the authority will not issue for these names: {why}. Check the spelling of --domain and the CAA records of the domain"
                )
            }
            Self::Limited { why, wait_ms } => {
                write!(f, "the authority asks to wait {} minutes: {why}", wait_ms.div_ceil(60_000))
            }
            Self::NoAccount => write!(f, "the authority does not know this node's account; a new one is made"),
            Self::OrderGone => write!(f, "the order is gone; a new one is made"),
            Self::Authority { why } => write!(f, "the authority refused: {why}"),
            Self::Settings { why } => write!(
                f,
                "the authority wants something else from you: {why}. See --acme-agree-tos, --acme-eab-kid, --acme-contact and --acme-profile"
            ),
            Self::Unusable { why } => write!(f, "what the authority sent is no certificate for this node: {why}"),
            Self::Disk(error) => write!(f, "the certificate cannot be kept in the data folder: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: &str, status: u16) -> Problem {
        let text = format!(r#"{{"type":"urn:ietf:params:acme:error:{kind}","detail":"because\nof this","status":{status}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn limits_are_told_from_refusals() {
        let limited = Failure::of_problem(&problem("rateLimited", 429), Some(90_000));
        assert_eq!(limited.blocked_for_ms(), Some(90_000));
        assert_eq!(Failure::of_problem(&problem("rateLimited", 403), None).blocked_for_ms(), Some(LIMITED_MS));
        assert_eq!(Failure::of_problem(&problem("serverInternal", 503), Some(5)).blocked_for_ms(), Some(5));
        assert!(matches!(Failure::of_problem(&problem("rejectedIdentifier", 400), None), Failure::Refused { .. }));
        assert!(matches!(Failure::of_problem(&problem("accountDoesNotExist", 400), None), Failure::NoAccount));
        assert!(matches!(Failure::of_problem(&problem("malformed", 400), None), Failure::Authority { .. }));
    }

    #[test]
    fn words_of_others_stay_on_one_line() {
        assert_eq!(words(&problem("malformed", 400)), "because of this");
        assert_eq!(one_line(&"x".repeat(5000)).len(), WORDS_CHARS_MAX);
    }

    #[test]
    fn a_wrong_clock_says_in_which_direction() {
        assert!(Failure::Clock { authority_ahead_s: 7200 }.to_string().contains("7200 s (ours is behind)"));
        assert!(Failure::Clock { authority_ahead_s: -7200 }.to_string().contains("ours is ahead"));
    }
}
