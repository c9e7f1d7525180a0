//! A restart under load: the listening socket outlives the process, so nobody is refused.

use std::{
    net::TcpListener,
    os::fd::OwnedFd,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use crate::house::{Node, PROGRAM, get};

const CLIENTS: usize = 4;
const PACE: Duration = Duration::from_millis(25);
const RESTARTS: usize = 4;
/// Requests that must have been answered between two restarts.
const BETWEEN: u64 = 50;

/// Starts the program as systemd does: the socket is descriptor 3, and the environment says so.
fn activated(listener: &TcpListener, data: &Path) -> Node {
    let mut command = Command::new("sh");
    command.args(["-c", r#"LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=https exec "$0" "$@" 3<&0 </dev/null"#, PROGRAM]);
    command.args(["serve", "--connections-per-address", "10000", "--anonymous-requests-per-minute", "1000000", "--data"]).arg(data);
    command.stdin(Stdio::from(OwnedFd::from(listener.try_clone().unwrap())));
    Node::of(command)
}

#[test]
fn a_restart_under_load_refuses_and_fails_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (done, answered, failed) = (AtomicBool::new(false), AtomicU64::new(0), Mutex::new(Vec::new()));
    let mut node = activated(&listener, &data);
    assert_eq!(node.port, port, "it took the socket that it was given");
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !done.load(SeqCst) {
                    match get(port, "/").as_deref() {
                        Ok("HTTP/1.1 200 OK") => drop(answered.fetch_add(1, SeqCst)),
                        other => return failed.lock().unwrap().push(format!("{other:?}")),
                    }
                    // The door has a limit on how fast strangers come; that is another test's matter.
                    std::thread::sleep(PACE);
                }
            });
        }
        for restart in 0..=RESTARTS {
            let before = answered.load(SeqCst);
            while answered.load(SeqCst) < before + BETWEEN && failed.lock().unwrap().is_empty() {
                std::thread::yield_now();
            }
            node.signal("-TERM");
            let code = node.child.wait().unwrap().code();
            // The clients' connections wait in the socket's queue meanwhile.
            node = activated(&listener, &data);
            assert_eq!(code, Some(0));
            assert!(failed.lock().unwrap().is_empty(), "restart {restart}: {:?}", failed.lock().unwrap());
        }
        done.store(true, SeqCst);
    });
    assert_eq!(node.stop().0, Some(0));
    assert_eq!(*failed.lock().unwrap(), Vec::<String>::new());
    assert!(answered.load(SeqCst) >= BETWEEN * (RESTARTS as u64 + 1));
}
