//! The sealed stream of a backup: chunks that cannot be reordered, dropped, repeated or cut off.

use std::io::{self, Read, Write};

use clavitor_crypto::Secret;
use clavitor_crypto::{
    kinds::BackupChunk,
    random::Os,
    record::{Context, RECORD_BYTES_MAX, RecordKey, VALUE_BYTES_MAX},
    secret::SecretBytes,
    wrap::{Info, WRAP_BYTES_MAX, WrapPrivate, WrapPublic},
};
use zeroize::Zeroizing;

use crate::{Error, Result};

const MAGIC: &[u8; 8] = b"CLVBKP1\n";

/// Seals a stream.
pub(super) struct Sealer<'k, W> {
    out: W,
    key: &'k RecordKey<BackupChunk>,
    backup_id: [u8; 16],
    chunk: u64,
    buffer: SecretBytes,
}

impl<'k, W: Write> Sealer<'k, W> {
    /// Writes the head.
    pub(super) fn begin(mut out: W, public: &WrapPublic, key: &'k RecordKey<BackupChunk>) -> io::Result<Result<Self>> {
        let backup_id: [u8; 16] = clavitor_crypto::random::make();
        let Ok(wrap) = public.wrap(&Info::backup(&backup_id), key.secret().expose(), &mut Os) else {
            return Ok(Err(Error::Internal("the backup key was refused".to_owned())));
        };
        let length = u16::try_from(wrap.len()).unwrap_or(u16::MAX);
        for part in [MAGIC.as_slice(), &backup_id, &length.to_be_bytes(), &wrap] {
            out.write_all(part)?;
        }
        Ok(Ok(Self { out, key, backup_id, chunk: 0, buffer: Zeroizing::new(Vec::with_capacity(VALUE_BYTES_MAX)) }))
    }

    /// Appends bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.buffer.len() == VALUE_BYTES_MAX {
                self.flush_chunk(false)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(VALUE_BYTES_MAX - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Seals what is left as the last chunk. Returns how many there are.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.flush_chunk(true)?;
        self.out.flush()?;
        Ok(self.chunk)
    }

    fn flush_chunk(&mut self, last: bool) -> io::Result<()> {
        let context = Context::backup(self.backup_id, self.chunk, last);
        let record = self.key.seal(&context, &self.buffer).map_err(io::Error::other)?;
        let length = u32::try_from(record.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&record)?;
        self.chunk += 1;
        self.buffer.clear();
        Ok(())
    }
}

/// The head of a backup file.
pub(super) struct Head {
    backup_id: [u8; 16],
    wrap: Vec<u8>,
}

impl Head {
    /// The content key, by the backup code's key.
    pub(super) fn open_key(&self, private: &WrapPrivate) -> Result<RecordKey<BackupChunk>> {
        let wrong = Error::NotValid("the backup does not open with this code");
        let key = private.open(&Info::backup(&self.backup_id), &self.wrap).map_err(|_| wrong.clone())?;
        Secret::from_slice(&key).map(RecordKey::new).ok_or(wrong)
    }
}

/// Opens a stream.
pub(super) struct Opener<R> {
    source: R,
    key: RecordKey<BackupChunk>,
    backup_id: [u8; 16],
    chunk: u64,
    last_seen: bool,
    buffer: SecretBytes,
}

fn cut() -> Error {
    Error::NotValid("the backup is cut off, changed, or no backup")
}

impl<R: Read> Opener<R> {
    /// Reads the head; `open_key` finds the content key.
    pub(super) fn begin(mut source: R, open_key: impl FnOnce(&Head) -> Result<RecordKey<BackupChunk>>) -> Result<Self> {
        if read_array::<8>(&mut source)? != *MAGIC {
            return Err(cut());
        }
        let backup_id = read_array(&mut source)?;
        let length = usize::from(u16::from_be_bytes(read_array(&mut source)?));
        if length > WRAP_BYTES_MAX {
            return Err(cut());
        }
        let wrap = read_vec(&mut source, length)?;
        let key = open_key(&Head { backup_id, wrap })?;
        Ok(Self { source, key, backup_id, chunk: 0, last_seen: false, buffer: Zeroizing::default() })
    }

    /// The next `N` bytes.
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        let mut at = 0;
        while at < N {
            let part = self.next((N - at) as u64)?;
            out[at..at + part.len()].copy_from_slice(&part);
            at += part.len();
        }
        Ok(out)
    }

    /// Some of the next `most` bytes, at least one.
    pub(super) fn next(&mut self, most: u64) -> Result<SecretBytes> {
        if self.buffer.is_empty() {
            self.fill()?;
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(self.buffer.len());
        if most == 0 {
            return Err(cut());
        }
        let rest = Zeroizing::new(self.buffer.split_off(most));
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    /// Checks that nothing is left. Returns how many chunks there were.
    pub(super) fn end(mut self) -> Result<u64> {
        let more = self.source.read(&mut [0]).map_err(|_| cut())?;
        if self.last_seen && self.buffer.is_empty() && more == 0 { Ok(self.chunk) } else { Err(cut()) }
    }

    fn fill(&mut self) -> Result<()> {
        if self.last_seen {
            return Err(cut());
        }
        let length = u32::from_be_bytes(read_array(&mut self.source)?) as usize;
        if length > RECORD_BYTES_MAX {
            return Err(cut());
        }
        let record = read_vec(&mut self.source, length)?;
        let open = |last| self.key.open(&Context::backup(self.backup_id, self.chunk, last), &record);
        let (opened, last) = match open(false) {
            Ok(opened) => (opened, false),
            Err(_) => (open(true).map_err(|_| cut())?, true),
        };
        self.buffer = Zeroizing::new(opened.to_vec());
        self.last_seen = last;
        self.chunk += 1;
        Ok(())
    }
}

fn read_array<const N: usize>(source: &mut impl Read) -> Result<[u8; N]> {
    let mut out = [0; N];
    source.read_exact(&mut out).map_err(|_| cut())?;
    Ok(out)
}

fn read_vec(source: &mut impl Read, length: usize) -> Result<Vec<u8>> {
    let mut out = vec![0; length];
    source.read_exact(&mut out).map_err(|_| cut())?;
    Ok(out)
}
