//! One request with a deadline for all of it, a bounded answer, and errors that name neither a path nor a query: a token may stand in them.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{Method, Request, Uri, header};

use super::{Client, innermost};

/// Who asks, as servers log it.
pub(crate) const AGENT: &str = concat!("clavitor/", env!("CARGO_PKG_VERSION"));

/// What is sent.
pub struct Ask<'a> {
    /// Where to, path and query included.
    pub to: &'a Uri,
    /// A token for `Authorization: Bearer`.
    pub bearer: Option<&'a str>,
    /// From the first look at the name to the last byte of the answer.
    pub deadline: Duration,
    /// A longer answer is an error.
    pub answer_bytes_max: usize,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

/// Why nothing came back. No message has the path or the query of the address, nor anything that was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// No answer within the deadline.
    #[error("no answer within {0} s")]
    Deadline(u64),
    /// The name, the connection or TLS failed; the cause in the words of whatever noticed.
    #[error("{0}")]
    Unreachable(String),
    /// The answer is longer than allowed.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// The answer ended in the middle.
    #[error("the answer was cut off")]
    CutOff,
    /// The address or the token cannot stand in a request.
    #[error("the address or the token has characters that do not belong there")]
    Unfit,
}

/// GET.
///
/// # Errors
/// [`AskError`].
pub async fn get(client: &Client, ask: &Ask<'_>) -> Result<Answer, AskError> {
    send(client, ask, Method::GET, None).await
}

/// POST of a JSON body.
///
/// # Errors
/// [`AskError`].
pub async fn post(client: &Client, ask: &Ask<'_>, json: Bytes) -> Result<Answer, AskError> {
    send(client, ask, Method::POST, Some(json)).await
}

async fn send(client: &Client, ask: &Ask<'_>, method: Method, json: Option<Bytes>) -> Result<Answer, AskError> {
    let mut request = Request::builder().method(method).uri(ask.to).header(header::USER_AGENT, AGENT);
    if let Some(token) = ask.bearer {
        let mut value = header::HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| AskError::Unfit)?;
        value.set_sensitive(true);
        request = request.header(header::AUTHORIZATION, value);
    }
    if json.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let request = request.body(Full::new(json.unwrap_or_default())).map_err(|_| AskError::Unfit)?;
    let whole = async {
        let response = client.request(request).await.map_err(|error| AskError::Unreachable(innermost(&error)))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ask.answer_bytes_max)
            .collect()
            .await
            .map_err(|error| if error.is::<LengthLimitError>() { AskError::TooLong(ask.answer_bytes_max) } else { AskError::CutOff })?;
        Ok(Answer { status, body: body.to_bytes() })
    };
    tokio::time::timeout(ask.deadline, whole).await.unwrap_or(Err(AskError::Deadline(ask.deadline.as_secs())))
}
