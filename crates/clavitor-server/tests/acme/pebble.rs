//! Pebble and its name server as child processes, on ports of their own.

use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::authority::Authority;

/// Waiting for something that must come takes at most this long, on however busy a machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// How Pebble is set up.
#[derive(Clone)]
pub(crate) struct Ask {
    pub validity_s: u64,
    /// The port on which proofs by TLS are looked for, and the one for proofs by HTTP.
    pub tls_port: u16,
    pub http_port: u16,
    /// Name and base64url key of an external account that is needed.
    pub external: Option<(&'static str, &'static str)>,
}

impl Ask {
    pub(crate) fn new(tls_port: u16, http_port: u16) -> Self {
        Self { validity_s: 3600, tls_port, http_port, external: None }
    }
}

pub(crate) struct Pebble {
    folder: TempDir,
    port: u16,
    management: u16,
    dns: u16,
    dns_management: u16,
    server: Option<Child>,
    names: Child,
    pub authority: Authority,
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl Pebble {
    pub(crate) async fn start(ask: &Ask) -> Self {
        let mut pebble = Self::ready(ask);
        pebble.up().await;
        pebble
    }

    /// Everything but the server itself, which [`Pebble::up`] starts.
    pub(crate) fn ready(ask: &Ask) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::make(folder.path());
        let (port, management, dns, dns_management) = (free_port(), free_port(), free_port(), free_port());
        let (wanted, keys) = match ask.external {
            Some((kid, key)) => (true, json!({ kid: key })),
            None => (false, json!({})),
        };
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"), "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": authority.leaf, "privateKey": authority.leaf_key,
            "httpPort": ask.http_port, "tlsPort": ask.tls_port, "ocspResponderURL": "",
            "externalAccountBindingRequired": wanted, "externalAccountMACKeys": keys,
            "domainBlocklist": ["blocked.test"], "certificateValidityPeriod": ask.validity_s,
        }});
        std::fs::write(folder.path().join("pebble.json"), config.to_string()).unwrap();
        let names = child(
            Command::new("pebble-challtestsrv")
                .args(["-dns01", &format!("127.0.0.1:{dns}"), "-management", &format!("127.0.0.1:{dns_management}")])
                .args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]),
            &folder.path().join("names.log"),
        );
        Self { folder, port, management, dns, dns_management, server: None, names, authority }
    }

    /// Starts the server, which has forgotten everything that it knew in an earlier life.
    pub(crate) async fn up(&mut self) {
        let server = child(
            Command::new("pebble")
                .env("PEBBLE_VA_NOSLEEP", "1")
                .env("PEBBLE_WFE_NONCEREJECT", "3")
                .args(["-strict", "-dnsserver", &format!("127.0.0.1:{}", self.dns), "-config"])
                .arg(self.folder.path().join("pebble.json")),
            &self.folder.path().join("pebble.log"),
        );
        self.server = Some(server);
        for port in [self.port, self.management, self.dns_management] {
            until(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()).await;
        }
    }

    pub(crate) fn down(&mut self) {
        if let Some(mut server) = self.server.take() {
            end(&mut server);
        }
    }

    pub(crate) fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The root of the certificates that it issues in this life.
    pub(crate) async fn issuing_root(&self) -> String {
        let client = clavitor_outbound::client(Some(&self.authority.root)).unwrap();
        let uri = format!("https://localhost:{}/roots/0", self.management).parse().unwrap();
        let answer = client.get(uri).await.unwrap();
        let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    /// From now on its name server says that `name` is at `address`.
    pub(crate) async fn move_name(&self, name: &str, address: &str) {
        let body = json!({ "host": format!("{name}."), "addresses": [address] }).to_string();
        let mut socket = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.dns_management)).await.unwrap();
        let request =
            format!("POST /add-a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.down();
        end(&mut self.names);
    }
}

fn child(command: &mut Command, log: &Path) -> Child {
    let log = File::options().create(true).append(true).open(log).unwrap();
    let name = command.get_program().to_owned();
    let spawned = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn();
    spawned.unwrap_or_else(|error| panic!("{name:?} does not start ({error}); `scripts/install test` installs it"))
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn until(mut holds: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let from = std::panic::Location::caller();
    async move {
        let waiting = async {
            while !holds() {
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "{from}: it never came");
    }
}
