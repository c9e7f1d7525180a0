//! What the service manager hears. The sign of life stops when the writer cannot write, and comes back when it can.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::net::UnixDatagram,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::house::{Node, PROGRAM};

/// Takes the write lock of the database's log (byte 120 of the shared file), as a writer that never comes back would have it.
const HOLD: &str = r#"use Fcntl; open(my $file, "+<", $ARGV[0]) or die; my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 120, 1, 0); fcntl($file, F_SETLKW, $lock) or die; $| = 1; print "held\n"; <STDIN>;"#;

struct Holder(Child);

impl Holder {
    fn take(data: &Path) -> Self {
        let mut child = Command::new("perl")
            .args(["-e", HOLD])
            .arg(data.join("clavitor.db-shm"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "held\n");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for a message with this text, and returns those before it.
fn heard(manager: &UnixDatagram, text: &str) -> Vec<String> {
    let (mut before, mut buffer) = (Vec::new(), [0; 512]);
    loop {
        let length = manager.recv(&mut buffer).unwrap();
        let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if message.contains(text) {
            return before;
        }
        before.push(message);
    }
}

#[test]
fn the_sign_of_life_is_earned() {
    let folder = tempfile::tempdir().unwrap();
    let (data, path) = (folder.path().join("data"), folder.path().join("manager"));
    let manager = UnixDatagram::bind(&path).unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["serve", "--bind", "127.0.0.1:0", "--data"]).arg(&data).env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "2000000");
    let node = Node::of(command);
    heard(&manager, "READY=1\nSTATUS=Serving http://localhost:");
    heard(&manager, "WATCHDOG=1");
    heard(&manager, "WATCHDOG=1");
    let holder = Holder::take(&data);
    heard(&manager, "STATUS=The writer or an accept loop does not answer");
    drop(holder);
    let silence = heard(&manager, "WATCHDOG=1");
    assert!(silence.is_empty(), "a sign of life comes only after the writer wrote: {silence:?}");
    heard(&manager, "STATUS=Serving");
    node.signal("-TERM");
    heard(&manager, "STOPPING=1");
    assert_eq!(node.ended().0, Some(0));
}
