//! A soak: the binary as people run it, over TLS, in a small cgroup, with a thousand sessions, slow and hostile clients and, where the edition has one, a full
//! tarpit; watched while it runs.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use clavitor_vault::{Credential, session};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::{
    net::{TcpSocket, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::TlsConnector;

use crate::{
    hostile::{Mix, Part},
    process::resident_mib,
    say,
    world::{self, World, now_ms},
};

const SESSIONS: usize = 1_000;
const SESSIONS_PER_VAULT: usize = 25;
const ENTRIES: usize = 100;
const MEMORY_MIB_MAX: f64 = 128.0;
const CGROUP_BYTES: u64 = 512 << 20;
const SAMPLES: u32 = 20;
/// Honest connections, each of an address of its own, and how long each waits between two requests.
const HONEST: u8 = 16;
const PAUSE: Duration = Duration::from_millis(100);
/// What a write-ahead log may hold before the writer folds it in, and some more.
const WAL_MIB_MAX: f64 = 64.0;
/// Places for connections, for whoever waits to be turned away, and what the node keeps for itself.
const OPEN_FILES_MAX: usize = 3_328;
/// The last quarter of the soak may hold so much more than the second.
const GROWTH_MIB_MAX: f64 = 8.0;
const SIGNED_IN: Duration = Duration::from_secs(5);
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
/// The tarpit holds 1,000; each place is empty for the time of a handshake before the next one takes it.
const TARPIT_FULL: f64 = 900.0;
const TARPIT_FULL_WITHIN: Duration = Duration::from_secs(120);
/// Looked at this often, and full at so many of these looks.
const LOOK: Duration = Duration::from_secs(2);
const TARPIT_FULL_OF_LOOKS_MIN: f64 = 0.9;

#[derive(Debug, Clone, Copy)]
struct Sample {
    resident_mib: f64,
    open_files: usize,
    wal_mib: f64,
    answered: u64,
    failed: u64,
    /// Held in the tarpit, where the edition has one.
    held: Option<f64>,
}

/// Runs `binary` for so many seconds and fails if it grows.
pub(crate) fn run(seconds: u64, binary: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let sessions = prepare(&data)?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let cgroup = Cgroup::make();
    match &cgroup {
        Ok(_) => say(&format!("cgroup with {} MiB", CGROUP_BYTES >> 20))?,
        Err(why) => say(&format!("NO CGROUP ({why}): the system does not limit memory, only the check below does"))?,
    }
    let node = Node::start(binary, &data, address, cgroup.as_ref().ok())?;
    let authority = CertificateDer::from_pem_file(data.join("dev-ca/ca.crt"))?;
    let told: String = authority.iter().map(|byte| format!("{byte:02x}")).collect();
    let (answered, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let tls = TlsConnector::from(crate::tls::client(&told)?);
    let over = Arc::new(AtomicBool::new(false));
    let honest =
        Honest { over: over.clone(), address, tls, sessions: Arc::new(sessions), answered: answered.clone(), failed: failed.clone() };
    let watcher = Watcher::new(address, honest.tls.clone())?;
    std::thread::spawn(move || honest.run());
    // Who was signed in before it begins is who must not suffer.
    std::thread::sleep(SIGNED_IN);
    ensure!(answered.load(Ordering::Relaxed) > 0, "the node answers nobody");
    let tarpit = watcher.held()?.is_some();
    let scanners = if tarpit { Some(watcher.fill_tarpit(address, &told)?) } else { None };
    let mix = Mix::start(address, &told, Part::Some)?;
    let began = Instant::now();
    let (mut samples, mut looks) = (Vec::new(), Vec::new());
    say("   time  resident MiB  open files  WAL MiB  answered  failed  tarpit")?;
    for number in 1..=SAMPLES {
        let at = Duration::from_secs(seconds) * number / SAMPLES;
        while began.elapsed() < at {
            std::thread::sleep(at.saturating_sub(began.elapsed()).min(LOOK));
            looks.extend(watcher.held()?);
        }
        let sample = Sample {
            resident_mib: resident_mib(node.pid()).context("the node has ended")?,
            open_files: std::fs::read_dir(format!("/proc/{}/fd", node.pid()))?.count(),
            wal_mib: std::fs::metadata(data.join("clavitor.db-wal")).map_or(0, |file| file.len()) as f64 / f64::from(1 << 20),
            answered: answered.load(Ordering::Relaxed),
            failed: failed.load(Ordering::Relaxed),
            held: looks.last().copied(),
        };
        let Sample { resident_mib, open_files, wal_mib, answered, failed, held } = sample;
        let held = held.map_or("-".to_owned(), |held| held.to_string());
        say(&format!("{:>6} s {resident_mib:>13.1} {open_files:>11} {wal_mib:>8.1} {answered:>9} {failed:>7} {held:>7}", at.as_secs()))?;
        samples.push(sample);
    }
    over.store(true, Ordering::Relaxed);
    drop((mix, scanners));
    if let Ok(cgroup) = &cgroup {
        say(&format!("peak of the cgroup, page cache included: {:.1} MiB", cgroup.peak_mib()?))?;
    }
    full(&looks)?;
    judge(&samples)
}

/// Nothing to say where there is no tarpit.
fn full(looks: &[f64]) -> Result<()> {
    let Some(least) = looks.iter().copied().reduce(f64::min) else { return Ok(()) };
    let share = looks.iter().filter(|held| **held >= TARPIT_FULL).count() as f64 / looks.len() as f64;
    say(&format!("the tarpit was full at {:.0} % of {} looks, and never held fewer than {least}", share * 100.0, looks.len()))?;
    ensure!(share >= TARPIT_FULL_OF_LOOKS_MIN, "the tarpit was not full for most of the time");
    Ok(())
}

fn judge(samples: &[Sample]) -> Result<()> {
    let mean = |part: &[Sample]| part.iter().map(|sample| sample.resident_mib).sum::<f64>() / part.len().max(1) as f64;
    let quarter = samples.len() / 4;
    let (second, last) = (mean(&samples[quarter..2 * quarter]), mean(&samples[3 * quarter..]));
    say(&format!("mean of the second quarter {second:.1} MiB, of the last {last:.1} MiB"))?;
    for sample in samples {
        ensure!(sample.resident_mib <= MEMORY_MIB_MAX, "{:.1} MiB is more than {MEMORY_MIB_MAX}", sample.resident_mib);
        ensure!(sample.open_files <= OPEN_FILES_MAX, "{} open files are more than {OPEN_FILES_MAX}", sample.open_files);
        ensure!(sample.wal_mib <= WAL_MIB_MAX, "a write-ahead log of {:.1} MiB is more than {WAL_MIB_MAX}", sample.wal_mib);
    }
    ensure!(last - second <= GROWTH_MIB_MAX, "memory grew by {:.1} MiB", last - second);
    let end = samples.last().context("no samples")?;
    ensure!(end.answered > 0 && end.failed == 0, "{} of {} honest requests failed", end.failed, end.answered + end.failed);
    say("ok")
}

/// A node in `data` with a thousand sessions. A way in has so many at once and no more, so there are several vaults.
fn prepare(data: &Path) -> Result<Vec<String>> {
    let world = World::make(data, ENTRIES)?;
    let nobody = Credential::Anonymous;
    let mut sessions = Vec::with_capacity(SESSIONS);
    for number in 0..SESSIONS / SESSIONS_PER_VAULT {
        let credential_id = format!("passkey of vault {number}").into_bytes();
        let (person, first) = world::owned(&world.vault, &credential_id)?;
        sessions.push(first);
        let unlocker_id = world::passkey_id(&credential_id)?;
        let used = session::UsedPasskey { vault_id: person.vault(), unlocker_id, state: "bench".into(), synced: false };
        for _ in 1..SESSIONS_PER_VAULT {
            let (used, nobody) = (used.clone(), nobody.clone());
            sessions.push(world.vault.write_wait(now_ms(), move |w| session::start(w, &nobody, &used))?.token.to_string());
        }
    }
    world.vault.close();
    let different: BTreeSet<&String> = sessions.iter().collect();
    ensure!(different.len() == SESSIONS, "sessions are not different");
    Ok(sessions)
}

/// A cgroup with little memory, of either version.
struct Cgroup {
    place: PathBuf,
    limit: &'static str,
    peak: &'static str,
}

impl Cgroup {
    fn make() -> std::io::Result<Self> {
        let (root, limit, peak) = if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
            // Mostly it is on already; if it cannot be turned on, the limit's file is missing.
            let _ = std::fs::write("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
            ("/sys/fs/cgroup", "memory.max", "memory.peak")
        } else {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes")
        };
        let place = Path::new(root).join(format!("clavitor-soak-{}", std::process::id()));
        std::fs::create_dir(&place)?;
        let made = Self { place, limit, peak };
        std::fs::write(made.place.join(made.limit), CGROUP_BYTES.to_string())?;
        Ok(made)
    }

    fn peak_mib(&self) -> Result<f64> {
        let bytes: f64 = std::fs::read_to_string(self.place.join(self.peak))?.trim().parse()?;
        Ok(bytes / f64::from(1 << 20))
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.place);
    }
}

struct Node(Child);

impl Node {
    fn start(binary: &Path, data: &Path, address: SocketAddr, cgroup: Option<&Cgroup>) -> Result<Self> {
        // The shell goes into the cgroup and then becomes the node.
        let enter = cgroup.map_or_else(|| "true".to_owned(), |cgroup| format!("echo $$ > {}/cgroup.procs", cgroup.place.display()));
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{enter} && exec \"$@\"")).arg("sh").arg(binary);
        command.args(["serve", "--dev-ca", "--https-bind", &address.to_string(), "--http-bind", "none"]);
        command.args(["--origin", "https://localhost:1984", "--data"]).arg(data);
        command.env("MALLOC_ARENA_MAX", "2").env("CLAVITOR_LOG", "warn").stdout(Stdio::null());
        let mut node = Self(command.spawn()?);
        let began = Instant::now();
        // It listens before it has its authority.
        while std::net::TcpStream::connect(address).is_err() || !data.join("dev-ca/ca.crt").exists() {
            if let Some(status) = node.0.try_wait()? {
                bail!("the node ended at once with {status}");
            }
            ensure!(began.elapsed() < ANSWERS_WITHIN, "the node does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(node)
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Everybody who is signed in, in turns over a few connections.
struct Honest {
    address: SocketAddr,
    tls: TlsConnector,
    sessions: Arc<Vec<String>>,
    answered: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
    /// The node is about to end, and nobody asks any more.
    over: Arc<AtomicBool>,
}

impl Honest {
    fn run(self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let ours = Arc::new(self);
        runtime.block_on(async {
            for host in 1..=HONEST {
                let ours = ours.clone();
                tokio::spawn(async move {
                    loop {
                        if let Err(error) = ours.connection(host).await
                            && !ours.over.load(Ordering::Relaxed)
                        {
                            let _ = say(&format!("an honest request failed: {error:#}"));
                            ours.failed.fetch_add(1, Ordering::Relaxed);
                            tokio::time::sleep(PAUSE).await;
                        }
                    }
                });
            }
            std::future::pending::<()>().await;
        });
        Ok(())
    }

    async fn connection(&self, host: u8) -> Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::new(127, 8, 0, host), 0).into())?;
        let stream = self.tls.connect(ServerName::try_from("localhost")?, socket.connect(self.address).await?).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        for session in self.sessions.iter().skip(usize::from(host)).step_by(usize::from(HONEST)) {
            let request = Request::get("/v1/entries").header("host", "localhost:1984");
            let request = request.header("cookie", format!("__Host-clavitor={session}"));
            let answer = sender.send_request(request.body(Full::<Bytes>::default())?).await?;
            let status = answer.status();
            answer.into_body().collect().await?;
            ensure!(status.is_success(), "{status}");
            self.answered.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}

/// Reads the node's own numbers, as the monitoring on its machine does.
struct Watcher {
    address: SocketAddr,
    tls: TlsConnector,
    runtime: Runtime,
}

impl Watcher {
    fn new(address: SocketAddr, tls: TlsConnector) -> Result<Self> {
        Ok(Self { address, tls, runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()? })
    }

    /// How many the tarpit holds; none where the edition has no tarpit.
    fn held(&self) -> Result<Option<f64>> {
        let page = self.runtime.block_on(self.metrics())?;
        let held = page.lines().find_map(|line| line.strip_prefix("clavitor_tarpit_held "));
        Ok(held.map(str::parse).transpose()?)
    }

    async fn metrics(&self) -> Result<String> {
        let socket = TcpStream::connect(self.address).await?;
        let stream = self.tls.connect(ServerName::try_from("localhost")?, socket).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let request = Request::get("/metrics").header("host", "localhost:1984").body(Full::<Bytes>::default())?;
        let answer = sender.send_request(request).await?;
        ensure!(answer.status().is_success(), "the node does not tell its numbers: {}", answer.status());
        Ok(String::from_utf8(answer.into_body().collect().await?.to_bytes().to_vec())?)
    }

    /// Sends scanners until the tarpit is full.
    fn fill_tarpit(&self, address: SocketAddr, told: &str) -> Result<Mix> {
        let scanners = Mix::start(address, told, Part::Scanners)?;
        let began = Instant::now();
        loop {
            let held = self.held()?.unwrap_or_default();
            if held >= TARPIT_FULL {
                say(&format!("the tarpit is full: {held} are held after {} s", began.elapsed().as_secs()))?;
                return Ok(scanners);
            }
            ensure!(began.elapsed() < TARPIT_FULL_WITHIN, "the tarpit does not fill: {held} are held");
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}
