//! Requests that a program in front of the node might read differently: none is answered with anything but a refusal, and nothing after it is read.

use crate::{
    house::{House, answers, quick},
    http2::{Frame, GOAWAY, RST_STREAM, Raw, literal, request},
};

const HIDDEN: &str = "GET /v1/node HTTP/1.1\r\nhost: localhost:1984\r\n\r\n";
const HEAD: &str = "POST /v1/session/begin HTTP/1.1\r\nhost: localhost:1984\r\ncontent-type: application/json\r\n";

#[tokio::test]
async fn a_request_with_two_lengths_is_refused_and_nothing_after_it_is_read() {
    let house = House::open(quick()).await;
    for framing in [
        "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "content-length: 2\r\ncontent-length: 7\r\n\r\n{}",
        "content-length: 2\r\ncontent-length: 2\r\n\r\n{}",
        "content-length: 2, 2\r\n\r\n{}",
        "content-length: +2\r\n\r\n{}",
        "content-length: 0x2\r\n\r\n{}",
        "content-length : 2\r\n\r\n{}",
        "content-length: 2\ncontent-type: application/json\r\n\r\n{}",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: identity, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding : chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding:\x0bchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "x-a: b\r\n transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding:\r\n chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "x-a: b\rtransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n2;\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n 2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n2\r\n{}\n0\r\n\r\n",
    ] {
        let said = house.say(format!("{HEAD}{framing}{HIDDEN}").as_bytes()).await;
        assert_eq!(answers(&said, 200), 0, "{framing:?}: {said}");
        assert!(answers(&said, 400) <= 1 && said.matches("HTTP/1.1 ").count() <= 1, "{framing:?}: {said}");
    }
    house.is_well().await;
}

#[tokio::test]
async fn a_request_line_that_is_not_one_is_refused() {
    let house = House::open(quick()).await;
    for line in [
        "GET  /v1/node HTTP/1.1\r\n",
        "GET /v1/node  HTTP/1.1\r\n",
        "GET\t/v1/node\tHTTP/1.1\r\n",
        "GET /v1/node HTTP/1.1 \r\n",
        "GET /v1/node HTTP/1.1\n",
        "GET /v1/node HTTP/9.9\r\n",
        "GET /v1/node\r\n",
    ] {
        let said = house.say(format!("{line}host: localhost:1984\r\n\r\n{HIDDEN}").as_bytes()).await;
        assert_eq!(answers(&said, 200), 0, "{line:?}: {said}");
    }
    house.is_well().await;
}

#[tokio::test]
async fn what_is_sent_after_a_refused_body_is_not_taken_for_a_request() {
    let house = House::open(quick()).await;
    // The first is refused by its announced length, and its "body" looks like a request.
    let said = house.say(format!("{HEAD}content-length: 100000\r\n\r\n{}", HIDDEN.repeat(20)).as_bytes()).await;
    assert_eq!((answers(&said, 413), answers(&said, 200)), (1, 0), "{said}");
    house.is_well().await;
}

#[tokio::test]
async fn fields_of_http1_have_no_place_in_http2() {
    let house = House::open(quick()).await;
    for (name, value) in [
        ("connection", "keep-alive"),
        ("transfer-encoding", "chunked"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "close"),
        ("upgrade", "h2c"),
        ("X-Upper", "1"),
        ("x-line", "a\r\nb: c"),
        ("x-null", "a\0b"),
        ("x name", "1"),
        (":path", "/v1/other"),
        (":unknown", "1"),
    ] {
        let mut raw = Raw::open(&house).await;
        let block = [request("GET", "/v1/node"), literal(0, name, value)].concat();
        raw.send(&Frame::headers(1, &block)).await;
        let end = raw.until(|frame| matches!(frame.kind, RST_STREAM | GOAWAY) || frame.is_success() || frame.is_refusal(1)).await;
        assert!(!end.as_ref().is_some_and(Frame::is_success), "{name}: {end:?}");
    }
    house.is_well().await;
}

#[tokio::test]
async fn a_length_that_the_body_does_not_have_is_refused_over_http2() {
    let house = House::open(quick()).await;
    let mut raw = Raw::open(&house).await;
    let block = [request("POST", "/v1/session/begin"), literal(0, "content-length", "2")].concat();
    raw.send(&Frame::open_headers(1, &block)).await;
    raw.send(&Frame::new(0, 1, 1, b"{}GET /v1/node")).await;
    let end = raw.until(|frame| matches!(frame.kind, RST_STREAM | GOAWAY) || frame.is_success() || frame.is_refusal(1)).await;
    assert!(!end.as_ref().is_some_and(Frame::is_success), "{end:?}");
    drop(raw);
    house.is_well().await;
}
