//! The place where the certificate in use lies: handshakes take it from here, whoever renews it puts it here.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{Life, Unreadable};

/// The protocol by which an authority looks for its challenge certificate (RFC 8737 section 4).
pub(crate) const ACME_TLS: &[u8] = b"acme-tls/1";

/// The certificate in use and the certificates of TLS-ALPN-01 challenges. Cheap to clone; every clone is the same place.
///
/// Empty at first: until [`Slot::set`], every handshake fails with an alert. Open connections keep what they were opened with.
#[derive(Debug, Clone, Default)]
pub struct Slot(Arc<RwLock<State>>);

#[derive(Debug, Default)]
struct State {
    current: Option<Current>,
    challenges: HashMap<String, Arc<CertifiedKey>>,
}

#[derive(Debug)]
struct Current {
    key: Arc<CertifiedKey>,
    life: Life,
}

impl Slot {
    /// Later handshakes use `key`.
    ///
    /// # Errors
    /// [`Unreadable`]: the chain does not begin with a certificate that names a host; what was in use stays.
    pub fn set(&self, key: Arc<CertifiedKey>) -> Result<(), Unreadable> {
        let life = Life::of(key.end_entity_cert().map_err(|_| Unreadable)?)?;
        self.write().current = Some(Current { key, life });
        Ok(())
    }

    /// What the certificate in use says about itself; none while there is none.
    pub fn life(&self) -> Option<Life> {
        self.read().current.as_ref().map(|current| current.life.clone())
    }

    /// An authority that asks for `name` by `acme-tls/1` is shown `key`, and nobody else is.
    pub fn challenge(&self, name: &str, key: Arc<CertifiedKey>) {
        self.write().challenges.insert(name.to_ascii_lowercase(), key);
    }

    /// The challenge of `name` is over.
    pub fn end_challenge(&self, name: &str) {
        self.write().challenges.remove(&name.to_ascii_lowercase());
    }

    fn for_challenge(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        self.read().challenges.get(&name?.to_ascii_lowercase()).cloned()
    }

    /// Whoever names nobody came by an address and will read why that does not work; whoever names another ends here, before anything is computed.
    fn for_client(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let state = self.read();
        let current = state.current.as_ref()?;
        name.is_none_or(|name| current.life.covers(name)).then(|| current.key.clone())
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Slot {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // RFC 8737 section 3: the authority offers this protocol and no other.
        let for_challenge = hello.alpn().is_some_and(|mut offered| offered.next() == Some(ACME_TLS) && offered.next().is_none());
        if for_challenge { self.for_challenge(hello.server_name()) } else { self.for_client(hello.server_name()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::crypto::aws_lc_rs::sign::any_ecdsa_type;
    use rustls::pki_types::PrivateKeyDer;

    fn certificate(name: &str) -> Arc<CertifiedKey> {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        Arc::new(CertifiedKey::new(vec![made.cert.der().clone()], any_ecdsa_type(&key).unwrap()))
    }

    #[test]
    fn an_empty_slot_shows_nothing() {
        let slot = Slot::default();
        assert!(slot.for_client(None).is_none() && slot.for_client(Some("vault.example.com")).is_none() && slot.life().is_none());
    }

    #[test]
    fn a_name_that_is_not_ours_gets_nothing_and_no_name_gets_the_certificate() {
        let slot = Slot::default();
        slot.clone().set(certificate("vault.example.com")).unwrap();
        assert!(slot.for_client(Some("Vault.Example.com")).is_some() && slot.for_client(None).is_some());
        assert!(slot.for_client(Some("evil.example")).is_none());
        assert_eq!(slot.life().unwrap().names, ["vault.example.com"]);
    }

    #[test]
    fn a_chain_that_cannot_be_read_changes_nothing() {
        let slot = Slot::default();
        let good = certificate("vault.example.com");
        slot.set(good.clone()).unwrap();
        assert_eq!(slot.set(Arc::new(CertifiedKey::new(Vec::new(), good.key.clone()))), Err(Unreadable));
        assert!(Arc::ptr_eq(&slot.for_client(None).unwrap(), &good));
    }

    #[test]
    fn a_challenge_is_by_name_and_ends() {
        let slot = Slot::default();
        let asked = certificate("vault.example.com");
        slot.challenge("Vault.example.com", asked.clone());
        assert!(Arc::ptr_eq(&slot.for_challenge(Some("vault.example.com")).unwrap(), &asked));
        assert!(slot.for_challenge(None).is_none() && slot.for_client(None).is_none());
        slot.end_challenge("vault.example.com");
        assert!(slot.for_challenge(Some("vault.example.com")).is_none());
    }
}
