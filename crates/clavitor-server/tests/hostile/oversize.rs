//! Too much of everything.

use crate::{
    house::{House, answers, quick, roomy},
    http2::{Frame, GOAWAY, RST_STREAM, Raw, literal, request},
};

const GET: &str = "GET /v1/node HTTP/1.1\r\nhost: localhost:1984\r\nconnection: close\r\n";
const POST: &str = "POST /v1/session/begin HTTP/1.1\r\nhost: localhost:1984\r\ncontent-type: application/json\r\nconnection: close\r\n";

#[tokio::test]
async fn a_header_or_address_that_is_too_large_is_refused() {
    let house = House::open(quick()).await;
    let fields: String = (0..120).map(|number| format!("x-{number}: 1\r\n")).collect();
    let wide = format!("x-wide: {}\r\n", "x".repeat(12 << 10)).repeat(2);
    let (long, longer) = ("x".repeat(5 << 10), "x".repeat(64 << 10));
    for request in [
        format!("{GET}{fields}\r\n"),
        format!("{GET}{wide}\r\n"),
        format!("{GET}x-wide: {longer}\r\n\r\n"),
        format!("GET /v1/node?{long} HTTP/1.1\r\nhost: localhost:1984\r\nconnection: close\r\n\r\n"),
        format!("GET /{longer} HTTP/1.1\r\nhost: localhost:1984\r\nconnection: close\r\n\r\n"),
        longer.repeat(8),
    ] {
        let said = house.say(request.as_bytes()).await;
        assert_eq!(answers(&said, 200), 0, "{said}");
        assert!(said.is_empty() || [400, 413, 414, 431].iter().any(|status| answers(&said, *status) == 1), "{said}");
    }
    house.is_well().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_for_its_sender_is_refused_before_it_is_read() {
    let house = House::open(quick()).await;
    let announced = format!("{POST}content-length: {}\r\n\r\n", (32 << 10) + 1);
    assert_eq!(answers(&house.say(announced.as_bytes()).await, 413), 1);
    let huge = format!("{POST}content-length: 999999999999999999\r\n\r\n");
    assert_eq!(answers(&house.say(huge.as_bytes()).await, 413), 1);
    // Somebody with a key of their own whom the vault does not know is refused by the head alone.
    let stranger = "POST /v1/agent/write HTTP/1.1\r\nhost: localhost:1984\r\ncontent-type: application/json\r\nauthorization: DPoP 00\r\ndpop: a.b.c\r\ncontent-length: 1000000\r\n\r\n";
    assert_eq!(answers(&house.say(stranger.as_bytes()).await, 401), 1);
    house.is_well().await;
}

#[tokio::test]
async fn a_body_whose_end_is_not_known_is_refused_where_the_limit_is() {
    let house = House::open(quick()).await;
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(4096));
    let chunked = format!("{POST}transfer-encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(9));
    assert_eq!(answers(&house.say(chunked.as_bytes()).await, 413), 1);
    house.is_well().await;
}

#[tokio::test]
async fn chunk_extensions_and_trailers_are_limited() {
    let house = House::open(quick()).await;
    let extension = format!("{POST}transfer-encoding: chunked\r\n\r\n1;{}\r\n{{\r\n1\r\n}}\r\n0\r\n\r\n", "x".repeat(40 << 10));
    let many_extensions =
        format!("{POST}transfer-encoding: chunked\r\n\r\n{}0\r\n\r\n", format!("1;{}\r\n \r\n", "x".repeat(2048)).repeat(20));
    let trailer = format!("{POST}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\nx: {}\r\n\r\n", "x".repeat(40 << 10));
    let many_trailers = format!("{POST}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n{}\r\n", "x: y\r\n".repeat(10_000));
    for request in [extension, many_extensions, trailer, many_trailers] {
        let said = house.say(request.as_bytes()).await;
        assert_eq!(answers(&said, 200), 0, "{said}");
    }
    house.is_well().await;
}

#[tokio::test]
async fn noise_is_not_answered() {
    let house = House::open(quick()).await;
    for byte in [0_u8, b'\n', b' ', 0x16, 0xff] {
        assert_eq!(answers(&house.say(&vec![byte; 1 << 20]).await, 200), 0, "{byte}");
    }
    house.is_well().await;
}

#[tokio::test]
async fn deep_json_is_refused() {
    let house = House::open(quick()).await;
    let deep = "[".repeat(16_000);
    let said = house.say(format!("{POST}content-length: {}\r\n\r\n{deep}", deep.len()).as_bytes()).await;
    assert_eq!(answers(&said, 400), 1, "{said}");
    house.is_well().await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_one_after_the_other_and_only_so_many() {
    let limits = clavitor_server::Limits { requests_per_connection_max: 50, ..roomy() };
    let house = House::open(limits).await;
    let said = house.say(&b"GET /v1/node HTTP/1.1\r\nhost: localhost:1984\r\n\r\n".repeat(70)).await;
    assert_eq!(answers(&said, 200), 50);
    assert!(said.to_ascii_lowercase().contains("connection: close"));
    house.is_well().await;
}

#[tokio::test]
async fn whoever_goes_on_after_too_many_requests_is_shown_out() {
    let limits = clavitor_server::Limits { requests_per_minute_max: 20, refused_per_connection_max: 5, ..roomy() };
    let house = House::open(limits).await;
    let said = house.say(&b"GET /v1/node HTTP/1.1\r\nhost: localhost:1984\r\n\r\n".repeat(40)).await;
    assert_eq!(answers(&said, 200), 20, "{said}");
    assert_eq!(answers(&said, 429), 5, "{said}");
    house.is_well().await;
}

#[tokio::test]
async fn compressed_headers_that_unfold_to_too_much_are_refused() {
    let house = House::open(quick()).await;
    let mut raw = Raw::open(&house).await;
    // One large field enters the table, and then each byte names it again.
    let mut block = request("GET", "/v1/node");
    block.extend(literal(0x40, "x", &"y".repeat(3_000)));
    block.extend([0xbe; 10_000]);
    raw.send(&Frame::headers(1, &block)).await;
    let end = raw.until(|frame| frame.kind == GOAWAY || frame.kind == RST_STREAM || frame.is_refusal(1)).await;
    assert!(end.is_some(), "nothing was said about it");
    drop(raw);
    house.is_well().await;
}

#[tokio::test]
async fn a_stream_that_sends_beyond_its_window_is_refused() {
    let house = House::open(quick()).await;
    let mut raw = Raw::open(&house).await;
    raw.send(&Frame::open_headers(1, &request("POST", "/v1/session/begin"))).await;
    for _ in 0..64 {
        raw.send(&Frame::data(1, &[b' '; 16_384])).await;
    }
    assert!(raw.until(|frame| frame.kind == GOAWAY || frame.kind == RST_STREAM || frame.is_refusal(1)).await.is_some());
    drop(raw);
    house.is_well().await;
}
