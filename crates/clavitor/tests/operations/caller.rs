//! Callers of a node: plain or over TLS, with one request or many on a connection.

use std::{
    io::{self, BufRead as _, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

/// Somebody on this machine.
pub(crate) struct Caller {
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    /// Lines that every request of this caller carries.
    headers: String,
}

impl Caller {
    pub(crate) fn plain(port: u16) -> Self {
        Self { port, tls: None, headers: String::new() }
    }

    /// Trusts the authority that a node with `--dev-ca` made in its folder, and nobody else.
    pub(crate) fn of_dev_ca(port: u16, data: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(data.join("dev-ca/ca.crt")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = builder.with_root_certificates(roots).with_no_client_auth();
        Self { port, tls: Some(Arc::new(tls)), headers: String::new() }
    }

    /// The same, who is signed in.
    pub(crate) fn signed_in(&self, session: &str) -> Self {
        self.with(&format!("cookie: __Host-clavitor={session}\r\nx-clavitor: 1\r\n"))
    }

    /// The same, with a hosted agent's token.
    pub(crate) fn hosted(&self, token: &str) -> Self {
        self.with(&format!("authorization: Bearer {token}\r\n"))
    }

    fn with(&self, headers: &str) -> Self {
        Self { port: self.port, tls: self.tls.clone(), headers: headers.to_owned() }
    }

    pub(crate) fn connect(&self) -> io::Result<Connection<'_>> {
        let socket = TcpStream::connect(("127.0.0.1", self.port))?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(socket),
            Some(tls) => {
                let session = ClientConnection::new(tls.clone(), ServerName::try_from("localhost").unwrap()).unwrap();
                let mut stream = StreamOwned::new(session, socket);
                while stream.conn.is_handshaking() {
                    stream.conn.complete_io(&mut stream.sock)?;
                }
                Box::new(stream)
            }
        };
        Ok(Connection { caller: self, stream: BufReader::new(stream) })
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.connect().and_then(|mut connection| connection.ask(method, path, body)).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, body)
    }
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

pub(crate) struct Connection<'c> {
    caller: &'c Caller,
    stream: BufReader<Box<dyn Stream>>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The node ends the connection after this answer.
    pub(crate) last: bool,
}

impl Connection<'_> {
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        let Caller { port, headers, .. } = self.caller;
        let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: localhost:{port}\r\n{headers}{kind}content-length: {}\r\n\r\n{body}", body.len());
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.stream.get_mut().flush()?;
        let head = self.head()?;
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let length = field("content-length:").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer {
            status: head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap(),
            body: String::from_utf8(body).unwrap(),
            last: field("connection:") == Some("close"),
        })
    }

    /// Lines up to the empty one, names in lower case.
    fn head(&mut self) -> io::Result<String> {
        let mut head = String::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed without an answer"));
            }
            if line == "\r\n" {
                return Ok(head);
            }
            head.push_str(&line.to_ascii_lowercase());
        }
    }
}
