//! The binary as a child process, and what a visitor asks it for.

use std::{
    fs::File,
    net::Ipv4Addr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{pebble::Pebble, visitor::Visitor};

/// What whoever watches the node shows, and nobody else has.
pub(crate) const WATCHER: &str = "a-token-for-whoever-watches-0123456789abcdef";

pub(crate) struct Node {
    child: Child,
    log: PathBuf,
}

impl Node {
    pub(crate) fn start(data: &Path, pebble: &Pebble, https: u16, http: u16) -> Self {
        let log = data.with_extension("log");
        let lines = File::options().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_clavitor"));
        command.arg("serve").arg("--data").arg(data).args(["--domain", "vault.test", "--acme-agree-tos"]);
        command.args(["--https-bind", &format!("127.0.0.1:{https}"), "--http-bind", &format!("127.0.0.1:{http}")]);
        command.args(["--acme-directory", &pebble.directory(), "--acme-ca-file"]).arg(&pebble.authority.root);
        let token = data.with_extension("token");
        std::fs::write(&token, format!("{WATCHER}\n")).unwrap();
        std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
        command.arg("--metrics-token-file").arg(&token);
        let child = command.stdin(Stdio::null()).stdout(lines.try_clone().unwrap()).stderr(lines).spawn().unwrap();
        Self { child, log }
    }

    /// At once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        }
        let _ = std::fs::remove_file(&self.log);
    }
}

impl Visitor {
    pub(crate) async fn get(&self, port: u16, path: &str) -> std::io::Result<String> {
        let mut stream = self.connect((Ipv4Addr::LOCALHOST, port).into(), "vault.test").await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: vault.test:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        // The peer may end the connection without TLS's own farewell.
        let _ = stream.read_to_end(&mut answer).await;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}
