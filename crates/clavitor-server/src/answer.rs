//! What handlers give back.

use axum::http::StatusCode;
use clavitor_api::SessionInfo;
use schemars::{JsonSchema, json_schema};

use crate::operation::{Json, Output, OutputSchema, Schemas};

/// The media type of every body of the REST interface.
pub const MEDIA_TYPE: &str = "application/json";

/// Done; there is nothing to say.
pub struct Done;

/// A session has begun: its description, and the cookie that proves it.
pub struct SignedIn {
    /// The description.
    pub info: SessionInfo,
    /// The session's token. It goes into the cookie and nowhere else.
    pub token: String,
}

/// The session has ended; the cookie is taken back.
pub struct SignedOut;

/// Alive, or ready, in one word.
pub struct Word(pub &'static str);

/// A document that was made when the node started.
pub struct Document(pub bytes::Bytes);

impl<T: JsonSchema + Send + 'static> Output for Json<T> {
    fn schema(schemas: &mut Schemas) -> OutputSchema {
        OutputSchema { status: StatusCode::OK, body: Some((MEDIA_TYPE, schemas.answers.subschema_for::<T>())) }
    }
}

impl Output for Done {
    fn schema(_: &mut Schemas) -> OutputSchema {
        OutputSchema { status: StatusCode::NO_CONTENT, body: None }
    }
}

impl Output for SignedIn {
    fn schema(schemas: &mut Schemas) -> OutputSchema {
        <Json<SessionInfo> as Output>::schema(schemas)
    }
}

impl Output for SignedOut {
    fn schema(schemas: &mut Schemas) -> OutputSchema {
        <Done as Output>::schema(schemas)
    }
}

impl Output for Word {
    fn schema(_: &mut Schemas) -> OutputSchema {
        OutputSchema { status: StatusCode::OK, body: Some(("text/plain", json_schema!({"type": "string"}))) }
    }
}

impl Output for Document {
    fn schema(_: &mut Schemas) -> OutputSchema {
        OutputSchema { status: StatusCode::OK, body: Some((MEDIA_TYPE, json_schema!({"type": "object"}))) }
    }
}
