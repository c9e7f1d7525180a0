//! A certificate and a key that the operator brings: checked, and taken anew when the files change.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustls::{
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use thiserror::Error;
use tokio::sync::Notify;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{Life, Slot};
use crate::{
    Shutdown,
    alert::{Alert, CertificateFault},
    config::Config,
    secret_file::{self, Refused},
};

/// A chain of a few certificates has a tenth of this.
const FILE_BYTES_MAX: u64 = 256 << 10;

/// A certificate chain and its private key, both PEM.
#[derive(Debug, Clone)]
pub struct Files {
    /// The chain, the node's own certificate first.
    pub certificate: PathBuf,
    /// The private key: PKCS#8, SEC 1 or PKCS#1, not encrypted.
    pub key: PathBuf,
}

/// What is wrong with the files.
#[derive(Debug, Error)]
pub enum FilesError {
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Read(PathBuf, #[source] io::Error),
    /// The key's file is not taken.
    #[error(transparent)]
    Key(#[from] Refused),
    /// No certificate in it.
    #[error("{0} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
    NoCertificate(PathBuf),
    /// No key in it.
    #[error("{0} holds no private key in PEM form; an encrypted key has to be decrypted first (openssl pkey -in {0} -out plain.key)")]
    NoKey(PathBuf),
    /// The certificate names nobody.
    #[error("the first certificate in {0} cannot be read, or names no host (it needs a subjectAltName)")]
    Unreadable(PathBuf),
    /// Something else follows the node's own certificate than the one that signed it.
    #[error(
        "certificate {1} in {0} did not sign the one before it; put the node's own certificate first, then each signer (fullchain.pem)"
    )]
    Order(PathBuf, usize),
    /// They do not belong together.
    #[error("the private key in {key} does not belong to the certificate in {certificate}")]
    Mismatch {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// A key of a kind that TLS does not use.
    #[error("the private key in {0} is of a kind that cannot be used; ECDSA P-256, P-384, Ed25519 and RSA can")]
    KeyKind(PathBuf),
    /// Another name.
    #[error("the certificate in {0} is for {1}, not for {2}; ask for one that has every --domain, or change --domain")]
    Name(PathBuf, String, String),
    /// Over.
    #[error("the certificate in {0} ended {1} days ago; renew it")]
    Expired(PathBuf, i64),
    /// Not yet.
    #[error("the certificate in {0} is not valid yet; is the clock of this machine right?")]
    NotYet(PathBuf),
}

impl Files {
    /// Reads both and checks that they can serve `names` at `now_s`.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn load(&self, names: &[String], now_s: u64) -> Result<Arc<CertifiedKey>, FilesError> {
        let chain = self.chain()?;
        self.check_chain(&chain, names, now_s)?;
        let pem = secret_file::read(&self.key, FILE_BYTES_MAX)?;
        let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| FilesError::NoKey(self.key.clone()))?;
        CertifiedKey::from_der(chain, key, &default_provider()).map(Arc::new).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => FilesError::Mismatch { certificate: self.certificate.clone(), key: self.key.clone() },
            _ => FilesError::KeyKind(self.key.clone()),
        })
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, FilesError> {
        let pem = read(&self.certificate)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| FilesError::NoCertificate(self.certificate.clone()))
    }

    fn check_chain(&self, chain: &[CertificateDer<'_>], names: &[String], now_s: u64) -> Result<(), FilesError> {
        let file = || self.certificate.clone();
        let life = chain.first().and_then(|first| Life::of(first).ok()).ok_or_else(|| FilesError::Unreadable(file()))?;
        for (index, pair) in chain.windows(2).enumerate() {
            if !signed(&pair[0], &pair[1]) {
                return Err(FilesError::Order(file(), index + 2));
            }
        }
        if let Some(name) = names.iter().find(|name| !life.covers(name)) {
            return Err(FilesError::Name(file(), life.names.join(", "), name.clone()));
        }
        if life.not_after_s <= now_s {
            return Err(FilesError::Expired(file(), -life.days_left(now_s)));
        }
        if life.not_before_s > now_s { Err(FilesError::NotYet(file())) } else { Ok(()) }
    }

    fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|path| {
            let about = fs::metadata(path).ok()?;
            Some((about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, FilesError> {
    use io::Read as _;
    let read = fs::File::open(path).and_then(|file| {
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map(|_| bytes)
    });
    read.map_err(|error| FilesError::Read(path.to_owned(), error))
}

/// By name only: whether the signature holds is the client's to check, and needs its roots.
fn signed(certificate: &CertificateDer<'_>, signer: &CertificateDer<'_>) -> bool {
    let (read, by) = (X509Certificate::from_der(certificate), X509Certificate::from_der(signer));
    matches!((read, by), (Ok((_, read)), Ok((_, by))) if read.issuer().as_raw() == by.subject().as_raw())
}

/// What changes when a file does; followed through links, so that a link that is turned counts too.
type Stamp = [Option<(u64, u64, i64, i64)>; 2];

/// Decides when the files are read again: when they differ from what was read last and have stopped changing, because two files are not replaced at once.
#[derive(Debug)]
struct Changes {
    read: Stamp,
    seen: Stamp,
}

impl Changes {
    fn new(stamp: Stamp) -> Self {
        Self { read: stamp, seen: stamp }
    }

    /// What was read counts as never read: the operator says so.
    fn forget(&mut self, stamp: Stamp) {
        (self.read, self.seen) = ([None, None], stamp);
    }

    /// Whether to read now.
    fn step(&mut self, stamp: Stamp) -> bool {
        let settled = std::mem::replace(&mut self.seen, stamp) == stamp;
        let reads = settled && stamp != self.read;
        if reads {
            self.read = stamp;
        }
        reads
    }
}

/// Says once at each stage that the certificate ends and nobody has replaced it.
#[derive(Debug, Default)]
struct Warnings {
    stages_told: usize,
}

/// What is left of the life when it is time to say so.
const STAGES: [f64; 4] = [0.2, 0.1, 0.03, 0.0];

impl Warnings {
    fn step(&mut self, fraction_left: f64) -> bool {
        let stages = STAGES.iter().filter(|stage| fraction_left <= **stage).count();
        let tells = stages > self.stages_told;
        self.stages_told = stages;
        tells
    }
}

/// Puts the files into `slot` whenever they change, and when `reload` says so, until the shutdown. A replacement that cannot be used changes nothing, and is
/// told once.
pub async fn watch(files: Files, slot: Slot, config: Config, interval: Duration, reload: Arc<Notify>, shutdown: Shutdown) {
    let mut changes = Changes::new(files.stamp());
    let (mut warnings, mut failures) = (Warnings::default(), 0);
    loop {
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            () = reload.notified() => changes.forget(files.stamp()),
            () = shutdown.cancelled() => return,
        }
        let now_s = (config.clock)() / 1000;
        if changes.step(files.stamp()) {
            match replace(&files, &slot, &config, now_s) {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    tell(&error, &slot, &config, failures, now_s);
                }
            }
        }
        let Some(life) = slot.life() else { continue };
        if warnings.step(life.fraction_left(now_s)) {
            config.edition.alert(&Alert::CertificateExpiring { days_left: life.days_left(now_s), life_percent: percent(&life, now_s) });
        }
    }
}

fn replace(files: &Files, slot: &Slot, config: &Config, now_s: u64) -> Result<(), FilesError> {
    let key = files.load(&config.names, now_s)?;
    slot.set(key).map_err(|_| FilesError::Unreadable(files.certificate.clone()))?;
    let days_left = slot.life().map(|life| life.days_left(now_s));
    tracing::info!(days_left, "the certificate was replaced");
    Ok(())
}

fn tell(error: &FilesError, slot: &Slot, config: &Config, failures: u64, now_s: u64) {
    tracing::error!(%error, "the certificate files have changed and cannot be used; the node goes on with what it had");
    let life = slot.life();
    let days_left = life.as_ref().map_or(0, |life| life.days_left(now_s));
    let life_percent = life.map_or(0, |life| percent(&life, now_s));
    config.edition.alert(&Alert::CertificateFailing { failures, days_left, life_percent, cause: CertificateFault::Files });
}

fn percent(life: &Life, now_s: u64) -> u8 {
    (life.fraction_left(now_s) * 100.0) as u8
}

#[cfg(test)]
mod tests;
