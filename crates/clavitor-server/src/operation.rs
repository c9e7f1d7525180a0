//! One line of the operation table: how a request gets in, who may send it, what it carries and what it gets.

use std::{net::IpAddr, pin::Pin, sync::Arc, time::Duration};

use axum::{
    RequestPartsExt as _,
    extract::{RawPathParams, Request},
    http::{HeaderMap, Method, StatusCode, request::Parts},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use clavitor_api::{ErrorCode, Id};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use crate::{
    accept::Peer,
    app::Proved,
    body,
    digest::sha256,
    door::Guest,
    guards,
    node::Node,
    pending::Pending,
    refusal::Refusal,
    who::{Head, Who, WhoKind},
};

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

/// A request as far as an input reads it.
pub struct Carried<'a> {
    /// Its head.
    pub parts: &'a Parts,
    /// Path parameters, decoded.
    pub path: &'a [(String, String)],
    /// Its body.
    pub body: &'a [u8],
    /// Nesting of a JSON body.
    pub json_depth_max: usize,
}

impl Carried<'_> {
    /// A path parameter.
    ///
    /// # Errors
    /// `not_found`: a path with something else in it names nothing.
    pub fn parameter(&self, name: &str) -> Result<&str, Refusal> {
        let found = self.path.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        found.ok_or_else(|| clavitor_vault::Error::Hidden.into())
    }

    /// A path parameter that is an id.
    ///
    /// # Errors
    /// `not_found`: what is not an id is unknown.
    pub fn id(&self, name: &str) -> Result<Id, Refusal> {
        self.parameter(name)?.parse().map_err(|_| clavitor_vault::Error::Hidden.into())
    }
}

/// What a handler takes.
pub trait Input: Send + Sized + 'static {
    /// Whether a body is expected.
    const HAS_BODY: bool = false;
    /// Whether a body of nobody in particular leads to a signature or a write, of which the whole node has a rate.
    const EXPENSIVE: bool = Self::HAS_BODY;

    /// Its schema.
    fn schema(schemas: &mut Schemas) -> InputSchema;

    /// Refuses a body that calls itself something else.
    ///
    /// # Errors
    /// `unsupported_media_type`.
    fn media_type(headers: &HeaderMap) -> Result<(), Refusal> {
        body::is_json(headers)
    }

    /// Reads it.
    ///
    /// # Errors
    /// `bad_request`, `secret_refused`, `not_found`.
    fn read(carried: &Carried<'_>) -> Result<Self, Refusal>;
}

/// What a handler gives.
pub trait Output: Send + Sized + 'static {
    /// Its schema.
    fn schema(schemas: &mut Schemas) -> OutputSchema;

    /// The response.
    ///
    /// # Errors
    /// `internal` if it cannot be written.
    fn respond(self) -> Result<Response, Refusal>;
}

/// A JSON body.
pub struct Json<T>(pub T);

/// A query string.
pub struct Query<T>(pub T);

impl Input for () {
    fn schema(_: &mut Schemas) -> InputSchema {
        InputSchema::Nothing
    }

    fn read(_: &Carried<'_>) -> Result<Self, Refusal> {
        Ok(())
    }
}

impl<T: JsonSchema + DeserializeOwned + Send + 'static> Input for Json<T> {
    const HAS_BODY: bool = true;

    fn schema(schemas: &mut Schemas) -> InputSchema {
        InputSchema::Body(schemas.requests.subschema_for::<T>())
    }

    fn read(carried: &Carried<'_>) -> Result<Self, Refusal> {
        body::parse(carried.body, carried.json_depth_max).map(Self)
    }
}

impl<T: JsonSchema + DeserializeOwned + Send + 'static> Input for Query<T> {
    fn schema(schemas: &mut Schemas) -> InputSchema {
        InputSchema::Query(T::json_schema(&mut schemas.requests))
    }

    fn read(carried: &Carried<'_>) -> Result<Self, Refusal> {
        let query = axum::extract::Query::<T>::try_from_uri(&carried.parts.uri);
        query.map(|query| Self(query.0)).map_err(|_| Refusal::bad_request("The query does not fit; docs/API.md lists its members."))
    }
}

/// A request whose caller is proved.
pub struct Call<W> {
    /// The node.
    pub node: Node,
    /// The caller.
    pub who: W,
}

/// A handler: a function from a proved call and its input to an output.
pub trait Handler<W, I, O>: Clone + Send + Sync + 'static {
    /// Runs it.
    fn call(&self, call: Call<W>, input: I) -> impl Future<Output = Result<O, Refusal>> + Send;
}

