//! The operations as a service: routing, what every response carries, and one log line for each request.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method, Version},
    response::{IntoResponse as _, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use clavitor_api::ErrorCode;
use tower::ServiceExt as _;

use crate::{
    accept::{Answer, Peer},
    edition::Unmatched,
    guards, headers,
    node::Node,
    operation::Operation,
    refusal::{Refusal, Refused},
    router::operations,
    who::{self, Head},
    wrong_address,
};

/// Libraries that log bytes which a caller wrote, or a line for each attack: whatever an operator asks for, they may only say what is wrong with us.
pub const ERROR_ONLY: [&str; 5] = ["h2", "hyper", "hyper_util", "rustls", "tokio_rustls"];

/// Names a request in the log and in its answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A node and its routes. Cheap to clone.
#[derive(Clone)]
pub struct App {
    node: Node,
    router: Router,
}

/// The methods of each path.
type Methods = BTreeMap<&'static str, Vec<Method>>;

/// A request that found its sender's bucket empty; the connection counts it.
#[derive(Clone, Copy)]
pub(crate) struct Overdrawn;

/// A caller was proved in the course of this request.
#[derive(Clone, Copy)]
pub(crate) struct Proved;

/// The route that answered; for the log, which never shows a path.
#[derive(Clone)]
struct Route(&'static str);

impl App {
    /// The routes of the operation table, and of the edition, around a node.
    pub fn new(node: Node) -> Self {
        let mut paths: BTreeMap<&'static str, MethodRouter> = BTreeMap::new();
        let mut methods: Methods = BTreeMap::new();
        for operation in operations().into_iter().chain(node.config().edition.operations()) {
            methods.entry(operation.path).or_default().push(operation.method.clone());
            let routes = paths.remove(operation.path).unwrap_or_default();
            paths.insert(operation.path, routes.merge(route(&node, operation)));
        }
        let router = paths.into_iter().fold(Router::new(), |router, (path, routes)| router.route(path, routes));
        let (unmatched, mismatched, methods) = (node.clone(), node.clone(), Arc::new(methods));
        let router = router
            .fallback(move |request: Request| async move { unrouted(&unmatched, request) })
            .method_not_allowed_fallback(move |request: Request| async move { wrong_method(&mismatched, request, &methods) });
        Self { node, router }
    }

    /// The node.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Answers one request. The peer's address is in its extensions.
    pub async fn answer(&self, request: Request) -> Response {
        let started = Instant::now();
        let method = request.method().clone();
        let config = self.node.config();
        let from = request.extensions().get::<Peer>().map(|peer| config.client(peer.0.ip(), request.headers()));
        let names_itself = who::names_itself(request.headers());
        let mut response = match self.admit(from, names_itself, &request) {
            Ok(()) => match wrong_address::answer(config, &request) {
                Some(refused) => refused,
                None => self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {}),
            },
            Err(refusal) => refusal.into_response(),
        };
        if let Some(from) = from.filter(|_| names_itself && response.extensions().get::<Proved>().is_none())
            && self.node.count_request(from).is_err()
        {
            response.extensions_mut().insert(Overdrawn);
        }
        headers::add(response.headers_mut(), headers::demands_tls(config));
        let id = self.node.next_request();
        self.count(&response);
        self.log(known(&method), &response, &id, started);
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }

    /// Whoever brings nothing to prove himself with is counted before anything is done for him, everybody else when it turned out to be nothing.
    fn admit(&self, from: Option<IpAddr>, names_itself: bool, request: &Request) -> Result<(), Refusal> {
        if let Some(from) = from.filter(|_| !names_itself) {
            self.node.count_request(from)?;
        }
        guards::shape(self.node.config(), request.uri(), request.headers())
    }

    /// Method, route template, status, time and code: nothing that the caller wrote. Strangers could fill the log, and what a person has to read would be lost
    /// in it: their refusals are a count, told now and then.
    fn log(&self, method: &str, response: &Response, id: &str, started: Instant) {
        let route = response.extensions().get::<Route>().map_or("-", |route| route.0);
        let (status, ms) = (response.status().as_u16(), started.elapsed().as_millis());
        let Some(refused) = response.extensions().get::<Refused>() else {
            tracing::debug!(id, method, route, status, ms, "request");
            return;
        };
        let (code, why) = (refused.code, refused.log.as_deref().unwrap_or("-"));
        if code == ErrorCode::Internal {
            tracing::error!(id, method, route, status, ms, why, "request failed");
        } else if refused.proved && code != ErrorCode::RateLimited {
            tracing::info!(id, method, route, status, ms, ?code, why, "request refused");
        } else {
            tracing::debug!(id, method, route, status, ms, ?code, why, "request refused");
            if let Some(count) = self.node.left_out(self.node.now_ms()) {
                tracing::info!(count, "requests of strangers, or too many of one sender, were refused");
            }
        }
    }

    fn count(&self, response: &Response) {
        let route = response.extensions().get::<Route>().map_or("-", |route| route.0);
        let code = response.extensions().get::<Refused>().map(|refused| refused.code);
        self.node.keeper().counters.count(route, response.status().as_u16(), code, self.node.now_ms());
    }
}

impl Answer for App {
    const HTTP2: bool = true;

    fn node(&self) -> &Node {
        &self.node
    }

    async fn answer(&self, request: Request) -> Response {
        Self::answer(self, request).await
    }
}

fn route(node: &Node, operation: Operation) -> MethodRouter {
    let filter = MethodFilter::try_from(operation.method.clone()).unwrap_or(MethodFilter::GET);
    let (node, operation) = (node.clone(), Arc::new(operation));
    on(filter, move |request: Request| async move {
        let mut response = operation.answer(node, request).await;
        response.extensions_mut().insert(Route(operation.path));
        response
    })
}

/// A file of the web application, or nothing.
fn unrouted(node: &Node, request: Request) -> Response {
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if let Some(response) = reads.then(|| node.assets().answer(path, request.headers())).flatten() {
        return response;
    }
    unmatched(node, request, &[])
}

fn wrong_method(node: &Node, request: Request, methods: &Methods) -> Response {
    let known = request.extensions().get::<MatchedPath>().and_then(|path| methods.get(path.as_str()));
    unmatched(node, request, known.map_or(&[], Vec::as_slice))
}

/// What is not there is the edition's to answer.
fn unmatched(node: &Node, request: Request, methods: &[Method]) -> Response {
    let (parts, _) = request.into_parts();
    let Some(Peer(peer)) = parts.extensions.get() else { return Refusal::internal("request without a peer").into_response() };
    let from = node.config().client(peer.ip(), &parts.headers);
    let head = Head { method: &parts.method, uri: &parts.uri, headers: &parts.headers, from };
    node.config().edition.unmatched(&Unmatched {
        method: &parts.method,
        path: parts.uri.path(),
        methods,
        http1: parts.version == Version::HTTP_11,
        from,
        proven: &|| who::is_somebody(node, &head),
    })
}

/// A method's name, unless the caller made it up.
fn known(method: &Method) -> &str {
    let standard = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if standard.contains(method) { method.as_str() } else { "-" }
}
