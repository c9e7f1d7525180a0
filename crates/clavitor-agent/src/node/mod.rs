//! The agent's HTTP client: one node, TLS with compiled-in or given roots, limits on everything, no redirects.

pub mod dpop;
mod origin;

use std::{path::Path, time::Duration};

use bytes::Bytes;
use clavitor_api::{ErrorBody, Id};
use clavitor_crypto::sign::SigningKey;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Method, Request, Response, body::Incoming, header};
use serde::{Serialize, de::DeserializeOwned};

pub use origin::Origin;

use crate::{
    clock,
    failure::{Failure, Kind},
};

/// An answer is at most this long: a list of 10,000 sealed summaries fits.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// A request takes at most this long, answer included.
const REQUEST_S_MAX: u64 = 60;

/// A connection to one node.
pub struct Node {
    origin: Origin,
    client: clavitor_outbound::Client,
}

impl Node {
    /// A client for a node. `ca_file` holds more certificate authorities in PEM, for nodes with a private one.
    ///
    /// # Errors
    /// The file cannot be read or holds no certificate.
    pub fn new(origin: Origin, ca_file: Option<&Path>) -> Result<Self, Failure> {
        let client = clavitor_outbound::client(ca_file).map_err(|error| Failure::general(error.to_string()))?;
        Ok(Self { origin, client })
    }

    /// The node's address.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Sends a body without proving who asks.
    ///
    /// # Errors
    /// The node refuses, cannot be reached, or answers nonsense.
    pub async fn post_anonymous<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, Failure> {
        let body = to_json(body)?;
        self.send(self.request(Method::POST, path, Some(body), None)?).await
    }

    /// Reads as an agent.
    ///
    /// # Errors
    /// As [`Node::post_anonymous`].
    pub async fn get<T: DeserializeOwned>(&self, who: Prover<'_>, path: &str) -> Result<T, Failure> {
        self.send(self.request(Method::GET, path, None, Some(who))?).await
    }

    /// Acts as an agent.
    ///
    /// # Errors
    /// As [`Node::post_anonymous`].
    pub async fn post<B: Serialize, T: DeserializeOwned>(&self, who: Prover<'_>, path: &str, body: &B) -> Result<T, Failure> {
        let body = to_json(body)?;
        self.send(self.request(Method::POST, path, Some(body), Some(who))?).await
    }

    fn request(&self, method: Method, path: &str, body: Option<Bytes>, who: Option<Prover<'_>>) -> Result<Request<Full<Bytes>>, Failure> {
        let uri = self.origin.at(path);
        let mut request = Request::builder().method(method.clone()).uri(&uri).header(header::ACCEPT, "application/json");
        request = request.header(header::USER_AGENT, concat!("clavitor-agent/", env!("CARGO_PKG_VERSION")));
        if let Some(who) = who {
            // RFC 9449 section 4.2: the address without its query.
            let address = uri.split('?').next().unwrap_or_default();
            let asked = dpop::Asked { method: method.as_str(), uri: address, body: body.as_deref(), now_s: clock::now_ms() / 1000 };
            let proof = dpop::prove(who.key, &who.agent, &asked);
            request = request.header(header::AUTHORIZATION, proof.authorization).header("DPoP", proof.dpop);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        request.body(Full::new(body.unwrap_or_default())).map_err(|_| Failure::general("the request could not be built"))
    }

    async fn send<T: DeserializeOwned>(&self, request: Request<Full<Bytes>>) -> Result<T, Failure> {
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| self.unreachable(&error))?;
            self.read(response).await
        };
        match tokio::time::timeout(Duration::from_secs(REQUEST_S_MAX), exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::new(Kind::Connection, format!("{} did not answer within {REQUEST_S_MAX} s", self.origin))),
        }
    }

    async fn read<T: DeserializeOwned>(&self, response: Response<Incoming>) -> Result<T, Failure> {
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body =
            body.map_err(|_| Failure::new(Kind::Connection, format!("the answer of {} broke off or is too long", self.origin)))?.to_bytes();
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|_| Failure::general(format!("{} answered something this version does not understand", self.origin)));
        }
        match serde_json::from_slice::<ErrorBody>(&body) {
            Ok(error) => Err(Failure::from_node(error, clock::now_ms())),
            Err(_) => Err(Failure::new(Kind::Connection, format!("{} answered {status}, not as a Clavitor node does", self.origin))
                .remedy("check the address; the enrolment string has it")),
        }
    }

    fn unreachable(&self, error: &hyper_util::client::legacy::Error) -> Failure {
        let cause = crate::label::sanitise(&clavitor_outbound::innermost(error), 200);
        let remedy = match cause.contains("certificate") {
            true => {
                "if the node has a private certificate authority, give its certificate with --ca-file; otherwise somebody may stand in between"
            }
            false => "check that the node runs and that this machine can reach it",
        };
        Failure::new(Kind::Connection, format!("cannot reach {}: {cause}", self.origin)).remedy(remedy)
    }
}

/// Who asks.
#[derive(Clone, Copy)]
pub struct Prover<'a> {
    /// The agent.
    pub agent: Id,
    /// Its key.
    pub key: &'a SigningKey,
}

fn to_json<B: Serialize>(body: &B) -> Result<Bytes, Failure> {
    serde_json::to_vec(body).map(Bytes::from).map_err(|_| Failure::general("the request could not be written as JSON"))
}
