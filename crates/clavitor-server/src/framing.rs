//! Where one HTTP/1 request ends and the next begins, read strictly. The library is as lenient as RFC 9112 lets it be; whatever another program on the way
//! could read differently ends the connection here, so that there is no request that only one of the two has seen.

/// A chunk's size has at most so many digits, and a length at most so many.
const CHUNK_DIGITS_MAX: usize = 15;
const LENGTH_DIGITS_MAX: usize = 18;

/// Two programs could read this differently.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ambiguous;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    RequestLine,
    Field,
    Body(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    /// A line of a head was longer than any may be; the library refuses it.
    Lost,
}

/// Follows the requests of one connection. Bytes come in any pieces.
pub(crate) struct Framing {
    part: Part,
    /// The line that has not ended yet.
    line: Vec<u8>,
    line_bytes_max: usize,
    length: Option<u64>,
    chunked: bool,
}

impl Framing {
    /// At the start of a connection.
    pub(crate) fn new(line_bytes_max: usize) -> Self {
        Self { part: Part::RequestLine, line: Vec::new(), line_bytes_max, length: None, chunked: false }
    }

    /// Bytes came.
    ///
    /// # Errors
    /// [`Ambiguous`].
    pub(crate) fn read(&mut self, mut bytes: &[u8]) -> Result<(), Ambiguous> {
        while !bytes.is_empty() && self.part != Part::Lost {
            bytes = match self.part {
                Part::Body(left) => self.skip(bytes, left, Part::RequestLine, Part::Body),
                Part::Chunk(left) => self.skip(bytes, left, Part::ChunkEnd, Part::Chunk),
                _ => self.line(bytes)?,
            };
        }
        Ok(())
    }

    fn skip<'a>(&mut self, bytes: &'a [u8], left: u64, then: Part, still: fn(u64) -> Part) -> &'a [u8] {
        let skipped = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let left = left - skipped as u64;
        self.part = if left == 0 { then } else { still(left) };
        &bytes[skipped..]
    }

    fn line<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Ambiguous> {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            self.line.extend_from_slice(bytes);
            if self.line.len() > self.line_bytes_max {
                self.too_long()?;
            }
            return Ok(&[]);
        };
        let mut line = std::mem::take(&mut self.line);
        let whole = if line.is_empty() {
            &bytes[..=end]
        } else {
            line.extend_from_slice(&bytes[..=end]);
            &line[..]
        };
        if whole.len() > self.line_bytes_max {
            self.too_long()?;
        } else {
            self.whole(whole)?;
        }
        line.clear();
        self.line = line;
        Ok(&bytes[end + 1..])
    }

    /// The library has a limit on heads and answers for them. It has none on a chunk's size, which may begin with any number of zeros: after such a line it would
    /// go on, and nobody would follow.
    fn too_long(&mut self) -> Result<(), Ambiguous> {
        self.line = Vec::new();
        match self.part {
            Part::RequestLine | Part::Field => {
                self.part = Part::Lost;
                Ok(())
            }
            _ => Err(Ambiguous),
        }
    }

    fn whole(&mut self, line: &[u8]) -> Result<(), Ambiguous> {
        let line = line.strip_suffix(b"\r\n").ok_or(Ambiguous)?;
        if line.iter().any(|byte| matches!(byte, b'\r' | 0)) {
            return Err(Ambiguous);
        }
        self.part = match self.part {
            Part::RequestLine if line.is_empty() => Part::RequestLine,
            Part::RequestLine => {
                (self.length, self.chunked) = (None, false);
                let words = line.split(|byte| *byte == b' ');
                if words.clone().count() != 3 || words.clone().any(<[u8]>::is_empty) || line.contains(&b'\t') {
                    return Err(Ambiguous);
                }
                Part::Field
            }
            Part::Field if line.is_empty() => self.after_head()?,
            Part::Field => {
                self.field(line)?;
                Part::Field
            }
            Part::ChunkSize => chunk_size(line)?,
            Part::ChunkEnd if line.is_empty() => Part::ChunkSize,
            Part::ChunkEnd => return Err(Ambiguous),
            Part::Trailer if line.is_empty() => Part::RequestLine,
            Part::Trailer => {
                name_and_value(line)?;
                Part::Trailer
            }
            other => other,
        };
        Ok(())
    }

    fn field(&mut self, line: &[u8]) -> Result<(), Ambiguous> {
        let (name, value) = name_and_value(line)?;
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = !value.is_empty() && value.len() <= LENGTH_DIGITS_MAX && value.iter().all(u8::is_ascii_digit);
            if !digits || self.length.is_some() {
                return Err(Ambiguous);
            }
            self.length = Some(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')));
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Ambiguous);
            }
            self.chunked = true;
        }
        Ok(())
    }

    fn after_head(&self) -> Result<Part, Ambiguous> {
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(Ambiguous),
            (true, None) => Ok(Part::ChunkSize),
            (false, Some(length @ 1..)) => Ok(Part::Body(length)),
            (false, _) => Ok(Part::RequestLine),
        }
    }
}

/// A field line (RFC 9112 section 5): a token, a colon right after it, no continuation of the line before.
fn name_and_value(line: &[u8]) -> Result<(&[u8], &[u8]), Ambiguous> {
    let colon = line.iter().position(|byte| *byte == b':').ok_or(Ambiguous)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || name.iter().any(|byte| !byte.is_ascii_graphic()) {
        return Err(Ambiguous);
    }
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    Ok((name, &value[start..end]))
}

