//! What everything is compared with: a loop over hyper and rustls that does one SQLite read and one AES-GCM open a request, and nothing else.

use std::{cell::RefCell, convert::Infallible, path::Path, rc::Rc, sync::Arc};

use anyhow::{Context as _, Result};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rusqlite::{Connection, OptionalExtension as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Rows in the table; the load asks for any of them.
pub(crate) const ROWS: u32 = 1_000;

/// Bytes of one sealed value: a padded password with its tag.
const VALUE_BYTES: usize = 64;

struct Bare {
    database: RefCell<Connection>,
    key: LessSafeKey,
}

/// Serves until killed.
pub(crate) fn serve(folder: &Path) -> Result<()> {
    let bare = Bare { database: RefCell::new(fill(&folder.join("bare.db"))?), key: key()? };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, listen(Rc::new(bare)))
}

fn key() -> Result<LessSafeKey> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).ok().context("key")?))
}

fn fill(file: &Path) -> Result<Connection> {
    let database = Connection::open(file)?;
    database.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE value (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT; BEGIN")?;
    let key = key()?;
    for id in 0..ROWS {
        let mut sealed = vec![b'x'; VALUE_BYTES];
        key.seal_in_place_append_tag(nonce(id), Aad::empty(), &mut sealed).ok().context("seal")?;
        database.execute("INSERT INTO value (id, sealed) VALUES ($1, $2)", rusqlite::params![id, sealed])?;
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
                let answer = bare.answer(&request);
                async move { Ok::<_, Infallible>(answer) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Bare {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let id = request.uri().path().trim_start_matches('/').parse().ok();
        let value = id.and_then(|id| self.read(id).ok().flatten());
        let mut response = Response::new(Full::default());
        match value {
            Some(value) => *response.body_mut() = Full::from(value),
            None => *response.status_mut() = hyper::StatusCode::NOT_FOUND,
        }
        response
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

/// The load for it.
pub(crate) fn make() -> crate::load::Make {
    Arc::new(|connection, number| {
        let id = (number.wrapping_mul(31) + connection as u64) % u64::from(ROWS);
        Ok(Request::get(format!("/{id}")).header("host", "localhost").body(Full::default())?)
    })
}
