//! TLS over real sockets, with clients that trust one authority and nothing else.

mod changes;
mod handshakes;
mod plain_http;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use clavitor_server::{
    Limits, Shutdown, accept,
    plain::PlainHttp,
    tls::{Challenges, Slot, Tls, authority::Authority},
};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::node::TestNode;

pub(crate) const NAME: &str = "vault.test";
const NAMES: [&str; 2] = [NAME, "zurich.test"];

/// A node with a name, a certificate of its own authority, and both ports.
pub(crate) struct Served {
    pub node: TestNode,
    pub slot: Slot,
    pub challenges: Challenges,
    pub https: SocketAddr,
    pub http: SocketAddr,
    pub shutdown: Shutdown,
    authority: Authority,
    data: TempDir,
    tasks: Vec<JoinHandle<()>>,
}

impl Served {
    /// With a certificate.
    pub(crate) async fn start() -> Self {
        let served = Self::without_certificate(Limits::default()).await;
        served.renew();
        served
    }

    /// Before its first certificate.
    pub(crate) async fn without_certificate(limits: Limits) -> Self {
        let (node, data) = (TestNode::named(limits, &NAMES), tempfile::tempdir().unwrap());
        let (slot, challenges, shutdown) = (Slot::default(), Challenges::default(), Shutdown::default());
        let authority = Authority::open(data.path(), &node.app.node().config().names, now_s()).unwrap();
        let (main, plain) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let (https, http) = (main.local_addr().unwrap(), plain.local_addr().unwrap());
        let until = || {
            let shutdown = shutdown.clone();
            async move { shutdown.cancelled().await }
        };
        let tls = Tls::new(slot.clone(), "https://vault.test").unwrap();
        let port80 = PlainHttp::new(node.app.clone(), slot.clone(), challenges.clone());
        let tasks = vec![
            tokio::spawn(accept::serve(node.app.clone(), main, tls, until())),
            tokio::spawn(accept::serve(port80, plain, accept::Plain, until())),
        ];
        Self { node, slot, challenges, https, http, shutdown, authority, data, tasks }
    }

    /// Another certificate from the same authority, with another key.
    pub(crate) fn renew(&self) {
        let names = self.node.app.node().config().names.clone();
        self.slot.set(self.authority.issue(&names, now_s()).unwrap()).unwrap();
    }

    /// The file that a client is to trust.
    pub(crate) fn trusted(&self) -> PathBuf {
        self.authority.certificate().to_owned()
    }

    /// A folder that lives as long as the node.
    pub(crate) fn folder(&self) -> PathBuf {
        self.data.path().to_owned()
    }

    /// A client that trusts the authority, and no other, and speaks these versions.
    pub(crate) fn client(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.authority.certificate()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider())).with_protocol_versions(versions).unwrap();
        builder.with_root_certificates(roots).with_no_client_auth()
    }

    /// A handshake for `name`.
    pub(crate) async fn connect(&self, config: &Arc<ClientConfig>, name: &'static str) -> std::io::Result<TlsStream<TcpStream>> {
        let socket = TcpStream::connect(self.https).await?;
        TlsConnector::from(config.clone()).connect(ServerName::try_from(name).unwrap(), socket).await
    }

    /// A handshake as everybody makes it.
    pub(crate) async fn dial(&self) -> TlsStream<TcpStream> {
        self.connect(&Arc::new(self.client(rustls::ALL_VERSIONS)), NAME).await.unwrap()
    }

    /// Stops, and waits until nothing is left.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// Clients look at the real time.
fn now_s() -> u64 {
    clavitor_server::system_clock()() / 1000
}

/// Sends a request and reads one answer with a `content-length`; header and body.
pub(crate) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, request: &str) -> (String, String) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(read).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    (head, String::from_utf8(body).unwrap())
}

pub(crate) fn get(path: &str, host: &str, accept: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\naccept: {accept}\r\n\r\n")
}
