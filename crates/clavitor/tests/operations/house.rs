//! A running node, the program's other verbs, and plain requests.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_clavitor");

/// Waiting for something that must come takes at most this long, on however busy a machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// A node that serves until it is dropped. What it says on standard error is kept.
pub(crate) struct Node {
    pub(crate) child: Child,
    pub(crate) port: u16,
    said: Said,
    _out: Option<BufReader<ChildStdout>>,
}

/// What a program says on standard error, and who collects it.
struct Said {
    text: Arc<Mutex<String>>,
    reading: JoinHandle<()>,
}

impl Said {
    fn by(child: &mut Child) -> Self {
        let (text, errors) = (Arc::<Mutex<String>>::default(), child.stderr.take().unwrap());
        let kept = text.clone();
        let reading = std::thread::spawn(move || {
            for line in BufReader::new(errors).lines() {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line.unwrap());
                kept.push('\n');
            }
        });
        Self { text, reading }
    }

    fn whole(self) -> String {
        self.reading.join().unwrap();
        std::mem::take(&mut self.text.lock().unwrap())
    }
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
        let said = Said::by(&mut child);
        let (mut out, mut link) = (BufReader::new(child.stdout.take().unwrap()), String::new());
        out.read_line(&mut link).unwrap();
        let port = link.split("localhost:").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
        let Some(port) = port else { panic!("the node did not start: {}", said.whole()) };
        Self { child, port, said, _out: Some(out) }
    }

    /// A command that becomes a node that has an owner and listens on `port`.
    pub(crate) fn owned(mut command: Command, port: u16) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Said::by(&mut child);
        let node = Self { child, port, said, _out: None };
        node.says("Clavitor serves ");
        node
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        self.said.text.lock().unwrap().clone()
    }

    /// Waits until it has said this.
    pub(crate) fn says(&self, text: &str) {
        until(|| self.log().contains(text), || format!("it never said {text:?}: {}", self.log()));
    }

    pub(crate) fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Waits for its end: the exit code, and what it said.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        while !self.said.reading.is_finished() {
            std::thread::yield_now();
        }
        (code, self.log())
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

/// Waits until something is so; otherwise says why it is not.
pub(crate) fn until(so: impl Fn() -> bool, why: impl Fn() -> String) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "{}", why());
        std::thread::sleep(Duration::from_millis(50));
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

/// Names of the files in a folder; none if there is no folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
