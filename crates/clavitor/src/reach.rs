//! How a node is reached: under which names, on which sockets, with which certificate.

use std::{net::SocketAddr, str::FromStr};

use anyhow::bail;
use clavitor_server::tls::files::Files;

use crate::{
    arguments::{Node, Serve},
    print,
};

const HTTPS_PORT: u16 = 443;
const EVERYWHERE: std::net::IpAddr = std::net::IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED);
const LOOPBACK: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Where plain HTTP listens, if it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HttpBind(pub(crate) Option<SocketAddr>);

impl FromStr for HttpBind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        text.parse().map(|address| Self(Some(address))).map_err(|_| "say an address and a port, such as [::]:80, or none".to_owned())
    }
}

/// Where the certificate comes from.
#[derive(Debug)]
pub(crate) enum Certificate {
    /// There is none: plain HTTP on this machine.
    None,
    /// From a certificate authority, by ACME.
    Acme,
    /// From the operator's files.
    Files(Files),
    /// From an authority of this machine's own, for development.
    Local,
}

/// What the flags say.
#[derive(Debug)]
pub(crate) struct Reach {
    /// The names, in lower case; none for plain HTTP.
    pub(crate) names: Vec<String>,
    /// Where the vault is served.
    pub(crate) main: SocketAddr,
    /// Where plain HTTP sends people on.
    pub(crate) http: Option<SocketAddr>,
    /// The certificate.
    pub(crate) certificate: Certificate,
}

/// A DNS name as `--domain` takes it.
pub(crate) fn name(text: &str) -> Result<String, String> {
    let label = |label: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(known) && !label.starts_with('-') && !label.ends_with('-')
    };
    if text.parse::<std::net::IpAddr>().is_ok() {
        return Err("this is an address; passkeys and certificates need a name".to_owned());
    }
    if text.len() > 253 || !text.split('.').all(label) {
        return Err("say a DNS name without scheme, port and slash, such as vault.example.com (xn--… for other scripts)".to_owned());
    }
    Ok(text.to_ascii_lowercase())
}

/// What the flags say, if they can be meant together.
pub(crate) fn of(serve: &Serve) -> anyhow::Result<Reach> {
    let (node, tls) = (&serve.node, &serve.tls);
    if node.domain.is_empty() && !tls.dev_ca {
        if let Some(flag) = node.https_bind.map(|_| "--https-bind").or(tls.http_bind.map(|_| "--http-bind")) {
            bail!("{flag} is for HTTPS, and the node has no name; add --domain NAME, or --dev-ca to try it out");
        }
        loopback(node.bind)?;
        return Ok(Reach { names: Vec::new(), main: node.bind, http: None, certificate: Certificate::None });
    }
    let alone = node.domain.is_empty();
    let names = if alone { vec!["localhost".to_owned()] } else { node.domain.clone() };
    let main = if alone { SocketAddr::new(LOOPBACK, 8443) } else { SocketAddr::new(EVERYWHERE, HTTPS_PORT) };
    let http = if alone { None } else { Some(SocketAddr::new(EVERYWHERE, 80)) };
    let certificate = match (&tls.tls_cert, &tls.tls_key) {
        (Some(certificate), Some(key)) => Certificate::Files(Files { certificate: certificate.clone(), key: key.clone() }),
        _ if tls.dev_ca => Certificate::Local,
        _ => Certificate::Acme,
    };
    Ok(Reach { names, main: node.https_bind.unwrap_or(main), http: tls.http_bind.map_or(http, |given| given.0), certificate })
}

/// Plain HTTP goes nowhere but to this machine.
pub(crate) fn loopback(address: SocketAddr) -> anyhow::Result<()> {
    if address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    bail!(
        "{address} can be reached from other machines, and plain HTTP can be read and changed by anybody on the way; browsers offer no passkeys there either.\n\
         Say one of these instead:\n\
         \x20 --domain vault.example.com --acme-agree-tos                     the node gets its own certificate\n\
         \x20 --domain vault.example.com --tls-cert full.pem --tls-key key.pem   it uses yours\n\
         \x20 --dev-ca                                                        it makes one, for development\n\
         \x20 --bind 127.0.0.1:1984                                           a proxy on this machine speaks TLS in front of it"
    )
}

/// How the node is reached when it listens on that port under those names.
pub(crate) fn origin(node: &Node, names: &[String], port: u16) -> String {
    let derived = || match (names.first(), port) {
        (None, port) => format!("http://localhost:{port}"),
        (Some(name), HTTPS_PORT) => format!("https://{name}"),
        (Some(name), port) => format!("https://{name}:{port}"),
    };
    node.origin.clone().unwrap_or_else(derived).trim_end_matches('/').to_owned()
}

/// The same while no node runs, as far as the flags tell.
pub(crate) fn origin_unstarted(node: &Node) -> String {
    let port = if node.domain.is_empty() { node.bind.port() } else { node.https_bind.map_or(HTTPS_PORT, |address| address.port()) };
    origin(node, &node.domain, port)
}

impl Reach {
    /// Prints each setting of HTTPS, its value and its source.
    pub(crate) fn print(&self, source: &impl Fn(&str, &'static str) -> &'static str) -> anyhow::Result<()> {
        print::data(&format!("domain\t{}\t{}", self.names.join(","), source("domain", "default")))?;
        print::data(&format!("https-bind\t{}\t{}", self.main, source("https_bind", "default")))?;
        let http = self.http.map_or("none".to_owned(), |address| address.to_string());
        print::data(&format!("http-bind\t{http}\t{}", source("http_bind", "default")))?;
        match &self.certificate {
            Certificate::Files(files) => {
                print::data(&format!("tls-cert\t{}\t{}", files.certificate.display(), source("tls_cert", "default")))?;
                print::data(&format!("tls-key\t{}\t{}", files.key.display(), source("tls_key", "default")))
            }
            Certificate::Local => print::data(&format!("dev-ca\ttrue\t{}", source("dev_ca", "default"))),
            Certificate::Acme => print::data("certificate\tby ACME\tfrom domain"),
            Certificate::None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names() {
        assert_eq!(name("Vault.Example.com").unwrap(), "vault.example.com");
        assert_eq!(name("localhost").unwrap(), "localhost");
        for other in
            ["192.0.2.1", "::1", "https://vault.example.com", "vault.example.com:443", "a..b", "", "*.example.com", "-a.example.com"]
        {
            assert!(name(other).is_err(), "{other}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for address in ["127.0.0.1:1984", "127.9.9.9:1", "[::1]:1984", "[::ffff:127.0.0.1]:1984"] {
            assert!(loopback(address.parse().unwrap()).is_ok(), "{address}");
        }
        for address in ["0.0.0.0:1984", "[::]:1984", "192.168.1.5:80"] {
            let refused = loopback(address.parse().unwrap()).unwrap_err().to_string();
            assert!(refused.contains("--domain") && refused.contains("--dev-ca") && refused.contains(address), "{refused}");
        }
    }
}
