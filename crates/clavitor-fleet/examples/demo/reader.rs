//! Somebody who keeps reading, from the public side and over verified TLS, through whichever nodes serve. Runs as a process of its own on the laboratory's internet.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    net::SocketAddr,
    path::Path,
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use clavitor_outbound::{Probe, Prober};
use serde::{Deserialize, Serialize};

use crate::fleet::Fleet;

/// The word that makes this program the reader.
pub(crate) const WORD: &str = "reader";
const PAUSE: Duration = Duration::from_millis(20);

/// What came of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reads {
    /// Answered, by any node.
    pub(crate) answered: u64,
    /// Of these, by another node than the one whose turn it was, because that one was being changed.
    pub(crate) elsewhere: u64,
    /// Answered by no node.
    pub(crate) failed: u64,
    /// Versions that each node said it serves.
    pub(crate) versions: BTreeMap<String, BTreeSet<String>>,
}

/// The reading process, from outside.
pub(crate) struct Reader(Child);

impl Reader {
    /// Begins to read.
    pub(crate) fn start(fleet: &Fleet) -> Result<Self> {
        let own = std::env::current_exe()?;
        let mut command = fleet.lab.internet().command(own.to_str().context("a path in UTF-8")?);
        command.arg(WORD).arg(fleet.lab.folder().join("authorities.pem")).args(fleet.fronts().lines());
        Ok(Self(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?))
    }

    /// Ends, and says what came of it.
    pub(crate) fn end(mut self) -> Result<Reads> {
        drop(self.0.stdin.take());
        let mut text = String::new();
        self.0.stdout.take().context("its output")?.read_to_string(&mut text)?;
        ensure!(self.0.wait()?.success(), "the reader failed: {text}");
        Ok(serde_json::from_str(&text)?)
    }
}

/// Reads until standard input ends, then prints what came of it. `fronts`: name and address of each node.
pub(crate) fn run(authorities: &Path, fronts: &[String]) -> Result<()> {
    let fronts: Vec<(&str, SocketAddr)> = fronts
        .iter()
        .map(|front| {
            let (name, address) = front.split_once(' ').context("NAME ADDRESS")?;
            Ok((name, SocketAddr::new(address.parse()?, 443)))
        })
        .collect::<Result<_>>()?;
    let over = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&over);
    std::thread::spawn(move || {
        // Any end of the other side is the end.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        told.store(true, Ordering::Relaxed);
    });
    let prober = Prober::new(Some(authorities))?;
    let mut reads = Reads::default();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        for turn in 0.. {
            if over.load(Ordering::Relaxed) {
                break;
            }
            read(&prober, &fronts, turn % fronts.len(), &mut reads).await;
            tokio::time::sleep(PAUSE).await;
        }
    });
    Ok(serde_json::to_writer(std::io::stdout().lock(), &reads)?)
}

/// One read, begun at the node whose turn it is.
async fn read(prober: &Prober, fronts: &[(&str, SocketAddr)], first: usize, reads: &mut Reads) {
    for (tried, (name, address)) in fronts.iter().cycle().skip(first).take(fronts.len()).enumerate() {
        let probe = Probe { address: *address, name, paths: &["/v1/node"], deadline: Duration::from_secs(5), answer_bytes_max: 64 << 10 };
        let Ok(probed) = prober.look(&probe).await else { continue };
        let Some(answer) = probed.answers.first().filter(|answer| answer.status == 200) else { continue };
        reads.answered += 1;
        reads.elsewhere += u64::from(tried > 0);
        if let Ok(info) = serde_json::from_slice::<serde_json::Value>(&answer.body) {
            let version = info["version"].as_str().unwrap_or_default().to_owned();
            reads.versions.entry((*name).to_owned()).or_default().insert(version);
        }
        return;
    }
    reads.failed += 1;
}
