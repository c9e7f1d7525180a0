//! `D` of docs/FORMAT.md section 2: HKDF-SHA-256 with the vault as salt and a label from one closed list.

use aws_lc_rs::hkdf;

use crate::{Secret, VaultId, secret::Secret32};

/// Every label there is. A use names its label as a constant made by [`Label::of`]; whatever is not in this list does not compile.
pub const LABELS: [&str; 18] = [
    "unlock",
    "recover",
    "recover-auth",
    "tier/1",
    "tier/2",
    "tier/3",
    "scope/1",
    "scope/2",
    "entry/3",
    "wrap",
    "index",
    "enrol/secret",
    "enrol/auth",
    "enrol/mac",
    "enrol/wrap",
    "token/auth",
    "token/k1",
    "backup",
];

/// A label of the closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label(&'static str);

impl Label {
    /// Hash of this derivation proves knowledge of the recovery code to the node.
    pub const RECOVER_AUTH: Self = Self::of("recover-auth");
    /// Hash of this derivation proves knowledge of an enrolment string to the node.
    pub const ENROL_AUTH: Self = Self::of("enrol/auth");
    /// Keys the MAC over a new agent's public keys.
    pub const ENROL_MAC: Self = Self::of("enrol/mac");
    /// Hash of this derivation names a hosted token to the node.
    pub const TOKEN_AUTH: Self = Self::of("token/auth");
    /// Opens the hosted token's scope keys.
    pub const TOKEN_K1: Self = Self::of("token/k1");
    /// X25519 key of a backup code.
    pub const BACKUP: Self = Self::of("backup");

    /// The label with this name. Meant for constants: a name that is not in [`LABELS`] stops the build there.
    #[must_use]
    pub const fn of(name: &'static str) -> Self {
        let mut i = 0;
        while i < LABELS.len() {
            if same_text(LABELS[i].as_bytes(), name.as_bytes()) {
                return Self(LABELS[i]);
            }
            i += 1;
        }
        assert!(i < LABELS.len(), "not a label of docs/FORMAT.md section 2");
        Self("")
    }

    /// Its text.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

const fn same_text(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// `D(parent, label, epoch, ctx)`; deterministic.
#[must_use]
pub fn derive(parent: &[u8], label: Label, vault: &VaultId, epoch: u32, ctx: &[u8]) -> Secret32 {
    let info = [b"clavitor/v1/".as_slice(), label.0.as_bytes(), &[0], &epoch.to_be_bytes(), ctx];
    Secret::filled_by(|out| hkdf_sha256(parent, &vault.0, &info, out))
}

/// HKDF-SHA-256 (RFC 5869). `out` is at most 255 digests long; every caller here asks for 76 bytes at most.
pub(crate) fn hkdf_sha256<const N: usize>(ikm: &[u8], salt: &[u8], info: &[&[u8]], out: &mut [u8; N]) {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(ikm);
    let filled = prk.expand(info, Length(N)).and_then(|okm| okm.fill(out));
    // RFC 5869 cannot fail below 255 digests. A half-made key must never be used, so the process ends if the library disagrees.
    if filled.is_err() {
        std::process::abort();
    }
}
