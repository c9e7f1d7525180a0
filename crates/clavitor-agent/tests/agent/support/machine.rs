//! A machine on which an agent lives: a temporary home, and nothing else in the environment.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::Value;

/// A machine.
pub(crate) struct Machine {
    home: tempfile::TempDir,
    /// By so much its clock is ahead of the one on the wall.
    ahead_minutes: AtomicU64,
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Out {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Out {
    /// Standard output as the one JSON document it must be.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("not one JSON document: {error}\n{self:?}"))
    }

    /// Everything that was printed.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

impl From<Output> for Out {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), ahead_minutes: AtomicU64::new(0) }
    }

    /// Time passes on this machine (libfaketime; scripts/install test).
    pub(crate) fn later(&self, minutes: u64) {
        self.ahead_minutes.fetch_add(minutes, Ordering::Relaxed);
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The only profile's folder.
    pub(crate) fn profile(&self) -> std::path::PathBuf {
        self.home().join(".config/clavitor/agents/home-vault")
    }

    /// `clavitor agent …`, ready to be started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clavitor-agent"));
        command.arg("agent").args(arguments).env_clear().env("HOME", self.home()).env("PATH", "/usr/bin:/bin").current_dir(self.home());
        let ahead = self.ahead_minutes.load(Ordering::Relaxed);
        if ahead > 0 {
            let ahead = format!("+{ahead}m");
            command.env("LD_PRELOAD", faketime()).env("FAKETIME", ahead).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        command
    }

    /// Runs `clavitor agent …` without input.
    pub(crate) fn agent(&self, arguments: &[&str]) -> Out {
        self.command(arguments).stdin(Stdio::null()).output().unwrap().into()
    }

    /// Runs `clavitor agent …` with input.
    pub(crate) fn agent_with(&self, input: &[u8], arguments: &[&str]) -> Out {
        let mut child = self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap().into()
    }
}

fn faketime() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().filter_map(|found| Some(found.ok()?.path().join("faketime/libfaketimeMT.so.1")));
    folders.into_iter().find(|path| path.exists()).unwrap_or_else(|| panic!("libfaketime is installed by scripts/install test"))
}
