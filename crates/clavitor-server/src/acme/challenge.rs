//! Proofs that a name is ours, shown while an order is open and gone with it, however it ends.

use std::sync::Arc;

use instant_acme::KeyAuthorization;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::{crypto::aws_lc_rs::sign::any_ecdsa_type, pki_types::PrivateKeyDer, sign::CertifiedKey};

use crate::tls::{Challenges, Slot};

/// What is shown for one order. Dropped, nothing of it is shown any more.
pub(super) struct Shown<'a> {
    slot: &'a Slot,
    challenges: &'a Challenges,
    names: Vec<String>,
    tokens: Vec<String>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(slot: &'a Slot, challenges: &'a Challenges) -> Self {
        Self { slot, challenges, names: Vec::new(), tokens: Vec::new() }
    }

    /// Whether `name` is proved by something that is shown already.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|shown| shown == name)
    }

    /// RFC 8737: a certificate for the name alone, with the digest, to whoever asks by `acme-tls/1`.
    pub(super) fn by_tls(&mut self, name: &str, proof: &KeyAuthorization) -> Result<(), rcgen::Error> {
        let key = certificate(name, proof.digest().as_ref())?;
        self.slot.challenge(name, Arc::new(key));
        self.names.push(name.to_owned());
        Ok(())
    }

    /// RFC 8555 section 8.3: the answer to a token on port 80.
    pub(super) fn by_http(&mut self, name: &str, token: &str, proof: &KeyAuthorization) {
        self.challenges.put(token, proof.as_str());
        self.tokens.push(token.to_owned());
        self.names.push(name.to_owned());
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        for name in &self.names {
            self.slot.end_challenge(name);
        }
        for token in &self.tokens {
            self.challenges.remove(token);
        }
    }
}

fn certificate(name: &str, digest: &[u8]) -> Result<CertifiedKey, rcgen::Error> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let pair = KeyPair::generate()?;
    let certificate = params.self_signed(&pair)?;
    let key = PrivateKeyDer::Pkcs8(pair.serialize_der().into());
    let key = any_ecdsa_type(&key).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    use super::*;

    #[test]
    fn the_certificate_of_a_challenge_carries_the_digest_critically() {
        let made = certificate("vault.example.com", &[7; 32]).unwrap();
        let der = made.end_entity_cert().unwrap();
        let (_, read) = X509Certificate::from_der(der).unwrap();
        let extension = read.extensions().iter().find(|found| found.oid.to_id_string() == "1.3.6.1.5.5.7.1.31").unwrap();
        assert!(extension.critical);
        assert_eq!(extension.value, [&[0x04, 0x20], [7; 32].as_slice()].concat(), "an octet string of 32 bytes");
        assert_eq!(crate::tls::Life::of(der).unwrap().names, ["vault.example.com"]);
    }
}
