//! A restart under load: the listening socket outlives the process, so nobody is refused.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::fd::OwnedFd,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use crate::{
    caller::Caller,
    house::{Node, PROGRAM, prepared},
};

const CLIENTS: usize = 4;
const PACE: Duration = Duration::from_millis(25);
const RESTARTS: usize = 4;
/// Requests that must have been answered between two restarts.
const BETWEEN: u64 = 50;

/// Starts the program as systemd does: the socket is descriptor 3, and the environment says so.
fn activated(listener: &TcpListener, data: &Path, more: &[&str]) -> Node {
    let mut command = Command::new("sh");
    command.args(["-c", r#"LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=https exec "$0" "$@" 3<&0 </dev/null"#, PROGRAM]);
    command.args(["serve", "--connections-per-address", "10000", "--anonymous-requests-per-minute", "1000000"]);
    command.args(more).arg("--data").arg(data);
    command.stdin(Stdio::from(OwnedFd::from(listener.try_clone().unwrap())));
    Node::of(command)
}

/// What the callers got.
#[derive(Default)]
struct Tally {
    done: AtomicBool,
    connections: AtomicU64,
    answered: AtomicU64,
    failed: Mutex<Vec<String>>,
}

impl Tally {
    /// Asks again and again until all is done or something failed; on one connection as long as the node keeps it, or with a new one for each request.
    fn load(&self, caller: &Caller, keeps: bool) {
        let failed = |error: std::io::Error| self.failed.lock().unwrap().push(format!("keeps: {keeps}: {error}"));
        while !self.done.load(SeqCst) {
            let mut connection = match caller.connect() {
                Ok(connection) => connection,
                Err(error) => return failed(error),
            };
            self.connections.fetch_add(1, SeqCst);
            let mut last = false;
            while !last && !self.done.load(SeqCst) {
                match connection.ask("GET", "/", "") {
                    Ok(answer) if answer.status == 200 => last = answer.last || !keeps,
                    Ok(answer) => return failed(std::io::Error::other(format!("{answer:?}"))),
                    Err(error) => return failed(error),
                }
                self.answered.fetch_add(1, SeqCst);
                // The door has a limit on how fast strangers come; that is another test's matter.
                std::thread::sleep(PACE);
            }
        }
    }

    fn failures(&self) -> Vec<String> {
        self.failed.lock().unwrap().clone()
    }
}

/// Restarts a node again and again under callers of which half keep their connections.
fn restarts(more: &[&str], caller: impl Fn(u16, &Path) -> Caller) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let tally = Tally::default();
    let mut node = activated(&listener, &data, more);
    assert_eq!(node.port, port, "it took the socket that it was given");
    let callers: Vec<Caller> = (0..CLIENTS).map(|_| caller(port, &data)).collect();
    std::thread::scope(|scope| {
        for (number, caller) in callers.iter().enumerate() {
            let tally = &tally;
            scope.spawn(move || tally.load(caller, number % 2 == 0));
        }
        for restart in 0..=RESTARTS {
            let before = tally.answered.load(SeqCst);
            while tally.answered.load(SeqCst) < before + BETWEEN && tally.failures().is_empty() {
                std::thread::yield_now();
            }
            node.signal("-TERM");
            let code = node.child.wait().unwrap().code();
            // The clients' connections wait in the socket's queue meanwhile.
            node = activated(&listener, &data, more);
            tally.done.fetch_or(code != Some(0) || !tally.failures().is_empty(), SeqCst);
            assert_eq!((code, tally.failures()), (Some(0), Vec::new()), "restart {restart}");
        }
        tally.done.store(true, SeqCst);
    });
    assert_eq!(node.stop().0, Some(0));
    assert_eq!(tally.failures(), Vec::<String>::new());
    assert!(tally.answered.load(SeqCst) >= BETWEEN * (RESTARTS as u64 + 1));
    assert!(tally.connections.load(SeqCst) > (CLIENTS * RESTARTS) as u64, "there were handshakes all the time");
}

#[test]
fn a_restart_under_load_refuses_and_fails_nobody() {
    restarts(&[], |port, _| Caller::plain(port));
}

#[test]
fn over_tls_no_handshake_and_no_request_fails_either() {
    restarts(&["--dev-ca"], Caller::of_dev_ca);
}

#[test]
fn a_node_waits_for_a_check_that_holds_its_folder_and_gives_up_where_another_stays() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    prepared(&data);
    let lock = File::open(data.join("clavitor.lock")).unwrap();
    lock.lock().unwrap();
    let mut starting = serving(&data);
    let mut said = BufReader::new(starting.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line.contains("Another process is using") && line.contains("waiting up to 10 s")));
    lock.unlock().unwrap();
    assert!(said.any(|line| line.contains("Clavitor serves ")), "it serves once the folder is free");
    let second = serving(&data).wait_with_output().unwrap();
    let why = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && why.contains("another process is using") && why.contains("stop it first"), "{why}");
    starting.kill().unwrap();
    starting.wait().unwrap();
}

fn serving(data: &Path) -> Child {
    let mut command = Command::new(PROGRAM);
    command.args(["serve", "--bind", "127.0.0.1:0", "--data"]).arg(data).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}
