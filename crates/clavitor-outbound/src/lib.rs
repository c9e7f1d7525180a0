//! The one way out of the machine: names without the C library, compiled-in or given certificate authorities, no redirects.
//!
//! Whoever links this crate can send requests; nothing else in the workspace can. Who sends what, and when, is the caller's business.

mod ask;
mod names;
mod probe;
mod retry;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject as _};

pub use ask::{Answer, Ask, AskError, get, post};
pub use hyper::Uri;
pub use names::{Names, addresses};
pub use probe::{Probe, Probed, Prober};
pub use retry::retry_after_ms;

/// Connecting takes at most this long.
const CONNECT_S_MAX: u64 = 10;

/// A pool of connections. Cheap to clone; it never follows a redirect.
pub type Client = legacy::Client<HttpsConnector<HttpConnector<Names>>, Full<Bytes>>;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The file with more authorities is not one.
    #[error("{0} holds no readable certificate in PEM")]
    Authorities(PathBuf),
    /// The TLS library refuses its own defaults.
    #[error("TLS could not be set up")]
    Tls,
}

/// A client for `https://` and, where the caller allows such an address, `http://`. `ca_file` holds more certificate authorities in PEM.
///
/// # Errors
/// [`ClientError`].
pub fn client(ca_file: Option<&Path>) -> Result<Client, ClientError> {
    let mut connector = HttpConnector::new_with_resolver(Names);
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(Duration::from_secs(CONNECT_S_MAX)));
    connector.set_nodelay(true);
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls(ca_file)?).https_or_http().enable_all_versions().wrap_connector(connector);
    Ok(legacy::Client::builder(TokioExecutor::new()).build(connector))
}

/// The cause at the bottom of the chain says most: "connection refused", "invalid peer certificate".
pub fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, ClientError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca_file {
        let unreadable = || ClientError::Authorities(path.to_owned());
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|_| unreadable())?.collect();
        if roots.add_parsable_certificates(certificates.map_err(|_| unreadable())?).0 == 0 {
            return Err(unreadable());
        }
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let builder =
        ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions().map_err(|_| ClientError::Tls)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("none.pem");
        assert!(client(Some(&file)).unwrap_err().to_string().contains("none.pem"));
        std::fs::write(&file, "not PEM").unwrap();
        assert!(client(Some(&file)).unwrap_err().to_string().contains("none.pem"));
        assert!(client(None).is_ok());
    }
}
