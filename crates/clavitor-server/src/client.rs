//! Whose address a request counts against: the socket's, or, behind a proxy that the operator named, the one that the proxy saw.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// Whether a peer is a proxy that the operator named.
pub(crate) fn trusts(trusted: &[IpAddr], peer: IpAddr) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|proxy| proxy.to_canonical() == peer)
}

/// The client's address. Only a peer in `trusted` is believed, and of a list only the element that it added itself, the last. Where both headers are there
/// and differ, one of them is the client's own invention, and the request counts against the proxy.
pub(crate) fn address(trusted: &[IpAddr], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let named = trusts(trusted, peer);
    let peer = peer.to_canonical();
    if !named {
        return peer;
    }
    let plain = last(headers, "x-forwarded-for").map(parse);
    let standard = last(headers, "forwarded").map(|element| for_parameter(element).and_then(parse));
    match (plain, standard) {
        (Some(one), None) | (None, Some(one)) => one.unwrap_or(peer),
        (Some(one), Some(other)) if one == other => one.unwrap_or(peer),
        _ => peer,
    }
}

/// The last element of a header, which may come in several lines.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().unwrap_or_default();
    line.rsplit(',').next()
}

/// `for=` of an element of `Forwarded` (RFC 7239 section 4).
fn for_parameter(element: &str) -> Option<&str> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim(), value)).find(|(name, _)| name.eq_ignore_ascii_case("for")).map(|(_, value)| value)
}

/// An address, with or without a port, brackets and quotes.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const PROXY: &str = "127.0.0.1";

    fn seen(peer: &str, lines: &[(&'static str, &'static str)]) -> String {
        let headers = lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
        address(&[PROXY.parse().unwrap(), "2001:db8::1".parse().unwrap()], peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_header_of_anybody_else_is_ignored() {
        assert_eq!(seen("192.0.2.9", &[("x-forwarded-for", "198.51.100.1")]), "192.0.2.9");
        assert_eq!(seen("192.0.2.9", &[("forwarded", "for=198.51.100.1")]), "192.0.2.9");
    }

    #[test]
    fn the_last_element_is_the_proxys_own() {
        let own = "203.0.113.7";
        assert_eq!(seen(PROXY, &[("x-forwarded-for", "203.0.113.7")]), own);
        assert_eq!(seen(PROXY, &[("x-forwarded-for", "198.51.100.1, 203.0.113.7:4711")]), own);
        assert_eq!(seen(PROXY, &[("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.7")]), own);
        assert_eq!(seen(PROXY, &[("forwarded", "for=198.51.100.1, proto=https;For=\"203.0.113.7:4711\";by=127.0.0.1")]), own);
        assert_eq!(seen("::ffff:127.0.0.1", &[("x-forwarded-for", "203.0.113.7")]), own);
        assert_eq!(seen("2001:db8::1", &[("forwarded", "for=\"[2001:db8::7]:4711\"")]), "2001:db8::7");
        assert_eq!(seen("2001:db8::1", &[("x-forwarded-for", "2001:db8::7")]), "2001:db8::7");
    }

    #[test]
    fn what_is_no_address_or_contradicts_itself_counts_against_the_proxy() {
        for lines in [
            &[][..],
            &[("x-forwarded-for", "")],
            &[("x-forwarded-for", "203.0.113.7, unknown")],
            &[("forwarded", "for=_hidden")],
            &[("forwarded", "for=203.0.113.7, proto=https")],
            &[("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=198.51.100.1")],
        ] {
            assert_eq!(seen(PROXY, lines), PROXY, "{lines:?}");
        }
        assert_eq!(seen(PROXY, &[("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=203.0.113.7")]), "203.0.113.7");
    }
}
