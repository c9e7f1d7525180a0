//! Floods of HTTP/2 frames: each is cheap to send and asks the other side for work.

use crate::{
    house::{House, quick},
    http2::{CONTINUATION, DATA, Frame, GOAWAY, HEADERS, PING, PRIORITY, RST_STREAM, Raw, SETTINGS, WINDOW_UPDATE, request},
};

/// Sends until the node has closed; a node that takes it all fails the test.
async fn floods(house: &House, start: &[u8], mut frames: impl FnMut(u32) -> Vec<u8>) {
    let mut raw = Raw::open(house).await;
    raw.send_all(start).await;
    let (mut read, mut write) = raw.stream.into_split();
    // What the node says has to be taken, or the flood would end by itself.
    let reading = tokio::spawn(async move { tokio::io::copy(&mut read, &mut tokio::io::sink()).await });
    let closed = async {
        for round in 0.. {
            let piece: Vec<u8> = (0..50).flat_map(|one| frames(round * 50 + one)).collect();
            if tokio::io::AsyncWriteExt::write_all(&mut write, &piece).await.is_err() {
                return round;
            }
            tokio::task::yield_now().await;
            assert!(round < 4_000, "the node takes it all");
        }
        0
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), closed).await.expect("the node takes it all");
    let _ = reading.await.unwrap();
    house.is_well().await;
}

fn stream(number: u32) -> u32 {
    2 * number + 1
}

#[tokio::test]
async fn rapid_reset() {
    let house = House::open(quick()).await;
    floods(&house, &[], |number| {
        let reset = Frame::new(RST_STREAM, 0, stream(number), &8_u32.to_be_bytes()).bytes();
        [Frame::headers(stream(number), &request("GET", "/v1/node")).bytes(), reset].concat()
    })
    .await;
}

#[tokio::test]
async fn resets_that_the_node_is_made_to_send() {
    let house = House::open(quick()).await;
    // A window update of nothing is an error of the stream, and the node answers it with a reset.
    floods(&house, &[], |number| {
        let nothing = Frame::new(WINDOW_UPDATE, 0, stream(number), &[0; 4]).bytes();
        [Frame::open_headers(stream(number), &request("POST", "/v1/session/begin")).bytes(), nothing].concat()
    })
    .await;
}

#[tokio::test]
async fn requests_that_go_on_after_their_end() {
    let house = House::open(quick()).await;
    floods(&house, &[], |number| {
        let late = Frame::data(stream(number), b"late").bytes();
        [Frame::headers(stream(number), &request("GET", "/v1/node")).bytes(), late].concat()
    })
    .await;
}

#[tokio::test]
async fn continuation() {
    let house = House::open(quick()).await;
    let start = Frame::new(HEADERS, 1, 1, &request("GET", "/v1/node")).bytes();
    floods(&house, &start, |_| Frame::new(CONTINUATION, 0, 1, b"\0\x01x\x01y").bytes()).await;
    floods(&house, &start, |_| Frame::new(CONTINUATION, 0, 1, b"").bytes()).await;
}

#[tokio::test]
async fn pings_settings_and_priorities() {
    let house = House::open(quick()).await;
    floods(&house, &[], |_| Frame::new(PING, 0, 0, &[7; 8]).bytes()).await;
    floods(&house, &[], |_| Frame::new(SETTINGS, 0, 0, &[]).bytes()).await;
    floods(&house, &[], |number| Frame::new(SETTINGS, 0, 0, &[0, 1, 0, 0, (number % 16) as u8, 0]).bytes()).await;
    floods(&house, &[], |number| Frame::new(PRIORITY, 0, stream(number), &[0, 0, 0, 0, 1]).bytes()).await;
    floods(&house, &[], |_| Frame::new(0xbe, 0, 0, b"unknown").bytes()).await;
}

#[tokio::test]
async fn empty_data() {
    let house = House::open(quick()).await;
    let start = Frame::open_headers(1, &request("POST", "/v1/session/begin")).bytes();
    floods(&house, &start, |_| Frame::new(DATA, 0, 1, b"").bytes()).await;
}

#[tokio::test]
async fn a_window_that_never_opens() {
    let house = House::open(quick()).await;
    // SETTINGS_INITIAL_WINDOW_SIZE (4) = 0: every answer is made and none can be sent.
    let mut raw = Raw::with_settings(&house, &[0, 4, 0, 0, 0, 0]).await;
    for number in 0..200 {
        raw.send(&Frame::headers(stream(number), &request("GET", "/v1/openapi.json"))).await;
    }
    let rest = raw.rest().await;
    let answered = rest.iter().filter(|frame| frame.is_success()).count();
    assert!(answered <= 32, "{answered} answers wait at once");
    assert!(rest.iter().all(|frame| frame.kind != DATA || frame.payload.is_empty()));
    house.is_well().await;
}

#[tokio::test]
async fn a_client_that_asks_over_http2_and_never_reads() {
    let house = House::open(clavitor_server::Limits { idle_ms_max: 600_000, ..quick() }).await;
    // Both windows are as wide as they can be, so that only the socket holds the answers back.
    let mut raw = Raw::with_settings(&house, &[0, 4, 0x7f, 0xff, 0xff, 0xff]).await;
    raw.send(&Frame::new(WINDOW_UPDATE, 0, 0, &0x7fff_0000_u32.to_be_bytes())).await;
    for number in 0..400 {
        raw.send(&Frame::headers(stream(number), &request("GET", "/v1/openapi.json"))).await;
    }
    house.is_well().await;
}

#[tokio::test]
async fn more_requests_at_once_than_may_be() {
    let house = House::open(quick()).await;
    let mut raw = Raw::open(&house).await;
    for number in 0..100 {
        raw.send(&Frame::open_headers(stream(number), &request("POST", "/v1/session/begin"))).await;
    }
    let mut refused = 0;
    // REFUSED_STREAM (7), until the others have taken too long.
    while raw.until(|frame| frame.kind == RST_STREAM && frame.payload == [0, 0, 0, 7]).await.is_some() {
        refused += 1;
    }
    assert_eq!(refused, 68);
    house.is_well().await;
}

#[tokio::test]
async fn whoever_goes_on_after_too_many_requests_is_told_to_go_away() {
    let limits = clavitor_server::Limits { requests_per_minute_max: 10, refused_per_connection_max: 5, ..crate::house::roomy() };
    let house = House::open(limits).await;
    let mut raw = Raw::open(&house).await;
    for number in 0..17 {
        raw.send(&Frame::headers(stream(number), &request("GET", "/v1/node"))).await;
    }
    let rest = raw.rest().await;
    assert_eq!(rest.iter().filter(|frame| frame.is_success()).count(), 10);
    // NO_ERROR (0): an end in order.
    assert!(rest.iter().any(|frame| frame.kind == GOAWAY && frame.payload[4..8] == [0; 4]), "{rest:?}");
    house.is_well().await;
}

#[tokio::test]
async fn whoever_does_not_go_away_is_cut_off() {
    let limits = clavitor_server::Limits { requests_per_minute_max: 10, refused_per_connection_max: 5, ..crate::house::roomy() };
    let house = House::open(limits).await;
    floods(&house, &[], |number| Frame::headers(stream(number), &request("GET", "/v1/node")).bytes()).await;
}
