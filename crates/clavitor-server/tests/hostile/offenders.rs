//! Those who go too far, and what their neighbours feel of it; and those who are turned away and come back at once.

use std::time::Duration;

use clavitor_server::Limits;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    browser::Browser,
    house::{HONEST, House, answers, until_closed, usual},
    http2::{Frame, PREFACE, RST_STREAM, SETTINGS, request},
};

const OFFENDER: &str = "127.0.0.2";
const GET: &[u8] = b"GET /v1/node HTTP/1.1\r\nhost: localhost:1984\r\n\r\n";

fn strict() -> Limits {
    Limits { requests_per_minute_max: 60, refused_per_connection_max: 5, ..usual() }
}

/// Asks until the node closes.
async fn goes_too_far(house: &House) {
    let said = house.hears_from(OFFENDER, &GET.repeat(100)).await;
    assert_eq!(answers(&said, 429), 5, "{said}");
}

#[tokio::test]
async fn whoever_goes_too_far_is_not_let_in_for_a_while_and_everybody_else_is() {
    let house = House::open(strict()).await;
    goes_too_far(&house).await;
    house.node.pass(29);
    assert_eq!(house.hears_from(OFFENDER, HONEST).await, "");
    house.answers().await;
    house.node.pass(1);
    assert_eq!(answers(&house.hears_from(OFFENDER, HONEST).await, 200), 1);
    house.is_well().await;
}

#[tokio::test]
async fn a_second_connection_of_an_offender_is_not_borne_with_any_longer() {
    let house = House::open(strict()).await;
    let mut second = house.connect_from(OFFENDER).await;
    second.write_all(GET).await.unwrap();
    second.read_exact(&mut [0; 12]).await.unwrap();
    goes_too_far(&house).await;
    second.write_all(&GET.repeat(5)).await.unwrap();
    let said = until_closed(&mut second).await;
    assert_eq!(answers(&said, 429), 1, "{said}");
    house.is_well().await;
}

#[tokio::test]
async fn where_somebody_signed_in_an_offence_is_nobodys() {
    let house = House::open(strict()).await;
    let browser = Browser::make_vault(&house.node, "neighbour").await;
    let session = format!(
        "GET /v1/session HTTP/1.1\r\nhost: localhost:1984\r\nconnection: close\r\ncookie: __Host-clavitor={}\r\n\r\n",
        browser.cookie
    );
    for _ in 0..2 {
        assert_eq!(answers(&house.hears_from(OFFENDER, session.as_bytes()).await, 200), 1);
        goes_too_far(&house).await;
    }
    assert_eq!(answers(&house.hears_from(OFFENDER, session.as_bytes()).await, 200), 1);
    house.is_well().await;
}

#[tokio::test]
async fn resets_without_end_are_an_offence() {
    let house = House::open(usual()).await;
    let mut stream = house.connect_from(OFFENDER).await;
    stream.write_all(&[PREFACE, &Frame::new(SETTINGS, 0, 0, &[]).bytes()].concat()).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let reading = tokio::spawn(async move { tokio::io::copy(&mut read, &mut tokio::io::sink()).await });
    for number in 0..10_000 {
        let (stream, cancel) = (2 * number + 1, 8_u32.to_be_bytes());
        let both =
            [Frame::headers(stream, &request("GET", "/v1/node")).bytes(), Frame::new(RST_STREAM, 0, stream, &cancel).bytes()].concat();
        if write.write_all(&both).await.is_err() {
            break;
        }
    }
    drop(write);
    let _ = reading.await.unwrap();
    house.is_empty().await;
    assert_eq!(house.hears_from(OFFENDER, HONEST).await, "");
    house.is_well().await;
}

/// Whether the node has closed it by now.
fn is_closed(stream: &TcpStream) -> bool {
    !matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

#[tokio::test]
async fn whoever_is_turned_away_waits_for_it_and_only_so_many_do() {
    let limits = Limits { connections_per_prefix_max: 1, turned_away_ms: 600_000, turned_away_max: 3, ..usual() };
    let house = House::open(limits).await;
    let inside = house.connect_from(OFFENDER).await;
    while house.counts().open < 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut outside = Vec::new();
    for number in 1..=8 {
        // The node may reset it before we have noticed that it is open.
        outside.push(house.try_connect_from(OFFENDER).await.ok());
        while house.counts().turned_away < number {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    for stream in outside.iter_mut().skip(3).flatten() {
        assert_eq!(until_closed(stream).await, "");
    }
    assert!(outside.iter().take(3).all(|stream| stream.as_ref().is_some_and(|stream| !is_closed(stream))));
    assert_eq!((house.counts().open, house.counts().turned_away), (1, 8));
    house.answers().await;
    drop((inside, outside));
    house.is_well().await;
}
