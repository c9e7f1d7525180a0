//! One request to the receiver of alerts.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use clavitor_outbound::{Client, ClientError, client, retry_after_ms};
use clavitor_server::edition::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::Full;
use zeroize::Zeroizing;

use super::{delivery::Answer, event::Event};
use crate::settings::Settings;

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module alerts/post";

/// Where alerts go, under the host.
const PATH: &str = "/v1/alerts";
/// From the first packet to the head of the answer.
const ANSWER_MS_MAX: u64 = 10_000;

/// Sends alerts. It knows the token and shows it to nobody else.
pub(crate) struct Post {
    client: Client,
    url: String,
    authorization: HeaderValue,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostError {
    /// No client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The token cannot stand in a header.
    #[error("the token cannot stand in a header")]
    Token,
}

impl Post {
    /// To the receiver of `settings`.
    pub(crate) fn new(settings: &Settings) -> Result<Self, PostError> {
        let bearer = Zeroizing::new(format!("Bearer {}", settings.token.as_str()));
        let mut authorization = HeaderValue::from_str(&bearer).map_err(|_| PostError::Token)?;
        authorization.set_sensitive(true);
        Ok(Self { client: client(None)?, url: format!("{}{PATH}", settings.host), authorization })
    }

    /// Sends one alert and waits for its answer.
    pub(crate) async fn send(&self, event: &Event) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.url)
            .header(header::AUTHORIZATION, self.authorization.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(event.body.clone())));
        let Ok(request) = request else { return Answer::Lost };
        match tokio::time::timeout(Duration::from_millis(ANSWER_MS_MAX), self.client.request(request)).await {
            Ok(Ok(response)) => answer(response.status(), response.headers()),
            _ => Answer::Lost,
        }
    }
}

/// Only whoever is busy has a say in when we come back (RFC 9110 section 15.6.4, RFC 6585 section 4).
fn answer(status: StatusCode, headers: &HeaderMap) -> Answer {
    let busy = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status);
    let said = headers.get(header::RETRY_AFTER).filter(|_| busy).and_then(|value| value.to_str().ok());
    match said.and_then(|said| retry_after_ms(said, SystemTime::now())) {
        Some(after_ms) => Answer::Busy { status: status.as_u16(), after_ms },
        None => Answer::Status(status.as_u16()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_busy_says_for_how_long() {
        let heard = |status: u16, after: &'static str| {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static(after))]);
            answer(StatusCode::from_u16(status).unwrap(), &headers)
        };
        assert_eq!(heard(503, "120"), Answer::Busy { status: 503, after_ms: 120_000 });
        assert_eq!(heard(429, "5"), Answer::Busy { status: 429, after_ms: 5_000 });
        assert_eq!(heard(503, "soon"), Answer::Status(503));
        assert_eq!((heard(202, "120"), heard(400, "120")), (Answer::Status(202), Answer::Status(400)));
    }
}
