//! The PROXY protocol, versions 1 and 2: a proxy that the operator named says whose connection it passes on. Strict: what is not exactly right ends the connection.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::{accept::Peer, door::Guest, node::Node};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line of version 1, with its end (specification, section 2.1).
const LINE_BYTES_MAX: usize = 107;
/// Addresses and extensions of version 2; no proxy sends more.
const REST_BYTES_MAX: usize = 2_048;

/// Whose connection it is: the socket's own address, or, for a proxy that speaks the protocol, the one that it names. A client that is named takes a place at the door.
///
/// # Errors
/// Whatever is wrong with the header, and a client who may not come in.
pub(crate) async fn peer(node: &Node, socket: &mut (impl AsyncRead + Unpin), peer: Peer, guest: &Guest) -> io::Result<Peer> {
    let config = node.config();
    if !config.proxy_protocol || !config.trusts(peer.0.ip()) {
        return Ok(peer);
    }
    let Some(client) = read(socket).await? else { return Ok(peer) };
    let client = SocketAddr::new(client.ip().to_canonical(), client.port());
    guest.announce(client.ip(), node.now_ms()).map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
    Ok(Peer(client))
}

fn wrong() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidData)
}

/// Reads the header and nothing after it. `None` where the proxy speaks for itself, as for its own health checks.
///
/// # Errors
/// If it is not exactly right, or the stream ends.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<SocketAddr>> {
    let mut start = [0; SIGNATURE.len()];
    stream.read_exact(&mut start).await?;
    if start == SIGNATURE {
        let mut head = [0; 4];
        stream.read_exact(&mut head).await?;
        let [version, family, high, low] = head;
        let mut rest = vec![0; usize::from(u16::from_be_bytes([high, low]))];
        if rest.len() > REST_BYTES_MAX {
            return Err(wrong());
        }
        stream.read_exact(&mut rest).await?;
        return binary(version, family, &rest).ok_or_else(wrong);
    }
    let mut line = start.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() == LINE_BYTES_MAX || !b"PROXY ".iter().eq(line.iter().take(6)) {
            return Err(wrong());
        }
        line.push(stream.read_u8().await?);
    }
    text(&line).ok_or_else(wrong)
}

/// Version 2 (section 2.2). The outer `None` is an error, the inner one a proxy that speaks for itself.
fn binary(version: u8, family: u8, rest: &[u8]) -> Option<Option<SocketAddr>> {
    match (version, family) {
        (0x20, _) => Some(None),
        (0x21, 0x11) => {
            let (source, rest) = rest.split_first_chunk::<4>()?;
            Some(Some(SocketAddr::new(Ipv4Addr::from(*source).into(), port::<4>(rest)?)))
        }
        (0x21, 0x21) => {
            let (source, rest) = rest.split_first_chunk::<16>()?;
            Some(Some(SocketAddr::new(Ipv6Addr::from(*source).into(), port::<16>(rest)?)))
        }
        (0x21, 0x00) => Some(None),
        _ => None,
    }
}

/// The source port, after a destination address of `N` bytes and before the destination's.
fn port<const N: usize>(rest: &[u8]) -> Option<u16> {
    let (_, ports) = rest.split_first_chunk::<N>()?;
    let (port, rest) = ports.split_first_chunk::<2>()?;
    rest.first_chunk::<2>()?;
    Some(u16::from_be_bytes(*port))
}

/// Version 1 (section 2.1): single spaces, numbers in decimal without leading zeros.
fn text(line: &[u8]) -> Option<Option<SocketAddr>> {
    let line = std::str::from_utf8(line.strip_suffix(b"\r\n")?).ok()?.strip_prefix("PROXY ")?;
    if line == "UNKNOWN" || line.starts_with("UNKNOWN ") {
        return Some(None);
    }
    let words: Vec<&str> = line.split(' ').collect();
    let [family, source, destination, source_port, destination_port] = words[..] else { return None };
    let is_family = |address: &IpAddr| match family {
        "TCP4" => address.is_ipv4(),
        "TCP6" => address.is_ipv6(),
        _ => false,
    };
    let source: IpAddr = source.parse().ok().filter(is_family)?;
    destination.parse().ok().filter(is_family)?;
    decimal(destination_port)?;
    Some(Some(SocketAddr::new(source, decimal(source_port)?)))
}

