//! What the operator of the machine asks of a node: over a socket in the data folder while it runs, or directly while it does not.
//!
//! The socket can be used by the folder's owner only. It hands out no key and no value of any entry.

use std::{
    fs, io,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::SocketAddr,
    os::unix::{
        fs::{OpenOptionsExt as _, PermissionsExt as _},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    time::Duration,
};

use clavitor_vault::{Error, Vault, VaultId, audit, backup, setup};
use serde::{Deserialize, Serialize};
use thiserror::Error as ThisError;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixListener,
};

use crate::{
    Node, health,
    vitals::{Fault, Payload, Push, PushState},
};

/// The socket's name in the data folder.
pub const SOCKET: &str = "control.sock";
const LINE_BYTES_MAX: u64 = 16 << 10;
/// A backup of a large store takes a while.
const ANSWER_S_MAX: u64 = 3_600;

/// What can be asked for. Paths are absolute.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// A set-up link for one more vault; an earlier one ends.
    SetupLink,
    /// A new backup code; later backups are sealed to it.
    BackupCode,
    /// A backup of everything into a new file.
    Backup {
        /// The file.
        file: PathBuf,
    },
    /// How the running node is; its database is checked for the answer.
    State,
    /// The running node's report of this moment, with its own checks. Costs what one sample costs.
    Vitals,
    /// The ids of the vaults.
    Vaults,
    /// One vault's audit log into a new file, one JSON object a line, and its signed head into another.
    AuditExport {
        /// The vault, in hexadecimal.
        vault: String,
        /// The file for the events.
        file: PathBuf,
        /// The file for the head.
        head: PathBuf,
    },
}

/// What was done.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// A link, or a code: it is shown once.
    Text(String),
    /// A backup was written and verified.
    Backup(Backup),
    /// How it is.
    State(Box<State>),
    /// The report, as it would be sent, and `ready` and `checks` as `/readyz` has them.
    Vitals(serde_json::Value),
    /// Vault ids, in hexadecimal.
    Vaults(Vec<String>),
    /// A log was written.
    Exported {
        /// Events in it.
        events: u64,
        /// The log's public key, base64.
        log_key: String,
    },
    /// It could not be done; a sentence.
    Refused(String),
}

/// How a running node is, for whoever looks after it. The database is checked for the answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    /// The program's version.
    pub version: String,
    /// Its edition.
    pub edition: String,
    /// Where it is reached.
    pub origin: String,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its time, Unix milliseconds.
    pub now_ms: u64,
    /// What is wrong with the store; none if its check passed.
    pub store: Option<String>,
    /// Whether there is a backup code.
    pub has_backup_code: bool,
    /// From one scheduled backup to the next in milliseconds; 0: there is no schedule.
    pub backup_every_ms: u64,
    /// When the newest backup of the schedule was taken, Unix milliseconds.
    pub backup_ms: Option<u64>,
    /// Backups in a row that failed, and why the last did.
    pub backup_failures: u64,
    /// Why, in a word.
    pub backup_fault: Option<String>,
    /// Files and connections that the process may have open; none: no limit.
    pub open_files_max: Option<u64>,
    /// Connections that it takes.
    pub connections_max: u64,
    /// Bytes of it that were swapped out.
    pub swapped_bytes: u64,
    /// Those who are told how it is, and whether it arrives.
    pub pushes: Vec<Told>,
    /// The edition's own figures, by name.
    pub gauges: Vec<(String, u64)>,
}

/// How pushing to one of those who are told goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Told {
    /// Who.
    pub to: String,
    /// Pushes that arrived.
    pub sent: u64,
    /// Pushes that did not.
    pub failed: u64,
    /// When the last one arrived, Unix milliseconds.
    pub arrived_ms: Option<u64>,
    /// Why the last one did not, if it did not, or that none is tried any more.
    pub fault: Option<String>,
}

impl Told {
    fn of(push: Push, now_ms: u64) -> Self {
        let fault = match push.state {
            _ if push.hangs(now_ms) => Some(Fault::Hangs.words()),
            PushState::Fails { fault, .. } => Some(fault.words()),
            PushState::NotYet | PushState::Arrives => None,
        };
        Self { to: push.to.name().to_owned(), sent: push.sent, failed: push.failed, arrived_ms: push.arrived_ms, fault }
    }
}

