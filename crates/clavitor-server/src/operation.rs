//! One line of the operation table: how a request gets in, who may send it, what it carries and what it gets.

use axum::http::{Method, StatusCode};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::who::{Who, WhoKind};

/// Schemas of requests and of answers; serde reads and writes a type differently where members may be left out.
pub struct Schemas {
    /// For request bodies and query strings.
    pub requests: SchemaGenerator,
    /// For answers.
    pub answers: SchemaGenerator,
}

/// What a request carries besides its path.
#[derive(Debug)]
pub enum InputSchema {
    /// Nothing.
    Nothing,
    /// Path parameters only; they are read from the path's template.
    Path,
    /// A query string, as an object schema.
    Query(Schema),
    /// A JSON body.
    Body(Schema),
}

/// What an answer carries.
#[derive(Debug)]
pub struct OutputSchema {
    /// The status of success.
    pub status: StatusCode,
    /// The media type and schema of the body, if there is one.
    pub body: Option<(&'static str, Schema)>,
}

/// What a handler takes.
pub trait Input: Send + Sized + 'static {
    /// Its schema.
    fn schema(schemas: &mut Schemas) -> InputSchema;
}

/// What a handler gives.
pub trait Output: Send + Sized + 'static {
    /// Its schema.
    fn schema(schemas: &mut Schemas) -> OutputSchema;
}

/// A JSON body.
pub struct Json<T>(pub T);

/// A query string.
pub struct Query<T>(pub T);

impl Input for () {
    fn schema(_: &mut Schemas) -> InputSchema {
        InputSchema::Nothing
    }
}

impl<T: JsonSchema + Send + 'static> Input for Json<T> {
    fn schema(schemas: &mut Schemas) -> InputSchema {
        InputSchema::Body(schemas.requests.subschema_for::<T>())
    }
}

impl<T: JsonSchema + Send + 'static> Input for Query<T> {
    fn schema(schemas: &mut Schemas) -> InputSchema {
        InputSchema::Query(T::json_schema(&mut schemas.requests))
    }
}

/// One operation.
pub struct Operation {
    /// HTTP method.
    pub method: Method,
    /// Path template, in the router's and OpenAPI's common form.
    pub path: &'static str,
    /// Its name in clients.
    pub id: &'static str,
    /// Who may call it.
    pub who: WhoKind,
    /// One or two sentences for the reader of the API description.
    pub doc: &'static str,
    /// Makes the schema of what goes in.
    pub input: fn(&mut Schemas) -> InputSchema,
    /// Makes the schema of what comes out.
    pub output: fn(&mut Schemas) -> OutputSchema,
}

impl Operation {
    pub(crate) fn new<W: Who, I: Input, O: Output>(
        method: Method,
        path: &'static str,
        id: &'static str,
        doc: &'static str,
    ) -> Self {
        Self { method, path, id, who: W::KIND, doc, input: I::schema, output: O::schema }
    }
}
