//! The flags of certificates by ACME, and what they mean together.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Args;
use clavitor_server::{
    acme::{Authority, ExternalAccount, LETS_ENCRYPT, LETS_ENCRYPT_STAGING, Settings},
    secret_file,
};
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use zeroize::Zeroizing;

use crate::{
    credentials::{self, ACME_EAB_KEY},
    print,
};

const KEY_FILE_BYTES_MAX: u64 = 4096;

/// Certificates that the node asks for itself, with --domain.
#[derive(Args)]
pub(crate) struct Acme {
    /// You have read the certificate authority's terms of service and agree (Let's Encrypt: https://letsencrypt.org/repository/)
    #[arg(long, env = "CLAVITOR_ACME_AGREE_TOS")]
    pub(crate) acme_agree_tos: bool,
    /// Whom to ask: the address of an ACME directory [default: Let's Encrypt, https://acme-v02.api.letsencrypt.org/directory]
    #[arg(long, env = "CLAVITOR_ACME_DIRECTORY", value_name = "URL", conflicts_with = "acme_staging")]
    pub(crate) acme_directory: Option<String>,
    /// Ask Let's Encrypt's authority for trials: its limits are generous, and no browser trusts its certificates
    #[arg(long, env = "CLAVITOR_ACME_STAGING")]
    pub(crate) acme_staging: bool,
    /// The root of a private authority, in PEM, that the directory's own https is checked with
    #[arg(long, env = "CLAVITOR_ACME_CA_FILE", value_name = "FILE")]
    pub(crate) acme_ca_file: Option<PathBuf>,
    /// How the authority may write to you, such as ops@example.com; it is the authority that gets to know it. Can be repeated
    #[arg(long, env = "CLAVITOR_ACME_CONTACT", value_delimiter = ',', value_name = "ADDRESS")]
    pub(crate) acme_contact: Vec<String>,
    /// A profile of the authority, such as shortlived for certificates of six days
    #[arg(long, env = "CLAVITOR_ACME_PROFILE", value_name = "NAME")]
    pub(crate) acme_profile: Option<String>,
    /// The account that you have with the authority already (external account binding): its key identifier
    #[arg(long, env = "CLAVITOR_ACME_EAB_KID", value_name = "ID")]
    pub(crate) acme_eab_kid: Option<String>,
    /// The file with that account's key, as the authority gave it: base64url in one line
    #[arg(long, env = "CLAVITOR_ACME_EAB_KEY_FILE", value_name = "FILE", requires = "acme_eab_kid")]
    pub(crate) acme_eab_key_file: Option<PathBuf>,
    /// A second authority, which is asked after three failures of the first
    #[arg(long, env = "CLAVITOR_ACME_FALLBACK_DIRECTORY", value_name = "URL")]
    pub(crate) acme_fallback_directory: Option<String>,
    /// Key identifier of your account with the second authority
    #[arg(long, env = "CLAVITOR_ACME_FALLBACK_EAB_KID", value_name = "ID", requires_all = ["acme_fallback_directory", "acme_fallback_eab_key_file"])]
    pub(crate) acme_fallback_eab_kid: Option<String>,
    /// The file with that account's key
    #[arg(long, env = "CLAVITOR_ACME_FALLBACK_EAB_KEY_FILE", value_name = "FILE", requires = "acme_fallback_eab_kid")]
    pub(crate) acme_fallback_eab_key_file: Option<PathBuf>,
}

impl Acme {
    /// What they say, for these names; files are read.
    pub(crate) fn settings(&self, names: &[String]) -> anyhow::Result<Settings> {
        let key = self.eab_key_file();
        ensure!(
            self.acme_eab_kid.is_none() || key.is_some(),
            "--acme-eab-kid needs the account's key: add --acme-eab-key-file FILE, or the credential {ACME_EAB_KEY}"
        );
        let mut authorities = vec![self.authority(self.directory(), self.acme_eab_kid.as_deref(), key.as_deref())?];
        if let Some(second) = &self.acme_fallback_directory {
            ensure!(second != self.directory(), "--acme-fallback-directory is the first authority once more; name another one");
            let (kid, key) = (self.acme_fallback_eab_kid.as_deref(), self.acme_fallback_eab_key_file.as_deref());
            authorities.push(self.authority(second, kid, key)?);
        }
        let settings = Settings {
            contact: self.acme_contact.iter().map(|address| contact(address)).collect(),
            profile: self.acme_profile.clone(),
            agree_tos: self.acme_agree_tos,
            ..Settings::new(names.to_vec(), authorities)
        };
        Ok(settings.checked()?)
    }

    /// A key that was handed over is used only with its identifier.
    fn eab_key_file(&self) -> Option<PathBuf> {
        self.acme_eab_kid.as_ref().and_then(|_| credentials::or_given(self.acme_eab_key_file.as_deref(), ACME_EAB_KEY))
    }

    fn directory(&self) -> &str {
        match &self.acme_directory {
            Some(directory) => directory,
            None if self.acme_staging => LETS_ENCRYPT_STAGING,
            None => LETS_ENCRYPT,
        }
    }

    fn authority(&self, directory: &str, kid: Option<&str>, key_file: Option<&Path>) -> anyhow::Result<Authority> {
        let external = match (kid, key_file) {
            (Some(kid), Some(file)) => Some(ExternalAccount { kid: kid.to_owned(), key: key(file)? }),
            _ => None,
        };
        Ok(Authority { directory: directory.to_owned(), ca_file: self.acme_ca_file.clone(), external })
    }

