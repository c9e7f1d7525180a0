//! A cold start with ten thousand entries, against a program that only opens a socket; and what the node holds in memory when nothing happens.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    figure::{Figure, Goal},
    process::resident_mib,
    world::World,
};

const ENTRIES: usize = 10_000;
const ROUNDS: usize = 15;
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// Long enough for whatever a node does after its start to be over.
const SETTLES_WITHIN: Duration = Duration::from_secs(3);

/// Serves nothing but "yes": what a start costs at least.
pub(crate) fn serve_nothing(address: &str) -> Result<()> {
    let listener = TcpListener::bind(address)?;
    for stream in listener.incoming() {
        let mut stream = stream?;
        let mut request = [0; 1024];
        let _ = stream.read(&mut request)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
    }
    Ok(())
}

/// Both figures, for the release binary of each edition and a data folder that is made for them.
pub(crate) fn measure(editions: &[(&str, &Path)], folder: &Path) -> Result<Vec<Figure>> {
    World::make(folder, ENTRIES)?.vault.close();
    let mut all = Vec::new();
    for (edition, binary) in editions {
        all.extend(figures(edition, binary, folder)?);
    }
    Ok(all)
}

/// Both figures, for the node's release binary and a data folder with ten thousand entries.
fn figures(edition: &str, binary: &Path, data: &Path) -> Result<Vec<Figure>> {
    let ours = std::env::current_exe()?;
    let data = data.to_str().context("path")?;
    let (mut empty_s, mut node_s, mut resident) = (Vec::new(), Vec::new(), f64::NAN);
    for round in 0..ROUNDS {
        empty_s.push(start(|address| Command::new(&ours).args(["nothing", address]).stdout(Stdio::null()).spawn())?.1);
        let (mut child, took_s) = start(|address| serve(binary, data, address))?;
        node_s.push(took_s);
        if round + 1 == ROUNDS {
            std::thread::sleep(SETTLES_WITHIN);
            resident = resident_mib(child.0.id())?;
        }
        child.stop()?;
    }
    let ratios: Vec<f64> = node_s.iter().zip(&empty_s).map(|(node, empty)| node / empty).collect();
    Ok(vec![
        Figure::of_rounds(format!("cold start with 10,000 entries, {edition} / start of an empty program"), &ratios, Goal::AtMost(3.0)),
        Figure::new(format!("resident memory when idle with 10,000 entries, {edition}, MiB"), resident, Goal::AtMost(24.0)),
    ])
}

fn serve(binary: &Path, data: &str, address: &str) -> std::io::Result<Child> {
    let port = address.rsplit(':').next().unwrap_or_default();
    let origin = format!("http://localhost:{port}");
    let arguments = ["serve", "--data", data, "--bind", address, "--origin", &origin];
    Command::new(binary).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// A child that ends with this value.
struct Ends(Child);

impl Ends {
    /// Ends it in good order, so that the next start finds no work left over.
    fn stop(&mut self) -> Result<()> {
        let asked = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status()?;
        anyhow::ensure!(asked.success(), "kill");
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Seconds from spawning to the first good answer.
fn start(spawn: impl FnOnce(&str) -> std::io::Result<Child>) -> Result<(Ends, f64)> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let began = Instant::now();
    let mut child = Ends(spawn(&address.to_string())?);
    while began.elapsed() < ANSWERS_WITHIN {
        if answers(address).unwrap_or(false) {
            return Ok((child, began.elapsed().as_secs_f64()));
        }
        if let Some(status) = child.0.try_wait()? {
            bail!("ended at once with {status}");
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    bail!("did not answer within {} s", ANSWERS_WITHIN.as_secs())
}

fn answers(address: SocketAddr) -> Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /readyz HTTP/1.1\r\nhost: localhost:{}\r\nconnection: close\r\n\r\n", address.port())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}
