//! The program as a child process, and a database that can be damaged and mended: its alert is one that can be had at will.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

pub(crate) const TOKEN: &str = "token-4111111111111111";

pub(crate) struct Folder {
    folder: TempDir,
}

pub(crate) struct Process {
    child: Child,
    /// A file, because a pipe that nobody reads would hold the program up.
    log: PathBuf,
}

impl Folder {
    /// With the data of a node that has run once.
    pub(crate) fn new() -> Self {
        let folder = Self { folder: tempfile::tempdir().unwrap() };
        folder.serve(None).stop();
        fs::copy(folder.database(), folder.folder.path().join("good.db")).unwrap();
        folder
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn database(&self) -> PathBuf {
        self.data().join("clavitor.db")
    }

    pub(crate) fn damage(&self) {
        fs::write(self.database(), [0x5a; 8192]).unwrap();
    }

    pub(crate) fn mend(&self) {
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{suffix}", self.database().display()));
        }
        fs::copy(self.folder.path().join("good.db"), self.database()).unwrap();
    }

    /// Starts the program; `host` is where its alerts go.
    pub(crate) fn start(&self, host: Option<&str>) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clavitor-commercial"));
        command.args(["serve", "--bind", "127.0.0.1:0", "--log", "trace", "--data"]).arg(self.data());
        for name in ["TELEMETRY_HOST", "TELEMETRY_TOKEN", "TELEMETRY_TOKEN_FILE", "CREDENTIALS_DIRECTORY", "POP_REGION"] {
            command.env_remove(name);
        }
        if let Some(host) = host {
            command.env("TELEMETRY_HOST", host).env("TELEMETRY_TOKEN", TOKEN).env("POP_REGION", "eu-west-9");
        }
        let log = self.folder.path().join("log");
        let stderr = fs::File::create(&log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        Process { child, log }
    }

    /// Starts the program and waits until it serves.
    pub(crate) fn serve(&self, host: Option<&str>) -> Process {
        let mut process = self.start(host);
        let mut line = String::new();
        BufReader::new(process.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("/setup#"), "the node does not serve: {}", fs::read_to_string(&process.log).unwrap());
        process
    }

    /// The alerts that wait on the disk, by id.
    pub(crate) fn queued(&self) -> Vec<String> {
        let text = fs::read_to_string(self.data().join("alerts/queue")).unwrap_or_default();
        let ended: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("- ")).collect();
        let queued = text.lines().filter_map(|line| line.strip_prefix("+ ")?.split(' ').next());
        queued.filter(|id| !ended.contains(id)).map(str::to_owned).collect()
    }
}

impl Process {
    /// SIGTERM; the log.
    pub(crate) fn stop(mut self) -> String {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let (code, log) = self.end();
        assert_eq!(code, Some(0), "{log}");
        log
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.end().1
    }

    /// Waits for the end; the exit code and the log.
    pub(crate) fn end(&mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        let log = fs::read_to_string(&self.log).unwrap();
        assert!(!log.contains(TOKEN), "the token is in the log");
        (code, log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a file or folder is there.
pub(crate) fn exists(path: &Path) -> bool {
    path.try_exists().unwrap()
}
