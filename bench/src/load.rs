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

/// Makes the request with this number for this connection.
pub(crate) type Make = Arc<dyn Fn(usize, u64) -> Result<Request<Full<Bytes>>> + Send + Sync>;

type Sender = http1::SendRequest<Full<Bytes>>;

/// Open connections to one server; the handshakes are over before anything is measured.
pub(crate) struct Callers(Vec<Sender>);

impl Callers {
    /// Opens `count` connections.
    pub(crate) async fn connect(address: SocketAddr, tls: &Arc<rustls::ClientConfig>, count: usize) -> Result<Self> {
        let mut senders = Vec::with_capacity(count);
        for _ in 0..count {
            senders.push(connect(address, tls).await?);
        }
        Ok(Self(senders))
    }

    /// Sends `requests` requests on each connection, numbered from `first`. Returns the seconds it took.
    pub(crate) async fn run(&mut self, requests: u64, first: u64, make: &Make) -> Result<f64> {
        let began = Instant::now();
        let tasks: Vec<_> = self
            .0
            .drain(..)
            .enumerate()
            .map(|(connection, sender)| tokio::spawn(send(sender, connection, first..first + requests, Arc::clone(make))))
            .collect();
        for task in tasks {
            self.0.push(task.await??);
        }
        Ok(began.elapsed().as_secs_f64())
    }

    /// Sends one request; returns the bytes of the answer's body.
    pub(crate) async fn ask(&mut self, number: u64, make: &Make) -> Result<usize> {
        let sender = self.0.first_mut().context("no connection")?;
        sender.ready().await?;
        answer(sender, make(0, number)?).await
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

async fn connect(address: SocketAddr, tls: &Arc<rustls::ClientConfig>) -> Result<Sender> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(ServerName::try_from("localhost")?, stream).await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn send(mut sender: Sender, connection: usize, numbers: std::ops::Range<u64>, make: Make) -> Result<Sender> {
    for number in numbers {
        sender.ready().await?;
        answer(&mut sender, make(connection, number)?).await?;
    }
    Ok(sender)
}

async fn answer(sender: &mut Sender, request: Request<Full<Bytes>>) -> Result<usize> {
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await.context("body")?.to_bytes();
    ensure!(status.is_success(), "answer {status}: {}", String::from_utf8_lossy(&body));
    Ok(body.len())
}
