//! The node's reads over its own TLS front, against nginx sending a file of 500 bytes: both in TLS 1.3 with a certificate of the same type, with the same
//! callers, in turn; processor time is the server's own.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use hyper::Request;

use crate::{
    figure::{Figure, Goal, median},
    load::Make,
    process::Server,
    product::{self, Told},
    reads::Side,
    tls::Identity,
};

const ENTRIES: &str = "200";
const CALLERS: usize = 8;
const ROUNDS: usize = 7;
const FILE_BYTES: usize = 500;
/// Where Debian puts it, which is not on everybody's path.
const DEBIAN: &str = "/usr/sbin/nginx";

/// Reads for a second of processor time, against files for a second of nginx's.
pub(crate) fn figures(folder: &Path) -> Result<Vec<Figure>> {
    let data = folder.join("node");
    let nginx = start(&folder.join("nginx"))?;
    let node = Server::start("node", &[data.to_str().context("path")?, ENTRIES])?;
    let told = Told::read(&data)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let side = |server, make: Make| Side::new(&runtime, server, CALLERS, make);
    let mut file = side(&nginx, file())?;
    let mut entry = side(&node, product::entry(&told))?;
    let mut unlogged = side(&node, product::hosted_value(&told, product::UNLOGGED))?;
    let mut audited = side(&node, product::hosted_value(&told, product::AUDITED))?;
    for _ in 0..ROUNDS {
        for side in [&mut file, &mut entry, &mut unlogged, &mut audited] {
            side.round(&runtime)?;
        }
    }
    let figure = |name: &str, side: &Side<'_>, goal| {
        let ratios: Vec<f64> = file.cpu_us.iter().zip(&side.cpu_us).map(|(file, read)| file / read).collect();
        Figure::of_rounds(format!("per processor second: {name} / nginx, {FILE_BYTES} bytes"), &ratios, goal)
    };
    Ok(vec![
        Figure::new("processor time of one file from nginx over TLS, microseconds", median(file.cpu_us.clone()), Goal::None),
        figure("owner's entry", &entry, Goal::AtLeast(1.0)),
        figure("tier-1 read", &unlogged, Goal::AtLeast(1.0)),
        figure("audited tier-1 read", &audited, Goal::None),
    ])
}

fn file() -> Make {
    Arc::new(|_, _| Ok(Request::get("/file").header("host", "localhost").body(http_body_util::Full::default())?))
}

/// One process, nothing logged, nothing compressed; all it writes is in the folder.
fn start(folder: &Path) -> Result<Server> {
    std::fs::create_dir_all(folder.join("www"))?;
    std::fs::write(folder.join("www/file"), "x".repeat(FILE_BYTES))?;
    let identity = Identity::make()?;
    identity.write(folder)?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let configuration = folder.join("nginx.conf");
    std::fs::write(&configuration, settings(folder, address))?;
    let program = if Path::new(DEBIAN).exists() { DEBIAN } else { "nginx" };
    let child = Command::new(program).args(["-e", "stderr", "-p"]).arg(folder).arg("-c").arg(&configuration).stdout(Stdio::null()).spawn();
    Server::of(child.context("nginx does not start; `scripts/install bench` installs it")?, address, identity.told())
}

fn settings(folder: &Path, address: SocketAddr) -> String {
    let folder = folder.display();
    let scratch: String =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].iter().map(|what| format!("{what}_temp_path {folder}/{what};\n")).collect();
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nlock_file {folder}/nginx.lock;\nerror_log stderr crit;\n\
        events {{ worker_connections 256; }}\n\
        http {{\n{scratch}access_log off;\nsendfile on;\ntcp_nopush on;\nkeepalive_requests 1000000000;\nkeepalive_timeout 600;\n\
        server {{\nlisten {address} ssl;\nssl_protocols TLSv1.3;\nssl_certificate {folder}/certificate.pem;\nssl_certificate_key {folder}/key.pem;\n\
        root {folder}/www;\n}}\n}}\n"
    )
}
