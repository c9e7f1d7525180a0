//! The address of a node: scheme, host and port, and nothing else.

use std::{fmt, net::IpAddr, str::FromStr};

use hyper::Uri;

use crate::failure::Failure;

/// A node's origin, as it stands in the enrolment string: `https://…`, or `http://` on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// An origin is at most this long, in bytes.
const ORIGIN_BYTES_MAX: usize = 300;

impl Origin {
    /// The origin as text, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of a path on this node.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let refuse = |why: &str| Failure::general(format!("the node's address {why}"));
        let text = text.strip_suffix('/').unwrap_or(text);
        if text.len() > ORIGIN_BYTES_MAX {
            return Err(refuse("is too long"));
        }
        let uri: Uri = text.parse().map_err(|_| refuse("is not a URL"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(refuse("has no scheme; it looks like https://vault.example.org"));
        };
        if authority.as_str().contains('@') || !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.contains(['#', '?']) {
            return Err(refuse("holds more than scheme, host and port"));
        }
        match scheme {
            "https" => {}
            "http" if is_this_machine(authority.host()) => {}
            "http" => return Err(refuse("begins with http:// but is not on this machine; the node has to be reached by https://")),
            _ => return Err(refuse("begins with neither https:// nor http://")),
        }
        Ok(Self(format!("{scheme}://{}", authority.as_str().to_ascii_lowercase())))
    }
}

/// Loopback by name or number.
fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for (text, expected) in [
            ("https://Vault.example.org", "https://vault.example.org"),
            ("https://vault.example.org:8443/", "https://vault.example.org:8443"),
            ("http://localhost:1984", "http://localhost:1984"),
            ("http://127.0.0.1:1984", "http://127.0.0.1:1984"),
            ("http://[::1]:1984", "http://[::1]:1984"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().as_str(), expected);
        }
    }

    #[test]
    fn what_is_refused() {
        for text in [
            "",
            "vault.example.org",
            "http://vault.example.org",
            "http://localhost.example.org",
            "ftp://localhost",
            "https://user@host",
            "https://host/path",
            "https://host?x=1",
            "https://host#x",
            "https://",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
