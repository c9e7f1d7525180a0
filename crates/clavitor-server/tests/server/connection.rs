//! Over a real socket: slow and idle connections end, too many are refused, and a stop lets requests finish.

use std::{net::SocketAddr, time::Duration};

use clavitor_server::{Limits, accept};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

use crate::node::TestNode;

struct Served {
    _node: TestNode,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn serve(limits: Limits) -> Served {
    let node = TestNode::with(limits);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, (stop, stopped)) = (listener.local_addr().unwrap(), oneshot::channel());
    let app = node.app.clone();
    let task = tokio::spawn(accept::serve(app, listener, accept::Plain, async {
        let _ = stopped.await;
    }));
    Served { _node: node, address, stop, task }
}

fn quick() -> Limits {
    Limits { header_ms_max: 200, idle_ms_max: 400, ..Limits::default() }
}

/// What the node says until it closes; a node that does not close fails the test.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut said));
    // A reset is a close too.
    let _ = reading.await.expect("the connection stays open");
    String::from_utf8_lossy(&said).into_owned()
}

const WHOLE: &[u8] = b"GET /livez HTTP/1.1\r\nhost: localhost:1984\r\n\r\n";

#[tokio::test]
async fn a_connection_on_which_nothing_comes_is_closed() {
    let served = serve(quick()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    assert_eq!(until_closed(&mut stream).await, "");
}

#[tokio::test]
async fn a_header_that_dribbles_in_is_cut_off() {
    let served = serve(quick()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\n").await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let dribble = tokio::spawn(async move {
        while write.write_all(b"x-a: b\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut said = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), read.read_to_end(&mut said)).await.expect("the connection stays open");
    assert!(!String::from_utf8_lossy(&said).contains("200 OK"));
    drop(read);
    dribble.await.unwrap();
}

#[tokio::test]
async fn a_second_header_that_dribbles_in_is_cut_off_too() {
    let served = serve(quick()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(WHOLE).await.unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    stream.write_all(b"GET /livez HTTP/1.1\r\nx-slow: ").await.unwrap();
    let said = until_closed(&mut stream).await;
    assert_eq!(said.matches("200 OK").count(), 0, "{said}");
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_answer() {
    let served = serve(quick()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(WHOLE).await.unwrap();
    assert!(until_closed(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_http2_connection_that_only_pings_is_idle() {
    let served = serve(quick()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let pings = tokio::spawn(async move {
        while write.write_all(b"\0\0\x08\x06\0\0\0\0\0pingping").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut said = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), read.read_to_end(&mut said)).await.expect("the connection stays open");
    drop(read);
    pings.await.unwrap();
}

#[tokio::test]
async fn a_neighbour_has_so_many_connections_and_no_more() {
    let served = serve(Limits { connections_per_prefix_max: 2, turned_away_ms: 10, ..Limits::default() }).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(WHOLE).await.unwrap();
        let mut first = [0; 15];
        stream.read_exact(&mut first).await.unwrap();
        open.push(stream);
    }
    let mut third = TcpStream::connect(served.address).await.unwrap();
    let _ = third.write_all(WHOLE).await;
    assert_eq!(until_closed(&mut third).await, "");
    drop(open.pop());
    // The place comes free when the node has noticed the close.
    for _ in 0..200 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        let _ = stream.write_all(WHOLE).await;
        let mut first = [0; 15];
        if stream.read_exact(&mut first).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the place of a closed connection was never free again");
}

#[tokio::test]
async fn smuggling_shapes_are_refused() {
    let served = serve(Limits::default()).await;
    for request in [
        &b"POST /v1/session/begin HTTP/1.1\r\nhost: localhost:1984\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"[..],
        b"GET /livez HTTP/1.1\r\nhost: localhost:1984\r\n x-folded: 1\r\n\r\n",
        b"POST /v1/session/begin HTTP/1.1\r\nhost: localhost:1984\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nhost: localhost:1984\r\nhost: evil.example\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        stream.shutdown().await.unwrap();
        let said = until_closed(&mut stream).await;
        assert!(!said.contains("200 OK"), "{}: {said}", String::from_utf8_lossy(request));
    }
}

#[tokio::test]
async fn a_header_with_too_many_fields_or_bytes_is_refused() {
    let served = serve(Limits::default()).await;
    let many: String = (0..150).map(|number| format!("x-{number}: 1\r\n")).collect();
    let wide = format!("x-wide: {}\r\n", "x".repeat(32 << 10));
    for extra in [many, wide] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        let _ = stream.write_all(format!("GET /livez HTTP/1.1\r\nhost: localhost:1984\r\n{extra}\r\n").as_bytes()).await;
        assert!(!until_closed(&mut stream).await.contains("200 OK"));
    }
}

#[tokio::test]
async fn a_stop_lets_a_request_finish_and_closes_what_is_idle() {
    let served = serve(Limits::default()).await;
    let mut idle = TcpStream::connect(served.address).await.unwrap();
    idle.write_all(WHOLE).await.unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).await.unwrap();
    // This request's body is still on its way when the node is told to stop.
    let mut open = TcpStream::connect(served.address).await.unwrap();
    let head = "POST /v1/session/begin HTTP/1.1\r\nhost: localhost:1984\r\ncontent-type: application/json\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n";
    open.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 12];
    open.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100");
    served.stop.send(()).unwrap();
    until_closed(&mut idle).await;
    open.write_all(b"{}").await.unwrap();
    assert!(until_closed(&mut open).await.contains("HTTP/1.1 200 OK"));
    served.task.await.unwrap();
}
