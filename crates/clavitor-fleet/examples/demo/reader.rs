//! A hosted agent that keeps reading one secret: from the public side, over verified TLS, with its token for whichever node it asks. Runs as a process of its own on the laboratory's internet.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    path::Path,
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use clavitor_api::{HostedValue, NodeInfo};
use clavitor_outbound::{Ask, Client, Uri, client, get};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::fleet::{Fleet, SERVING};

/// The word that makes this program the reader.
pub(crate) const WORD: &str = "reader";
/// Five reads a second for four nodes: a node gives one agent two a second, and for a while more while another node is away.
const PAUSE: Duration = Duration::from_millis(200);
const DEADLINE: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// What a node's vault has for the agent.
#[derive(Serialize, Deserialize)]
pub(crate) struct Sealed {
    /// The agent's token for this vault.
    token: String,
    /// Where the node opens the secret for it.
    path: String,
    /// What must come out.
    value: String,
}

/// What came of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reads {
    /// The secret was given, by any node.
    pub(crate) answered: u64,
    /// Of these, by another node than the one whose turn it was, because that one was being changed.
    pub(crate) elsewhere: u64,
    /// Given by no node.
    pub(crate) failed: u64,
    /// Versions of each node that gave the secret.
    pub(crate) versions: BTreeMap<String, BTreeSet<String>>,
}

/// The reading process, from outside.
pub(crate) struct Reader(Child);

impl Reader {
    /// Begins to read. Names are looked up in a file, because the laboratory has no DNS.
    pub(crate) fn start(fleet: &Fleet) -> Result<Self> {
        let (internet, own) = (fleet.lab.internet(), std::env::current_exe()?);
        let hosts: String = SERVING.iter().map(|name| format!("{} {}\n", fleet.nodes[*name].address, fleet.host_name(name))).collect();
        internet.run_with("cat >/srv/hosts && mount --bind /srv/hosts /etc/hosts", &hosts)?;
        std::fs::write(internet.path("/srv/vaults.json"), serde_json::to_vec(&fleet.vaults)?)?;
        let mut command = internet.command(own.to_str().context("a path in UTF-8")?);
        command.arg(WORD).arg(fleet.lab.folder().join("authorities.pem")).arg("/srv/vaults.json");
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

/// Reads until standard input ends, then prints what came of it. `vaults`: what each node, by its public name, has for the agent.
pub(crate) fn run(authorities: &Path, vaults: &Path) -> Result<()> {
    let vaults: BTreeMap<String, Sealed> = serde_json::from_slice(&std::fs::read(vaults)?)?;
    let vaults: Vec<_> = vaults.iter().collect();
    let over = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&over);
    std::thread::spawn(move || {
        // Any end of the other side is the end.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        told.store(true, Ordering::Relaxed);
    });
    let client = client(Some(authorities))?;
    let mut reads = Reads::default();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        for turn in 0.. {
            if over.load(Ordering::Relaxed) {
                break;
            }
            read(&client, &vaults, turn % vaults.len(), &mut reads).await;
            tokio::time::sleep(PAUSE).await;
        }
    });
    Ok(serde_json::to_writer(std::io::stdout().lock(), &reads)?)
}

/// One read, begun at the node whose turn it is.
async fn read(client: &Client, vaults: &[(&String, &Sealed)], first: usize, reads: &mut Reads) {
    for (tried, (node, sealed)) in vaults.iter().cycle().skip(first).take(vaults.len()).enumerate() {
        let opened: Option<HostedValue> = ask(client, node, &sealed.path, Some(&sealed.token)).await;
        if opened.is_none_or(|opened| opened.value != sealed.value) {
            continue;
        }
        reads.answered += 1;
        reads.elsewhere += u64::from(tried > 0);
        // Which version that was; it may be gone a moment later.
        if let Some(info) = ask::<NodeInfo>(client, node, "/v1/node", None).await {
            reads.versions.entry((*node).clone()).or_default().insert(info.version);
        }
        return;
    }
    reads.failed += 1;
}

async fn ask<T: DeserializeOwned>(client: &Client, node: &str, path: &str, bearer: Option<&str>) -> Option<T> {
    let to: Uri = format!("https://{node}{path}").parse().ok()?;
    let answer = get(client, &Ask { to: &to, bearer, deadline: DEADLINE, answer_bytes_max: ANSWER_BYTES_MAX }).await.ok()?;
    (answer.status == 200).then(|| serde_json::from_slice(&answer.body).ok()).flatten()
}
