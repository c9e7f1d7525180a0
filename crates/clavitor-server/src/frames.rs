//! What a client sends over HTTP/2, by frame: the library answers each well-formed frame, however many come, so somebody has to count those that ask for nothing.

use std::time::Duration;

/// What an HTTP/2 client begins with.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEAD_BYTES: usize = 9;
/// A cancelled request cost its handler some work already.
const RESET_COST: u64 = 10;
/// A client opens the window about this often while it reads.
const BYTES_PER_WINDOW_UPDATE: u64 = 1 << 10;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const WINDOW_UPDATE: u8 = 0x8;
const END_STREAM: u8 = 0x1;

/// Which protocol the first bytes speak (RFC 9113 section 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// So many bytes of the preface have come, and nothing else.
    Unknown(usize),
    /// It is HTTP/1.
    Http1,
    /// It is HTTP/2.
    Http2,
}

impl Protocol {
    /// Looks at more bytes; returns what follows the preface.
    pub(crate) fn read<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        while let (Self::Unknown(seen), [first, rest @ ..]) = (*self, bytes) {
            if PREFACE.get(seen) != Some(first) {
                *self = Self::Http1;
                break;
            }
            *self = if seen + 1 == PREFACE.len() { Self::Http2 } else { Self::Unknown(seen + 1) };
            bytes = rest;
        }
        bytes
    }
}

/// Frames that ask for nothing, counted against a bucket. Bytes come in any pieces.
pub(crate) struct Frames {
    head: [u8; HEAD_BYTES],
    head_bytes: usize,
    payload_left: usize,
    /// Thousandths of a frame that may still come.
    level: u64,
    burst: u64,
    per_second: u64,
    at: Duration,
    sent_bytes: u64,
}

/// More came than may.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Frames {
    /// So many at once, so many a second in the long run.
    pub(crate) fn new(burst: u32, per_second: u32) -> Self {
        let burst = u64::from(burst) * 1000;
        let zero = Duration::ZERO;
        Self {
            head: [0; HEAD_BYTES],
            head_bytes: 0,
            payload_left: 0,
            level: burst,
            burst,
            per_second: per_second.into(),
            at: zero,
            sent_bytes: 0,
        }
    }

    /// Bytes went to the client; it may open the window for them.
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.sent_bytes += bytes as u64;
    }

    /// Bytes came, so long after the start.
    ///
    /// # Errors
    /// [`TooMany`].
    pub(crate) fn read(&mut self, mut bytes: &[u8], at: Duration) -> Result<(), TooMany> {
        self.refill(at);
        while !bytes.is_empty() {
            let skipped = self.payload_left.min(bytes.len());
            self.payload_left -= skipped;
            bytes = &bytes[skipped..];
            if self.payload_left > 0 || bytes.is_empty() {
                break;
            }
            let taken = (HEAD_BYTES - self.head_bytes).min(bytes.len());
            self.head[self.head_bytes..self.head_bytes + taken].copy_from_slice(&bytes[..taken]);
            self.head_bytes += taken;
            bytes = &bytes[taken..];
            if self.head_bytes == HEAD_BYTES {
                self.head_bytes = 0;
                self.frame()?;
            }
        }
        Ok(())
    }

    fn refill(&mut self, at: Duration) {
        let passed_ms = u64::try_from(at.saturating_sub(self.at).as_millis()).unwrap_or(u64::MAX);
        let gained = passed_ms.saturating_mul(self.per_second);
        if gained > 0 {
            self.level = self.level.saturating_add(gained).min(self.burst);
            self.at = at;
        }
    }

    fn frame(&mut self) -> Result<(), TooMany> {
        let [length @ .., kind, flags, _, _, _, _] = self.head;
        self.payload_left = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let cost = match kind {
            HEADERS => 0,
            DATA if self.payload_left > 0 || flags & END_STREAM != 0 => 0,
            WINDOW_UPDATE if self.sent_bytes >= BYTES_PER_WINDOW_UPDATE => {
                self.sent_bytes -= BYTES_PER_WINDOW_UPDATE;
                0
            }
            RST_STREAM => RESET_COST,
            _ => 1,
        };
        self.level = self.level.checked_sub(cost * 1000).ok_or(TooMany)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: [u8; 17] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let [.., a, b, c] = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&[a, b, c, kind, flags, 0, 0, 0, 1], payload].concat()
    }

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_protocol_is_told_whatever_the_pieces() {
        for piece in 1..=PREFACE.len() {
            let mut protocol = Protocol::Unknown(0);
            for bytes in PREFACE.chunks(piece) {
                assert_eq!(protocol.read(bytes), b"");
            }
            assert_eq!(protocol, Protocol::Http2, "pieces of {piece}");
        }
        let mut protocol = Protocol::Unknown(0);
        let both = [PREFACE, b"rest"].concat();
        assert_eq!((protocol.read(&both), protocol), (&b"rest"[..], Protocol::Http2));
        for line in [&b"GET / HTTP/1.1"[..], b"PRI * HTTP/1.1", b"PUT / HTTP/1.1"] {
            let mut protocol = Protocol::Unknown(0);
            protocol.read(line);
            assert_eq!(protocol, Protocol::Http1);
        }
    }

    #[test]
    fn frames_that_ask_for_nothing_are_counted_whatever_the_pieces() {
        let flood = PING.repeat(4);
        for piece in 1..40 {
            let mut frames = Frames::new(3, 1);
            let counted: Vec<_> = flood.chunks(piece).map(|bytes| frames.read(bytes, at(0))).collect();
            assert!(counted.contains(&Err(TooMany)), "pieces of {piece}");
            let mut frames = Frames::new(4, 1);
            assert!(flood.chunks(piece).all(|bytes| frames.read(bytes, at(0)).is_ok()), "pieces of {piece}");
        }
    }

    #[test]
    fn requests_and_their_bodies_are_free_and_the_rest_flows_in_again() {
        let mut frames = Frames::new(20, 10);
        for _ in 0..1_000 {
            frames.read(&frame(HEADERS, 4, &[0x82]), at(0)).unwrap();
            frames.read(&frame(DATA, 0, b"body"), at(0)).unwrap();
            frames.read(&frame(DATA, END_STREAM, b""), at(0)).unwrap();
        }
        frames.read(&frame(RST_STREAM, 0, &[0; 4]).repeat(2), at(0)).unwrap();
        assert_eq!(frames.read(&frame(DATA, 0, b""), at(0)), Err(TooMany));
        assert_eq!(frames.read(&PING, at(100)), Ok(()));
        assert_eq!(frames.read(&PING, at(101)), Err(TooMany));
    }

    #[test]
    fn whoever_reads_may_open_the_window() {
        let mut frames = Frames::new(1, 0);
        frames.sent(10 << 10);
        frames.read(&frame(WINDOW_UPDATE, 0, &[0, 0, 4, 0]).repeat(11), at(0)).unwrap();
        assert_eq!(frames.read(&frame(WINDOW_UPDATE, 0, &[0, 0, 4, 0]), at(0)), Err(TooMany));
    }
}
