//! Alerts that have not arrived yet, in a file of their own: appended and synced before anything is sent, so that they outlive the process.
//!
//! A line `+ id kind body` queues, a line `- id` is its end. A line that a crash cut short was never promised and is left out.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::event::Event;

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module alerts/queue";

const FILE: &str = "queue";
const NEW_FILE: &str = "queue.new";
const LOCK_FILE: &str = "queue.lock";

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub struct QueueLimits {
    /// Alerts that wait.
    pub entries_max: usize,
    /// Bytes of those alerts; the file is at most twice as long.
    pub bytes_max: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { entries_max: 1_000, bytes_max: 1 << 20 }
    }
}

/// The queue, oldest first.
pub struct Queue {
    folder: PathBuf,
    limits: QueueLimits,
    waiting: VecDeque<Event>,
    /// Of the lines that queue what waits.
    bytes: usize,
    /// Open as long as the queue can be written; what cannot be written is kept in memory all the same.
    file: Option<File>,
    file_bytes: usize,
    /// Held from the moment that the folder is ours.
    lock: Option<File>,
}

/// What became of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// It is on the disk.
    pub durable: bool,
    /// How many others had to go.
    pub dropped: u64,
}

impl Queue {
    /// Opens the queue in `folder`, making both if they are not there. If that fails, alerts are kept in memory, and each change tries again.
    ///
    /// # Errors
    /// If another process has the queue.
    pub fn open(folder: &Path, limits: QueueLimits) -> io::Result<Self> {
        let mut queue =
            Self { folder: folder.to_owned(), limits, waiting: VecDeque::new(), bytes: 0, file: None, file_bytes: 0, lock: None };
        match queue.rewrite() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(queue),
        }
    }

    /// Whether what waits is on the disk.
    pub fn is_durable(&self) -> bool {
        self.file.is_some()
    }

    /// Takes the folder, once, and what an earlier process left in it.
    fn claim(&mut self) -> io::Result<()> {
        if self.lock.is_some() {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let lock = private().create(true).truncate(false).open(self.folder.join(LOCK_FILE))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(io::ErrorKind::WouldBlock, "another process uses this queue of alerts"),
            TryLockError::Error(error) => error,
        })?;
        for event in read(&self.folder.join(FILE))?.into_iter().rev() {
            self.bytes += line(&event).len();
            self.waiting.push_front(event);
        }
        self.make_room(0, 0);
        self.lock = Some(lock);
        Ok(())
    }

    /// The oldest alert.
    pub fn front(&self) -> Option<&Event> {
        self.waiting.front()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Queues an alert; it is on the disk when this returns, unless it says otherwise.
    pub fn push(&mut self, event: Event) -> Pushed {
        let text = line(&event);
        let dropped = self.make_room(1, text.len());
        self.bytes += text.len();
        self.waiting.push_back(event);
        // What was dropped must not come back after a restart, so then the file is written anew.
        let durable = if dropped > 0 { self.rewrite().is_ok() } else { self.append(&text) };
        Pushed { durable, dropped }
    }

    /// An alert needs no more sending. Were its end lost, it would be sent once more, under the same id.
    pub fn end(&mut self, id: &str) {
        let Some(at) = self.waiting.iter().position(|event| event.id == id) else { return };
        self.remove(at);
        if self.waiting.is_empty() {
            // Nothing is lost if this fails: the ids are the same.
            let _ = self.rewrite();
        } else {
            self.append(&format!("- {id}\n"));
        }
    }

    fn remove(&mut self, at: usize) {
        if let Some(event) = self.waiting.remove(at) {
            self.bytes -= line(&event).len();
        }
    }

    /// Drops the oldest of the most frequent kind until so much more fits: a flood of one kind pushes out nothing but itself.
    fn make_room(&mut self, entries: usize, bytes: usize) -> u64 {
        let fits =
            |queue: &Self| queue.waiting.len() + entries <= queue.limits.entries_max && queue.bytes + bytes <= queue.limits.bytes_max;
        let mut dropped = 0;
        while !self.waiting.is_empty() && !fits(self) {
            let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
            for event in &self.waiting {
                *kinds.entry(&event.kind).or_default() += 1;
            }
            let kind = kinds.into_iter().max_by_key(|(_, count)| *count).map(|(kind, _)| kind.to_owned()).unwrap_or_default();
            let oldest = self.waiting.iter().position(|event| event.kind == kind).unwrap_or_default();
            self.remove(oldest);
            dropped += 1;
        }
        dropped
    }

    fn append(&mut self, text: &str) -> bool {
        if self.file.is_none() || self.file_bytes + text.len() > self.limits.bytes_max.saturating_mul(2) {
            return self.rewrite().is_ok();
        }
        let Some(file) = &mut self.file else { return false };
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_data());
        self.file_bytes += text.len();
        if written.is_err() {
            // Half a line may be there; the next change writes the file anew.
            self.file = None;
        }
        written.is_ok()
    }

    /// A new file with what waits takes the place of the old one.
    fn rewrite(&mut self) -> io::Result<()> {
        self.file = None;
        self.claim()?;
        let (new, path) = (self.folder.join(NEW_FILE), self.folder.join(FILE));
        let text: String = self.waiting.iter().map(line).collect();
        let mut file = private().create(true).truncate(true).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(&self.folder)?.sync_all()?;
        (self.file, self.file_bytes) = (Some(file), text.len());
        Ok(())
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

fn line(event: &Event) -> String {
    format!("+ {} {} {}\n", event.id, event.kind, event.body)
}

fn read(path: &Path) -> io::Result<VecDeque<Event>> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(VecDeque::new()),
        found => found?,
    };
    let mut waiting: VecDeque<Event> = VecDeque::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n').filter_map(whole) {
        match line.split_once(' ') {
            Some(("+", rest)) => waiting.extend(parse(rest)),
            Some(("-", id)) => waiting.retain(|event| event.id != id),
            _ => {}
        }
    }
    Ok(waiting)
}

fn whole(line: &[u8]) -> Option<&str> {
    std::str::from_utf8(line.strip_suffix(b"\n")?).ok()
}

fn parse(rest: &str) -> Option<Event> {
    let mut parts = rest.splitn(3, ' ');
    let (id, kind, body) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_str::<serde_json::Value>(body).ok()?;
    Some(Event { id: id.to_owned(), kind: kind.to_owned(), body: body.to_owned() })
}

#[cfg(test)]
mod tests;
