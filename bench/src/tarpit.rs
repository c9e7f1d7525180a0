//! A thousand connections in the tarpit: what they cost the node, and whether anybody else notices. Two nodes with the same data stand side by side, one of
//! them holding nobody; and the bare loop, holding as many.

use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use tokio::runtime::Runtime;

use crate::{
    figure::{Figure, Goal},
    load::{Callers, Make},
    process::Server,
    product::{self, Told},
    tls::{self, Identity},
};

/// Who has a tarpit is told by scripts/bench; nothing here knows it.
pub(crate) const BINARY: &str = "CLAVITOR_BENCH_COMMERCIAL";

const HELD: usize = 1_000;
const ENTRIES: usize = 100;
const ROUNDS: usize = 7;
/// With fewer rounds there is no median worth telling.
const ROUNDS_MIN: usize = 5;
const REQUESTS: u64 = 1_000;
const WINDOW: Duration = Duration::from_secs(1);
const SETTLES: Duration = Duration::from_secs(1);
/// The tarpit lets go after this long; whatever is measured later is of fewer.
const HELD_FOR: Duration = Duration::from_secs(28);

/// All of them, or why there are none.
pub(crate) fn figures(folder: &Path) -> Result<Vec<Figure>> {
    let binary = std::env::var_os(BINARY).context("this checkout has no edition with a tarpit")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let holding = Node::start(Path::new(&binary), &folder.join("holding"))?;
    let quiet = Node::start(Path::new(&binary), &folder.join("quiet"))?;
    let bare = Server::start("drip", &[])?;
    let (mut beside, mut alone) = (holding.honest(&runtime)?, quiet.honest(&runtime)?);
    let (before_mb, bare_before_mb) = (holding.server.resident_mb()?, bare.resident_mb()?);

    // The bare loop's first: it lets nobody go.
    let _kept = crowd(&bare)?;
    let began = Instant::now();
    let _held = crowd(&holding.server)?;
    std::thread::sleep(SETTLES);
    let (grown_mb, bare_grown_mb) = (holding.server.resident_mb()? - before_mb, bare.resident_mb()? - bare_before_mb);
    let processor = windows(&holding.server, &bare)?;
    let mut slower = Vec::new();
    while slower.len() < ROUNDS {
        let alone_s = alone.p99_s(&runtime)?;
        let ratio = beside.p99_s(&runtime)? / alone_s;
        if began.elapsed() > HELD_FOR {
            break;
        }
        slower.push(ratio);
    }
    ensure!(slower.len() >= ROUNDS_MIN, "the machine was too slow: {} rounds while all were held", slower.len());
    Ok(vec![
        Figure::new("tarpit holding 1,000 over TLS: memory grown, MB", grown_mb, Goal::AtMost(16.0)),
        Figure::new("the same for the bare drip loop, MB", bare_grown_mb, Goal::None),
        Figure::of_rounds("tarpit holding 1,000: honest p99 / p99 of a node that holds nobody", &slower, Goal::AtMost(1.2)),
        Figure::of_rounds("tarpit holding 1,000: processor time / bare drip loop", &processor, Goal::AtMost(1.3)),
    ])
}

fn crowd(server: &Server) -> Result<Server> {
    Server::start_behind("wait", &[&server.address.to_string(), &server.notes, &HELD.to_string()])
}

/// Both hold as many at the same time, so the machine's mood is the same for both.
fn windows(node: &Server, bare: &Server) -> Result<Vec<f64>> {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS_MIN {
        let (node_s, bare_s) = (node.cpu_s()?, bare.cpu_s()?);
        std::thread::sleep(WINDOW);
        ratios.push((node.cpu_s()? - node_s) / (bare.cpu_s()? - bare_s));
    }
    Ok(ratios)
}

/// The program as operators start it, with a certificate of this run.
struct Node {
    server: Server,
    told: Told,
}

impl Node {
    fn start(binary: &Path, folder: &Path) -> Result<Self> {
        std::fs::create_dir(folder)?;
        product::make(folder, ENTRIES)?.vault.close();
        let identity = Identity::make()?;
        let (certificate, key) = identity.write(folder)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(binary);
        command.arg("serve").arg("--data").arg(folder.join("data")).args(["--domain", "localhost", "--origin", "https://localhost:1984"]);
        command.args(["--https-bind", &address.to_string(), "--http-bind", "none"]);
        command.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { server: Server::of(command.spawn()?, address, identity.told())?, told: Told::read(folder)? })
    }

    fn honest(&self, runtime: &Runtime) -> Result<Honest> {
        let tls = tls::client(&self.server.notes)?;
        let callers = runtime.block_on(Callers::connect(self.server.address, &tls, 1))?;
        let mut honest = Honest { callers, make: product::entry(&self.told) };
        honest.p99_s(runtime)?;
        Ok(honest)
    }
}

/// One who asks, waits for the answer, and asks again.
struct Honest {
    callers: Callers,
    make: Make,
}

impl Honest {
    fn p99_s(&mut self, runtime: &Runtime) -> Result<f64> {
        let mut took_s = Vec::new();
        for number in 0..REQUESTS {
            let began = Instant::now();
            runtime.block_on(self.callers.ask(number, &self.make))?;
            took_s.push(began.elapsed().as_secs_f64());
        }
        took_s.sort_by(f64::total_cmp);
        took_s.get(took_s.len() * 99 / 100).copied().context("no requests")
    }
}
