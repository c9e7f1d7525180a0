//! Whose address counts: nobody but a named proxy can say that a connection or a request is somebody else's.

use clavitor_server::Limits;
use tokio::io::AsyncWriteExt as _;

use crate::house::{House, roomy, until_closed};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const BEGIN: &str = "POST /v1/session/begin HTTP/1.1\r\nhost: localhost:1984\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 2\r\n";

/// Three requests a minute from one address.
fn few() -> Limits {
    Limits { anonymous_per_minute_max: 3, ..roomy() }
}

/// The status of one sign-in attempt that begins with these bytes.
async fn begin(house: &House, from: &str, start: &[u8], fields: &str) -> String {
    let mut stream = house.connect_from(from).await;
    let _ = stream.write_all(&[start, BEGIN.as_bytes(), fields.as_bytes(), b"\r\n{}"].concat()).await;
    let said = until_closed(&mut stream).await;
    said.split(' ').nth(1).unwrap_or_default().to_owned()
}

fn line(client: &str) -> Vec<u8> {
    format!("PROXY TCP4 {client} 192.0.2.255 4711 443\r\n").into_bytes()
}

fn binary(client: [u8; 4]) -> Vec<u8> {
    [SIGNATURE, &[0x21, 0x11, 0, 12], &client, &[192, 0, 2, 255, 0x12, 0x67, 1, 0xbb]].concat()
}

#[tokio::test]
async fn the_proxy_protocol_of_a_named_proxy_says_whose_connection_it_is() {
    let house = House::with(few(), true).await;
    for _ in 0..3 {
        assert_eq!(begin(&house, "127.0.0.9", &line("203.0.113.1"), "").await, "200");
    }
    assert_eq!(begin(&house, "127.0.0.9", &binary([203, 0, 113, 1]), "").await, "429");
    assert_eq!(begin(&house, "127.0.0.9", &binary([203, 0, 113, 2]), "").await, "200");
    // The client behind the proxy is no proxy: what it adds is ignored.
    assert_eq!(begin(&house, "127.0.0.9", &line("203.0.113.1"), "x-forwarded-for: 203.0.113.99\r\n").await, "429");
    house.is_well().await;
}

#[tokio::test]
async fn whom_the_proxy_protocol_does_not_name_no_header_names() {
    // A connection of the proxy's own, and one whose client it does not know.
    let local = [SIGNATURE, &[0x20, 0, 0, 0]].concat();
    for start in [&b"PROXY UNKNOWN\r\n"[..], &local, &line("127.0.0.9")] {
        let house = House::with(few(), true).await;
        let mut statuses = Vec::new();
        for number in 1..=4 {
            let fields = format!("x-forwarded-for: 203.0.113.{number}\r\nforwarded: for=203.0.113.{number}\r\n");
            statuses.push(begin(&house, "127.0.0.9", start, &fields).await);
        }
        assert_eq!(statuses, ["200", "200", "200", "429"], "{}", String::from_utf8_lossy(start));
    }
}

#[tokio::test]
async fn the_proxy_protocol_of_anybody_else_is_a_bad_request() {
    for proxy_protocol in [false, true] {
        let house = House::with(few(), proxy_protocol).await;
        for start in [line("203.0.113.1"), binary([203, 0, 113, 1])] {
            assert_eq!(begin(&house, "127.0.0.3", &start, "").await, "400");
        }
        for _ in 0..3 {
            assert_eq!(begin(&house, "127.0.0.3", b"", "").await, "200");
        }
        assert_eq!(begin(&house, "127.0.0.3", b"", "").await, "429");
        house.is_well().await;
    }
}

#[tokio::test]
async fn a_proxy_that_is_to_speak_the_protocol_and_does_not_is_closed() {
    let house = House::with(Limits { header_ms_max: 500, ..few() }, true).await;
    for start in [&b""[..], b"PROXY TCP4 203.0.113.1\r\n", b"PROXY TCP4 203.0.113.1 192.0.2.255 4711 443\n", &SIGNATURE[..11]] {
        assert_eq!(begin(&house, "127.0.0.9", start, "").await, "", "{start:?}");
    }
    // One that says nothing is a slow one.
    let mut silent = house.connect_from("127.0.0.9").await;
    assert_eq!(until_closed(&mut silent).await, "");
    house.is_well().await;
}

#[tokio::test]
async fn headers_of_anybody_but_a_named_proxy_are_ignored() {
    let house = House::open(few()).await;
    for number in 0..3 {
        let fields =
            format!("x-forwarded-for: 203.0.113.{number}\r\nforwarded: for=203.0.113.{number}\r\nx-real-ip: 203.0.113.{number}\r\n");
        assert_eq!(begin(&house, "127.0.0.3", b"", &fields).await, "200");
    }
    assert_eq!(begin(&house, "127.0.0.3", b"", "x-forwarded-for: 203.0.113.77\r\n").await, "429");
    // The same address through the proxy is somebody who has asked nothing yet.
    for _ in 0..3 {
        assert_eq!(begin(&house, "127.0.0.9", b"", "x-forwarded-for: 203.0.113.77\r\n").await, "200");
    }
    assert_eq!(begin(&house, "127.0.0.9", b"", "x-forwarded-for: 198.51.100.1, 203.0.113.77\r\n").await, "429");
    house.is_well().await;
}