/// A chunk's size, with what may follow it (RFC 9112 section 7.1).
fn chunk_size(line: &[u8]) -> Result<Part, Ambiguous> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    if digits.is_empty() || digits.len() > CHUNK_DIGITS_MAX || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(Ambiguous);
    }
    let digit = |byte: &u8| u64::from(char::from(*byte).to_digit(16).unwrap_or(0));
    let size = digits.iter().fold(0, |sum, byte| sum * 16 + digit(byte));
    Ok(if size == 0 { Part::Trailer } else { Part::Chunk(size) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], piece: usize) -> Result<Part, Ambiguous> {
        let mut framing = Framing::new(1 << 14);
        bytes.chunks(piece).try_for_each(|bytes| framing.read(bytes))?;
        Ok(framing.part)
    }

    #[test]
    fn requests_of_every_framing_follow_each_other() {
        let requests = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n\
            POST /a HTTP/1.1\r\nContent-Length: \t4 \r\nhost: a\r\n\r\n\n\n\n\n\
            \r\nPOST /b HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5;x=y\r\n\0\r\n\0\0\r\n00\r\nx-trailer: 1\r\n\r\n\
            DELETE /c HTTP/1.1\r\ncontent-length: 0\r\n\r\n";
        for piece in 1..requests.len() {
            assert_eq!(read(requests, piece), Ok(Part::RequestLine), "pieces of {piece}");
        }
    }

    #[test]
    fn what_could_be_read_differently_is_refused() {
        let head = "POST / HTTP/1.1\r\nhost: a\r\n";
        for rest in [
            "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n",
            "transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n",
            "content-length: 4\r\ncontent-length: 4\r\n\r\n",
            "content-length: 4, 4\r\n\r\n",
            "content-length: +4\r\n\r\n",
            "content-length: 4 4\r\n\r\n",
            "content-length: 0x4\r\n\r\n",
            "content-length:\r\n\r\n",
            "content-length: 9999999999999999999\r\n\r\n",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
            "transfer-encoding: xchunked\r\n\r\n",
            "transfer-encoding: identity\r\n\r\n",
            "transfer-encoding: gzip, chunked\r\n\r\n",
            "transfer-encoding: \x0bchunked\r\n\r\n",
            "transfer-encoding : chunked\r\n\r\n",
            " transfer-encoding: chunked\r\n\r\n",
            "x-a: b\r\n c\r\n\r\n",
            "x-a\r\n\r\n",
            ": b\r\n\r\n",
            "x-a: b\nx-c: d\r\n\r\n",
            "x-a: b\rx-c: d\r\n\r\n",
            "x-a: b\0\r\n\r\n",
            "\n",
            "transfer-encoding: chunked\r\n\r\nZZ\r\n",
            "transfer-encoding: chunked\r\n\r\n-1\r\n",
            "transfer-encoding: chunked\r\n\r\n0x1\r\n",
            "transfer-encoding: chunked\r\n\r\n1 \r\n",
            "transfer-encoding: chunked\r\n\r\n\r\n",
            "transfer-encoding: chunked\r\n\r\n1\na\r\n",
            "transfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
            "transfer-encoding: chunked\r\n\r\n1;a\nb\r\na\r\n",
            "transfer-encoding: chunked\r\n\r\n10000000000000000\r\n",
            "transfer-encoding: chunked\r\n\r\n0\r\nx\r\n\r\n",
        ] {
            for piece in [1, 7, 1000] {
                assert_eq!(read(format!("{head}{rest}").as_bytes(), piece), Err(Ambiguous), "{rest:?}");
            }
        }
        for line in ["GET /\r\n", "GET  / HTTP/1.1\r\n", "GET /a b HTTP/1.1\r\n", "GET\t/ HTTP/1.1\r\n", "GET / HTTP/1.1\n"] {
            assert_eq!(read(line.as_bytes(), 100), Err(Ambiguous), "{line:?}");
        }
    }

    #[test]
    fn a_line_that_does_not_end_is_left_to_the_library() {
        assert_eq!(read(&[b'x'; 40_000], 1_000), Ok(Part::Lost));
        assert_eq!(read(&[&b"GET / HTTP/1.1\r\nx: "[..], &[b'x'; 40_000]].concat(), 1_000), Ok(Part::Lost));
    }

    #[test]
    fn a_line_of_a_body_that_is_too_long_ends_the_connection() {
        let head = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
        for body in [
            [&[b'0'; 20_000][..], b"1\r\na\r\n0\r\n\r\n"].concat(),
            [&b"1;"[..], &[b'x'; 20_000], b"\r\na\r\n0\r\n\r\n"].concat(),
            [&b"1\r\na"[..], &[b'x'; 20_000]].concat(),
            [&b"0\r\nx: "[..], &[b'x'; 20_000], b"\r\n\r\n"].concat(),
        ] {
            for piece in [1_000, 100_000] {
                assert_eq!(read(&[head, &body[..]].concat(), piece), Err(Ambiguous), "{:?}", &body[..8]);
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b':'), Just(b'0'), any::<u8>()], 0..200), piece in 1_usize..20) {
            let input = [b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", &bytes[..]].concat();
            prop_assert_eq!(read(&input, piece), read(&input, input.len()));
        }
    }
}
