//! Connections that an edition keeps: HTTP lets go of them whatever is in front of it, they count until they are dropped, and nobody waits for them.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use clavitor_server::{
    App, Limits, Node, accept,
    edition::{Edition, Response, Unmatched},
    hold::{Held, Sent, hold},
    tls::{Slot, Tls, authority::Authority},
};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::node::TestNode;

const PATIENCE: Duration = Duration::from_secs(30);
const SCAN: &[u8] = b"GET /nothing HTTP/1.1\r\nhost: localhost:1984\r\n\r\n";

/// Passes on every connection that asks for what is not there.
struct Keeping(mpsc::UnboundedSender<Held>);

impl Edition for Keeping {
    fn name(&self) -> &'static str {
        "keeping"
    }

    fn unmatched(&self, _: &Unmatched<'_>) -> Response {
        let (to, mut response) = (self.0.clone(), Response::new(Body::from("whole")));
        *response.status_mut() = StatusCode::NOT_FOUND;
        hold(response, move |held| to.send(held).unwrap_or_default())
    }
}

struct Inn {
    app: App,
    address: SocketAddr,
    kept: mpsc::UnboundedReceiver<Held>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    _node: TestNode,
}

impl Inn {
    /// The proxy 127.0.0.9 says whose connections it passes on.
    async fn open(limits: Limits, front: impl accept::Front) -> Self {
        let (to, kept) = mpsc::unbounded_channel();
        let node = TestNode::of(Arc::new(Keeping(to)), limits);
        let mut config = node.app.node().config().clone();
        config.proxy_protocol = true;
        let app = App::new(Node::new(node.vault.clone(), config).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, (stop, stopped)) = (listener.local_addr().unwrap(), oneshot::channel());
        let task = tokio::spawn(accept::serve(app.clone(), listener, front, async move { stopped.await.unwrap_or_default() }));
        Self { app, address, kept, stop, task, _node: node }
    }

    async fn plain(limits: Limits) -> Self {
        Self::open(limits, accept::Plain).await
    }

    async fn connect_from(&self, from: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(16 << 10).unwrap();
        socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    async fn kept(&mut self) -> Held {
        timeout(PATIENCE, self.kept.recv()).await.expect("nobody is kept").unwrap()
    }

    /// One client that is kept.
    async fn keep_one(&mut self) -> (TcpStream, Held) {
        let mut stream = self.connect_from("127.0.0.1").await;
        stream.write_all(SCAN).await.unwrap();
        (stream, self.kept().await)
    }

    fn open_connections(&self) -> u64 {
        self.app.node().door_counts().open
    }

    /// What an HTTP client reads of an answer in two parts.
    async fn read_by_a_client<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        &mut self,
        stream: S,
    ) -> (StatusCode, HeaderMap, Vec<u8>) {
        let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::get("/nothing").header(header::HOST, "localhost:1984").body(Empty::<bytes::Bytes>::new()).unwrap();
        let asking = tokio::spawn(async move {
            let (parts, body) = client.send_request(request).await.unwrap().into_parts();
            (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
        });
        let mut held = self.kept().await;
        assert_eq!((held.send(b"a"), held.send(b"sixteen bytes of"), held.is_over()), (Sent::All, Sent::All, false));
        held.end();
        timeout(PATIENCE, asking).await.expect("the answer has no end").unwrap()
    }
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let wait = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what} never came"));
}

#[track_caller]
fn is_an_answer((status, headers, body): (StatusCode, HeaderMap, Vec<u8>)) {
    assert_eq!((status, &body[..]), (StatusCode::NOT_FOUND, &b"asixteen bytes of"[..]));
    assert_eq!(headers[header::TRANSFER_ENCODING], "chunked");
    assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "the headers of every answer");
    assert!(headers.contains_key("x-request-id") && headers.contains_key(header::DATE) && !headers.contains_key(header::CONTENT_LENGTH));
}

