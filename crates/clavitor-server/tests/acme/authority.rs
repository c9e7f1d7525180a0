//! A certificate authority of the test's own, for the addresses of Pebble and of the relay, which clients must be told to trust.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// Files of a small authority and of its certificate for `localhost`.
pub(crate) struct Authority {
    pub root: PathBuf,
    pub leaf: PathBuf,
    pub leaf_key: PathBuf,
}

impl Authority {
    pub(crate) fn make(folder: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let files = Self { root: folder.join("root.pem"), leaf: folder.join("leaf.pem"), leaf_key: folder.join("leaf.key") };
        std::fs::write(&files.root, issuer.pem()).unwrap();
        std::fs::write(&files.leaf, leaf.pem()).unwrap();
        std::fs::write(&files.leaf_key, key.serialize_pem()).unwrap();
        files
    }
}
