//! A certificate authority for one machine, for development: it signs for the names it was made for and for no other.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256,
};
use rustls::{
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use thiserror::Error;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};
use zeroize::Zeroizing;

use super::Slot;
use crate::{Shutdown, config::Config};

const DAY_S: u64 = 86_400;
/// How long the authority itself is good, and how much must be left for it to be used.
const AUTHORITY_DAYS: u64 = 730;
const AUTHORITY_DAYS_MIN: u64 = 60;
/// How long what it signs is good; a new one comes when a third is left.
const CERTIFICATE_DAYS: u64 = 30;
/// Clocks of machines on one desk differ a little.
const BACKDATED_S: u64 = 3_600;
const RENEWAL_LOOK: Duration = Duration::from_secs(3_600);

/// The folder in the data folder.
pub const FOLDER: &str = "dev-ca";
const CERTIFICATE: &str = "ca.crt";
const KEY: &str = "ca.key";

/// Why there is no authority, or nothing signed by it.
#[derive(Debug, Error)]
pub enum AuthorityError {
    /// The folder cannot be used.
    #[error("{0} cannot be used: {1}")]
    Folder(PathBuf, #[source] io::Error),
    /// The key is there and is none.
    #[error("{0} holds no private key that fits; remove the folder, and a new authority is made")]
    Key(PathBuf),
    /// The library refused.
    #[error("the certificate could not be made: {0}")]
    Made(#[from] rcgen::Error),
    /// TLS cannot use it.
    #[error("the certificate that was made cannot be used: {0}")]
    Used(#[from] rustls::Error),
}

/// The authority of one data folder.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: PathBuf,
    made: bool,
}

impl Authority {
    /// The authority in `data`, or a new one where there is none, or where the one that is there ends soon or is not for these names.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn open(data: &Path, names: &[String], now_s: u64) -> Result<Self, AuthorityError> {
        let folder = data.join(FOLDER);
        let certificate = folder.join(CERTIFICATE);
        match fs::read(&certificate) {
            Ok(pem) if serves(&pem, names, now_s) => {
                let (issuer, made) = (read(&folder, &pem)?, false);
                Ok(Self { issuer, certificate, made })
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(AuthorityError::Folder(certificate, error)),
            _ => {
                let (issuer, made) = (make(&folder, names, now_s)?, true);
                Ok(Self { issuer, certificate, made })
            }
        }
    }

    /// Whether it was made just now, so that nobody trusts it yet.
    pub fn is_new(&self) -> bool {
        self.made
    }

    /// The file that browsers and machines are to trust.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// A new key and a certificate for `names`; the key is never written anywhere.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn issue(&self, names: &[String], now_s: u64) -> Result<Arc<CertifiedKey>, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, names.first().map_or("", String::as_str));
        valid(&mut params, now_s, CERTIFICATE_DAYS);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| AuthorityError::Key(self.certificate.clone()))?;
        Ok(Arc::new(CertifiedKey::from_der(vec![certificate.der().clone()], key, &default_provider())?))
    }
}

/// Replaces the certificate in `slot` whenever a third of its life is left, until the shutdown.
pub async fn renew(authority: Authority, slot: Slot, config: Config, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(RENEWAL_LOOK) => {}
            () = shutdown.cancelled() => return,
        }
        let now_s = (config.clock)() / 1000;
        if slot.life().is_some_and(|life| life.fraction_left(now_s) > 1.0 / 3.0) {
            continue;
        }
        match authority.issue(&config.names, now_s).map(|key| slot.set(key)) {
            Ok(Ok(())) => tracing::info!("the development certificate was renewed"),
            Ok(Err(error)) => tracing::error!(%error, "the development certificate cannot be used"),
            Err(error) => tracing::error!(%error, "the development certificate was not renewed"),
        }
    }
}

fn valid(params: &mut CertificateParams, now_s: u64, days: u64) {
    let at = |seconds| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    (params.not_before, params.not_after) = (at(now_s.saturating_sub(BACKDATED_S)), at(now_s + days * DAY_S));
}

/// Whether the authority in `pem` lasts, and may sign for `names`.
fn serves(pem: &[u8], names: &[String], now_s: u64) -> bool {
    let Ok(der) = CertificateDer::from_pem_slice(pem) else { return false };
    let Ok((_, read)) = X509Certificate::from_der(&der) else { return false };
    let until = u64::try_from(read.validity().not_after.timestamp()).unwrap_or(0);
    let constraints = read.name_constraints().ok().flatten().and_then(|found| found.value.permitted_subtrees.as_ref());
    let permitted = |name: &String| {
        constraints.is_some_and(|trees| trees.iter().any(|tree| matches!(tree.base, GeneralName::DNSName(dns) if dns == name)))
    };
    until > now_s + AUTHORITY_DAYS_MIN * DAY_S && names.iter().all(permitted)
}

fn read(folder: &Path, certificate: &[u8]) -> Result<Issuer<'static, KeyPair>, AuthorityError> {
    let path = folder.join(KEY);
    let pem = Zeroizing::new(fs::read_to_string(&path).map_err(|error| AuthorityError::Folder(path.clone(), error))?);
    let (key, der) = (KeyPair::from_pem(&pem), CertificateDer::from_pem_slice(certificate));
    let (Ok(key), Ok(der)) = (key, der) else { return Err(AuthorityError::Key(path)) };
    Ok(Issuer::from_ca_cert_der(&der, key)?)
}

fn make(folder: &Path, names: &[String], now_s: u64) -> Result<Issuer<'static, KeyPair>, AuthorityError> {
    let failed = |error| AuthorityError::Folder(folder.to_owned(), error);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let pem = Zeroizing::new(key.serialize_pem());
    let authority = CertifiedIssuer::self_signed(of_authority(names, now_s), key)?;
    // The key first: a certificate without its key would be trusted by somebody and of no use.
    write(folder, KEY, pem.as_bytes()).map_err(failed)?;
    write(folder, CERTIFICATE, authority.pem().as_bytes()).map_err(failed)?;
    let key = KeyPair::from_pem(&pem)?;
    Ok(Issuer::from_ca_cert_der(authority.der(), key)?)
}

/// Permitted are the names and what lies below them; no address, so that a stolen key is of use on this desk only (RFC 5280 section 4.2.1.10).
fn of_authority(names: &[String], now_s: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    let title = format!("Clavitor development authority for {}", names.first().map_or("", String::as_str));
    params.distinguished_name.push(DnType::CommonName, title);
    valid(&mut params, now_s, AUTHORITY_DAYS);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let every = [CidrSubnet::from_v4_prefix([0; 4], 0), CidrSubnet::from_v6_prefix([0; 16], 0)];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: names.iter().cloned().map(GeneralSubtree::DnsName).collect(),
        excluded_subtrees: every.map(GeneralSubtree::IpAddress).into(),
    });
    params
}

/// Whole or not at all, and for the owner's eyes only.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let half = folder.join(format!("{name}.new"));
    match fs::remove_file(&half) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&half, folder.join(name))?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
