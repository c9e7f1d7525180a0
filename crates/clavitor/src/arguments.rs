//! The command line. No option takes a value that must stay secret, but for `--kuma-url`, which has a twin that takes a file.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{acme::Acme, reports::Reports};

const EXAMPLES: &str = "\
Examples:
  clavitor serve                                  a node on this machine, data in ./data
  clavitor serve --domain vault.example.com --acme-agree-tos
                                                  on the Internet: ports 443 and 80, its own certificate
  clavitor serve --dev-ca                         https://localhost:8443 with a certificate authority of its own, for development
  clavitor setup-link                             a link for one more vault
  clavitor backup code; clavitor backup create /backups/today.clv
  clavitor audit export --file log.jsonl --head head.txt
  clavitor agent enroll -                         become an agent; the string comes from standard input

Exit codes: 0 done, 1 not done, 64 wrong usage; `audit verify` and `agent` have their own, in docs/API.md and docs/agents.md.";

/// A credential vault for people and the agents that work for them.
#[derive(Parser)]
#[command(name = "clavitor", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Serve vaults: the web application and the REST interface
    Serve(Serve),
    /// Print a one-time link that makes one more vault on this node; an earlier link ends
    SetupLink(Node),
    /// Print the version and the edition, as --version does, and what the edition consists of
    Version,
    /// Print the description of the REST interface (OpenAPI 3.1)
    Openapi,
    /// Make and check backups, also while the node runs
    #[command(subcommand)]
    Backup(BackupVerb),
    /// Bring a backup back into the data folder of a node that is not running; what is there is kept beside it
    Restore(Restore),
    /// Export the audit log, and check an export offline
    #[command(subcommand)]
    Audit(AuditVerb),
    /// Look at everything that can be wrong on this machine, and say what to type. Exit codes: 0 nothing, 2 warnings, 3 something does not work
    Doctor(Box<Doctor>),
    /// Print the running node's report of this moment as JSON, with its own checks: what it would push, asked over its own socket
    Vitals(Node),
    /// Look at the settings
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Print completions for a shell
    Completions {
        /// Which
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder
    Man {
        /// Where
        folder: PathBuf,
    },
    /// Use sealed credentials as an enrolled agent
    Agent(clavitor_agent::cli::AgentCommand),
    /// Print the instructions for agents, as a SKILL.md file
    Skill,
}

/// Where a node's data is and how it is reached.
#[derive(Args, Clone)]
pub(crate) struct Node {
    /// The data folder; made if it is not there
    #[arg(long, env = "CLAVITOR_DATA", default_value = "data", value_name = "FOLDER")]
    pub(crate) data: PathBuf,
    /// Address and port to listen on without TLS: on this machine only, to try the node out or behind a proxy
    #[arg(long, alias = "listen", env = "CLAVITOR_BIND", default_value = "127.0.0.1:1984", value_name = "ADDRESS:PORT")]
    pub(crate) bind: SocketAddr,
    /// A name under which the node serves HTTPS, such as vault.example.com. Can be repeated; passkeys are bound to the first
    #[arg(long, env = "CLAVITOR_DOMAIN", value_delimiter = ',', value_parser = crate::reach::name, value_name = "NAME", conflicts_with = "bind")]
    pub(crate) domain: Vec<String>,
    /// Address and port of HTTPS [default: [::]:443; with --dev-ca alone 127.0.0.1:8443]
    #[arg(long, env = "CLAVITOR_HTTPS_BIND", value_name = "ADDRESS:PORT", conflicts_with = "bind")]
    pub(crate) https_bind: Option<SocketAddr>,
    /// How browsers and agents reach the node, such as https://vault.example.com [default: https:// and the first name; else http://localhost and the port]
    #[arg(long, env = "CLAVITOR_ORIGIN", value_name = "URL")]
    pub(crate) origin: Option<String>,
    /// What passkeys are bound to, for ever: the host of the origin or a parent domain of it [default: the host]
    #[arg(long, env = "CLAVITOR_RP_ID", value_name = "DOMAIN")]
    pub(crate) rp_id: Option<String>,
}

