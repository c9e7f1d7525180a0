//! HTTP/2 by hand (RFC 9113): frames that a library would not send.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::house::House;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn new(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Self {
        Self { kind, flags, stream, payload: payload.to_vec() }
    }

    /// A whole request without a body.
    pub(crate) fn headers(stream: u32, block: &[u8]) -> Self {
        Self::new(HEADERS, END_STREAM | END_HEADERS, stream, block)
    }

    /// A request whose body follows.
    pub(crate) fn open_headers(stream: u32, block: &[u8]) -> Self {
        Self::new(HEADERS, END_HEADERS, stream, block)
    }

    pub(crate) fn data(stream: u32, payload: &[u8]) -> Self {
        Self::new(DATA, 0, stream, payload)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let [_, a, b, c] = u32::try_from(self.payload.len()).unwrap().to_be_bytes();
        [&[a, b, c, self.kind, self.flags], &self.stream.to_be_bytes()[..], &self.payload].concat()
    }

    /// Whether it is the header of a refusal: the statuses 400 and 404 have names of their own in the static table, other codes are spelt out.
    pub(crate) fn is_refusal(&self, stream: u32) -> bool {
        self.kind == HEADERS && self.stream == stream && self.payload.first() != Some(&0x88)
    }

    /// Whether it is the header of a success.
    pub(crate) fn is_success(&self) -> bool {
        self.kind == HEADERS && self.payload.first() == Some(&0x88)
    }
}

/// A field in HPACK (RFC 7541 section 6.2) that is spelt out; `form` says whether it enters the table.
pub(crate) fn literal(form: u8, name: &str, value: &str) -> Vec<u8> {
    [&[form][..], &length(name.len()), name.as_bytes(), &length(value.len()), value.as_bytes()].concat()
}

fn length(length: usize) -> Vec<u8> {
    if length < 127 {
        return vec![length as u8];
    }
    let (mut bytes, mut left) = (vec![127], length - 127);
    while left >= 128 {
        bytes.push((left % 128) as u8 | 128);
        left /= 128;
    }
    bytes.push(left as u8);
    bytes
}

/// The fields that every request has.
pub(crate) fn request(method: &str, path: &str) -> Vec<u8> {
    [
        literal(0, ":method", method),
        literal(0, ":scheme", "http"),
        literal(0, ":path", path),
        literal(0, ":authority", "localhost:1984"),
        literal(0, "content-type", "application/json"),
    ]
    .concat()
}

/// A connection on which HTTP/2 is spoken.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
}

impl Raw {
    pub(crate) async fn open(house: &House) -> Self {
        Self::with_settings(house, &[]).await
    }

    pub(crate) async fn with_settings(house: &House, settings: &[u8]) -> Self {
        let mut stream = house.connect_from("127.0.0.2").await;
        stream.write_all(&[PREFACE, &Frame::new(SETTINGS, 0, 0, settings).bytes()].concat()).await.unwrap();
        Self { stream }
    }

    /// Sends; a node that has closed does not hear it.
    pub(crate) async fn send(&mut self, frame: &Frame) -> bool {
        self.send_all(&frame.bytes()).await
    }

    pub(crate) async fn send_all(&mut self, bytes: &[u8]) -> bool {
        matches!(tokio::time::timeout(Duration::from_secs(20), self.stream.write_all(bytes)).await, Ok(Ok(())))
    }

    /// The next frame, or `None` when the node has closed.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let reading = async {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await.ok()?;
            let [a, b, c, kind, flags, d, e, f, g] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            self.stream.read_exact(&mut payload).await.ok()?;
            Some(Frame { kind, flags, stream: u32::from_be_bytes([d, e, f, g]), payload })
        };
        tokio::time::timeout(Duration::from_secs(30), reading).await.expect("the node neither speaks nor closes")
    }

    /// Reads on until a frame is of this sort; `None` if the node closed before.
    pub(crate) async fn until(&mut self, is: impl Fn(&Frame) -> bool) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            if is(&frame) {
                return Some(frame);
            }
        }
    }

    /// Everything until the node closes; its pings are answered.
    pub(crate) async fn rest(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            if frame.kind == PING && frame.flags == 0 {
                self.send(&Frame::new(PING, 1, 0, &frame.payload)).await;
            }
            frames.push(frame);
        }
        frames
    }
}
