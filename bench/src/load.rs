//! The load: connections that each send one request after the other over TLS, and count only answers of the expected kind.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What came out of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// Requests answered well.
    pub(crate) requests: u64,
    /// How long it took.
    pub(crate) elapsed_s: f64,
}

impl Outcome {
    /// Requests a second.
    pub(crate) fn rate(&self) -> f64 {
        self.requests as f64 / self.elapsed_s
    }
}

/// Makes the request with this number for this connection.
pub(crate) type Make = Arc<dyn Fn(usize, u64) -> Result<Request<Full<Bytes>>> + Send + Sync>;

/// Sends `requests` requests on each of `connections` connections.
pub(crate) async fn run(
    address: SocketAddr,
    tls: &Arc<rustls::ClientConfig>,
    connections: usize,
    requests: u64,
    make: Make,
) -> Result<Outcome> {
    let mut senders = Vec::with_capacity(connections);
    for _ in 0..connections {
        senders.push(connect(address, tls).await?);
    }
    let began = Instant::now();
    let tasks: Vec<_> = senders
        .into_iter()
        .enumerate()
        .map(|(connection, sender)| tokio::spawn(send(sender, connection, requests, Arc::clone(&make))))
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(Outcome { requests: requests * connections as u64, elapsed_s: began.elapsed().as_secs_f64() })
}

async fn connect(address: SocketAddr, tls: &Arc<rustls::ClientConfig>) -> Result<http1::SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(ServerName::try_from("localhost")?, stream).await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn send(mut sender: http1::SendRequest<Full<Bytes>>, connection: usize, requests: u64, make: Make) -> Result<()> {
    for number in 0..requests {
        sender.ready().await?;
        let answer = sender.send_request(make(connection, number)?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await.context("body")?.to_bytes();
        ensure!(status.is_success(), "answer {status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(())
}
