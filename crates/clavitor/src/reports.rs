//! Flags of what the node says of itself, and to whom. Off unless they are given.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use clavitor_server::{
    heartbeat::{self, FREQ_S, Kuma, Telemetry, secret_of},
    vitals,
};

use crate::credentials::{self, KUMA_URL, METRICS_TOKEN, TELEMETRY_TOKEN};

/// Metrics, beats and reports.
#[derive(Args)]
pub(crate) struct Reports {
    /// A file with a token that opens /metrics to other machines (Authorization: Bearer); without it only this machine can read them
    #[arg(long, env = "CLAVITOR_METRICS_TOKEN_FILE", value_name = "FILE", help_heading = "Watching the node")]
    pub(crate) metrics_token_file: Option<PathBuf>,
    /// A push monitor of Uptime Kuma, such as https://kuma.example.com/api/push/abc123: a beat every 30 s, down with a reason when /readyz fails. The address
    /// holds the monitor's token; --kuma-url-file keeps it out of the list of processes. Up to four, with commas between them, get the same beat
    #[arg(long, env = "CLAVITOR_KUMA_URL", hide_env_values = true, value_name = "URL", help_heading = "Watching the node")]
    pub(crate) kuma_url: Option<String>,
    /// The same address in a file
    #[arg(long, env = "CLAVITOR_KUMA_URL_FILE", value_name = "FILE", conflicts_with = "kuma_url", help_heading = "Watching the node")]
    pub(crate) kuma_url_file: Option<PathBuf>,
    /// Where full reports go, such as https://hq.example.com: POST to /v1/telemetry there
    #[arg(long, env = "CLAVITOR_TELEMETRY_HOST", value_name = "URL", help_heading = "Watching the node")]
    pub(crate) telemetry_host: Option<String>,
    /// A file with the token that the host wants (Authorization: Bearer)
    #[arg(long, env = "CLAVITOR_TELEMETRY_TOKEN_FILE", value_name = "FILE", help_heading = "Watching the node")]
    pub(crate) telemetry_token_file: Option<PathBuf>,
    /// Seconds between reports
    #[arg(
        long,
        env = "CLAVITOR_TELEMETRY_FREQ",
        default_value_t = FREQ_S,
        value_parser = clap::value_parser!(u64).range(10..=86_400),
        value_name = "SECONDS",
        help_heading = "Watching the node"
    )]
    pub(crate) telemetry_freq: u64,
    /// What the node calls itself in reports [default: the name of the machine]
    #[arg(long, env = "CLAVITOR_TELEMETRY_NODE", value_name = "NAME", help_heading = "Watching the node")]
    pub(crate) telemetry_node: Option<String>,
    /// More certificate authorities for the monitor and the host, in PEM
    #[arg(long, env = "CLAVITOR_TELEMETRY_CA_FILE", value_name = "FILE", help_heading = "Watching the node")]
    pub(crate) telemetry_ca_file: Option<PathBuf>,
}

impl Reports {
    /// The node's name and the token of its metrics.
    pub(crate) fn vitals(&self) -> anyhow::Result<vitals::Settings> {
        let settings = vitals::Settings::of(self.telemetry_node.clone().unwrap_or_else(vitals::Settings::host_name));
        Ok(match credentials::or_given(self.metrics_token_file.as_deref(), METRICS_TOKEN) {
            Some(file) => settings.metrics_token(&secret_of(&file)?),
            None => settings,
        })
    }

    /// To whom beats and reports go.
    pub(crate) fn heartbeat(&self) -> anyhow::Result<heartbeat::Settings> {
        let from_file = self.kuma_file().as_deref().map(secret_of).transpose()?;
        let address = from_file.as_deref().map(String::as_str).or(self.kuma_url.as_deref());
        let telemetry = match &self.telemetry_host {
            Some(host) => {
                let file = credentials::or_given(self.telemetry_token_file.as_deref(), TELEMETRY_TOKEN);
                let file = file.with_context(|| {
                    format!("--telemetry-host needs a token: add --telemetry-token-file FILE, or the credential {TELEMETRY_TOKEN}")
                })?;
                Some(Telemetry::new(host, secret_of(&file)?, self.telemetry_freq)?)
            }
            None => None,
        };
        Ok(heartbeat::Settings { kuma: address.map(Kuma::parse).transpose()?, telemetry, ca_file: self.telemetry_ca_file.clone() })
    }

    /// The file with the monitor's address; a flag that says the address itself goes before a file that was handed over.
    fn kuma_file(&self) -> Option<PathBuf> {
        let given = || credentials::given(KUMA_URL).filter(|_| self.kuma_url.is_none());
        self.kuma_url_file.clone().or_else(given)
    }

    /// Each setting as `config check` shows it: its name, its flag's id, its value unless that is secret, and where that is from if not from the flag.
    pub(crate) fn rows(&self) -> [(&'static str, &'static str, String, &'static str); 7] {
        let file = |path: Option<PathBuf>| path.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
        let secret = |path: &Option<PathBuf>, name| (file(credentials::or_given(path.as_deref(), name)), credentials::source(name));
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        let (kuma, id) = match &self.kuma_url {
            Some(_) => ("set, not shown".to_owned(), "kuma_url"),
            None => (file(self.kuma_file()), "kuma_url_file"),
        };
        let (metrics, from) = secret(&self.metrics_token_file, METRICS_TOKEN);
        let (token, token_from) = secret(&self.telemetry_token_file, TELEMETRY_TOKEN);
        [
            ("metrics-token-file", "metrics_token_file", metrics, from),
            ("kuma-url", id, kuma, credentials::source(KUMA_URL)),
            ("telemetry-host", "telemetry_host", text(&self.telemetry_host), "default"),
            ("telemetry-token-file", "telemetry_token_file", token, token_from),
            ("telemetry-freq", "telemetry_freq", self.telemetry_freq.to_string(), "default"),
            ("telemetry-node", "telemetry_node", self.telemetry_node.clone().unwrap_or_else(vitals::Settings::host_name), "default"),
            ("telemetry-ca-file", "telemetry_ca_file", file(self.telemetry_ca_file.clone()), "default"),
        ]
    }
}
