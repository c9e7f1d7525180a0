//! Port 80: answers to the challenges of a certificate authority, and for everything else the right address. Nothing of the vault, and no redirect, which a
//! program would follow after it has sent its token in the clear.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use crate::{
    App, Node,
    accept::{Answer, Peer},
    guards, headers,
    tls::{Challenges, Slot},
    wrong_address::{Why, refuse},
};

/// Where challenges are asked for (RFC 8555 section 8.3).
const CHALLENGES: &str = "/.well-known/acme-challenge/";

/// What answers on port 80. Cheap to clone.
#[derive(Clone)]
pub struct PlainHttp {
    app: App,
    slot: Slot,
    challenges: Challenges,
}

impl PlainHttp {
    /// Sends people to the node of `app`, whose connections count together with ours.
    pub fn new(app: App, slot: Slot, challenges: Challenges) -> Self {
        Self { app, slot, challenges }
    }

    fn respond(&self, request: &Request<Body>) -> Response {
        let config = self.app.node().config();
        let (method, uri, asked) = (request.method(), request.uri(), request.headers());
        if let Err(refusal) = guards::shape(config, uri, asked) {
            return refusal.into_response();
        }
        let token = uri.path().strip_prefix(CHALLENGES).filter(|_| method == Method::GET);
        if let Some(answer) = token.and_then(|token| self.challenges.get(token)) {
            return (StatusCode::OK, [(header::CONTENT_TYPE, "application/octet-stream")], answer).into_response();
        }
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip()).filter(|address| !config.trusts(*address));
        if let Some(Err(refusal)) = peer.map(|address| self.app.node().count_request(address)) {
            return refusal.into_response();
        }
        let why = match guards::named(config, uri, asked) {
            false => Why::NotOurName,
            true if self.slot.life().is_none() => Why::NoCertificateYet,
            true => Why::PlainHttp,
        };
        refuse(why, &config.origin, method, uri, asked)
    }
}

impl Answer for PlainHttp {
    const HTTP2: bool = false;

    fn node(&self) -> &Node {
        self.app.node()
    }

    async fn answer(&self, request: Request<Body>) -> Response {
        let mut response = self.respond(&request);
        // RFC 6797 section 7.2: the header that demands TLS is not sent without TLS.
        headers::add(response.headers_mut(), false);
        // There is nothing to come back for.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }
}
