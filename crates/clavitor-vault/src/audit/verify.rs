//! Checking an exported log without trusting the node: only the log's public key, and a tree head kept from earlier, are taken for granted.

use std::io::BufRead;

use clavitor_crypto::{
    VaultId,
    checkpoint::{Checkpoint, origin},
    hash::Hash,
    merkle::{Frontier, leaf_hash},
    sign::PublicKey,
};
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

use super::Event;

/// Longest line that is read.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// What the check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every event is there, in order, under the signed head, and the kept head is its beginning.
    Ok {
        /// Events.
        events: u64,
    },
    /// Lines are missing, changed, out of order, or do not lead to the head.
    Inconsistent(String),
    /// The head, or the one kept from earlier, is not signed by the log's key.
    BadSignature,
    /// The log does not contain the one that the kept head stands for.
    Rollback,
}

impl Verdict {
    /// The exit code of the offline check: 0 ok, 2 inconsistent, 3 bad signature, 5 rollback. 4 is kept for a missing quorum of witnesses.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Ok { .. } => 0,
            Self::Inconsistent(_) => 2,
            Self::BadSignature => 3,
            Self::Rollback => 5,
        }
    }
}

#[derive(Deserialize)]
struct Line {
    bytes: String,
}

/// Checks the lines of an export against its signed head, and against a head kept from earlier.
pub fn verify(lines: &mut dyn BufRead, head: &str, log_key: &[u8; 32], pin: Option<&str>) -> Verdict {
    match run(lines, head, log_key, pin) {
        Ok(events) => Verdict::Ok { events },
        Err(verdict) => verdict,
    }
}

fn run(lines: &mut dyn BufRead, head: &str, log_key: &[u8; 32], pin: Option<&str>) -> Result<u64, Verdict> {
    let vault_id = vault_of(head)?;
    let log_key = PublicKey::parse(log_key).map_err(|_| Verdict::BadSignature)?;
    let signed = |note: &str| Checkpoint::verify(note, &origin(&vault_id), &log_key).map_err(|_| Verdict::BadSignature);
    let head = signed(head)?;
    let pin = pin.map(signed).transpose()?;
    if pin.as_ref().is_some_and(|pin| pin.size > head.size) {
        return Err(Verdict::Rollback);
    }
    let mut log = Log { vault_id, frontier: Frontier::default(), time_ms: 0, pinned: None };
    let pin_size = pin.as_ref().map(|pin| pin.size);
    log.pin_if(pin_size);
    while let Some(bytes) = next_line(lines, log.frontier.size())? {
        log.append(&bytes)?;
        log.pin_if(pin_size);
    }
    if pin.is_some_and(|pin| log.pinned != Some(pin.root)) {
        return Err(Verdict::Rollback);
    }
    if log.frontier.size() != head.size || log.frontier.root() != head.root {
        return Err(Verdict::Inconsistent(format!("the {} events do not lead to the signed head of {}", log.frontier.size(), head.size)));
    }
    Ok(head.size)
}

struct Log {
    vault_id: VaultId,
    frontier: Frontier,
    time_ms: u64,
    pinned: Option<Hash>,
}

impl Log {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Verdict> {
        let seq = self.frontier.size();
        let wrong = |what: &str| Verdict::Inconsistent(format!("event {seq} {what}"));
        let event = Event::decode(bytes).map_err(|error| wrong(&error.to_string()))?;
        if event.vault_id != self.vault_id {
            return Err(wrong("is of another vault"));
        }
        if event.seq != seq {
            return Err(wrong(&format!("says that it is number {}", event.seq)));
        }
        if event.time_ms < self.time_ms {
            return Err(wrong("is older than the one before it"));
        }
        self.time_ms = event.time_ms;
        self.frontier.append(leaf_hash(bytes));
        Ok(())
    }

    fn pin_if(&mut self, size: Option<u64>) {
        if size == Some(self.frontier.size()) {
            self.pinned = Some(self.frontier.root());
        }
    }
}

/// The vault that the head's first line names; whether it is signed is checked afterwards.
fn vault_of(head: &str) -> Result<VaultId, Verdict> {
    let first = head.lines().next().unwrap_or_default();
    first.rsplit('/').next().and_then(|id| id.parse().ok()).ok_or(Verdict::BadSignature)
}

fn next_line(lines: &mut dyn BufRead, at: u64) -> Result<Option<Vec<u8>>, Verdict> {
    let wrong = |what: String| Verdict::Inconsistent(format!("line {}: {what}", at + 1));
    let mut text = String::new();
    let read = std::io::Read::take(&mut *lines, LINE_BYTES_MAX as u64).read_line(&mut text).map_err(|error| wrong(error.to_string()))?;
    if read == 0 {
        return Ok(None);
    }
    let line: Line = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    BASE64URL_NOPAD.decode(line.bytes.as_bytes()).map(Some).map_err(|error| wrong(error.to_string()))
}
