//! What a node of the rollouts' tests serves: TLS with its certificate, readiness and version of the system that runs at that moment. A process of its own on the node's machine.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::Arc,
    thread,
};

use rustls::{
    ServerConfig, ServerConnection, Stream,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

/// The folder with certificate and key on the node.
const FOLDER: &str = "/srv/site";

fn main() -> anyhow::Result<()> {
    let folder = Path::new(FOLDER);
    let chain = CertificateDer::pem_file_iter(folder.join("cert.pem"))?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key)?);
    let listener = TcpListener::bind("0.0.0.0:443")?;
    for stream in listener.incoming().flatten() {
        let config = Arc::clone(&config);
        thread::spawn(move || drop(answer(stream, config)));
    }
    Ok(())
}

fn answer(mut tcp: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
    let mut tls = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = Stream::new(&mut tls, &mut tcp);
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let path = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
        let (status, body) = page(&path);
        write!(stream, "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
        stream.flush()?;
    }
}

fn page(path: &str) -> (&'static str, String) {
    let is_ready = Path::new("/run/current-system/etc/ready").exists();
    let version = fs::read_to_string("/run/current-system/etc/version").unwrap_or_default();
    match path {
        "/readyz" if is_ready => ("200 OK", r#"{"ready":true,"checks":[]}"#.to_owned()),
        "/readyz" => {
            ("503 Service Unavailable", r#"{"ready":false,"checks":[{"check":"integrity","state":"fail","detail":""}]}"#.to_owned())
        }
        "/v1/node" => {
            let key = "A".repeat(43);
            let info = format!(
                r#"{{"setup_needed":false,"rp_id":"x","origin":"https://x","edition":"community","version":"{version}","log_key":"{key}"}}"#
            );
            ("200 OK", info)
        }
        _ => ("404 Not Found", "{}".to_owned()),
    }
}