#[tokio::test]
async fn it_is_an_answer_in_chunks_also_behind_a_proxy() {
    let mut inn = Inn::plain(Limits::default()).await;
    let stream = inn.connect_from("127.0.0.1").await;
    is_an_answer(inn.read_by_a_client(stream).await);
    let mut stream = inn.connect_from("127.0.0.9").await;
    stream.write_all(b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n").await.unwrap();
    is_an_answer(inn.read_by_a_client(stream).await);
    until("an empty house", || inn.open_connections() == 0).await;
}

#[tokio::test]
async fn it_is_an_answer_in_chunks_over_tls() {
    let (folder, slot, names) = (tempfile::tempdir().unwrap(), Slot::default(), ["localhost".to_owned()]);
    let now_s = clavitor_server::system_clock()() / 1000;
    let authority = Authority::open(folder.path(), &names, now_s).unwrap();
    slot.set(authority.issue(&names, now_s).unwrap()).unwrap();
    let mut inn = Inn::open(Limits::default(), Tls::new(slot, "https://localhost:1984").unwrap()).await;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.certificate()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    let socket = inn.connect_from("127.0.0.1").await;
    let stream = tls.connect(ServerName::try_from("localhost").unwrap(), socket).await.unwrap();
    is_an_answer(inn.read_by_a_client(stream).await);
}

#[tokio::test]
async fn it_counts_at_the_door_and_is_waited_for_at_the_end() {
    let mut inn = Inn::plain(Limits { drain_ms_max: 3_600_000, ..Limits::default() }).await;
    let (mut stream, mut held) = inn.keep_one().await;
    assert_eq!(inn.open_connections(), 1);
    inn.stop.send(()).unwrap();
    assert!(timeout(Duration::from_millis(50), &mut inn.task).await.is_err(), "it is not over yet");
    assert_eq!(held.send(b"x"), Sent::All);
    held.end();
    timeout(PATIENCE, &mut inn.task).await.expect("the node does not end").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 404 Not Found\r\n") && said.ends_with("\r\n\r\n1\r\nx\r\n0\r\n\r\n"), "{said}");
    assert_eq!(inn.app.node().door_counts().open, 0);
}

#[tokio::test]
async fn a_hang_up_is_heard() {
    let mut inn = Inn::plain(Limits::default()).await;
    let (mut stream, held) = inn.keep_one().await;
    stream.write_all(b"more").await.unwrap();
    assert!(!held.is_over());
    drop(stream);
    until("the hang-up", || held.is_over()).await;
}

#[tokio::test]
async fn a_flood_is_not_taken_in() {
    let mut inn = Inn::plain(Limits::default()).await;
    let (mut stream, mut held) = inn.keep_one().await;
    let (mut taken_bytes, piece) = (0, vec![b'x'; 64 << 10]);
    while let Ok(taken) = timeout(Duration::from_millis(300), stream.write(&piece)).await {
        taken_bytes += taken.unwrap();
        assert!(taken_bytes < 2 << 20, "somebody reads it");
    }
    // What is thrown away makes room for no more than that.
    for _ in 0..10 {
        assert!(!held.is_over());
    }
    assert_eq!(held.send(b"x"), Sent::All);
}

#[tokio::test]
async fn whoever_takes_nothing_is_not_waited_for() {
    let mut inn = Inn::plain(Limits::default()).await;
    let (_stream, mut held) = inn.keep_one().await;
    let sent = (0..10_000).map(|_| held.send(&[b'x'; 8 << 10])).find(|sent| *sent != Sent::All);
    assert!(sent.is_some(), "there is no end to what is taken");
    assert_ne!(held.send(b"x"), Sent::All);
}

#[tokio::test]
async fn a_full_house_takes_its_place() {
    let mut inn = Inn::plain(Limits { connections_max: 2, ..Limits::default() }).await;
    let (_stream, held) = inn.keep_one().await;
    let _second = inn.connect_from("127.0.0.2").await;
    until("the second", || inn.open_connections() == 2).await;
    assert!(!held.must_leave());
    let _third = inn.connect_from("127.0.0.3").await;
    until("the word that it must leave", || held.must_leave()).await;
    assert_eq!(inn.app.node().door_counts().evicted, 1);
}

#[tokio::test]
async fn what_was_asked_before_is_answered_whole() {
    let mut inn = Inn::plain(Limits::default()).await;
    let mut stream = inn.connect_from("127.0.0.1").await;
    let description = inn.app.node().description();
    // Much more than the systems of both sides keep for one who does not read.
    let count = (4 << 20) / description.len();
    let before = b"GET /v1/openapi.json HTTP/1.1\r\nhost: localhost:1984\r\n\r\n".repeat(count);
    stream.write_all(&[&before, SCAN].concat()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut said = Vec::new();
    let reading = async {
        loop {
            tokio::select! {
                Some(held) = inn.kept.recv() => held.end(),
                read = stream.read_buf(&mut said) => if read.unwrap() == 0 || said.ends_with(b"\r\n\r\nwhole") { break },
            }
        }
    };
    timeout(PATIENCE, reading).await.expect("the answers have no end");
    let said = String::from_utf8(said).unwrap();
    assert_eq!(said.matches(std::str::from_utf8(&description).unwrap()).count(), count);
    assert_eq!((said.matches("HTTP/1.1 200 OK\r\n").count(), said.matches("HTTP/1.1 404 Not Found\r\n").count()), (count, 1));
    assert!(said.ends_with("\r\n\r\n0\r\n\r\n") || said.ends_with("\r\n\r\nwhole"));
}

#[tokio::test]
async fn where_a_connection_cannot_be_held_the_answer_is_whole() {
    let inn = Inn::plain(Limits::default()).await;
    let mut stream = inn.connect_from("127.0.0.1").await;
    stream.write_all(b"GET /nothing HTTP/1.0\r\nhost: localhost:1984\r\n\r\n").await.unwrap();
    let mut said = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut said)).await.expect("it is held").unwrap();
    assert!(said.contains(" 404 Not Found\r\n") && said.ends_with("\r\n\r\nwhole"), "{said}");
}
