//! ACME's requests through the one way out: https only, a deadline, a bound on answers, and what answers say in passing (date, when to come back).

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use axum::http::{HeaderMap, Request, Response, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};

/// A request and its answer take at most this long.
const REQUEST_S_MAX: u64 = 30;
/// A certificate chain is a few kilobytes.
const ANSWER_BYTES_MAX: usize = 256 << 10;

/// What the last answer said beside its body.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard {
    /// Its `Date`, Unix seconds.
    pub date_s: Option<i64>,
    /// Its `Retry-After`, as a length of time, if it was a refusal.
    pub retry_after_ms: Option<u64>,
}

/// Requests to certificate authorities. Cheap to clone; clones share what was heard.
#[derive(Clone)]
pub(super) struct Transport {
    client: clavitor_outbound::Client,
    heard: Arc<Mutex<Heard>>,
}

impl Transport {
    pub(super) fn new(client: clavitor_outbound::Client) -> Self {
        Self { client, heard: Arc::default() }
    }

    pub(super) fn heard(&self) -> Heard {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, status: StatusCode, headers: &HeaderMap) {
        let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
        let refused = status.is_client_error() || status.is_server_error();
        let retry_after_ms =
            text(header::RETRY_AFTER).filter(|_| refused).and_then(|value| clavitor_outbound::retry_after_ms(value, SystemTime::now()));
        let date_s = text(header::DATE).and_then(unix_s);
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Heard { date_s, retry_after_ms };
    }

    async fn send(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        if request.uri().scheme_str() != Some("https") {
            return Err(Error::Str("the authority's address does not begin with https://"));
        }
        let (parts, body) = request.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(never) => match never {},
        };
        let response = self.client.request(Request::from_parts(parts, Full::new(body))).await.map_err(other)?;
        self.hear(response.status(), response.headers());
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(Error::Other)?.to_bytes();
        let refused = parts.status.is_client_error() || parts.status.is_server_error();
        if refused && serde_json::from_slice::<instant_acme::Problem>(&body).is_err() {
            // A page of a proxy or a maintenance notice: the library would only complain about its JSON.
            let problem = serde_json::json!({ "status": parts.status.as_u16(), "detail": format!("it answered {}", parts.status) });
            return Ok(Response::from_parts(parts, Full::new(Bytes::from(problem.to_string()))).into());
        }
        Ok(Response::from_parts(parts, Full::new(body)).into())
    }
}

impl HttpClient for Transport {
    fn request(&self, request: Request<BodyWrapper<Bytes>>) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let sending = self.clone().send(request);
        Box::pin(async move {
            match tokio::time::timeout(Duration::from_secs(REQUEST_S_MAX), sending).await {
                Ok(result) => result,
                Err(_) => Err(Error::Str("no answer within 30 seconds")),
            }
        })
    }
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Other(Box::new(error))
}

/// Whether an address may be a directory: https, with a host.
pub(super) fn is_directory(address: &str) -> bool {
    address.parse::<Uri>().is_ok_and(|uri| uri.scheme_str() == Some("https") && uri.host().is_some())
}

/// Unix seconds of a date as HTTP writes it (RFC 9110 section 5.6.7).
fn unix_s(value: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(value).ok()?;
    i64::try_from(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_http_writes_them() {
        assert_eq!(unix_s("Sun, 22 Nov 2026 12:00:00 GMT"), Some(1_795_348_800));
        assert_eq!(unix_s("yesterday"), None);
    }

    #[test]
    fn only_https_is_a_directory() {
        assert!(is_directory("https://localhost:14000/dir"));
        assert!(!is_directory("http://localhost:14000/dir") && !is_directory("localhost") && !is_directory(""));
    }
}
