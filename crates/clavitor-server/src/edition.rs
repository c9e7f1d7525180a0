//! The seam between the editions. Application code asks the edition and never tests which one it is.

use std::{future::Future, net::IpAddr, path::Path, pin::Pin};

use axum::response::IntoResponse as _;
use clavitor_api::ErrorCode;

use crate::{Node, Shutdown, alert::Alert, operation::Operation, refusal::Refusal};

/// What an edition answers with, for crates that do not name the HTTP library.
pub use axum::{body::Body, http, response::Response};

/// A request that no operation and no file answers.
pub struct Unmatched<'a> {
    /// Its method.
    pub method: &'a http::Method,
    /// Its path.
    pub path: &'a str,
    /// Methods that this path takes; none if there is no such path.
    pub methods: &'a [http::Method],
    /// Whether it came over HTTP/1.1, where a connection carries one answer at a time and can be held ([`hold`](crate::hold)).
    pub http1: bool,
    /// Whose address it counts against.
    pub from: IpAddr,
    /// Whether the caller is one whom the vault knows: a session, an enrolled agent, a hosted token. Costs a look into the vault, so it is asked last.
    pub proven: &'a dyn Fn() -> bool,
}

/// A figure of an edition's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge {
    /// Its name, without a prefix.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// How much.
    pub value: u64,
}

/// Something that an edition does for a while.
pub type Ending<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What differs between the editions.
pub trait Edition: Send + Sync + 'static {
    /// `community` or `commercial`.
    fn name(&self) -> &'static str;

    /// The program's version: what it says of itself to everybody who may ask, and in reports.
    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// What it consists of besides the Community edition, for `clavitor version`.
    fn modules(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether reports leave the machine without a flag of the command line.
    fn telemetry_enabled(&self) -> bool {
        false
    }

    /// Called once with the data folder, which is locked by then or about to be, before the store is opened and before any alert.
    fn prepare(&self, folder: &Path) {
        let _ = folder;
    }

    /// Starts what runs beside the requests, on the current runtime; all of it ends when `shutdown` says so.
    fn start(&self, node: &Node, shutdown: &Shutdown) {
        let _ = (node, shutdown);
    }

    /// Tells the operator something that needs a person. What must outlive the process is on the disk when this returns.
    fn alert(&self, alert: &Alert) {
        alert.log();
    }

    /// Answers a request for something that is not there, or not with this method.
    fn unmatched(&self, request: &Unmatched<'_>) -> Response {
        plain(request)
    }

    /// Routes of its own.
    fn operations(&self) -> Vec<Operation> {
        Vec::new()
    }

    /// Figures of its own, for metrics and reports.
    fn gauges(&self) -> Vec<Gauge> {
        Vec::new()
    }

    /// The process is about to end: a last attempt at what is left to do, for a few seconds at most.
    fn finish(&self) -> Ending<'_> {
        Box::pin(async {})
    }
}

/// The Community edition: nothing leaves the machine, alerts go to standard error.
pub struct Community;

impl Edition for Community {
    fn name(&self) -> &'static str {
        "community"
    }
}

/// The immediate answer: 404, or 405 where the path is known.
pub fn plain(request: &Unmatched<'_>) -> Response {
    if request.methods.is_empty() {
        return Refusal::new(ErrorCode::NotFound, "Not found.").into_response();
    }
    let methods: Vec<&str> = request.methods.iter().map(http::Method::as_str).collect();
    let refusal = Refusal::new(ErrorCode::MethodNotAllowed, "This route takes another method.");
    refusal.remedy(format!("Use {}.", methods.join(" or "))).into_response()
}