impl<W, I, O, F, Running> Handler<W, I, O> for F
where
    F: Fn(Call<W>, I) -> Running + Clone + Send + Sync + 'static,
    Running: Future<Output = Result<O, Refusal>> + Send,
{
    fn call(&self, call: Call<W>, input: I) -> impl Future<Output = Result<O, Refusal>> + Send {
        self(call, input)
    }
}

type Running = Pin<Box<dyn Future<Output = Result<Response, Refusal>> + Send>>;

/// One operation.
#[derive(Clone)]
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
    /// Whether it takes a body.
    pub has_body: bool,
    /// Makes the schema of what goes in.
    pub input: fn(&mut Schemas) -> InputSchema,
    /// Makes the schema of what comes out.
    pub output: fn(&mut Schemas) -> OutputSchema,
    /// Whether its body may be as large as a change.
    large: bool,
    run: Arc<dyn Fn(Node, Request, Bounds) -> Running + Send + Sync>,
}

#[derive(Clone, Copy)]
struct Bounds {
    body_bytes_max: usize,
    time_ms_max: u64,
}

impl Operation {
    /// An operation; who may call it, what goes in and what comes out are the handler's types.
    pub fn new<W: Who, I: Input, O: Output>(
        method: Method,
        path: &'static str,
        id: &'static str,
        doc: &'static str,
        handler: impl Handler<W, I, O>,
    ) -> Self {
        let run = move |node: Node, request: Request, bounds: Bounds| -> Running { Box::pin(run(node, request, bounds, handler.clone())) };
        Self {
            method,
            path,
            id,
            who: W::KIND,
            doc,
            has_body: I::HAS_BODY,
            input: I::schema,
            output: O::schema,
            large: false,
            run: Arc::new(run),
        }
    }

    /// The same operation with a body as large as a change. Only for callers who are proved before it is read.
    pub(crate) fn large(self) -> Self {
        debug_assert!(self.who != WhoKind::Anyone);
        Self { large: true, ..self }
    }

    /// Answers a request for this operation.
    pub(crate) async fn answer(&self, node: Node, request: Request) -> Response {
        let limits = &node.config().limits;
        let bounds = if self.who == WhoKind::Anyone {
            Bounds { body_bytes_max: limits.anonymous_body_bytes_max, time_ms_max: limits.request_ms_max }
        } else if self.large {
            Bounds { body_bytes_max: limits.change_bytes_max, time_ms_max: limits.change_ms_max }
        } else {
            Bounds { body_bytes_max: limits.body_bytes_max, time_ms_max: limits.request_ms_max }
        };
        timed(bounds.time_ms_max, (self.run)(node, request, bounds)).await
    }
}

async fn timed(time_ms_max: u64, running: Running) -> Response {
    match tokio::time::timeout(Duration::from_millis(time_ms_max), running).await {
        Ok(Ok(response)) => response,
        Ok(Err(refusal)) => refusal.into_response(),
        Err(_) => Refusal::new(ErrorCode::Unavailable, "The request took too long.").into_response(),
    }
}

/// The order is the point: size and site, then rate, then the caller and its rate, then the body, and only then the handler. There are a
/// hundred handlers: what does not depend on their types is in functions that are there once.
async fn run<W: Who, I: Input, O: Output>(
    node: Node,
    request: Request,
    bounds: Bounds,
    handler: impl Handler<W, I, O>,
) -> Result<Response, Refusal> {
    let (mut parts, request_body) = request.into_parts();
    let from = admitted(&node, &parts, W::KIND, I::HAS_BODY.then_some(I::EXPENSIVE))?;
    let (who, caller) = proved::<W>(&node, &parts, from)?;
    let form = I::HAS_BODY.then_some(I::media_type as fn(&HeaderMap) -> Result<(), Refusal>);
    caller.told(finish(node, who, &mut parts, request_body, bounds, form, handler).await)
}

/// Whose address the request counts against, if it is one that the node looks at; `body` says whether it has one and whether that is expensive.
fn admitted(node: &Node, parts: &Parts, kind: WhoKind, body: Option<bool>) -> Result<IpAddr, Refusal> {
    let peer = parts.extensions.get::<Peer>().ok_or_else(|| Refusal::internal("request without a peer"))?.0.ip();
    let from = node.config().client(peer, &parts.headers);
    guards::site(node.config(), kind, &parts.method, &parts.headers)?;
    if kind == WhoKind::Anyone
        && let Some(expensive) = body
    {
        node.count_anonymous(from, expensive)?;
    }
    Ok(from)
}

