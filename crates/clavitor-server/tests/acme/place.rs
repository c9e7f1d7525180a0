//! A node's place on the network: a TLS port that takes its certificate from the slot, and a plain port that answers challenges.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use clavitor_server::{
    Shutdown,
    acme::{Acme, Authority, Place as AcmePlace, Settings},
    alert::Alert,
    edition::Edition,
    system_clock,
    tls::{Challenges, Slot},
};
use rustls::ServerConfig;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, client::TlsStream};

use crate::pebble::{Pebble, until};

/// What the operator was told.
#[derive(Default)]
pub(crate) struct Recorder(pub Mutex<Vec<Alert>>);

impl Edition for Recorder {
    fn name(&self) -> &'static str {
        "test"
    }

    fn alert(&self, alert: &Alert) {
        self.0.lock().unwrap().push(*alert);
    }
}

pub(crate) struct Place {
    pub slot: Slot,
    pub challenges: Challenges,
    pub told: Arc<Recorder>,
    pub data: TempDir,
    pub tls: SocketAddr,
    pub http: SocketAddr,
    /// Added to the system's clock, milliseconds, modulo 2^64.
    pub clock_off_ms: Arc<AtomicU64>,
    pub shutdown: Shutdown,
}

impl Place {
    pub(crate) async fn open() -> Self {
        let (slot, challenges) = (Slot::default(), Challenges::default());
        let tls = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let place = Self {
            slot: slot.clone(),
            challenges: challenges.clone(),
            told: Arc::default(),
            data: tempfile::tempdir().unwrap(),
            tls: tls.local_addr().unwrap(),
            http: http.local_addr().unwrap(),
            clock_off_ms: Arc::default(),
            shutdown: Shutdown::default(),
        };
        tokio::spawn(serve_tls(tls, slot));
        tokio::spawn(serve_http(http, challenges));
        place
    }

    pub(crate) fn start(&self, settings: Settings) -> Acme {
        let (system, off) = (system_clock(), self.clock_off_ms.clone());
        let place = AcmePlace {
            slot: self.slot.clone(),
            challenges: self.challenges.clone(),
            edition: self.told.clone(),
            clock: Arc::new(move || system().wrapping_add(off.load(Ordering::SeqCst))),
            shutdown: self.shutdown.clone(),
        };
        Acme::start(self.data.path(), settings, place).unwrap()
    }

    /// The process ends and another begins: what was in memory is gone, the ports stay.
    pub(crate) fn restarted(mut self) -> Self {
        self.shutdown.cancel();
        self.shutdown = Shutdown::default();
        self
    }

    pub(crate) fn alerts(&self) -> Vec<&'static str> {
        self.told.0.lock().unwrap().iter().map(Alert::kind).collect()
    }

    /// The end of the certificate that serves, Unix seconds; it changes with every renewal.
    pub(crate) fn not_after_s(&self) -> u64 {
        self.slot.life().map_or(0, |life| life.not_after_s)
    }

    pub(crate) async fn serving(&self) {
        until(|| self.slot.life().is_some()).await;
    }
}

/// For these names from Pebble, with pauses that a test can wait for.
pub(crate) fn settings(names: &[&str], pebble: &Pebble) -> Settings {
    settings_at(names, pebble.directory(), &pebble.authority.root)
}

pub(crate) fn settings_at(names: &[&str], directory: String, root: &Path) -> Settings {
    let authority = Authority { directory, ca_file: Some(root.to_owned()), external: None };
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Settings { agree_tos: true, retry_ms_min: 200, retry_ms_max: 2000, ..Settings::new(names, vec![authority]) }
}

async fn serve_tls(listener: TcpListener, slot: Slot) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(slot));
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"acme-tls/1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    while let Ok((socket, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(socket).await else { return };
            let mut stream = BufReader::new(stream);
            while let Ok(Some(_)) = request_path(&mut stream).await {
                if stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.is_err() {
                    return;
                }
            }
        });
    }
}

async fn serve_http(listener: TcpListener, challenges: Challenges) {
    while let Ok((socket, _)) = listener.accept().await {
        let challenges = challenges.clone();
        tokio::spawn(async move {
            let mut socket = BufReader::new(socket);
            let Ok(Some(path)) = request_path(&mut socket).await else { return };
            let answer = path.strip_prefix("/.well-known/acme-challenge/").and_then(|token| challenges.get(token));
            let (status, body) = answer.map_or(("404 Not Found", String::new()), |answer| ("200 OK", answer));
            let text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            let _ = socket.get_mut().write_all(text.as_bytes()).await;
        });
    }
}

/// The path of the next request; none at the end of the connection.
async fn request_path(stream: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> std::io::Result<Option<String>> {
    let mut path = None;
    loop {
        let mut line = String::new();
        match stream.read_line(&mut line).await? {
            0 => return Ok(None),
            _ if line == "\r\n" => return Ok(path),
            _ if path.is_none() => path = line.split(' ').nth(1).map(str::to_owned),
            _ => {}
        }
    }
}

/// One request on an open connection.
pub(crate) async fn ask(stream: &mut TlsStream<TcpStream>) -> std::io::Result<()> {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: vault.test\r\n\r\n").await?;
    let mut answer = [0; 40];
    let mut read = 0;
    while !answer[..read].ends_with(b"\r\n\r\nok") {
        match stream.read(&mut answer[read..]).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            more => read += more,
        }
    }
    Ok(())
}
