//! What handlers give back.

use std::{marker::PhantomData, sync::Arc};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use clavitor_api::{Readiness, SessionInfo};
use schemars::{JsonSchema, json_schema};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    cookie, metrics,
    operation::{Json, Output, OutputSchema, Schemas},
    refusal::Refusal,
};

/// The media type of every body of the REST interface.
pub const MEDIA_TYPE: &str = "application/json";

/// A JSON body that was written earlier, of which `T` is the schema.
pub struct Told<T> {
    body: Bytes,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize> Told<T> {
    /// Writes one.
    pub(crate) fn write(value: &T) -> clavitor_vault::Result<Vec<u8>> {
        serde_json::to_vec(value).map_err(|error| clavitor_vault::Error::Internal(format!("answer cannot be written: {error}")))
    }

    /// One that [`Told::write`] wrote.
    pub(crate) fn new(written: Arc<[u8]>) -> Self {
        Self { body: Bytes::from_owner(written), of: PhantomData }
    }
}

/// Done; there is nothing to say.
pub struct Done;

/// A session has begun: its description, and the cookie that proves it.
pub struct SignedIn {
    /// The description.
    pub info: SessionInfo,
    /// The session's token. It goes into the cookie and nowhere else.
    pub token: Zeroizing<String>,
}

/// The session has ended; the cookie is taken back.
pub struct SignedOut;

/// Alive, or ready, in one word.
pub struct Word(pub &'static str);

/// Whether the node can do its work: 200 or 503, and a line for each check.
pub struct Ready(pub Readiness);

/// Numbers for Prometheus.
pub struct Metrics(pub String);

/// A document that was made when the node started.
pub struct Document(pub Bytes);

impl<T: JsonSchema + Serialize + Send + 'static> Output for Json<T> {
    fn schema(schemas: &mut Schemas) -> OutputSchema {
        OutputSchema { status: StatusCode::OK, body: Some((MEDIA_TYPE, schemas.answers.subschema_for::<T>())) }
    }

    fn respond(self) -> Result<Response, Refusal> {
        let body = serde_json::to_vec(&self.0).map_err(|error| Refusal::internal(format!("answer cannot be written: {error}")))?;
        Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response())
    }
}

impl<T: JsonSchema + Serialize + Send + 'static> Output for Told<T> {
    fn schema(schemas: &mut Schemas) -> OutputSchema {
        <Json<T> as Output>::schema(schemas)
    }

    fn respond(self) -> Result<Response, Refusal> {
        Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], self.body).into_response())
    }
}

impl Output for Done {
    fn schema(_: &mut Schemas) -> OutputSchema {
        OutputSchema { status: StatusCode::NO_CONTENT, body: None }
    }

    fn respond(self) -> Result<Response, Refusal> {
        Ok(StatusCode::NO_CONTENT.into_response())
    }
}

impl Output for SignedIn {
    fn schema(schemas: &mut Schemas) -> OutputSchema {
        <Json<SessionInfo> as Output>::schema(schemas)
    }

    fn respond(self) -> Result<Response, Refusal> {
        let given = cookie::give(&self.token).ok_or_else(|| Refusal::internal("session token does not fit a header"))?;
        let mut response = Json(self.info).respond()?;
        response.headers_mut().insert(header::SET_COOKIE, given);
        Ok(response)
    }
}

impl Output for SignedOut {
    fn schema(schemas: &mut Schemas) -> OutputSchema {
        <Done as Output>::schema(schemas)
    }

    fn respond(self) -> Result<Response, Refusal> {
        let mut response = Done.respond()?;
        if let Some(taken) = cookie::take_back() {
            response.headers_mut().insert(header::SET_COOKIE, taken);
        }
        Ok(response)
    }
}

impl Output for Word {
    fn schema(_: &mut Schemas) -> OutputSchema {
        OutputSchema { status: StatusCode::OK, body: Some(("text/plain", json_schema!({"type": "string"}))) }
    }

    fn respond(self) -> Result<Response, Refusal> {
        Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], self.0).into_response())
    }
}

impl Output for Document {
    fn schema(_: &mut Schemas) -> OutputSchema {
        OutputSchema { status: StatusCode::OK, body: Some((MEDIA_TYPE, json_schema!({"type": "object"}))) }
    }

    fn respond(self) -> Result<Response, Refusal> {
        Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], self.0).into_response())
    }
}

impl Output for Ready {
    fn schema(schemas: &mut Schemas) -> OutputSchema {
        <Json<Readiness> as Output>::schema(schemas)
    }

    fn respond(self) -> Result<Response, Refusal> {
        let failed = |error: serde_json::Error| Refusal::internal(format!("answer cannot be written: {error}"));
        let lines: Vec<String> = self.0.checks.iter().map(serde_json::to_string).collect::<Result<_, _>>().map_err(failed)?;
        let body = format!("{{\"ready\":{},\"checks\":[\n{}\n]}}\n", self.0.ready, lines.join(",\n"));
        let status = if self.0.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        Ok((status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response())
    }
}

impl Output for Metrics {
    fn schema(_: &mut Schemas) -> OutputSchema {
        OutputSchema { status: StatusCode::OK, body: Some((metrics::MEDIA_TYPE, json_schema!({"type": "string"}))) }
    }

    fn respond(self) -> Result<Response, Refusal> {
        Ok(([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], self.0).into_response())
    }
}
