//! What Debian's Pebble lacks, in front of it: renewal information (RFC 9773), profiles, rate limits, and an order held at its last step.
//!
//! Signed requests pass unchanged. The relay knows what was issued because certificates are fetched through it, and it refuses what an authority would.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request, Response, StatusCode, body::Incoming, header, http::HeaderValue, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use x509_parser::prelude::{FromDer as _, ParsedExtension, X509Certificate};

use crate::pebble::Pebble;

/// What went through.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub orders: usize,
    pub replaced: usize,
    pub profiles: Vec<String>,
    pub windows_asked: usize,
    pub limited: usize,
    pub too_early: usize,
    pub finalizing: usize,
}

#[derive(Default)]
struct Book {
    seen: Seen,
    /// Certificates by their identifier: from when, until when (Unix seconds), and whether one took its place.
    issued: HashMap<String, (u64, u64, bool)>,
    present: Option<String>,
    /// What an order said beside its names, by the path of its address.
    orders: HashMap<String, Value>,
    renew_now: bool,
    /// The next order is refused with this `Retry-After`, seconds.
    limit_s: Option<u64>,
    blocked_until: Option<Instant>,
}

#[derive(Clone)]
pub(crate) struct Relay {
    port: u16,
    pebble: SocketAddr,
    connector: TlsConnector,
    book: Arc<Mutex<Book>>,
    hold: watch::Sender<bool>,
}

