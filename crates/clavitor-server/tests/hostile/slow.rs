//! Clients that take their time: to ask, to send, to read, to leave.

use std::time::Duration;

use clavitor_server::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::house::{House, answers, quick, until_closed};

const DOCUMENT: &[u8] = b"GET /v1/openapi.json HTTP/1.1\r\nhost: localhost:1984\r\n\r\n";
const POST: &str = "POST /v1/session/begin HTTP/1.1\r\nhost: localhost:1984\r\ncontent-type: application/json\r\n";

/// Sends `start` and then one byte after the other, for ever.
async fn dribble(house: &House, start: &[u8], byte: u8) -> String {
    let mut stream = house.connect().await;
    stream.write_all(start).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let dribbling = tokio::spawn(async move {
        while write.write_all(&[byte]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut said = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(30), read.read_to_end(&mut said));
    let _ = reading.await.expect("the connection stays open");
    drop(read);
    dribbling.await.unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn a_request_that_dribbles_in_is_cut_off_wherever_it_is() {
    let house = House::open(quick()).await;
    for start in ["", "GET", "GET /v1/node HTTP/1.1\r\nhost: localhost:1984\r\nx: ", "PRI * HTTP/2.0\r\n\r\nS"] {
        let said = dribble(&house, start.as_bytes(), b'a').await;
        assert_eq!(answers(&said, 200), 0, "{start:?}: {said}");
    }
    house.is_well().await;
}

#[tokio::test]
async fn a_body_that_dribbles_in_is_refused_in_time() {
    let house = House::open(quick()).await;
    for framing in ["content-length: 20000\r\n\r\n", "transfer-encoding: chunked\r\n\r\n4e20\r\n"] {
        let said = dribble(&house, format!("{POST}{framing}").as_bytes(), b' ').await;
        assert_eq!((answers(&said, 503), answers(&said, 200)), (1, 0), "{said}");
    }
    house.is_well().await;
}

#[tokio::test]
async fn a_body_that_never_comes_is_refused_in_time() {
    let house = House::open(quick()).await;
    let said = house.say(format!("{POST}content-length: 2\r\n\r\n").as_bytes()).await;
    assert_eq!((answers(&said, 503), answers(&said, 200)), (1, 0), "{said}");
    house.is_well().await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut_off() {
    let house = House::open(Limits { idle_ms_max: 600_000, ..quick() }).await;
    let mut stream = house.connect_from("127.0.0.2").await;
    // More answers than the system keeps for a client.
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.write_all(&DOCUMENT.repeat(200))).await;
    house.is_well().await;
    drop(stream);
}

#[tokio::test]
async fn a_client_that_reads_byte_by_byte_is_cut_off() {
    let house = House::open(Limits { idle_ms_max: 600_000, ..quick() }).await;
    let mut stream = house.connect_from("127.0.0.2").await;
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.write_all(&DOCUMENT.repeat(200))).await;
    let reading = tokio::spawn(async move {
        while stream.read_u8().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    house.is_well().await;
    reading.abort();
}

#[tokio::test]
async fn a_client_that_reads_slowly_and_steadily_gets_everything() {
    let limits = Limits { write_ms_max: 4_000, header_ms_max: 60_000, idle_ms_max: 4_000, ..quick() };
    let house = House::open(limits).await;
    let mut stream = house.connect_from("127.0.0.2").await;
    let requests = [&DOCUMENT.repeat(30)[..], crate::house::HONEST].concat();
    stream.write_all(&requests).await.unwrap();
    let (mut said, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        let read = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut piece)).await.unwrap().unwrap();
        if read == 0 {
            break;
        }
        said.extend_from_slice(&piece[..read]);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(answers(&String::from_utf8_lossy(&said), 200), 31);
    house.is_well().await;
}

#[tokio::test]
async fn half_closed_sockets_are_answered_or_closed_and_never_kept() {
    let house = House::open(Limits { header_ms_max: 60_000, idle_ms_max: 60_000, ..quick() }).await;
    for (bytes, answered) in [
        (&b""[..], 0),
        (b"GET /v1/node HTTP/1.1\r\nhost: loc", 0),
        (b"GET /v1/node HTTP/1.1\r\nhost: localhost:1984\r\n\r\n", 1),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0),
    ] {
        let mut stream = house.connect().await;
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(answers(&until_closed(&mut stream).await, 200), answered, "{}", String::from_utf8_lossy(bytes));
    }
    let mut stream = house.connect().await;
    stream.write_all(format!("{POST}content-length: 2\r\n\r\n{{").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(answers(&until_closed(&mut stream).await, 200), 0);
    house.is_well().await;
}
