//! What a request must look like before anything is done for it: size, host, and that no other site sent it.

use std::net::SocketAddr;

use axum::http::{HeaderMap, Method, Uri, header, uri::Authority};
use clavitor_api::ErrorCode;

use crate::{config::Config, cookie, refusal::Refusal, who::WhoKind};

/// The header that only our own pages can send along.
pub(crate) const OWN_HEADER: &str = "x-clavitor";

/// Size.
///
/// # Errors
/// `too_large`.
pub(crate) fn shape(config: &Config, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let limits = &config.limits;
    let url_bytes = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
    if url_bytes > limits.url_bytes_max {
        return Err(Refusal::new(ErrorCode::TooLarge, format!("The URL is longer than {} bytes.", limits.url_bytes_max)));
    }
    let header_bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers.len() > limits.header_fields_max || header_bytes > limits.header_bytes_max {
        let (fields, bytes) = (limits.header_fields_max, limits.header_bytes_max);
        return Err(Refusal::new(ErrorCode::TooLarge, format!("The header has more than {fields} fields or {bytes} bytes.")));
    }
    Ok(())
}

fn host(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let mut named = headers.get_all(header::HOST).iter();
    match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().ok()?.parse().ok(),
        (None, _) => uri.authority().cloned(),
        _ => None,
    }
}

/// Under which of its addresses the node was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addressed {
    /// The one that passkeys are bound to, or any, where the node cannot know.
    Right,
    /// Another name of its own.
    SecondName,
    /// A bare address, or a name that is not the node's.
    NotOurs,
}

/// Whom the request is for. A page of another name that resolves to us must not reach us, least of all on a loopback address.
pub(crate) fn addressed(config: &Config, uri: &Uri, headers: &HeaderMap) -> Addressed {
    let over_tls = !config.names.is_empty();
    if !over_tls && !config.listen.ip().is_loopback() {
        return Addressed::Right;
    }
    if is_origin(config, uri, headers) {
        return Addressed::Right;
    }
    let Some(host) = host(uri, headers) else { return Addressed::NotOurs };
    let right = if over_tls { origin_host(config).eq_ignore_ascii_case(host.host()) } else { is_local(config, &host) };
    match right {
        true => Addressed::Right,
        false if is_name(config, &host) => Addressed::SecondName,
        false => Addressed::NotOurs,
    }
}

/// Letter by letter what browsers and agents send; nearly every request, so it costs nearly nothing.
fn is_origin(config: &Config, uri: &Uri, headers: &HeaderMap) -> bool {
    let mut named = headers.get_all(header::HOST).iter();
    let host = match (named.next(), named.next()) {
        (Some(host), None) => host.as_bytes(),
        (None, _) => uri.authority().map_or(&b""[..], |authority| authority.as_str().as_bytes()),
        _ => return false,
    };
    config.origin.split_once("://").is_some_and(|(_, ours)| ours.as_bytes() == host)
}

/// Whether the request names the node by one of its names, on whatever port.
pub(crate) fn named(config: &Config, uri: &Uri, headers: &HeaderMap) -> bool {
    host(uri, headers).is_some_and(|host| is_name(config, &host))
}

fn is_name(config: &Config, host: &Authority) -> bool {
    config.names.iter().any(|name| name.eq_ignore_ascii_case(host.host()))
}

fn origin_host(config: &Config) -> &str {
    let authority = config.origin.split_once("://").map_or("", |(_, authority)| authority);
    authority.split_once(':').map_or(authority, |(host, _)| host)
}

fn is_local(config: &Config, host: &Authority) -> bool {
    let port = config.listen.port();
    let local = [
        "localhost".to_owned(),
        config.listen.ip().to_string(),
        SocketAddr::new(config.listen.ip(), 0).to_string().trim_end_matches(":0").to_owned(),
    ];
    local.iter().any(|name| name == host.host()) && host.port_u16().unwrap_or(80) == port
}

/// That no other site sent it: browsers say where a request comes from, and a cookie alone proves nothing.
///
/// # Errors
/// `forbidden`.
pub(crate) fn site(config: &Config, who: WhoKind, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
    let foreign = || Err(Refusal::new(ErrorCode::Forbidden, "This request comes from another site."));
    let reads = method == Method::GET || method == Method::HEAD;
    if headers.get_all(header::ORIGIN).iter().any(|origin| origin.as_bytes() != config.origin.as_bytes()) {
        return foreign();
    }
    let allowed = |site: &[u8]| site == b"same-origin" || (reads && site == b"none");
    if headers.get_all("sec-fetch-site").iter().any(|site| !allowed(site.as_bytes())) {
        return foreign();
    }
    let proves_itself = who.has_cookie() && cookie::session(headers).is_some();
    if proves_itself && !reads && headers.get(OWN_HEADER).is_none_or(|value| value.as_bytes() != b"1") {
        return Err(Refusal::new(ErrorCode::Forbidden, "Requests that change something carry the header X-Clavitor: 1."));
    }
    Ok(())
}
