//! What was decided, asked and answered, on disk before it counts: one JSON line each, synced, chained by checksums. Read by replaying it through the same state machine.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::inventory::NodeName;
use crate::state_folder::make_private;

use super::{
    command::Command,
    machine::{Input, Output, State, step},
    plan::Plan,
};

/// The version of the lines.
pub(crate) const SCHEMA: u32 = 1;
/// No honest journal is longer: a rollout over 250 nodes writes about 2 MB.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;
/// The folder in the fleet's state folder.
const FOLDER: &str = "rollouts";
const ENDING: &str = ".jsonl";
const SUM_MARK: &str = ",\"sum\":\"";

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// The first line.
    Opened {
        /// The version of the lines.
        schema: u32,
        /// What is rolled out.
        plan: Plan,
    },
    /// Something happened to the rollout.
    Happened(Input),
    /// A node is about to be asked.
    Asks {
        /// Whom.
        node: NodeName,
        /// What.
        command: Command,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    seq: u64,
    at_ms: u64,
    entry: Entry,
}

/// Why a journal cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk's fault.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// The content's fault.
    #[error("{path}, line {line}: {why}")]
    Line {
        /// Which journal.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// There is none with this name.
    #[error("there is no rollout {0}")]
    NoSuch(String),
    /// Whoever began it was cut off before its first line was whole: nothing was done.
    #[error("the rollout of {0} was never begun: its first line is not whole")]
    NeverBegun(PathBuf),
}

/// A journal as it was read.
#[derive(Debug)]
pub struct Found {
    /// The rollout as of the last whole line.
    pub state: State,
    /// When that was written; operator's clock.
    pub at_ms: u64,
    /// Whether a last line was cut off while it was written. What it would have said is not known, and looked up on the nodes.
    pub is_torn: bool,
    lines: u64,
    sum: u64,
    bytes: u64,
}

/// A journal that is being written. Its caller holds the fleet's lock.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    seq: u64,
    sum: u64,
}

/// Where a rollout's journal lies in the fleet's state folder.
pub fn path_of(state_folder: &Path, id: &str) -> PathBuf {
    state_folder.join(FOLDER).join(format!("{id}{ENDING}"))
}

/// The name of the newest rollout, if there was one. Names begin with the time.
///
/// # Errors
/// [`JournalError::Io`].
pub fn newest(state_folder: &Path) -> Result<Option<String>, JournalError> {
    let folder = state_folder.join(FOLDER);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(JournalError::Io(folder, error)),
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| Some(name.strip_suffix(ENDING)?.to_owned())).max())
}

impl Journal {
    /// Begins one. It is on disk, name and all, when this returns.
    ///
    /// # Errors
    /// [`JournalError::Io`], also when there is one of this name.
    pub fn create(state_folder: &Path, plan: &Plan, at_ms: u64) -> Result<Self, JournalError> {
        let path = path_of(state_folder, plan.id());
        let failed = |error| JournalError::Io(path.clone(), error);
        let folder = state_folder.join(FOLDER);
        make_private(&folder).map_err(failed)?;
        let file = OpenOptions::new().append(true).create_new(true).open(&path).map_err(failed)?;
        let mut journal = Self { path: path.clone(), file, seq: 0, sum: 0 };
        journal.write(at_ms, Entry::Opened { schema: SCHEMA, plan: plan.clone() })?;
        // The name is part of what must not be lost.
        File::open(&folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(journal)
    }

    /// Goes on with one. A torn last line is cut away.
    ///
    /// # Errors
    /// [`JournalError`]: everything but a torn last line.
    pub fn reopen(state_folder: &Path, id: &str) -> Result<(Self, Found), JournalError> {
        let path = path_of(state_folder, id);
        let found = read(&path)?;
        let failed = |error| JournalError::Io(path.clone(), error);
        let mut file = OpenOptions::new().write(true).open(&path).map_err(failed)?;
        file.set_len(found.bytes).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        Ok((Self { path: path.clone(), file, seq: found.lines, sum: found.sum }, found))
    }

    /// Writes a line; it has reached the disk when this returns.
    ///
    /// # Errors
    /// [`JournalError::Io`]. Nothing may then be done that relies on the line.
    pub fn write(&mut self, at_ms: u64, entry: Entry) -> Result<(), JournalError> {
        let (text, sum) = encode(&Line { seq: self.seq, at_ms, entry }, self.sum).map_err(|error| self.failed(error))?;
        self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data()).map_err(|error| self.failed(error))?;
        (self.seq, self.sum) = (self.seq + 1, sum);
        Ok(())
    }

