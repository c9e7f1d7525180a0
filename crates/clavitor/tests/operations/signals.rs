//! The orderly end, and the end at once.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
};

use crate::house::{Node, clavitor, names};

/// A connection with half a request on it.
fn half_a_request(node: &Node) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", node.port)).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nhost: localhost:{}\r\n", node.port).unwrap();
    stream
}

#[test]
fn a_signal_lets_the_request_finish_and_folds_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start(&data, &[]);
    assert!(fs::metadata(data.join("clavitor.db-wal")).is_ok_and(|log| log.len() > 0), "there is something to fold");
    let mut stream = half_a_request(&node);
    // The node has read what was sent before it is told to stop: it answers on another connection in between.
    assert!(clavitor(&["setup-link", "--data", data.to_str().unwrap()]).status.success());
    node.signal("-TERM");
    stream.write_all(b"\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (code, said) = node.ended();
    assert_eq!(code, Some(0), "{said}");
    assert!(!names(&data).contains(&"control.sock".to_owned()));
    assert!(fs::metadata(data.join("clavitor.db-wal")).map_or(0, |log| log.len()) == 0, "the log is folded into the database");
    assert!(names(&data).contains(&"clavitor.clean".to_owned()));
}

#[test]
fn a_second_signal_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start(&data, &[]);
    let stream = half_a_request(&node);
    assert!(clavitor(&["setup-link", "--data", data.to_str().unwrap()]).status.success());
    node.signal("-TERM");
    // Not both at once: the system would deliver one.
    while TcpStream::connect(("127.0.0.1", node.port)).is_ok() {
        std::thread::yield_now();
    }
    node.signal("-INT");
    let (code, said) = node.ended();
    drop(stream);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("stopped at once by a second signal"), "{said}");
    let again = Node::start(&data, &[]);
    assert_eq!(again.stop().0, Some(0), "nothing is lost by it");
}

#[test]
fn core_dumps_are_off() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"), &[]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", node.child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
}
