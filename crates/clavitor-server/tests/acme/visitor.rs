//! A client that checks certificates as browsers do.

use std::{net::SocketAddr, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A visitor who trusts the given root and checks name and dates.
pub(crate) struct Visitor(TlsConnector);

impl Visitor {
    pub(crate) fn new(root_pem: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(root_pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Self(TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth())))
    }

    pub(crate) async fn connect(&self, address: SocketAddr, name: &'static str) -> std::io::Result<TlsStream<TcpStream>> {
        self.0.connect(ServerName::try_from(name).unwrap(), TcpStream::connect(address).await?).await
    }
}
