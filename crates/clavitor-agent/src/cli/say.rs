//! Where output goes: the one place that writes to the terminal.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// How to speak.
pub(super) struct Say {
    json: bool,
}

impl Say {
    /// In JSON, or in words.
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether JSON was asked for.
    pub(super) const fn json(&self) -> bool {
        self.json
    }

    /// The answer: one JSON document, or the words of `text`, on standard output.
    pub(super) fn data(&self, view: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        let line = if self.json { to_json(view)? } else { Zeroizing::new(text()) };
        out(line.as_bytes()).and_then(|()| out(b"\n"))
    }

    /// A value, exactly.
    pub(super) fn value(&self, value: &[u8], newline: bool) -> Result<(), Failure> {
        out(value)?;
        if newline { out(b"\n") } else { Ok(()) }
    }

    /// Words beside the answer; nothing with `--json`.
    pub(super) fn note(&self, words: &str) {
        if !self.json {
            complain(words);
        }
    }

    /// A failure: in words on standard error, or as JSON on standard output.
    pub(super) fn failure(&self, failure: &Failure) -> ExitCode {
        match to_json(&failure.json()) {
            // A closed pipe leaves nobody to tell; the exit code still says it.
            Ok(json) if self.json => drop(out(json.as_bytes()).and_then(|()| out(b"\n"))),
            _ => complain(&format!("clavitor: {failure}")),
        }
        ExitCode::from(failure.kind.exit_code())
    }

    /// A failure or a report beside a program's own output: always on standard error.
    pub(super) fn aside(&self, view: &impl Serialize, words: Option<&str>) {
        match to_json(view) {
            Ok(json) if self.json => complain(&json),
            _ => words.into_iter().for_each(complain),
        }
    }
}

fn to_json(view: &impl Serialize) -> Result<Zeroizing<String>, Failure> {
    serde_json::to_string(view).map(Zeroizing::new).map_err(|_| Failure::general("the answer could not be written as JSON"))
}

fn out(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::general(format!("cannot write to standard output: {error}")))
}

fn complain(words: &str) {
    // There is no third place to say that standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{words}");
}
