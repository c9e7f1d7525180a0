//! Refusals: one place that turns what went wrong into a status and a body. What is for the log stays apart from what is for the caller.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use clavitor_api::{ErrorBody, ErrorCode, UseMode};
use clavitor_vault::{Denial, Error};

use crate::answer::MEDIA_TYPE;

/// How programs can prove who they are (RFC 9449 section 7.1); browsers make nothing of it.
const SCHEMES: &str = "DPoP algs=\"EdDSA\", Bearer";

/// A refused request.
#[derive(Debug)]
pub struct Refusal {
    /// What the caller is told.
    pub body: Box<ErrorBody>,
    /// What the log is told besides; never anything of the request's body.
    pub log: Option<String>,
    /// Whether the caller was proved: strangers do not write the log.
    pub proved: bool,
}

impl Refusal {
    /// A refusal with a code and a sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let body = ErrorBody {
            code,
            message: message.into(),
            exists: None,
            allowed_modes: Vec::new(),
            remedy: None,
            retry_after_s: None,
            current_version: None,
            now_ms: None,
        };
        Self { body: Box::new(body), log: None, proved: false }
    }

    /// The caller's request is not what the route takes.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    /// No caller, or one that could not be proved.
    pub fn unauthenticated() -> Self {
        Error::Unauthenticated.into()
    }

    /// Our fault.
    pub fn internal(log: impl Into<String>) -> Self {
        Self { log: Some(log.into()), ..Self::new(ErrorCode::Internal, "Something went wrong on the node. Its log has the request id.") }
    }

    /// Come back later.
    pub fn rate_limited(retry_after_s: u64) -> Self {
        Self::new(ErrorCode::RateLimited, "Too many requests.").retry_after(retry_after_s)
    }

    /// The same refusal with a next step.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.body.remedy = Some(remedy.into());
        self
    }

    /// The same refusal with a line for the log.
    #[must_use]
    pub fn logged(mut self, log: impl ToString) -> Self {
        self.log = Some(log.to_string());
        self
    }

    /// The same refusal with a time to wait.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.body.retry_after_s = Some(seconds);
        self
    }

    /// The same refusal of somebody whom the node knows.
    #[must_use]
    pub fn of_a_proved_caller(self) -> Self {
        Self { proved: true, ..self }
    }

    fn denied(code: ErrorCode, denial: Denial) -> Self {
        let mut refusal = Self::new(code, sentence(denial.message)).remedy(sentence(denial.remedy));
        refusal.body.exists = Some(true);
        refusal.body.allowed_modes = denial.allowed_modes.into_iter().map(mode_to_wire).collect();
        refusal
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        status(self.body.code)
    }
}

/// The way of use, as the wire names it.
pub fn mode_to_wire(mode: clavitor_vault::UseMode) -> UseMode {
    match mode {
        clavitor_vault::UseMode::Use => UseMode::Use,
        clavitor_vault::UseMode::Totp => UseMode::Totp,
        clavitor_vault::UseMode::Reveal => UseMode::Reveal,
        clavitor_vault::UseMode::Write => UseMode::Write,
    }
}

/// The status of each code, as docs/API.md lists them.
pub fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadRequest | ErrorCode::SecretRefused | ErrorCode::NotValid => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthenticated | ErrorCode::ClockSkew => StatusCode::UNAUTHORIZED,
        ErrorCode::FreshPasskeyNeeded | ErrorCode::Forbidden | ErrorCode::TierTooHigh | ErrorCode::AgentLocked => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::VersionConflict | ErrorCode::SecondWayInNeeded => StatusCode::CONFLICT,
        ErrorCode::Gone => StatusCode::GONE,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::RecoveryDelay => StatusCode::TOO_EARLY,
        ErrorCode::BudgetExceeded | ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The vault's texts are fragments; people read sentences.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return String::new() };
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{stop}", first.to_uppercase(), characters.as_str())
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let plain = |code| Self::new(code, sentence(&error.to_string()));
        match error {
            Error::Hidden => Self::new(ErrorCode::NotFound, "Not found."),
            Error::Unauthenticated => plain(ErrorCode::Unauthenticated),
            Error::FreshPasskeyNeeded => plain(ErrorCode::FreshPasskeyNeeded),
            Error::Forbidden(denial) => Self::denied(ErrorCode::Forbidden, denial),
            Error::TierTooHigh(denial) => Self::denied(ErrorCode::TierTooHigh, denial),
            Error::AgentLocked => plain(ErrorCode::AgentLocked).remedy("The owner unlocks it on the agents page, with a passkey."),
            Error::BadRequest(_) => plain(ErrorCode::BadRequest),
            Error::NotValid(_) => plain(ErrorCode::NotValid),
            Error::VersionConflict { current } => {
                let mut refusal = plain(ErrorCode::VersionConflict);
                refusal.body.current_version = Some(current);
                refusal
            }
            Error::SecondWayInNeeded => plain(ErrorCode::SecondWayInNeeded),
            Error::Gone => plain(ErrorCode::Gone),
            Error::TooLarge(_) => plain(ErrorCode::TooLarge),
            Error::RecoveryDelay { retry_after_s } => plain(ErrorCode::RecoveryDelay).retry_after(retry_after_s),
            Error::BudgetExceeded { retry_after_s } => plain(ErrorCode::BudgetExceeded).retry_after(retry_after_s),
            Error::RateLimited { retry_after_s } => plain(ErrorCode::RateLimited).retry_after(retry_after_s),
            Error::Unavailable(why) => plain(ErrorCode::Unavailable).logged(why),
            Error::Internal(why) => Self::internal(why),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body).unwrap_or_default();
        let mut response = (self.status(), [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        if let Some(seconds) = self.body.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if response.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(SCHEMES));
        }
        response.extensions_mut().insert(Refused { code: self.body.code, log: self.log, proved: self.proved });
        response
    }
}

/// What the log line of a refused request says; it travels with the response and never leaves the process.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Which refusal.
    pub code: ErrorCode,
    /// Why, for the log.
    pub log: Option<String>,
    /// Whether the caller was proved.
    pub proved: bool,
}
