//! TLS for both sides of a measurement: a certificate made at start, and a client that trusts just that one.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// A server's configuration and its certificate in lower-case hexadecimal, to be told to the load.
pub(crate) fn server() -> Result<(Arc<ServerConfig>, String)> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = made.cert.der().clone();
    let told = certificate.iter().map(|byte| format!("{byte:02x}")).collect();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    Ok((Arc::new(config), told))
}

/// A client's configuration for the server that told this certificate.
pub(crate) fn client(told: &str) -> Result<Arc<ClientConfig>> {
    let bytes: Option<Vec<u8>> =
        told.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(bytes.context("not a certificate")?))?;
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
