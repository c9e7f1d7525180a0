//! TLS between the socket and HTTP.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    handshake::server_config,
    slot::{ACME_TLS, Slot},
};
use crate::accept::{Front, Stream};

/// What a slow reader can make us hold, besides what HTTP holds: one record.
const BUFFER_BYTES_MAX: usize = 16 << 10;
/// What somebody who speaks HTTP to this port may still send before we hang up.
const REST_BYTES_MAX: u64 = 16 << 10;
const REST_MS_MAX: u64 = 1_000;

/// TLS with the certificate of a [`Slot`]. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    not_tls: Arc<[u8]>,
}

impl Tls {
    /// Whoever speaks plain HTTP here is told to come to `address` (scheme, host and port).
    ///
    /// # Errors
    /// See [`server_config`].
    pub fn new(slot: Slot, address: &str) -> Result<Self, rustls::Error> {
        let said = format!("This port speaks HTTPS. Use {address}\n");
        let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n\
            content-security-policy: default-src 'none'; frame-ancestors 'none'\r\ncache-control: no-store\r\nconnection: close\r\n";
        let not_tls = format!("{head}content-length: {}\r\n\r\n{said}", said.len());
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(server_config(slot)?)), not_tls: not_tls.into_bytes().into() })
    }

    /// Answers, and reads a little on: a close with unread bytes would take the answer away from the client again.
    async fn refuse(&self, mut socket: TcpStream) -> io::Error {
        let said = async {
            socket.write_all(&self.not_tls).await?;
            socket.shutdown().await?;
            tokio::io::copy(&mut socket.take(REST_BYTES_MAX), &mut tokio::io::sink()).await
        };
        // Whether the client reads it is its own affair.
        let _ = tokio::time::timeout(Duration::from_millis(REST_MS_MAX), said).await;
        io::Error::other("plain HTTP on the port of HTTPS")
    }
}

impl Stream for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

impl Front for Tls {
    type Stream = TlsStream<TcpStream>;

    async fn open(&self, socket: TcpStream) -> io::Result<Self::Stream> {
        let mut first = [0];
        if socket.peek(&mut first).await? == 1 && first[0].is_ascii_uppercase() {
            return Err(self.refuse(socket).await);
        }
        let mut stream = self.acceptor.accept(socket).await?;
        let (_, session) = stream.get_mut();
        session.set_buffer_limit(Some(BUFFER_BYTES_MAX));
        if session.alpn_protocol() == Some(ACME_TLS) {
            // RFC 8737 section 3: the handshake was the whole conversation.
            stream.shutdown().await?;
            return Err(io::Error::other("a challenge was answered"));
        }
        Ok(stream)
    }
}