fn decimal(text: &str) -> Option<u16> {
    let number: u16 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the header says, and how many bytes were left.
    fn seen(bytes: &[u8]) -> Result<(Option<SocketAddr>, usize), io::ErrorKind> {
        let mut stream = bytes;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = runtime.block_on(read(&mut stream)).map_err(|error| error.kind())?;
        Ok((read, stream.len()))
    }

    fn v2(version: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[version, family], &length, rest].concat()
    }

    #[test]
    fn both_versions_name_the_client_and_leave_the_rest() {
        let client = |text: &str| Ok((Some(text.parse().unwrap()), 4));
        assert_eq!(seen(b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\nrest"), client("203.0.113.7:4711"));
        assert_eq!(seen(b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\nrest"), client("[2001:db8::7]:4711"));
        assert_eq!(seen(b"PROXY UNKNOWN\r\nrest"), Ok((None, 4)));
        assert_eq!(seen(b"PROXY UNKNOWN what ever\r\nrest"), Ok((None, 4)));
        let four = [203, 0, 113, 7, 192, 0, 2, 1, 0x12, 0x67, 1, 0xbb];
        assert_eq!(seen(&[&v2(0x21, 0x11, &four)[..], b"rest"].concat()), client("203.0.113.7:4711"));
        let with_extension = [&four[..], &[4, 0, 2, 0, 0]].concat();
        assert_eq!(seen(&[&v2(0x21, 0x11, &with_extension)[..], b"rest"].concat()), client("203.0.113.7:4711"));
        assert_eq!(seen(&[&v2(0x20, 0, &[])[..], b"rest"].concat()), Ok((None, 4)));
    }

    #[test]
    fn what_is_not_exactly_right_is_refused() {
        let four = [203, 0, 113, 7, 192, 0, 2, 1, 0x12, 0x67, 1, 0xbb];
        for bytes in [
            &b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n"[..],
            b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\nGET / HTTP/1.1\r\n",
            b"PROXY TCP4 203.0.113.7 192.0.2.1 04711 443\r\n",
            b"PROXY TCP4 203.0.113.7 192.0.2.1 4711\r\n",
            b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443 \r\n",
            b"PROXY TCP4  203.0.113.7 192.0.2.1 4711 443\r\n",
            b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 65536\r\n",
            b"PROXY TCP4 2001:db8::7 2001:db8::1 4711 443\r\n",
            b"PROXY TCP6 203.0.113.7 192.0.2.1 4711 443\r\n",
            b"PROXY TCP4 203.0.113.007 192.0.2.1 4711 443\r\n",
            b"PROXY UDP4 203.0.113.7 192.0.2.1 4711 443\r\n",
            b"proxy TCP4 203.0.113.7 192.0.2.1 4711 443\r\n",
            &[b"PROXY TCP4 ", &[b'1'; 200][..], b"\r\n"].concat(),
            &v2(0x11, 0x11, &four),
            &v2(0x22, 0x11, &four),
            &v2(0x21, 0x12, &four),
            &v2(0x21, 0x11, &four[..11]),
            &v2(0x21, 0x21, &four),
            &v2(0x21, 0x31, &[0; 216]),
            &v2(0x20, 0, &[0; REST_BYTES_MAX + 1]),
            &v2(0x21, 0x11, &four)[..20],
        ] {
            assert!(seen(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm_and_never_beyond_the_longest_header(bytes: Vec<u8>, signed: bool, worded: bool) {
            let start: &[u8] = if signed { &SIGNATURE } else if worded { b"PROXY " } else { b"" };
            let input = [start, &bytes].concat();
            if let Ok((_, left)) = seen(&input) {
                prop_assert!(input.len() - left <= SIGNATURE.len() + 4 + REST_BYTES_MAX);
            }
        }

        #[test]
        fn every_address_comes_back_as_it_was_written(address: IpAddr, port: u16, tail: Vec<u8>) {
            let (word, family, bytes) = match address {
                IpAddr::V4(v4) => ("TCP4", 0x11, v4.octets().to_vec()),
                IpAddr::V6(v6) => ("TCP6", 0x21, v6.octets().to_vec()),
            };
            let expected = Ok((Some(SocketAddr::new(address, port)), tail.len()));
            let line = format!("PROXY {word} {address} {address} {port} {port}\r\n");
            prop_assert_eq!(seen(&[line.as_bytes(), &tail].concat()), expected);
            let rest = [&bytes[..], &bytes, &port.to_be_bytes(), &port.to_be_bytes()].concat();
            prop_assert_eq!(seen(&[&v2(0x21, family, &rest)[..], &tail].concat()), expected);
        }

        #[test]
        fn a_changed_byte_of_the_line_is_refused_or_names_another_client(at in 0_usize..41, byte: u8) {
            let line = b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n";
            let mut changed = line.to_vec();
            changed[at] = byte;
            if let Ok((Some(client), _)) = seen(&changed) {
                prop_assert!(client.is_ipv4() && std::str::from_utf8(&changed).is_ok());
            }
        }
    }
}