impl Relay {
    pub(crate) async fn start(pebble: &Pebble) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&pebble.authority.root).unwrap()).unwrap();
        let client = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let connector = TlsConnector::from(Arc::new(client.with_root_certificates(roots).with_no_client_auth()));
        let chain = vec![CertificateDer::from_pem_file(&pebble.authority.leaf).unwrap()];
        let key = PrivateKeyDer::from_pem_file(&pebble.authority.leaf_key).unwrap();
        let server = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server.with_no_client_auth().with_single_cert(chain, key).unwrap()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let relay = Self { port, pebble: pebble.address(), connector, book: Arc::default(), hold: watch::Sender::new(false) };
        tokio::spawn(relay.clone().serve(listener, acceptor));
        relay
    }

    pub(crate) fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    pub(crate) fn seen(&self) -> Seen {
        self.book().seen.clone()
    }

    /// The authority changes its mind: what it issued last should be replaced at once.
    pub(crate) fn renew_now(&self) {
        self.book().renew_now = true;
    }

    /// The next order is refused, with the wish to be left alone for so long.
    pub(crate) fn limit(&self, retry_after_s: u64) {
        self.book().limit_s = Some(retry_after_s);
    }

    /// While it holds, requests for certificates wait.
    pub(crate) fn hold(&self, holds: bool) {
        self.hold.send_replace(holds);
    }

    pub(crate) fn window_of_present(&self) -> Option<RangeInclusive<u64>> {
        let book = self.book();
        let &(from_s, until_s, _) = book.issued.get(book.present.as_ref()?)?;
        Some(window(from_s, until_s))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    async fn serve(self, listener: TcpListener, acceptor: TlsAcceptor) {
        while let Ok((socket, _)) = listener.accept().await {
            let (relay, acceptor) = (self.clone(), acceptor.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(socket).await else { return };
                let service = service_fn(move |request| {
                    let relay = relay.clone();
                    async move { Ok::<_, std::convert::Infallible>(relay.answer(request).await) }
                });
                let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }

    async fn answer(self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        if let Some(id) = path.strip_prefix("/renewal-info/") {
            return self.window(id);
        }
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let wanted = if path == "/order-plz" { payload(&body) } else { Value::Null };
        if path == "/order-plz"
            && let Some(refusal) = self.refusal(&wanted)
        {
            return refusal;
        }
        if path.starts_with("/finalize-order/") {
            self.book().seen.finalizing += 1;
            let _ = self.hold.subscribe().wait_for(|holds| !holds).await;
        }
        match self.pass(Request::from_parts(parts, Full::new(body))).await {
            Some(answer) => self.read(&path, &wanted, answer),
            None => problem(StatusCode::BAD_GATEWAY, "serverInternal", "the authority is down"),
        }
    }

    /// To Pebble, with the relay's own host: Pebble builds its addresses from it, and signatures are over them.
    async fn pass(&self, request: Request<Full<Bytes>>) -> Option<(hyper::http::response::Parts, Bytes)> {
        let socket = TcpStream::connect(self.pebble).await.ok()?;
        let stream = self.connector.connect(ServerName::try_from("localhost").unwrap(), socket).await.ok()?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        let (mut parts, body) = sender.send_request(request).await.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::TRANSFER_ENCODING);
        Some((parts, body))
    }

    /// Notes what Pebble answered, and adds what it does not know.
    fn read(&self, path: &str, wanted: &Value, (parts, body): (hyper::http::response::Parts, Bytes)) -> Response<Full<Bytes>> {
        let mut book = self.book();
        if let Ok(leaf) = CertificateDer::from_pem_slice(&body) {
            let (id, from_s, until_s) = describe(&leaf);
            book.issued.insert(id.clone(), (from_s, until_s, false));
            (book.present, book.renew_now) = (Some(id), false);
            return Response::from_parts(parts, Full::new(body));
        }
        let Ok(mut json) = serde_json::from_slice::<Value>(&body) else { return Response::from_parts(parts, Full::new(body)) };
        if path == "/dir" {
            json["renewalInfo"] = json!(format!("https://localhost:{}/renewal-info", self.port));
            json["meta"]["profiles"] = json!({ "classic": "as usual", "shortlived": "six days" });
        }
        if path == "/order-plz" && parts.status == StatusCode::CREATED {
            book.seen.orders += 1;
            book.seen.profiles.extend(wanted["profile"].as_str().map(str::to_owned));
            if let Some(old) = wanted["replaces"].as_str().and_then(|id| book.issued.get_mut(id)) {
                old.2 = true;
                book.seen.replaced += 1;
            }
            book.orders.insert(order_path(&parts.headers).unwrap(), wanted.clone());
        }
        let order = order_path(&parts.headers).unwrap_or_else(|| path.to_owned());
        if let Some(wanted) = book.orders.get(&order) {
            for member in ["replaces", "profile"] {
                if !wanted[member].is_null() {
                    json[member] = wanted[member].clone();
                }
            }
        }
        Response::from_parts(parts, Full::new(Bytes::from(json.to_string())))
    }

    /// What an authority would not take: too many orders, a second replacement, a profile that it does not have.
    fn refusal(&self, wanted: &Value) -> Option<Response<Full<Bytes>>> {
        let mut book = self.book();
        if let Some(seconds) = book.limit_s.take() {
            book.seen.limited += 1;
            book.blocked_until = Some(Instant::now() + Duration::from_secs(seconds));
            let mut refused = problem(StatusCode::TOO_MANY_REQUESTS, "rateLimited", "too many certificates for this set of names");
            refused.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            return Some(refused);
        }
        if book.blocked_until.is_some_and(|until| Instant::now() < until) {
            book.seen.too_early += 1;
        }
        let profile = wanted["profile"].as_str().unwrap_or("classic");
        if !["classic", "shortlived"].contains(&profile) {
            return Some(problem(StatusCode::BAD_REQUEST, "invalidProfile", "there is no such profile"));
        }
        match wanted["replaces"].as_str().map(|id| book.issued.get(id)) {
            Some(None) => Some(problem(StatusCode::BAD_REQUEST, "malformed", "it was never issued")),
            Some(Some((_, _, true))) => Some(problem(StatusCode::CONFLICT, "alreadyReplaced", "it was replaced already")),
            _ => None,
        }
    }

    fn window(&self, id: &str) -> Response<Full<Bytes>> {
        let mut book = self.book();
        let Some(&(from_s, until_s, _)) = book.issued.get(id) else {
            return problem(StatusCode::NOT_FOUND, "malformed", "it was never issued");
        };
        book.seen.windows_asked += 1;
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let window = if book.renew_now { now_s - 120..=now_s - 60 } else { window(from_s, until_s) };
        let body = json!({ "suggestedWindow": { "start": rfc3339(*window.start()), "end": rfc3339(*window.end()) } });
        let answer = Response::builder().header(header::CONTENT_TYPE, "application/json").header(header::RETRY_AFTER, "1");
        answer.body(Full::new(Bytes::from(body.to_string()))).unwrap()
    }
}

/// From the middle of a certificate's life on, for a tenth of it.
fn window(from_s: u64, until_s: u64) -> RangeInclusive<u64> {
    let life_s = until_s - from_s;
    from_s + life_s / 2..=from_s + life_s / 2 + life_s / 10
}

fn rfc3339(unix_s: u64) -> String {
    let time = x509_parser::time::ASN1Time::from_timestamp(i64::try_from(unix_s).unwrap()).unwrap().to_datetime();
    let (date, clock) = (time.date(), time.time());
    let (hour, minute, second) = (clock.hour(), clock.minute(), clock.second());
    format!("{}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", date.year(), u8::from(date.month()), date.day())
}

/// RFC 9773 section 4.1: key identifier of the issuer and serial number.
fn describe(leaf: &CertificateDer<'_>) -> (String, u64, u64) {
    let (_, read) = X509Certificate::from_der(leaf).unwrap();
    let issuer = read.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(found) => found.key_identifier.as_ref().map(|id| id.0.to_vec()),
        _ => None,
    });
    let id = format!("{}.{}", BASE64URL_NOPAD.encode(&issuer.unwrap()), BASE64URL_NOPAD.encode(read.raw_serial()));
    let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).unwrap();
    (id, seconds(read.validity().not_before), seconds(read.validity().not_after))
}

fn payload(body: &[u8]) -> Value {
    let signed: Value = serde_json::from_slice(body).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(signed["payload"].as_str().unwrap().as_bytes()).unwrap()).unwrap()
}

fn order_path(headers: &HeaderMap) -> Option<String> {
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    Some(location.parse::<hyper::Uri>().ok()?.path().to_owned())
}

fn problem(status: StatusCode, kind: &str, detail: &str) -> Response<Full<Bytes>> {
    let body = json!({ "type": format!("urn:ietf:params:acme:error:{kind}"), "detail": detail, "status": status.as_u16() });
    let answer = Response::builder().status(status).header(header::CONTENT_TYPE, "application/problem+json");
    answer.body(Full::new(Bytes::from(body.to_string()))).unwrap()
}
