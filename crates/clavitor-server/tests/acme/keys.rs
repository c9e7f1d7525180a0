//! What lies in the folder of accounts and certificates after an order, read as a stranger would.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::Value;

pub(crate) fn certificate(data: &Path) -> Value {
    serde_json::from_slice(&fs::read(data.join("acme/certificate.json")).unwrap()).unwrap()
}

/// Modes of the folder and of every file in it.
pub(crate) fn assert_private(data: &Path) {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&data.join("acme")), 0o700);
    for entry in fs::read_dir(data.join("acme")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}
