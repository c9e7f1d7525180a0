//! From a host's name to addresses, without the C library: a static build must not ask it.

use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    vec,
};

use hickory_resolver::TokioResolver;
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

/// Looks names up in `/etc/hosts` and in DNS as `/etc/resolv.conf` says. Numbers never come here.
#[derive(Debug, Clone, Copy)]
pub struct Names;

impl Service<Name> for Names {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move { Ok(look_up(name.as_str()).await?.into_iter()) })
    }
}

/// The addresses of a name, from `/etc/hosts` and DNS.
///
/// # Errors
/// With a sentence that names it.
pub async fn addresses(name: &str) -> io::Result<Vec<IpAddr>> {
    Ok(look_up(name).await?.iter().map(SocketAddr::ip).collect())
}

async fn look_up(name: &str) -> io::Result<Vec<SocketAddr>> {
    // This name is this machine's, whatever DNS says (RFC 6761 section 6.3). The port is the connector's business.
    if name.eq_ignore_ascii_case("localhost") {
        return Ok(vec![(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()]);
    }
    let refuse = |error: &dyn std::fmt::Display| io::Error::other(format!("the name {name} cannot be looked up: {error}"));
    let resolver = TokioResolver::builder_tokio().and_then(|builder| builder.build()).map_err(|error| refuse(&error))?;
    // The final dot keeps search domains away: the enrolment string has the whole name.
    let whole = if name.ends_with('.') { name.to_owned() } else { format!("{name}.") };
    let found = resolver.lookup_ip(whole).await.map_err(|error| refuse(&error))?;
    Ok(found.iter().map(|address| SocketAddr::new(address, 0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_is_this_machine_without_asking_anybody() {
        for name in ["localhost", "LocalHost"] {
            let found = look_up(name).await.unwrap();
            assert!(found.iter().all(|address| address.ip().is_loopback()) && found.len() == 2);
        }
    }

    #[tokio::test]
    async fn a_name_that_cannot_be_is_an_error_that_names_it() {
        let error = look_up("no such.name").await.unwrap_err().to_string();
        assert!(error.contains("no such.name"), "{error}");
    }
}
