//! Floods of connections: from one address, from one network, from many.

use std::time::Duration;

use clavitor_server::Limits;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    browser::Browser,
    house::{HONEST, House, answers, roomy, until_closed, usual},
};

/// A connection of somebody behind the trusted proxy.
async fn behind_proxy(house: &House, client: &str) -> TcpStream {
    let family = if client.contains(':') { "TCP6" } else { "TCP4" };
    let us = if client.contains(':') { "2001:db8:ffff::1" } else { "192.0.2.255" };
    let mut stream = house.connect_from("127.0.0.9").await;
    stream.write_all(format!("PROXY {family} {client} {us} 4711 443\r\n").as_bytes()).await.unwrap();
    stream
}

async fn is_answered(mut stream: TcpStream) -> bool {
    let _ = stream.write_all(HONEST).await;
    answers(&until_closed(&mut stream).await, 200) == 1
}

/// Waits until as many are inside.
async fn until_inside(house: &House, count: u64) {
    for _ in 0..1_000 {
        if house.counts().open == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?} instead of {count}", house.counts());
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_others_still_come_in() {
    let house = House::open(usual()).await;
    let mut crowd = Vec::new();
    for _ in 0..64 {
        crowd.push(house.connect_from("127.0.0.2").await);
    }
    until_inside(&house, 64).await;
    for _ in 0..50 {
        assert_eq!(house.hears_from("127.0.0.2", HONEST).await, "");
    }
    assert_eq!((house.counts().open, house.counts().turned_away), (64, 50));
    let metrics = house.hears_from("127.0.0.77", b"GET /metrics HTTP/1.1\r\nhost: localhost:1984\r\nconnection: close\r\n\r\n").await;
    for line in ["clavitor_connections_open 65.0", "clavitor_connections_refused_total 50", "clavitor_connections_evicted_total 0"] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    house.answers().await;
    drop(crowd);
    house.is_well().await;
}

#[tokio::test]
async fn the_addresses_of_one_ipv6_network_are_one_neighbour() {
    let house = House::with(roomy(), true).await;
    let mut crowd = Vec::new();
    for number in 0..64 {
        crowd.push(behind_proxy(&house, &format!("2001:db8::{:x}:1:2:3", number + 1)).await);
    }
    until_inside(&house, 64).await;
    // The proxy's own word has to be read before its client can be counted.
    assert!(!is_answered(behind_proxy(&house, "2001:db8::ffff").await).await);
    assert!(is_answered(behind_proxy(&house, "2001:db8:0:1::1").await).await);
    assert!(is_answered(behind_proxy(&house, "203.0.113.1").await).await);
    drop(crowd);
    house.is_well().await;
}

#[tokio::test]
async fn whoever_comes_and_goes_too_fast_waits() {
    let house = House::open(usual()).await;
    let mut answered = 0;
    for _ in 0..300 {
        answered += answers(&house.hears_from("127.0.0.2", HONEST).await, 200);
    }
    assert_eq!(answered, 256);
    house.answers().await;
    house.node.pass(60);
    house.node.pass(60);
    let mut stream = house.connect_from("127.0.0.2").await;
    stream.write_all(HONEST).await.unwrap();
    assert_eq!(answers(&until_closed(&mut stream).await, 200), 1, "a minute later they are welcome again");
    house.is_well().await;
}

#[tokio::test]
async fn many_addresses_together_do_not_shut_out_anybody() {
    let limits = Limits { connections_max: 100, ..roomy() };
    let house = House::open(limits).await;
    let browser = Browser::make_vault(&house.node, "crowd").await;
    // Somebody is signed in and keeps the connection.
    let mut honest = house.connect_from("127.0.0.200").await;
    let session = format!("GET /v1/session HTTP/1.1\r\nhost: localhost:1984\r\ncookie: __Host-clavitor={}\r\n\r\n", browser.cookie);
    assert!(asks(&mut honest, &session).await);
    // Three times as many connections as there are places, from fifty addresses, all of which say nothing.
    let mut crowd = Vec::new();
    for round in 0..6 {
        for address in 1..=50 {
            crowd.push(house.connect_from(&format!("127.0.1.{address}")).await);
        }
        assert!(asks(&mut honest, &session).await, "round {round}: the one who is signed in lost the connection");
        house.answers().await;
    }
    let counts = house.counts();
    assert!(counts.open <= 100 && counts.evicted >= 200, "{counts:?}");
    drop(crowd);
    drop(honest);
    house.is_well().await;
}

/// One request on a connection that stays.
async fn asks(stream: &mut TcpStream, request: &str) -> bool {
    if stream.write_all(request.as_bytes()).await.is_err() {
        return false;
    }
    let (mut said, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let reading = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut piece));
        let Ok(Ok(read @ 1..)) = reading.await else { return false };
        said.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&said);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
            if length.is_some_and(|length| body.len() >= length) {
                return head.starts_with("HTTP/1.1 200");
            }
        }
    }
}

#[tokio::test]
async fn strangers_together_are_slowed_and_a_known_address_is_not() {
    let limits = Limits { stranger_connections_burst_max: 30, ..roomy() };
    let house = House::open(limits).await;
    let browser = Browser::make_vault(&house.node, "known").await;
    let session = format!("GET /v1/session HTTP/1.1\r\nhost: localhost:1984\r\ncookie: __Host-clavitor={}\r\n\r\n", browser.cookie);
    assert!(asks(&mut house.connect_from("127.0.0.200").await, &session).await);
    let mut turned = 0;
    for address in 1..=100 {
        turned += usize::from(house.hears_from(&format!("127.0.2.{address}"), HONEST).await.is_empty());
    }
    assert_eq!(turned, 71);
    for _ in 0..20 {
        assert!(asks(&mut house.connect_from("127.0.0.200").await, &session).await);
    }
    house.node.pass(60);
    house.is_well().await;
}
