//! What everything is compared with: a loop over hyper and rustls that does what no node can leave out, and nothing else. It finds the caller by the hash of
//! its token in memory, does one SQLite read and one AES-GCM open, and answers as many bytes as the node does. For the requests of enrolled agents it
//! checks one Ed25519 signature instead of opening anything.

use std::{cell::RefCell, collections::HashMap, convert::Infallible, path::Path, rc::Rc, sync::Arc};

use anyhow::{Context as _, Result, anyhow};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::{SHA256, digest},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use clavitor_crypto::{
    Secret,
    sign::{PublicKey, SigningKey},
};
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rusqlite::{Connection, OptionalExtension as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Rows in the table; the load asks for any of them.
const ROWS: u32 = 1_000;
/// Bytes of one sealed value: a padded password with its tag.
const VALUE_BYTES: usize = 64;
const TOKEN: &str = "cvt1-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const SEED: [u8; 32] = [7; 32];

struct Bare {
    database: RefCell<Connection>,
    key: LessSafeKey,
    callers: HashMap<[u8; 32], u32>,
    signer: PublicKey,
    /// Bytes of the two answers.
    answer_bytes: (usize, usize),
}

/// Serves until killed; answers take as many bytes as the node's.
pub(crate) fn serve(folder: &Path, answer_bytes: (usize, usize)) -> Result<()> {
    let bare = Bare {
        database: RefCell::new(fill(&folder.join("bare.db"), answer_bytes.1)?),
        key: key()?,
        callers: HashMap::from([(hash(TOKEN), 1)]),
        signer: signer()?.public(),
        answer_bytes,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, listen(Rc::new(bare)))
}

fn key() -> Result<LessSafeKey> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).ok().context("key")?))
}

fn signer() -> Result<SigningKey> {
    SigningKey::from_seed(Secret::from_slice(&SEED).context("seed")?).map_err(|_| anyhow!("seed"))
}

fn hash(token: &str) -> [u8; 32] {
    digest(&SHA256, token.as_bytes()).as_ref().try_into().unwrap_or_default()
}

fn fill(file: &Path, entry_bytes: usize) -> Result<Connection> {
    let database = Connection::open(file)?;
    database.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN;
         CREATE TABLE value (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
         CREATE TABLE entry (id INTEGER PRIMARY KEY, sealed TEXT NOT NULL) STRICT;",
    )?;
    let key = key()?;
    for id in 0..ROWS {
        let mut sealed = vec![b'x'; VALUE_BYTES];
        key.seal_in_place_append_tag(nonce(id), Aad::empty(), &mut sealed).ok().context("seal")?;
        database.execute("INSERT INTO value (id, sealed) VALUES ($1, $2)", rusqlite::params![id, sealed])?;
        database.execute("INSERT INTO entry (id, sealed) VALUES ($1, $2)", rusqlite::params![id, "x".repeat(entry_bytes)])?;
    }
    database.execute_batch("COMMIT")?;
    Ok(database)
}

fn nonce(id: u32) -> Nonce {
    let mut bytes = [0; 12];
    bytes[8..].copy_from_slice(&id.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

async fn listen(bare: Rc<Bare>) -> Result<()> {
    let (tls, told) = crate::tls::server()?;
    let acceptor = TlsAcceptor::from(tls);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    crate::say(&format!("listening {} {told}", listener.local_addr()?))?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (acceptor, bare) = (acceptor.clone(), Rc::clone(&bare));
        tokio::task::spawn_local(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| {
                let bare = Rc::clone(&bare);
                async move { Ok::<_, Infallible>(bare.answer(request).await) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Bare {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let found = if request.method() == Method::POST { self.signed(request).await } else { self.value(&request) };
        let mut response = Response::new(Full::default());
        match found {
            Ok(body) => {
                response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
                *response.body_mut() = Full::from(body);
            }
            Err(_) => *response.status_mut() = StatusCode::NOT_FOUND,
        }
        response
    }

    fn value(&self, request: &Request<Incoming>) -> Result<Vec<u8>> {
        let token = authorization(request, "Bearer ")?;
        self.callers.get(&hash(token)).context("unknown")?;
        let id = request.uri().path().trim_start_matches('/').parse()?;
        let value = self.read(id)?.context("no row")?;
        let mut body = Vec::with_capacity(self.answer_bytes.0);
        body.extend_from_slice(br#"{"value":""#);
        body.extend_from_slice(&value);
        body.resize(self.answer_bytes.0.saturating_sub(2), b'x');
        body.extend_from_slice(br#""}"#);
        Ok(body)
    }

    async fn signed(&self, request: Request<Incoming>) -> Result<Vec<u8>> {
        let proof = request.headers().get("dpop").context("no proof")?.to_str()?.to_owned();
        let (message, signature) = proof.rsplit_once('.').context("no signature")?;
        let signature = URL_SAFE_NO_PAD.decode(signature)?;
        self.signer.verify_bytes(message.as_bytes(), &signature).map_err(|_| anyhow!("signature"))?;
        let id: u32 = request.uri().path().trim_start_matches('/').parse()?;
        request.into_body().collect().await?;
        let database = self.database.borrow();
        let mut query = database.prepare_cached("SELECT sealed FROM entry WHERE id = $1")?;
        Ok(query.query_row([id], |row| row.get::<_, String>(0))?.into_bytes())
    }

    fn read(&self, id: u32) -> Result<Option<Vec<u8>>> {
        let database = self.database.borrow();
        let mut query = database.prepare_cached("SELECT sealed FROM value WHERE id = $1")?;
        let Some(mut sealed) = query.query_row([id], |row| row.get::<_, Vec<u8>>(0)).optional()? else { return Ok(None) };
        let length = self.key.open_in_place(nonce(id), Aad::empty(), &mut sealed).ok().context("open")?.len();
        sealed.truncate(length);
        Ok(Some(sealed))
    }
}

fn authorization<'r>(request: &'r Request<Incoming>, scheme: &str) -> Result<&'r str> {
    let value = request.headers().get(header::AUTHORIZATION).context("no authorization")?.to_str()?;
    value.strip_prefix(scheme).context("another scheme")
}

fn row(connection: usize, number: u64) -> u64 {
    (number.wrapping_mul(31) + connection as u64) % u64::from(ROWS)
}

/// The load for values.
pub(crate) fn value() -> crate::load::Make {
    Arc::new(|connection, number| {
        let request = Request::get(format!("/{}", row(connection, number))).header("host", "localhost:1984");
        Ok(request.header("authorization", format!("Bearer {TOKEN}")).body(Full::default())?)
    })
}

/// The load for signed requests: as large as an enrolled agent's, body included.
pub(crate) fn signed() -> Result<crate::load::Make> {
    let key = signer()?;
    Ok(Arc::new(move |connection, number| {
        let body = crate::product::release_body(&"0".repeat(32), &"0".repeat(32));
        let proof = crate::product::proof(&key, &"0".repeat(32), &body, "/v1/agent/release", connection, number);
        let request = Request::post(format!("/{}", row(connection, number))).header("host", "localhost:1984");
        let request = request.header("content-type", "application/json").header("authorization", format!("DPoP {}", "0".repeat(32)));
        Ok(request.header("dpop", proof).body(Full::from(Bytes::from(body)))?)
    }))
}
