//! TLS for both sides of a measurement: a certificate made at start, and a client that trusts just that one.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use clavitor_server::tls::{Slot, Tls};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::Resumption,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::CertifiedKey,
};

/// A certificate of this run and its key, of P-256, as authorities give them.
pub(crate) struct Identity(rcgen::CertifiedKey<rcgen::KeyPair>);

impl Identity {
    pub(crate) fn make() -> Result<Self> {
        Ok(Self(rcgen::generate_simple_self_signed(["localhost".to_owned()])?))
    }

    /// The certificate in lower-case hexadecimal, to be told to the load.
    pub(crate) fn told(&self) -> String {
        self.0.cert.der().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Two files for servers that read such.
    pub(crate) fn write(&self, folder: &Path) -> Result<(PathBuf, PathBuf)> {
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        std::fs::write(&certificate, self.0.cert.pem())?;
        std::fs::write(&key, self.0.signing_key.serialize_pem())?;
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok((certificate, key))
    }

    /// The same for the product's own handshakes.
    pub(crate) fn slot(&self) -> Result<Slot> {
        let slot = Slot::default();
        slot.set(Arc::new(CertifiedKey::from_der(vec![self.0.cert.der().clone()], self.key(), &provider())?))?;
        Ok(slot)
    }

    fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.0.signing_key.serialize_der()))
    }
}

/// The product's own front and what to tell the load.
pub(crate) fn front() -> Result<(Tls, String)> {
    let identity = Identity::make()?;
    Ok((Tls::new(identity.slot()?, "https://localhost")?, identity.told()))
}

/// A server's configuration and its certificate in lower-case hexadecimal, to be told to the load.
pub(crate) fn server() -> Result<(Arc<ServerConfig>, String)> {
    let identity = Identity::make()?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![identity.0.cert.der().clone()], identity.key())?;
    Ok((Arc::new(config), identity.told()))
}

/// A client that begins anew with every connection.
pub(crate) fn stranger(told: &str) -> Result<Arc<ClientConfig>> {
    let mut config = client(told)?.as_ref().clone();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
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
