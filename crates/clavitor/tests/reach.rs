//! The binary and how it is reached: names, certificates, sockets that somebody else opened.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on has failed

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::fd::AsRawFd as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;

fn clavitor(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clavitor"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn ran(arguments: &[&str]) -> (Option<i32>, String) {
    said(&clavitor(arguments).output().unwrap())
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// A node that serves until it is dropped.
struct Serving {
    child: Child,
    link: String,
}

impl Serving {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut link = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut link).unwrap();
        Self { child, link }
    }

    fn terminate(mut self) -> Option<i32> {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn plain_http_for_other_machines_is_refused_with_the_ways_out() {
    let folder = Folder::new();
    for verb in [&["serve"][..], &["config", "check"]] {
        let (code, said) = ran(&[verb, &["--data", &folder.text("data"), "--bind", "0.0.0.0:0"]].concat());
        assert_eq!(code, Some(1), "{said}");
        for way in ["--domain", "--tls-cert", "--dev-ca", "--bind 127.0.0.1"] {
            assert!(said.contains(way), "{said}");
        }
    }
    assert!(!folder.path("data").exists());
}

#[test]
fn flags_that_cannot_be_meant_together_are_refused() {
    for (flags, word) in [
        (&["--domain", "vault.test", "--bind", "127.0.0.1:0"][..], "--bind"),
        (&["--domain", "192.0.2.1"], "name"),
        (&["--domain", "https://vault.test"], "scheme"),
        (&["--domain", "vault.test", "--tls-cert", "full.pem"], "--tls-key"),
        (&["--tls-cert", "full.pem", "--tls-key", "key.pem"], "--domain"),
        (&["--dev-ca", "--http-bind", "nowhere"], "none"),
    ] {
        let (code, said) = ran(&[&["config", "check"], flags].concat());
        assert!(code == Some(64) && said.contains(word), "{flags:?}: {said}");
    }
    let (code, said) = ran(&["config", "check", "--https-bind", "127.0.0.1:8443"]);
    assert!(code == Some(1) && said.contains("--domain"), "{said}");
    let (code, said) = ran(&["config", "check", "--domain", "vault.test", "--origin", "https://other.test"]);
    assert!(code == Some(1) && said.contains("add --domain other.test"), "{said}");
}

#[test]
fn the_check_shows_names_sockets_and_certificate() {
    let mut check = clavitor(&["config", "check", "--domain", "Vault.test", "--dev-ca"]);
    let (code, said) = said(&check.env("CLAVITOR_HTTP_BIND", "none").output().unwrap());
    for line in [
        "domain\tvault.test\tcommand line",
        "https-bind\t[::]:443\tdefault",
        "http-bind\tnone\tenvironment",
        "dev-ca\ttrue\tcommand line",
        "origin\thttps://vault.test\tfrom domain",
        "rp-id\tvault.test\tfrom origin",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert_eq!(code, Some(0), "{said}");
    let (_, said) = ran(&["config", "check", "--dev-ca"]);
    assert!(said.contains("https-bind\t127.0.0.1:8443\tdefault") && said.contains("origin\thttps://localhost:8443"), "{said}");
}

#[test]
fn own_files_are_checked_before_anything_is_served() {
    let folder = Folder::new();
    let (full, key) = (folder.text("full.pem"), folder.text("private.pem"));
    let flags = ["--domain", "vault.test", "--tls-cert", &full, "--tls-key", &key, "--https-bind", "127.0.0.1:0", "--http-bind", "none"];
    for verb in [&["serve", "--data", &folder.text("data")][..], &["config", "check"]] {
        let (code, said) = ran(&[verb, &flags[..]].concat());
        assert!(code == Some(1) && said.contains("full.pem") && said.contains("cannot be read"), "{said}");
    }
}

/// What curl gets at `link`'s node when it trusts `authority`, and only that.
fn curl(authority: &Path, link: &str) -> Output {
    let origin = link.split_once("/setup#").unwrap().0;
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--ipv4", "--cacert"]).arg(authority).arg(format!("{origin}/"));
    curl.output().unwrap()
}

#[test]
fn an_authority_of_its_own_is_enough_for_a_client_that_trusts_it() {
    let folder = Folder::new();
    let data = folder.text("data");
    let mut command = clavitor(&["serve", "--dev-ca", "--data", &data, "--https-bind", "127.0.0.1:0"]);
    let words = fs::File::create(folder.path("words")).unwrap();
    let mut child = command.stdout(Stdio::piped()).stderr(words).spawn().unwrap();
    let mut link = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut link).unwrap();
    let node = Serving { child, link };
    assert!(node.link.starts_with("https://localhost:"), "{}", node.link);
    let got = curl(&Path::new(&data).join("dev-ca/ca.crt"), &node.link);
    assert!(got.status.success() && got.stdout.starts_with(b"<!doctype html>"), "{}", said(&got).1);
    assert!(Command::new("kill").args(["-HUP", &node.child.id().to_string()]).status().unwrap().success());
    assert!(curl(&Path::new(&data).join("dev-ca/ca.crt"), &node.link).status.success(), "a hang-up ends nothing");
    let words = fs::read_to_string(folder.path("words")).unwrap();
    for way in ["for development", "update-ca-certificates", "certutil", "Firefox", "macOS"] {
        assert!(words.contains(way), "{words}");
    }
    assert_eq!(node.terminate(), Some(0));
}

/// Two listening sockets whose numbers follow each other, kept open for children; they close when they are dropped.
fn sockets() -> [TcpListener; 2] {
    let open = || {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::empty()).unwrap();
        socket
    };
    let pair = [open(), open()];
    assert_eq!(pair[0].as_raw_fd() + 1, pair[1].as_raw_fd());
    pair
}

fn handed_over(folder: &Folder, sockets: &[TcpListener; 2]) -> Command {
    let mut command = clavitor(&["serve", "--dev-ca", "--data", &folder.text("data"), "--http-bind", "127.0.0.1:1"]);
    command.env("LISTEN_FDS", "2").env("LISTEN_FDNAMES", "http:https").env("LISTEN_FDS_FIRST_FD", sockets[0].as_raw_fd().to_string());
    command
}

#[test]
fn sockets_of_the_service_manager_outlive_the_node() {
    let (folder, sockets) = (Folder::new(), sockets());
    let [http, https] = [0, 1].map(|number: usize| sockets[number].local_addr().unwrap());
    let node = Serving::start(handed_over(&folder, &sockets));
    assert!(node.link.starts_with(&format!("https://localhost:{}/", https.port())), "{}", node.link);
    assert!(curl(&folder.path("data").join("dev-ca/ca.crt"), &node.link).status.success());
    assert_eq!(node.terminate(), Some(0));
    // Nobody serves now, and nobody is refused: the connection waits for the next node.
    let mut waiting = TcpStream::connect(http).unwrap();
    waiting.write_all(b"GET /v1/vault HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let node = Serving::start(handed_over(&folder, &sockets));
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(&format!("https://localhost:{}", https.port())), "{answer}");
    drop(node);
}
