//! Signed tree heads of the audit log: C2SP tlog-checkpoint inside a C2SP signed note with one Ed25519 signature.

use data_encoding::{BASE64, HEXLOWER};

use crate::{
    Refusal, VaultId,
    hash::{Hash, sha256},
    header::require,
    sign::{PublicKey, SIGNATURE_BYTES, SigningKey},
};

/// Longest checkpoint that is read.
pub const CHECKPOINT_BYTES_MAX: usize = 4096;

const ED25519_NOTE: u8 = 0x01;
const KEY_ID_BYTES: usize = 4;

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: `clavitor.ai/log/` and the vault id.
    pub origin: String,
    /// Events.
    pub size: u64,
    /// RFC 6962 root.
    pub root: Hash,
}

/// The origin line of a vault's log; also the name of the log's key.
#[must_use]
pub fn origin(vault: &VaultId) -> String {
    format!("clavitor.ai/log/{}", HEXLOWER.encode(&vault.0))
}

impl Checkpoint {
    /// The signed note.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        let body = self.body();
        let signature = key.sign_bytes(body.as_bytes());
        let blob = [key_id(&self.origin, &key.public()).as_slice(), &signature].concat();
        format!("{body}\n\u{2014} {} {}\n", self.origin, BASE64.encode(&blob))
    }

    /// Reads a note of `origin` and checks the signature of `key`. Lines of other signers (witnesses) may follow and are not judged here.
    ///
    /// # Errors
    /// [`Refusal::Shape`] for another form or origin, [`Refusal::Signature`] unless `key` signed it.
    pub fn verify(note: &str, origin: &str, key: &PublicKey) -> Result<Self, Refusal> {
        require(note.len() <= CHECKPOINT_BYTES_MAX && note.ends_with('\n'), Refusal::Shape)?;
        let split = note.find("\n\n").ok_or(Refusal::Shape)?;
        let (body, signatures) = (&note[..=split], &note[split + 2..]);
        let checkpoint = Self::parse(body)?;
        require(checkpoint.origin == origin, Refusal::Shape)?;
        require(!signatures.is_empty(), Refusal::Shape)?;
        let signature = find_signature(signatures, origin, key)?;
        key.verify_bytes(body.as_bytes(), &signature)?;
        Ok(checkpoint)
    }

    fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root))
    }

    /// Exactly three lines; the size without a sign or leading zeros.
    fn parse(body: &str) -> Result<Self, Refusal> {
        let mut lines = body.strip_suffix('\n').ok_or(Refusal::Shape)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next()) else {
            return Err(Refusal::Shape);
        };
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: size.parse().map_err(|_| Refusal::Shape)?,
            root: BASE64.decode(root.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(Refusal::Shape)?,
        };
        require(!origin.is_empty() && checkpoint.body() == body, Refusal::Shape)?;
        Ok(checkpoint)
    }
}

fn find_signature(lines: &str, origin: &str, key: &PublicKey) -> Result<[u8; SIGNATURE_BYTES], Refusal> {
    let key_id = key_id(origin, key);
    for line in lines.lines() {
        let (name, blob) = line.strip_prefix("\u{2014} ").and_then(|rest| rest.split_once(' ')).ok_or(Refusal::Shape)?;
        let blob = BASE64.decode(blob.as_bytes()).map_err(|_| Refusal::Shape)?;
        let (id, signature) = blob.split_first_chunk::<KEY_ID_BYTES>().ok_or(Refusal::Shape)?;
        if name == origin && *id == key_id {
            return signature.try_into().map_err(|_| Refusal::Signature);
        }
    }
    Err(Refusal::Signature)
}

/// Key id of a signed note: the first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key).
fn key_id(name: &str, key: &PublicKey) -> [u8; KEY_ID_BYTES] {
    let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[ED25519_NOTE], key.as_bytes()]);
    [a, b, c, d]
}