/// `serve`.
#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) node: Node,
    #[command(flatten)]
    pub(crate) tls: Tls,
    #[command(flatten)]
    pub(crate) acme: Acme,
    /// Connections from one IPv4 address or IPv6 /64; raise it where many people share one address
    #[arg(long, env = "CLAVITOR_CONNECTIONS_PER_ADDRESS", default_value_t = 64, value_name = "COUNT")]
    pub(crate) connections_per_address: usize,
    /// Requests a minute that need no caller, such as signing in, from one IPv4 address or IPv6 /64
    #[arg(
        long,
        env = "CLAVITOR_ANONYMOUS_REQUESTS_PER_MINUTE",
        default_value_t = 240,
        value_parser = clap::value_parser!(u32).range(1..),
        value_name = "COUNT"
    )]
    pub(crate) anonymous_requests_per_minute: u32,
    /// A proxy in front of the node, by its address; what it adds to X-Forwarded-For or Forwarded is believed. Can be repeated
    #[arg(long, env = "CLAVITOR_TRUSTED_PROXY", value_delimiter = ',', value_name = "ADDRESS")]
    pub(crate) trusted_proxy: Vec<IpAddr>,
    /// The trusted proxies begin each connection with the PROXY protocol's header (version 1 or 2), as HAProxy does with `send-proxy-v2`
    #[arg(long, env = "CLAVITOR_PROXY_PROTOCOL", requires = "trusted_proxy")]
    pub(crate) proxy_protocol: bool,
    #[command(flatten)]
    pub(crate) backups: crate::schedule::Backups,
    #[command(flatten)]
    pub(crate) reports: Reports,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// HTTPS without a proxy.
#[derive(Args)]
pub(crate) struct Tls {
    /// Address and port of plain HTTP, which answers a certificate authority's challenges and sends everybody else to HTTPS, or `none` [default: [::]:80; with
    /// --dev-ca alone none]
    #[arg(long, env = "CLAVITOR_HTTP_BIND", value_name = "ADDRESS:PORT", conflicts_with = "bind")]
    pub(crate) http_bind: Option<crate::reach::HttpBind>,
    /// A certificate of your own instead of one that the node asks for: the chain in PEM, the node's own first; read again when it changes
    #[arg(long, env = "CLAVITOR_TLS_CERT", value_name = "FILE", requires = "tls_key", requires = "domain")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of that certificate, in PEM, not encrypted
    #[arg(long, env = "CLAVITOR_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// For development: make a certificate authority for the names (localhost if there are none) in the data folder, and say how to trust it
    #[arg(long, env = "CLAVITOR_DEV_CA", conflicts_with_all = ["bind", "tls_cert"])]
    pub(crate) dev_ca: bool,
}

/// `doctor`. It takes the settings of `serve`, so that it looks at the same node.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  clavitor doctor --data /var/lib/clavitor\n  clavitor doctor --json | jq '.[] | select(.level != \"ok\")'\n\n\
Nothing is changed. The network is asked for nothing but the addresses of the names that were given."
)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) serve: Serve,
    /// Print the findings as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How the log looks.
#[derive(Args)]
pub(crate) struct Log {
    /// What is logged: error, warn, info, debug, or a filter such as clavitor_server=debug
    #[arg(long, env = "CLAVITOR_LOG", default_value = "info", value_name = "FILTER")]
    pub(crate) log: String,
    /// How a log line looks
    #[arg(long, env = "CLAVITOR_LOG_FORMAT", default_value = "text", value_enum)]
    pub(crate) log_format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Subcommand)]
pub(crate) enum BackupVerb {
    /// Make a backup code and show it once; later backups are sealed to it
    Code(Node),
    /// Write everything into one new sealed file, and verify it
    Create {
        #[command(flatten)]
        node: Node,
        /// The file; it must not exist
        file: PathBuf,
    },
    /// Open a backup with its code, which is read from standard input, and check the database in it
    Verify {
        /// The file
        file: PathBuf,
    },
}

/// `restore`.
#[derive(Args)]
pub(crate) struct Restore {
    /// The data folder
    #[arg(long, env = "CLAVITOR_DATA", default_value = "data", value_name = "FOLDER")]
    pub(crate) data: PathBuf,
    /// The backup; its code is read from standard input
    pub(crate) file: PathBuf,
}

#[derive(Subcommand)]
pub(crate) enum AuditVerb {
    /// Write a vault's log, one JSON object a line, and its signed head
    Export {
        #[command(flatten)]
        node: Node,
        /// Which vault; needed when there are several
        #[arg(long, value_name = "ID")]
        vault: Option<String>,
        /// The file for the events; it must not exist
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// The file for the signed head; it must not exist
        #[arg(long, value_name = "FILE")]
        head: PathBuf,
    },
    /// Check an export without the node. Exit codes: 0 ok, 2 inconsistent, 3 bad signature, 5 rollback
    Verify {
        /// The file with the events
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// The file with the signed head
        #[arg(long, value_name = "FILE")]
        head: PathBuf,
        /// The log's public key, base64; `audit export` prints it, and every manifest pins it
        #[arg(long, value_name = "KEY")]
        key: String,
        /// A head kept from earlier, which the log must contain
        #[arg(long, value_name = "FILE")]
        pin: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
pub(crate) enum ConfigVerb {
    /// Print each setting, its value and where it came from, and say whether they fit together
    Check(Serve),
}
