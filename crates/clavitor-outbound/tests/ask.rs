//! One request against real sockets: what is sent, what is refused, and what never stands in an error.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on has failed

use std::time::Duration;

use clavitor_outbound::{Ask, AskError, Uri, client, get, post};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

const SECRET: &str = "needle-0123456789";

/// Answers one request with these bytes, keeps the connection open, and gives back what was asked.
async fn answering(bytes: &'static [u8]) -> (Uri, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 4096];
        let read = stream.read(&mut asked).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        // Until the client is done with us.
        let _ = stream.read(&mut [0; 1]).await;
        String::from_utf8_lossy(&asked[..read]).into_owned()
    });
    (format!("http://{address}/{SECRET}?token={SECRET}").parse().unwrap(), task)
}

fn ask(to: &Uri) -> Ask<'_> {
    Ask { to, bearer: None, deadline: Duration::from_secs(10), answer_bytes_max: 16 }
}

#[tokio::test]
async fn a_post_carries_token_and_body_and_gives_status_and_answer() {
    let (to, asked) = answering(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno").await;
    let answer = post(&client(None).unwrap(), &Ask { bearer: Some("abc"), ..ask(&to) }, "{}".into()).await.unwrap();
    assert_eq!((answer.status, answer.body.as_ref()), (404, b"no".as_slice()));
    let asked = asked.await.unwrap().to_ascii_lowercase();
    for part in ["post /needle", "authorization: bearer abc", "content-type: application/json", "user-agent: clavitor/", "\r\n\r\n{}"] {
        assert!(asked.contains(part), "{part}: {asked}");
    }
}

#[tokio::test]
async fn whatever_goes_wrong_is_said_without_path_query_or_token() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let of = |address: std::net::SocketAddr| -> Uri { format!("http://{address}/{SECRET}?token={SECRET}").parse().unwrap() };
    let (long, _long) = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n0123456789abcdefg").await;
    let (cut, _cut) =
        answering(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n").await;
    let (none, _none) = answering(b"SSH-2.0-OpenSSH\r\n").await;
    let client = client(None).unwrap();
    let mut told = Vec::new();
    for to in
        [of(silent.local_addr().unwrap()), of(closed), long, cut, none, format!("http://no%20name/{SECRET}").parse().unwrap_or(of(closed))]
    {
        let deadline = Duration::from_millis(if told.is_empty() { 200 } else { 10_000 });
        let error = get(&client, &Ask { deadline, bearer: Some(SECRET), ..ask(&to) }).await.unwrap_err();
        let words = format!("{error} {error:?}");
        assert!(!words.contains("needle") && !words.contains("token="), "{words}");
        told.push(error);
    }
    assert!(matches!(told[..3], [AskError::Deadline(_), AskError::Unreachable(_), AskError::TooLong(16)]), "{told:?}");
    let to = of(closed);
    assert_eq!(get(&client, &Ask { bearer: Some("two\nlines"), ..ask(&to) }).await, Err(AskError::Unfit));
}
