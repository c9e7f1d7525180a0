//! The settings of a node: from flags, from the environment, or derived; and where each came from.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context as _, bail};
use clap::{ArgMatches, FromArgMatches as _, parser::ValueSource};
use clavitor_server::{Config, Limits, edition::Edition, system_clock, vitals};

use crate::{
    arguments::{LogFormat, Node, Serve},
    print,
    reach::{self, Certificate, Reach},
};

/// The settings of a node that serves, once it is known where it listens.
pub(crate) fn of_serve(serve: &Serve, reach: &Reach, listen: SocketAddr, edition: Arc<dyn Edition>) -> Config {
    let origin = reach::origin(&serve.node, &reach.names, listen.port());
    let mut limits = Limits::default();
    limits.allow_connections_per_prefix(serve.connections_per_address);
    limits.anonymous_per_minute_max = serve.anonymous_requests_per_minute;
    Config {
        rp_id: rp_id(&serve.node, &origin),
        origin,
        listen,
        names: reach.names.clone(),
        trusted_proxies: serve.trusted_proxy.clone(),
        proxy_protocol: serve.proxy_protocol,
        limits,
        edition,
        clock: system_clock(),
        vitals: vitals::Settings::default(),
    }
}

/// Whether the settings fit together.
pub(crate) fn fit(serve: &Serve, reach: &Reach, config: &Config) -> anyhow::Result<()> {
    let named = host(&config.origin);
    if !reach.names.is_empty() && !reach.names.iter().any(|name| name == named) {
        bail!("--origin {} is not under one of the names of the node ({}); add --domain {named}", config.origin, reach.names.join(", "));
    }
    clavitor_server::config::check(config)?;
    if let Certificate::Acme = reach.certificate {
        serve.acme.settings(&reach.names)?;
    }
    Ok(())
}

/// Names by which the whole world should reach the node, as far as the operator gave any.
pub(crate) fn public_names(serve: &Serve) -> Vec<String> {
    let given = serve.node.origin.iter().filter_map(|origin| origin.strip_prefix("https://"));
    let hosts = given.map(|rest| host(rest.trim_end_matches('/')).to_owned()).filter(|host| !serve.node.domain.contains(host));
    let hosts = serve.node.domain.iter().cloned().chain(hosts);
    hosts.filter(|name| name != "localhost" && !name.starts_with('[') && name.parse::<std::net::Ipv4Addr>().is_err()).collect()
}

/// The relying party id that passkeys of this origin are bound to.
pub(crate) fn rp_id(node: &Node, origin: &str) -> String {
    node.rp_id.clone().unwrap_or_else(|| host(origin).to_owned())
}

fn host(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())).map_or(authority, |(host, _)| host)
}

/// Prints each setting, its value and its source.
pub(crate) fn check(matches: &ArgMatches, edition: Arc<dyn Edition>) -> anyhow::Result<()> {
    let of_check = matches.subcommand_matches("config").and_then(|config| config.subcommand_matches("check")).context("no settings")?;
    let serve = Serve::from_arg_matches(of_check)?;
    let reach = reach::of(&serve)?;
    let config = of_serve(&serve, &reach, reach.main, edition);
    let source = |name: &str, derived: &'static str| match of_check.value_source(name) {
        Some(ValueSource::CommandLine) => "command line",
        Some(ValueSource::EnvVariable) => "environment",
        Some(_) => "default",
        None => derived,
    };
    let format = match serve.log.log_format {
        LogFormat::Text => "text",
        LogFormat::Json => "json",
    };
    print::data(&format!("data\t{}\t{}", serve.node.data.display(), source("data", "default")))?;
    if reach.names.is_empty() {
        print::data(&format!("bind\t{}\t{}", serve.node.bind, source("bind", "default")))?;
    } else {
        reach.print(&source)?;
    }
    if let Certificate::Acme = reach.certificate {
        serve.acme.print(&source)?;
    }
    let from = if reach.names.is_empty() { "from bind" } else { "from domain" };
    print::data(&format!("origin\t{}\t{}", config.origin, source("origin", from)))?;
    print::data(&format!("rp-id\t{}\t{}", config.rp_id, source("rp_id", "from origin")))?;
    let connections = source("connections_per_address", "default");
    print::data(&format!("connections-per-address\t{}\t{connections}", serve.connections_per_address))?;
    let anonymous = source("anonymous_requests_per_minute", "default");
    print::data(&format!("anonymous-requests-per-minute\t{}\t{anonymous}", serve.anonymous_requests_per_minute))?;
    let proxies: Vec<String> = serve.trusted_proxy.iter().map(ToString::to_string).collect();
    let proxies = if proxies.is_empty() { "none".to_owned() } else { proxies.join(",") };
    print::data(&format!("trusted-proxy\t{proxies}\t{}", source("trusted_proxy", "default")))?;
    print::data(&format!("proxy-protocol\t{}\t{}", serve.proxy_protocol, source("proxy_protocol", "default")))?;
    let folder = serve.backups.backup_dir.as_ref().map_or("none".to_owned(), |folder| folder.display().to_string());
    print::data(&format!("backup-dir\t{folder}\t{}", source("backup_dir", "default")))?;
    let every = crate::schedule::duration_text(serve.backups.backup_every);
    print::data(&format!("backup-every\t{every}\t{}", source("backup_every", "default")))?;
    print::data(&format!("backup-keep\t{}\t{}", serve.backups.backup_keep, source("backup_keep", "default")))?;
    for (name, id, value, derived) in serve.reports.rows() {
        print::data(&format!("{name}\t{value}\t{}", source(id, derived)))?;
    }
    print::data(&format!("log\t{}\t{}", serve.log.log, source("log", "default")))?;
    print::data(&format!("log-format\t{format}\t{}", source("log_format", "default")))?;
    fit(&serve, &reach, &config)?;
    if let Certificate::Files(files) = &reach.certificate {
        files.load(&reach.names, (config.clock)() / 1000)?;
    }
    serve.reports.vitals()?;
    serve.reports.heartbeat()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn the_host_of_an_origin() {
        assert_eq!(host("http://localhost:1984"), "localhost");
        assert_eq!(host("https://vault.example.com"), "vault.example.com");
    }
}
