//! What a node is told when it starts.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::http::HeaderMap;

use crate::{client, edition::Edition, limits::Limits, vitals};

/// Unix milliseconds. Tests bring their own.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The settings of a node.
#[derive(Clone)]
pub struct Config {
    /// Scheme, host and port as a browser shows them, without a slash at the end; it stands in manifests, enrolment strings and proofs.
    pub origin: String,
    /// What passkeys are bound to, for ever.
    pub rp_id: String,
    /// Where the node listens. On a loopback address the `Host` header is checked against the names of this machine.
    pub listen: SocketAddr,
    /// The names that the node answers to over TLS, in lower case, that of the origin among them; none where it speaks plain HTTP.
    pub names: Vec<String>,
    /// Proxies that are believed when they say whose request they pass on.
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether these begin each connection with the PROXY protocol's header. From everybody else it is a bad request.
    pub proxy_protocol: bool,
    /// Limits.
    pub limits: Limits,
    /// Which edition this is.
    pub edition: Arc<dyn Edition>,
    /// The time.
    pub clock: Clock,
    /// What the node says of itself, and to whom.
    pub vitals: vitals::Settings,
}

impl Config {
    /// Whether a peer is a proxy that the operator named.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        client::trusts(&self.trusted_proxies, peer)
    }

    /// The address that a request counts against. A proxy that speaks the PROXY protocol does not open what it passes on: the headers are its client's.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if self.proxy_protocol { peer.to_canonical() } else { client::address(&self.trusted_proxies, peer, headers) }
    }
}

/// The operating system's clock.
pub fn system_clock() -> Clock {
    use std::time::{SystemTime, UNIX_EPOCH};
    Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)))
}

/// Whether the settings fit together, before anything is opened.
///
/// # Errors
/// [`RelyingPartyError`](crate::RelyingPartyError), with a sentence that says what to change.
pub fn check(config: &Config) -> Result<(), crate::RelyingPartyError> {
    crate::webauthn::RelyingParty::new(&config.rp_id, &config.origin).map(|_| ())
}