impl State {
    /// Looks. Blocks: the whole database is read.
    fn of(node: &Node) -> Self {
        let (vault, config, backups, now_ms) = (node.vault(), node.config(), node.backups().status(), node.now_ms());
        let checked = vault.quick_check(now_ms).map_err(|error| vault.health().poisoned.unwrap_or_else(|| error.to_string()));
        Self {
            version: config.edition.version().to_owned(),
            edition: config.edition.name().to_owned(),
            origin: config.origin.clone(),
            listen: config.listen,
            now_ms,
            store: checked.err(),
            has_backup_code: vault.read(now_ms, backup::has_code).unwrap_or(false),
            backup_every_ms: backups.every_ms,
            backup_ms: backups.newest.map(|newest| newest.taken_ms),
            backup_failures: backups.failures,
            backup_fault: backups.cause.map(|cause| cause.word().to_owned()),
            open_files_max: rustix::process::getrlimit(rustix::process::Resource::Nofile).current,
            connections_max: config.limits.connections_max as u64,
            swapped_bytes: swapped_bytes(),
            pushes: node.keeper().pushes().into_iter().map(|push| Told::of(push, now_ms)).collect(),
            gauges: config.edition.gauges().iter().map(|gauge| (gauge.name.to_owned(), gauge.value)).collect(),
        }
    }
}

/// `VmSwap` of this process; 0 where there is no such line.
fn swapped_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSwap:"));
    line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) << 10
}

/// What a backup holds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Backup {
    /// When it was taken, Unix milliseconds.
    pub taken_ms: u64,
    /// Bytes of the database.
    pub database_bytes: u64,
    /// Vaults.
    pub vaults: u64,
    /// Entries, purged ones included.
    pub entries: u64,
}

impl From<backup::BackupInfo> for Backup {
    fn from(info: backup::BackupInfo) -> Self {
        Self { taken_ms: info.taken_ms, database_bytes: info.database_bytes, vaults: info.vaults, entries: info.entries }
    }
}

/// Why a running node could not be asked.
#[derive(Debug, ThisError)]
pub enum AskError {
    /// The socket cannot be used.
    #[error("the running node cannot be reached through {path}: {source}")]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The answer is not one.
    #[error("the running node answered something else; is it of another version?")]
    Answer,
}

/// Does what is asked. Blocks; not for async threads.
pub fn carry_out(vault: &Vault, origin: &str, now_ms: u64, order: Order) -> Reply {
    let done = match order {
        Order::SetupLink => setup_link(vault, origin, now_ms).map(Reply::Text),
        Order::BackupCode => vault.write_wait(now_ms, backup::make_code).map(|code| Reply::Text(code.to_string())),
        Order::Backup { file } => backup::write(vault, now_ms, &file).map(|info| Reply::Backup(info.into())),
        Order::State | Order::Vitals => return Reply::Refused("no node is running".to_owned()),
        Order::Vaults => vault.read(now_ms, audit::vaults).map(|ids| Reply::Vaults(ids.iter().map(ToString::to_string).collect())),
        Order::AuditExport { vault: id, file, head } => export(vault, now_ms, &id, &file, &head),
    };
    done.unwrap_or_else(|error| match error {
        Error::Internal(why) => Reply::Refused(why),
        Error::Unavailable(why) => Reply::Refused(format!("{error}: {why}")),
        other => Reply::Refused(other.to_string()),
    })
}

/// The same for a node that runs.
fn of_node(node: &Node, order: Order) -> Reply {
    match order {
        Order::State => Reply::State(Box::new(State::of(node))),
        Order::Vitals => vitals(node),
        other => carry_out(node.vault(), &node.config().origin, node.now_ms(), other),
    }
}

/// One report and the checks, in one object: neither has a name of the other.
fn vitals(node: &Node) -> Reply {
    let (vitals, seq) = (node.vitals(), node.keeper().next_sequence());
    let readiness = health::readiness(&vitals);
    let both = (serde_json::to_value(Payload::new(vitals, seq)), serde_json::to_value(readiness));
    let (Ok(serde_json::Value::Object(mut report)), Ok(serde_json::Value::Object(checks))) = both else {
        return Reply::Refused("the report cannot be written".to_owned());
    };
    report.extend(checks);
    Reply::Vitals(serde_json::Value::Object(report))
}

