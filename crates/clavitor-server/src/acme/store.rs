//! What must survive a restart: accounts, the certificate with its key, an open order, and how the last attempts went.
//!
//! It lies in a folder of its own (0700, files 0600) that no backup and no replication carries: a restored node gets its own account and certificate.
//! A file is replaced whole or not at all. One that cannot be read is put aside under another name and said to be damaged; it never stops the node.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use instant_acme::AccountCredentials;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::policy::Memory;

/// The folder under the data folder.
pub const FOLDER: &str = "acme";

const FILE_BYTES_MAX: u64 = 1 << 20;
const CERTIFICATE: &str = "certificate.json";
const ORDER: &str = "order.json";
const ATTEMPTS: &str = "attempts.json";

/// A private key in PEM. It is wiped, and shown by nothing.
pub(super) struct KeyPem(Zeroizing<String>);

impl KeyPem {
    pub(super) fn new(pem: String) -> Self {
        Self(Zeroizing::new(pem))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl Clone for KeyPem {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Serialize for KeyPem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for KeyPem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// How a name is proved to be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Way {
    /// By a TLS handshake on port 443 (RFC 8737).
    TlsAlpn,
    /// By a file on port 80 (RFC 8555 section 8.3).
    Http,
}

/// The certificate that serves, with its key, in one file so that they cannot come apart.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Certificate {
    /// Who issued it: the address of the authority's directory.
    pub directory: String,
    pub names: Vec<String>,
    pub way: Way,
    pub issued_ms: u64,
    pub key: KeyPem,
    pub chain: String,
}

/// An order that was begun, with the key that its certificate will be for: a restart goes on with it instead of using up another one.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct OpenOrder {
    pub directory: String,
    pub url: String,
    pub names: Vec<String>,
    pub way: Way,
    pub key: KeyPem,
}

/// How the last attempts went.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Attempts {
    pub memory: Memory,
    pub last_error: Option<String>,
    pub directory: Option<String>,
    /// The address of the account there.
    pub account: Option<String>,
}

/// What another process can read without touching anything; what is damaged is left out.
pub(super) struct Glance {
    pub certificate: Option<Certificate>,
    pub attempts: Option<Attempts>,
}

/// Looks into the folder of a node that may be running; none if the node has none.
pub(super) fn glance(data: &Path) -> io::Result<Option<Glance>> {
    let folder = data.join(FOLDER);
    if !folder.try_exists()? {
        return Ok(None);
    }
    Ok(Some(Glance { certificate: whole(&folder.join(CERTIFICATE))?, attempts: whole(&folder.join(ATTEMPTS))? }))
}

fn whole<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    Ok(bytes(path)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

fn bytes(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    match File::open(path) {
        Ok(file) => file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map(|_| Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A file as it was found.
pub(super) enum Found<T> {
    /// There is none.
    Nothing,
    /// Here it is.
    Whole(T),
    /// It could not be read; it lies under this name now.
    Damaged(PathBuf),
}

impl<T> Found<T> {
    /// What is usable; what is damaged is handed to `report`.
    pub(super) fn or_report(self, report: &mut impl FnMut(&Path)) -> Option<T> {
        match self {
            Self::Nothing => None,
            Self::Whole(value) => Some(value),
            Self::Damaged(path) => {
                report(&path);
                None
            }
        }
    }
}

/// The folder.
pub(super) struct Store {
    folder: PathBuf,
}

impl Store {
    /// Opens it, makes it if it is not there, and takes from others what rights they have.
    pub(super) fn open(data: &Path) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        let store = Self { folder };
        store.sweep()?;
        Ok(store)
    }

    pub(super) fn certificate(&self) -> io::Result<Found<Certificate>> {
        self.read(CERTIFICATE)
    }

    pub(super) fn keep_certificate(&self, certificate: &Certificate) -> io::Result<()> {
        self.write(CERTIFICATE, certificate)
    }

    /// Puts a certificate aside that parses and is still no certificate.
    pub(super) fn damaged_certificate(&self) -> io::Result<PathBuf> {
        put_aside(&self.folder.join(CERTIFICATE))
    }

    pub(super) fn order(&self) -> io::Result<Found<OpenOrder>> {
        self.read(ORDER)
    }

    pub(super) fn keep_order(&self, order: &OpenOrder) -> io::Result<()> {
        self.write(ORDER, order)
    }

    pub(super) fn end_order(&self) -> io::Result<()> {
        self.remove(ORDER)
    }

    pub(super) fn attempts(&self) -> io::Result<Found<Attempts>> {
        self.read(ATTEMPTS)
    }

    pub(super) fn keep_attempts(&self, attempts: &Attempts) -> io::Result<()> {
        self.write(ATTEMPTS, attempts)
    }

    pub(super) fn account(&self, directory: &str) -> io::Result<Found<AccountCredentials>> {
        self.read(&account_name(directory))
    }

    pub(super) fn keep_account(&self, directory: &str, account: &AccountCredentials) -> io::Result<()> {
        self.write(&account_name(directory), account)
    }

    /// The authority does not know the account any more.
    pub(super) fn end_account(&self, directory: &str) -> io::Result<()> {
        self.remove(&account_name(directory))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> io::Result<Found<T>> {
        let path = self.folder.join(name);
        let Some(bytes) = bytes(&path)? else { return Ok(Found::Nothing) };
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Found::Whole(value)),
            Err(_) => put_aside(&path).map(Found::Damaged),
        }
    }

    fn write(&self, name: &str, value: &impl Serialize) -> io::Result<()> {
        let bytes = Zeroizing::new(serde_json::to_vec(value)?);
        let (path, temporary) = (self.folder.join(name), self.folder.join(format!("{name}.tmp")));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        self.sync()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.folder.join(name)) {
            Ok(()) => self.sync(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What an earlier run was writing when it ended is worth nothing, and may hold a key.
    fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "tmp") {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

/// One account for each authority; the name of the file gives nothing away and needs no escaping.
fn account_name(directory: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, directory.as_bytes());
    format!("account-{}.json", HEXLOWER.encode(&digest.as_ref()[..8]))
}

fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = path.with_extension("damaged");
    fs::rename(path, &aside)?;
    Ok(aside)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