fn proved<W: Who>(node: &Node, parts: &Parts, from: IpAddr) -> Result<(W, Caller), Refusal> {
    let head = Head { method: &parts.method, uri: &parts.uri, headers: &parts.headers, from };
    let who = W::prove(node, &head).map_err(|refusal| failed(node, &head, refusal))?;
    let (pending, guest) = (Pending::new(node, &who, from), parts.extensions.get::<Guest>().cloned());
    if let Some(agent) = who.rate_key() {
        node.count_agent(agent)?;
    }
    Ok((who, Caller { kind: W::KIND, from, node: node.clone(), pending, guest }))
}

/// A caller whose request is being answered.
struct Caller {
    kind: WhoKind,
    from: IpAddr,
    node: Node,
    pending: Pending,
    guest: Option<Guest>,
}

impl Caller {
    fn told(self, answer: Result<Response, Refusal>) -> Result<Response, Refusal> {
        match answer {
            Ok(mut response) => {
                self.pending.known();
                if self.kind != WhoKind::Anyone {
                    response.extensions_mut().insert(Proved);
                    self.guest.inspect(|guest| guest.proved(self.from, self.node.now_ms()));
                }
                Ok(response)
            }
            Err(refusal) if refusal.body.code == ErrorCode::Unauthenticated => Err(self.pending.nobody().err().unwrap_or(refusal)),
            Err(refusal) if self.kind == WhoKind::Anyone => Err(refusal),
            Err(refusal) => Err(refusal.of_a_proved_caller()),
        }
    }
}

/// Failing to prove a caller costs; whoever does it too often hears that instead.
fn failed(node: &Node, head: &Head<'_>, refusal: Refusal) -> Refusal {
    match refusal.body.code {
        ErrorCode::Unauthenticated => node.count_failed(head.from).err().unwrap_or(refusal),
        _ => refusal,
    }
}

/// Which media types a body may have; none if there must not be one.
type Form = Option<fn(&HeaderMap) -> Result<(), Refusal>>;

async fn finish<W: Who, I: Input, O: Output>(
    node: Node,
    who: W,
    parts: &mut Parts,
    request_body: axum::body::Body,
    bounds: Bounds,
    form: Form,
    handler: impl Handler<W, I, O>,
) -> Result<Response, Refusal> {
    let limits = &node.config().limits;
    let (json_depth_max, small_bytes) = (limits.json_depth_max, limits.body_bytes_max);
    let holder = node.clone();
    let may_be_large = bounds.body_bytes_max > small_bytes && body::is_large(&parts.headers, small_bytes);
    // Held until the answer: a few large bodies fit into a small machine, many do not.
    let _room = if may_be_large { holder.room_for_large_body().await } else { None };
    if I::HAS_BODY && body::is_large(&parts.headers, node.config().limits.unknown_body_bytes_max) {
        who.known(&node)?;
    }
    let brought = brought(parts, request_body, bounds, form).await;
    match brought.and_then(|brought| input::<W, I>(&who, parts, brought, json_depth_max)) {
        Ok(input) => handler.call(Call { node, who }, input).await?.respond(),
        // Whoever is unknown hears that first, and not what is wrong with the request.
        Err(refusal) => Err(who.known(&node).err().unwrap_or(refusal)),
    }
}

/// What a request carries, before it is read.
struct Brought {
    body: Bytes,
    path: Result<Vec<(String, String)>, Refusal>,
}

async fn brought(parts: &mut Parts, request_body: axum::body::Body, bounds: Bounds, form: Form) -> Result<Brought, Refusal> {
    if let Some(media_type) = form {
        media_type(&parts.headers)?;
    }
    body::announced(&parts.headers, bounds.body_bytes_max)?;
    let body = body::collect(request_body, if form.is_some() { bounds.body_bytes_max } else { 0 }).await?;
    Ok(Brought { body, path: path_parameters(parts).await })
}

fn input<W: Who, I: Input>(who: &W, parts: &Parts, brought: Brought, json_depth_max: usize) -> Result<I, Refusal> {
    let Brought { body, path } = brought;
    who.covers((!body.is_empty()).then(|| sha256(&body)).as_ref())?;
    I::read(&Carried { parts, path: &path?, body: &body, json_depth_max })
}

async fn path_parameters(parts: &mut Parts) -> Result<Vec<(String, String)>, Refusal> {
    let raw = parts.extract::<RawPathParams>().await.map_err(|_| Refusal::from(clavitor_vault::Error::Hidden))?;
    Ok(raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}