/// A set-up link, for the first start and for one more vault.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub fn setup_link(vault: &Vault, origin: &str, now_ms: u64) -> clavitor_vault::Result<String> {
    let token = vault.write_wait(now_ms, setup::make_link)?;
    Ok(format!("{origin}/setup#{}", token.as_str()))
}

fn export(vault: &Vault, now_ms: u64, id: &str, file: &Path, head: &Path) -> clavitor_vault::Result<Reply> {
    let id: VaultId = id.parse().map_err(|_| Error::BadRequest("a vault id has 32 hexadecimal digits"))?;
    let failed = |path: &Path, error: io::Error| Error::Internal(format!("{} cannot be written: {error}", path.display()));
    let mut events = io::BufWriter::new(create(file).map_err(|error| failed(file, error))?);
    let exported = vault.read(now_ms, |r| audit::export(r, id, &mut events))?;
    events.into_inner().map_err(io::IntoInnerError::into_error).and_then(|out| out.sync_all()).map_err(|error| failed(file, error))?;
    create(head).and_then(|mut out| out.write_all(exported.checkpoint.as_bytes())).map_err(|error| failed(head, error))?;
    Ok(Reply::Exported { events: exported.events, log_key: data_encoding::BASE64.encode(&vault.log_key()) })
}

/// A new file that only its owner can read; one that is there is never overwritten.
fn create(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Listens in the data folder. The store's lock says that no other node does.
///
/// # Errors
/// If the socket cannot be made.
pub fn listen(folder: &Path) -> io::Result<UnixListener> {
    let path = folder.join(SOCKET);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers orders, one connection at a time, until the task is dropped.
pub async fn serve(listener: UnixListener, node: Node) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let mut line = String::new();
        let reading = tokio::io::BufReader::new((&mut stream).take(LINE_BYTES_MAX)).read_line(&mut line).await;
        let reply = match (reading, serde_json::from_str::<Order>(&line)) {
            (Ok(_), Ok(order)) => {
                let node = node.clone();
                tokio::task::spawn_blocking(move || of_node(&node, order)).await.ok()
            }
            _ => None,
        };
        let reply = reply.unwrap_or_else(|| Reply::Refused("the order was not understood".to_owned()));
        let mut line = serde_json::to_string(&reply).unwrap_or_default();
        line.push('\n');
        // Whoever asked may be gone.
        let _ = stream.write_all(line.as_bytes()).await;
    }
}

/// Asks the node that runs on `folder`.
///
/// # Errors
/// [`AskError`].
pub fn ask(folder: &Path, order: &Order) -> Result<Reply, AskError> {
    let path = folder.join(SOCKET);
    let line = converse(&path, order).map_err(|source| AskError::Socket { path, source })?;
    serde_json::from_str(&line).map_err(|_| AskError::Answer)
}

fn converse(path: &Path, order: &Order) -> io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(Duration::from_secs(ANSWER_S_MAX)))?;
    writeln!(stream, "{}", serde_json::to_string(order)?)?;
    let mut line = String::new();
    BufReader::new(stream.take(LINE_BYTES_MAX)).read_line(&mut line)?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vitals::Watcher;

    #[test]
    fn a_push_that_has_come_to_a_stop_is_told_like_one_that_fails() {
        let (to, state) = (Watcher::Telemetry, PushState::Arrives);
        let push = Push { to, sent: 9, failed: 0, kept: 0, every_ms: 300_000, heard_ms: 1_000, arrived_ms: Some(1_000), state };
        assert_eq!(Told::of(push, 901_000).fault, None);
        assert!(Told::of(push, 2_000_000).fault.unwrap().contains("restart the node"));
        let fails = Push { state: PushState::Fails { fault: Fault::Deadline, in_a_row: 1 }, ..push };
        assert_eq!(Told::of(fails, 901_000).fault.as_deref(), Some("no answer in time"));
    }
}
