//! A served node, and what every attack ends with: nobody is left inside, and an honest caller is answered.

use std::{net::SocketAddr, time::Duration};

use clavitor_server::{App, Limits, Node, accept, door::DoorCounts};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
};

use crate::node::TestNode;

/// Longer than any deadline that a test sets, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(30);
/// The node's own address; what an honest caller sends.
pub(crate) const HONEST: &[u8] = b"GET /v1/node HTTP/1.1\r\nhost: localhost:1984\r\nconnection: close\r\n\r\n";

pub(crate) struct House {
    pub(crate) node: TestNode,
    app: App,
    pub(crate) address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Drop for House {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Deadlines that a test can wait for.
pub(crate) fn quick() -> Limits {
    Limits { header_ms_max: 500, idle_ms_max: 1_000, request_ms_max: 1_000, write_ms_max: 1_000, ..roomy() }
}

/// A clock that stands still never refills a bucket and never forgives: an attack from one address needs a larger one, and no memory of it, where that is not
/// what is tested.
pub(crate) fn roomy() -> Limits {
    Limits { connections_burst_max: 10_000, offence_ms: 0, ..usual() }
}

/// The product's limits, but for how long a test waits until somebody is turned away.
pub(crate) fn usual() -> Limits {
    Limits { turned_away_ms: 10, ..Limits::default() }
}

impl House {
    pub(crate) async fn open(limits: Limits) -> Self {
        Self::with(limits, false).await
    }

    /// Whether the trusted proxy, 127.0.0.9, speaks the PROXY protocol.
    pub(crate) async fn with(limits: Limits, proxy_protocol: bool) -> Self {
        Self::behind(limits, proxy_protocol, accept::Plain).await
    }

    /// Behind this front.
    pub(crate) async fn behind(limits: Limits, proxy_protocol: bool, front: impl accept::Front) -> Self {
        let node = TestNode::with(limits);
        let mut config = node.app.node().config().clone();
        config.proxy_protocol = proxy_protocol;
        let app = App::new(Node::new(node.vault.clone(), config).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(accept::serve(app.clone(), listener, front, std::future::pending()));
        Self { node, app, address, serving }
    }

    pub(crate) fn counts(&self) -> DoorCounts {
        self.app.node().door_counts()
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection from another address of this machine, taking little at a time.
    pub(crate) async fn connect_from(&self, from: &str) -> TcpStream {
        self.try_connect_from(from).await.unwrap()
    }

    /// The same, where the node may reset it before we have noticed that it is open.
    pub(crate) async fn try_connect_from(&self, from: &str) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
        socket.connect(self.address).await
    }

    /// What the node says to these bytes from there until it closes; nothing if it does not even let them in.
    pub(crate) async fn hears_from(&self, from: &str, bytes: &[u8]) -> String {
        let Ok(mut stream) = self.try_connect_from(from).await else { return String::new() };
        let _ = stream.write_all(bytes).await;
        until_closed(&mut stream).await
    }

    /// Sends everything at once and returns what the node said until it closed.
    pub(crate) async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // A node that has heard enough may close before the end.
        let _ = stream.write_all(bytes).await;
        until_closed(&mut stream).await
    }

    /// Nobody is inside any more, and an honest caller from elsewhere is answered.
    pub(crate) async fn is_well(&self) {
        self.is_empty().await;
        self.answers().await;
    }

    /// Nobody is inside any more.
    pub(crate) async fn is_empty(&self) {
        let all_gone = async {
            while self.counts().open > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, all_gone).await.expect("a connection is left");
    }

    /// An honest caller from elsewhere is answered.
    pub(crate) async fn answers(&self) {
        let mut stream = self.connect_from("127.0.0.77").await;
        stream.write_all(HONEST).await.unwrap();
        let said = until_closed(&mut stream).await;
        assert!(said.starts_with("HTTP/1.1 200 OK"), "{said}");
    }
}

/// What the node says until it closes; a node that does not close fails the test.
pub(crate) async fn until_closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // A reset is a close too.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("the connection stays open");
    String::from_utf8_lossy(&said).into_owned()
}

/// How many answers of this status are in it.
pub(crate) fn answers(said: &str, status: u16) -> usize {
    said.matches(&format!("HTTP/1.1 {status} ")).count()
}
