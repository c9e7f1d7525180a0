//! A running node, the program's other verbs, and plain requests.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    thread::JoinHandle,
};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_clavitor");

/// A node that serves until it is dropped. What it says on standard error is kept.
pub(crate) struct Node {
    pub(crate) child: Child,
    pub(crate) port: u16,
    said: Option<JoinHandle<String>>,
    _out: BufReader<ChildStdout>,
}

impl Node {
    /// `serve` on a port of its own.
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--bind", "127.0.0.1:0", "--data"]).arg(data).args(more);
        Self::of(command)
    }

    /// A command that becomes a node without an owner: it prints the link that makes one.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = child.stderr.take().unwrap();
        let said = std::thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap();
            text
        });
        let (mut out, mut link) = (BufReader::new(child.stdout.take().unwrap()), String::new());
        out.read_line(&mut link).unwrap();
        let port = link.split("localhost:").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
        let Some(port) = port else { panic!("the node did not start: {}", said.join().unwrap()) };
        Self { child, port, said: Some(said), _out: out }
    }

    pub(crate) fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Waits for its end: the exit code, and what it said.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, self.said.take().unwrap().join().unwrap())
    }

    pub(crate) fn stop(self) -> (Option<i32>, String) {
        self.signal("-TERM");
        self.ended()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a verb.
pub(crate) fn clavitor(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Makes a vault folder that a node once served, with a backup code. Returns the code.
pub(crate) fn prepared(data: &Path) -> String {
    let node = Node::start(data, &[]);
    assert_eq!(node.stop().0, Some(0));
    let made = clavitor(&["backup", "code", "--data", data.to_str().unwrap()]);
    assert!(made.status.success(), "{}", err(&made));
    out(&made)
}

/// Whether a backup opens with a code.
pub(crate) fn opens(file: &Path, code: &str) -> bool {
    let mut command = Command::new(PROGRAM);
    let mut child =
        command.args(["backup", "verify"]).arg(file).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(code.as_bytes()).unwrap();
    child.wait().unwrap().success()
}

/// One request over a connection of its own; the answer's first line, or why there is none.
pub(crate) fn get(port: u16, path: &str) -> Result<String, String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| format!("not connected: {error}"))?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| format!("not sent: {error}"))?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(|error| format!("not answered: {error}"))?;
    let answer = String::from_utf8_lossy(&answer);
    answer.lines().next().map(ToOwned::to_owned).ok_or_else(|| "closed without an answer".to_owned())
}

/// Names of the files in a folder; none if there is no folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
