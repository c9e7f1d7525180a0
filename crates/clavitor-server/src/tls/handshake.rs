//! The settings of every handshake, in one function.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::{Ticketer, default_provider},
    server::NoServerSessionStorage,
    version::{TLS12, TLS13},
};

use super::slot::{ACME_TLS, Slot};

/// TLS 1.3, and 1.2 for old agents, with the library's suites: each is an AEAD with forward secrecy, and the hybrid key exchange X25519MLKEM768 is preferred.
///
/// Sessions are resumed by tickets whose keys are made here, change every six hours and are never stored; the node remembers nothing about a client, and
/// accepts no early data, which could be replayed (the library's default).
///
/// # Errors
/// If the system gives no randomness for the tickets.
pub fn server_config(slot: Slot) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(slot));
    config.ticketer = Ticketer::new()?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec(), ACME_TLS.to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{CipherSuite, NamedGroup, SupportedCipherSuite};

    /// The suites that RFC 9325 section 4.2 recommends and those of TLS 1.3; a new one of the library is looked at before it is added here.
    const LOOKED_AT: [CipherSuite; 9] = [
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ];

    #[test]
    fn every_suite_is_an_aead_with_forward_secrecy_and_the_hybrid_comes_first() {
        let config = server_config(Slot::default()).unwrap();
        let suites: Vec<CipherSuite> = config.crypto_provider().cipher_suites.iter().map(SupportedCipherSuite::suite).collect();
        assert!(suites.iter().all(|suite| LOOKED_AT.contains(suite)), "{suites:?}");
        assert_eq!(config.crypto_provider().kx_groups[0].name(), NamedGroup::X25519MLKEM768);
        assert!(config.ticketer.enabled() && !config.session_storage.can_cache());
    }
}
