//! One request to the receiver of alerts.

use std::time::Duration;

use bytes::Bytes;
use clavitor_outbound::{Client, ClientError, client};
use clavitor_server::edition::http::{HeaderValue, Method, Request, header};
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
            Ok(Ok(response)) => Answer::Status(response.status().as_u16()),
            _ => Answer::Lost,
        }
    }
}