    /// Prints each setting, its value and its source; of a key, only where it lies.
    pub(crate) fn print(&self, source: &impl Fn(&str, &'static str) -> &'static str) -> anyhow::Result<()> {
        let line = |name: &str, value: &str, id: &str| {
            let derived = if id == "acme_eab_key_file" { credentials::source(ACME_EAB_KEY) } else { "default" };
            print::data(&format!("{name}\t{value}\t{}", source(id, derived)))
        };
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let of = if self.acme_staging { "acme_staging" } else { "acme_directory" };
        line("acme-directory", self.directory(), of)?;
        line("acme-agree-tos", if self.acme_agree_tos { "true" } else { "false" }, "acme_agree_tos")?;
        let optional = [
            ("acme-ca-file", path(&self.acme_ca_file), "acme_ca_file"),
            ("acme-contact", Some(self.acme_contact.join(",")).filter(|text| !text.is_empty()), "acme_contact"),
            ("acme-profile", self.acme_profile.clone(), "acme_profile"),
            ("acme-eab-kid", self.acme_eab_kid.clone(), "acme_eab_kid"),
            ("acme-eab-key-file", path(&self.eab_key_file()), "acme_eab_key_file"),
            ("acme-fallback-directory", self.acme_fallback_directory.clone(), "acme_fallback_directory"),
            ("acme-fallback-eab-kid", self.acme_fallback_eab_kid.clone(), "acme_fallback_eab_kid"),
            ("acme-fallback-eab-key-file", path(&self.acme_fallback_eab_key_file), "acme_fallback_eab_key_file"),
        ];
        for (name, value, id) in optional {
            if let Some(value) = value {
                line(name, &value, id)?;
            }
        }
        Ok(())
    }
}

/// ACME takes addresses as URLs; people write them without.
fn contact(address: &str) -> String {
    if address.contains(':') { address.to_owned() } else { format!("mailto:{address}") }
}

/// The key of an external account. Authorities show it in base64url, with or without `=` at the end; some in plain base64.
fn key(file: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let whole = secret_file::read(file, KEY_FILE_BYTES_MAX).context("the key of the external account")?;
    let text = whole.trim_ascii();
    let text = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    let decoded = BASE64URL_NOPAD.decode(text).or_else(|_| BASE64_NOPAD.decode(text)).ok().filter(|key| !key.is_empty());
    decoded
        .map(Zeroizing::new)
        .with_context(|| format!("{} holds no key in base64url; it is one line, as the authority showed it", file.display()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        acme: Acme,
    }

    fn settings(flags: &[&str]) -> anyhow::Result<Settings> {
        let flags = [&["clavitor"], flags].concat();
        Only::try_parse_from(flags)?.acme.settings(&["vault.example.com".to_owned()])
    }

    #[test]
    fn lets_encrypt_unless_something_else_is_said() {
        let first = |flags: &[&str]| settings(flags).unwrap().authorities.remove(0).directory;
        assert_eq!(first(&["--acme-agree-tos"]), LETS_ENCRYPT);
        assert_eq!(first(&["--acme-agree-tos", "--acme-staging"]), LETS_ENCRYPT_STAGING);
        assert_eq!(first(&["--acme-agree-tos", "--acme-directory", "https://ca.example/dir"]), "https://ca.example/dir");
        assert!(settings(&["--acme-agree-tos", "--acme-staging", "--acme-directory", "https://ca.example/dir"]).is_err());
        assert!(settings(&["--acme-agree-tos", "--acme-directory", "http://ca.example/dir"]).is_err());
        assert!(settings(&["--acme-agree-tos", "--acme-fallback-directory", LETS_ENCRYPT]).is_err());
    }

    #[test]
    fn without_agreement_the_flag_is_named() {
        assert!(settings(&[]).err().unwrap().to_string().contains("--acme-agree-tos"));
    }

    #[test]
    fn the_key_of_an_account_comes_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let flags = ["--acme-agree-tos", "--acme-eab-kid", "k", "--acme-eab-key-file", path];
        for text in ["AQID_w\n", "AQID_w==", "AQID/w=="] {
            std::fs::write(path, text).unwrap();
            let external = settings(&flags).unwrap().authorities.remove(0).external.unwrap();
            assert_eq!((external.kid.as_str(), external.key.as_slice()), ("k", [1, 2, 3, 255].as_slice()), "{text}");
        }
        let chmod = |mode| std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        chmod(0o644);
        assert!(format!("{:#}", settings(&flags).err().unwrap()).contains("chmod 600"));
        chmod(0o600);
        std::fs::write(path, "not base64!").unwrap();
        assert!(settings(&flags).err().unwrap().to_string().contains(path));
        assert!(settings(&["--acme-agree-tos", "--acme-eab-kid", "k"]).is_err(), "one without the other");
    }

    #[test]
    fn people_write_addresses_without_a_scheme() {
        let contact = settings(&["--acme-agree-tos", "--acme-contact", "ops@example.com,mailto:b@example.com"]).unwrap().contact;
        assert_eq!(contact, ["mailto:ops@example.com", "mailto:b@example.com"]);
    }
}
