//! The seam between the editions. Application code asks the edition and never tests which one it is.

use axum::{
    http::Method,
    response::{IntoResponse, Response},
};
use clavitor_api::ErrorCode;

use crate::refusal::Refusal;

/// A request that no operation and no file answers.
pub struct Unmatched<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its path.
    pub path: &'a str,
    /// Whether it came over HTTP/1.
    pub http1: bool,
}

/// What differs between the editions.
pub trait Edition: Send + Sync + 'static {
    /// `community` or `commercial`.
    fn name(&self) -> &'static str;

    /// Tells the operator something that needs a person. `kind` is one word.
    fn alert(&self, kind: &str, message: &str);

    /// Answers a request for something that is not there.
    fn unmatched(&self, request: &Unmatched<'_>) -> Response {
        let _ = request;
        Refusal::new(ErrorCode::NotFound, "Not found.").into_response()
    }
}

/// The Community edition: nothing leaves the machine, alerts go to standard error.
pub struct Community;

impl Edition for Community {
    fn name(&self) -> &'static str {
        "community"
    }

    fn alert(&self, kind: &str, message: &str) {
        use std::io::Write as _;
        // Nobody is left to be told when standard error is gone.
        let _ = writeln!(std::io::stderr(), "OPERATOR ALERT [{kind}]: {message}");
    }
}
