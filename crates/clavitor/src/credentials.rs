//! Secret files that a service manager hands over (systemd's `LoadCredential=`): found by fixed names where no flag names a file.

use std::path::{Path, PathBuf};

/// The token of /metrics.
pub(crate) const METRICS_TOKEN: &str = "clavitor.metrics-token";
/// The token of full reports.
pub(crate) const TELEMETRY_TOKEN: &str = "clavitor.telemetry-token";
/// The address of the push monitor.
pub(crate) const KUMA_URL: &str = "clavitor.kuma-url";
/// The key of the account with the certificate authority.
pub(crate) const ACME_EAB_KEY: &str = "clavitor.acme-eab-key";

/// The file that a flag names, or else the one that was handed over, if any was.
pub(crate) fn or_given(flag: Option<&Path>, name: &str) -> Option<PathBuf> {
    flag.map(Path::to_owned).or_else(|| given(name))
}

/// The file of this name, if one was handed over.
pub(crate) fn given(name: &str) -> Option<PathBuf> {
    let file = Path::new(&std::env::var_os("CREDENTIALS_DIRECTORY")?).join(name);
    file.is_file().then_some(file)
}

/// What `config check` says of a setting that no flag and no variable gives.
pub(crate) fn source(name: &str) -> &'static str {
    if given(name).is_some() { "credential" } else { "default" }
}