    fn failed(&self, error: io::Error) -> JournalError {
        JournalError::Io(self.path.clone(), error)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads a journal and replays it.
///
/// # Errors
/// [`JournalError`]: everything but a torn last line.
pub fn read(path: &Path) -> Result<Found, JournalError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => JournalError::NoSuch(path.file_stem().unwrap_or_default().to_string_lossy().into_owned()),
        _ => JournalError::Io(path.to_owned(), error),
    };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(JOURNAL_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > JOURNAL_BYTES_MAX {
        return Err(JournalError::Io(path.to_owned(), io::Error::other(format!("longer than {JOURNAL_BYTES_MAX} bytes"))));
    }
    if !bytes.contains(&b'\n') {
        return Err(JournalError::NeverBegun(path.to_owned()));
    }
    replay(&bytes).map_err(|(line, why)| JournalError::Line { path: path.to_owned(), line, why })
}

/// Line number and what is wrong with it.
type Wrong = (usize, String);

/// The bytes of a journal, through the state machine.
pub fn replay(bytes: &[u8]) -> Result<Found, Wrong> {
    // A line counts once its end is there.
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let (kept, torn) = bytes.split_at(whole);
    let (mut sum, mut at_ms, mut run) = (0, 0, None);
    let mut lines = 0;
    for (place, line) in kept.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
        let wrong = |why: String| (place + 1, why);
        let read;
        (read, sum) = decode(line, place as u64, sum).map_err(wrong)?;
        run = Some(follow(run, read.at_ms, read.entry).map_err(wrong)?);
        (at_ms, lines) = (read.at_ms, lines + 1);
    }
    let Some((state, _)) = run else { return Err((1, "there is no whole first line, so nothing had been begun".to_owned())) };
    Ok(Found { state, at_ms, is_torn: !torn.is_empty(), lines, sum, bytes: whole as u64 })
}

/// A state, and what it asked for that has no line yet.
type Run = (State, Vec<Output>);

fn follow(run: Option<Run>, at_ms: u64, entry: Entry) -> Result<Run, String> {
    match (run, entry) {
        (None, Entry::Opened { schema: SCHEMA, plan }) => Ok((State::new(plan), Vec::new())),
        (None, Entry::Opened { schema, .. }) => Err(format!("written in format {schema}, and this program reads {SCHEMA}")),
        (None, _) => Err("the first line must say what is rolled out".to_owned()),
        (Some(_), Entry::Opened { .. }) => Err("a second beginning".to_owned()),
        (Some((state, _)), Entry::Happened(input)) => Ok(step(state, at_ms, input)),
        (Some((state, mut pending)), Entry::Asks { node, command }) => {
            let wanted = Output::Ask { node, command };
            let place = pending.iter().position(|output| *output == wanted);
            let place = place.ok_or_else(|| {
                format!("{wanted:?} does not follow from what is above: the journal was changed, or another version wrote it")
            })?;
            pending.remove(place);
            Ok((state, pending))
        }
    }
}

fn encode(line: &Line, before: u64) -> io::Result<(String, u64)> {
    let mut text = serde_json::to_string(line)?;
    text.pop();
    let sum = checksum(before, text.as_bytes());
    text.push_str(&format!("{SUM_MARK}{sum:016x}\"}}\n"));
    Ok((text, sum))
}

fn decode(bytes: &[u8], seq: u64, before: u64) -> Result<(Line, u64), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not text".to_owned())?;
    let (body, sum) = text.rsplit_once(SUM_MARK).ok_or("no checksum at its end")?;
    let found = sum.strip_suffix("\"}").and_then(|hex| u64::from_str_radix(hex, 16).ok()).ok_or("no checksum at its end")?;
    if found != checksum(before, body.as_bytes()) {
        return Err("the checksum does not fit: this line, or one before it, was changed or is missing".to_owned());
    }
    let line: Line = serde_json::from_str(&format!("{body}}}")).map_err(|error| error.to_string())?;
    if line.seq == seq { Ok((line, found)) } else { Err(format!("it is number {} and should be {seq}", line.seq)) }
}

/// FNV-1a over the sum before and the line: against accidents, not against an attacker, who could write any journal.
fn checksum(before: u64, bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    before.to_be_bytes().iter().chain(bytes).fold(start, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
