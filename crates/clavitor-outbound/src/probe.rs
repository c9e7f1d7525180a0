//! A look at a server from outside: this address, that name, its certificate verified, a few GETs over one connection. Nothing is resolved and nothing is pooled.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::{Request, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use x509_parser::{parse_x509_certificate, prelude::X509Certificate};

use crate::{Answer, AskError, ClientError, ask::AGENT, innermost, tls};

/// Whom a probe trusts. Cheap to clone.
#[derive(Clone)]
pub struct Prober(TlsConnector);

/// Where a probe goes.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    /// The server's address, as it is: no name is looked up.
    pub address: SocketAddr,
    /// The name that its certificate must be for.
    pub name: &'a str,
    /// What is asked for, one after the other.
    pub paths: &'a [&'a str],
    /// For all of it.
    pub deadline: Duration,
    /// A longer answer is an error.
    pub answer_bytes_max: usize,
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// The certificate is valid from then on; Unix seconds.
    pub not_before_s: i64,
    /// And until then.
    pub not_after_s: i64,
    /// One for each path.
    pub answers: Vec<Answer>,
}

impl Probed {
    /// What is left of the certificate's life, from 1 to 0.
    pub fn life_left(&self, now_s: i64) -> f64 {
        let whole = self.not_after_s.saturating_sub(self.not_before_s).max(1);
        (self.not_after_s.saturating_sub(now_s) as f64 / whole as f64).clamp(0.0, 1.0)
    }
}

impl Prober {
    /// Trusts the public authorities and those of the file, in PEM.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(ca_file: Option<&Path>) -> Result<Self, ClientError> {
        let mut config = tls(ca_file)?;
        // Every look is a whole handshake: a resumed session would show no certificate.
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Looks.
    ///
    /// # Errors
    /// [`AskError`]: no connection, a certificate that does not hold for the name, no answer in time.
    pub async fn look(&self, probe: &Probe<'_>) -> Result<Probed, AskError> {
        tokio::time::timeout(probe.deadline, self.whole(probe)).await.unwrap_or(Err(AskError::Deadline(probe.deadline.as_secs())))
    }

    async fn whole(&self, probe: &Probe<'_>) -> Result<Probed, AskError> {
        let unreachable = |error: &dyn std::error::Error| AskError::Unreachable(innermost(error));
        let name = ServerName::try_from(probe.name.to_owned()).map_err(|_| AskError::Unfit)?;
        let stream = TcpStream::connect(probe.address).await.map_err(|error| unreachable(&error))?;
        let stream = self.0.connect(name, stream).await.map_err(|error| unreachable(&error))?;
        let (not_before_s, not_after_s) =
            validity(&stream).ok_or_else(|| AskError::Unreachable("the certificate cannot be read".into()))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| unreachable(&error))?;
        let asking = async {
            let mut answers = Vec::new();
            for path in probe.paths {
                answers.push(get(&mut sender, probe, path).await?);
            }
            Ok(answers)
        };
        tokio::pin!(asking);
        let answers = tokio::select! {
            answers = &mut asking => answers,
            // The connection has ended; whether the last answer is whole is in what was read.
            _ = connection => asking.await,
        };
        Ok(Probed { not_before_s, not_after_s, answers: answers? })
    }
}

async fn get(sender: &mut http1::SendRequest<Empty<Bytes>>, probe: &Probe<'_>, path: &str) -> Result<Answer, AskError> {
    let host = if probe.address.port() == 443 { probe.name.to_owned() } else { format!("{}:{}", probe.name, probe.address.port()) };
    let request = Request::get(path).header(header::HOST, host).header(header::USER_AGENT, AGENT).body(Empty::new());
    sender.ready().await.map_err(|error| AskError::Unreachable(innermost(&error)))?;
    let response =
        sender.send_request(request.map_err(|_| AskError::Unfit)?).await.map_err(|error| AskError::Unreachable(innermost(&error)))?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), probe.answer_bytes_max)
        .collect()
        .await
        .map_err(|error| if error.is::<LengthLimitError>() { AskError::TooLong(probe.answer_bytes_max) } else { AskError::CutOff })?;
    Ok(Answer { status, body: body.to_bytes() })
}

fn validity(stream: &TlsStream<TcpStream>) -> Option<(i64, i64)> {
    let (_, session) = stream.get_ref();
    let (_, certificate): (_, X509Certificate<'_>) = parse_x509_certificate(session.peer_certificates()?.first()?).ok()?;
    let validity = certificate.validity();
    Some((validity.not_before.timestamp(), validity.not_after.timestamp()))
}
