//! Commands on nodes over the system's ssh: each an argument vector, over the first network that answers, refused when the host key is not the inventory's.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::inventory::{Inventory, NetworkName, NodeName};
use crate::state_folder::{make_private, replace};

use super::{
    Bounds, ProcessError, Said, Target,
    known::{alias, config, known_hosts},
    plain, quote, run,
};

const CONFIG_FILE: &str = "ssh_config";
const KNOWN_HOSTS_FILE: &str = "known_hosts";
/// ssh itself ends with this; none of our commands do.
const SSH_FAILED: i32 = 255;

/// How to log in.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder `.fleet` beside the inventory; what ssh reads is written there.
    pub folder: PathBuf,
    /// Who logs in on nodes.
    pub user: String,
    /// Where sshd listens on nodes.
    pub port: u16,
    /// The operator's key; without it ssh asks its agent and its usual files.
    pub identity: Option<PathBuf>,
    /// A connection that is not there after so many seconds is given up.
    pub connect_s_max: u64,
}

/// Why a command did not run, or why nobody knows whether it did.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The inventory has no such node, or it is not active, or has no address.
    #[error("{0} is not among the active nodes of the inventory")]
    NoSuchNode(String),
    /// The inventory has no host key of it.
    #[error("the inventory has no host key of {0}, and none is trusted on first use: enrol it with `clavitor-fleet node enrol {0}`")]
    NotEnrolled(String),
    /// It shows another host key than the inventory has.
    #[error(
        "{0} shows another host key than the inventory has, so nothing was sent. If the node was made anew, compare the fingerprint on its console and enrol it again; if not, somebody stands between"
    )]
    HostKeyChanged(String),
    /// It does not take the operator's key.
    #[error("{0} refuses your key ({1}): give the right one with --identity, or load it into the agent")]
    KeyRefused(String, String),
    /// Over no network; nothing was started.
    #[error("{0} cannot be reached: {1}")]
    Unreachable(String, String),
    /// The connection broke, or took too long: the command may have run.
    #[error("the connection to {0} was lost: {1}")]
    Lost(String, String),
    /// Something of this machine.
    #[error("{0}")]
    Here(String),
}

impl RemoteError {
    /// Whether the command may have run, in whole or in part.
    pub const fn may_have_run(&self) -> bool {
        matches!(self, Self::Lost(..))
    }
}

/// One end of a pipe: a command on a node, which is reached by this network.
#[derive(Debug, Clone, Copy)]
pub struct Pipe<'a> {
    /// The node.
    pub node: &'a NodeName,
    /// By which network.
    pub network: NetworkName,
    /// What it runs.
    pub command: &'a str,
}

/// The way to all nodes of an inventory.
#[derive(Debug)]
pub struct Ssh {
    settings: Settings,
    targets: BTreeMap<NodeName, Target>,
    /// Which of a node's routes is tried first; moves on when one is dead.
    preferred: AtomicUsize,
}

impl Ssh {
    /// Writes what ssh reads.
    ///
    /// # Errors
    /// [`RemoteError::Here`]: the key file is not there or the folder cannot be written.
    pub fn new(mut settings: Settings, targets: impl IntoIterator<Item = Target>) -> Result<Self, RemoteError> {
        if let Some(identity) = settings.identity.take() {
            let wrong = |why: String| RemoteError::Here(format!("the key file {}: {why}", identity.display()));
            let found = fs::metadata(&identity).map_err(|error| wrong(error.to_string()))?;
            if !found.is_file() {
                return Err(wrong("not a file".to_owned()));
            }
            // ssh runs in a folder of its own.
            settings.identity = Some(std::path::absolute(&identity).map_err(|error| wrong(error.to_string()))?);
        }
        let made = Self {
            settings,
            targets: targets.into_iter().map(|target| (target.name.clone(), target)).collect(),
            preferred: AtomicUsize::new(0),
        };
        made.write().map_err(|error| RemoteError::Here(format!("{}: {error}", made.settings.folder.display())))?;
        Ok(made)
    }

    /// The way to all active nodes of an inventory, over this network first.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(inventory: &Inventory, settings: Settings, first: NetworkName) -> Result<Self, RemoteError> {
        Self::new(settings, inventory.active().map(|(name, node)| Target::of(inventory, name, node, first)))
    }

    fn write(&self) -> io::Result<()> {
        let folder = &self.settings.folder;
        make_private(folder)?;
        let folder = folder.canonicalize()?;
        sweep(&folder);
        let text = config(self.targets.values(), &self.settings, &folder.join(KNOWN_HOSTS_FILE));
        replace(&folder.join(KNOWN_HOSTS_FILE), &known_hosts(self.targets.values()))?;
        replace(&folder.join(CONFIG_FILE), &text)?;
        replace(&folder.join(self.config_file()), &text)
    }

    /// What ssh is told with `-F` from within [`Self::folder`]: this process's own, because a verb that runs beside this one may log in otherwise.
    pub fn config_file(&self) -> String {
        format!("{CONFIG_FILE}.{}", std::process::id())
    }

    /// Runs a program on a node.
    ///
    /// # Errors
    /// [`RemoteError`]. An exit code other than 0 is not an error here.
    pub async fn run(&self, node: &NodeName, argv: &[&str], bounds: Bounds) -> Result<Said, RemoteError> {
        let (config, command) = (self.config_file(), quote(argv.iter().copied()));
        let ssh = |to: &str| ["ssh", "-F", &config, "-T", "--", to, &command].map(str::to_owned).to_vec();
        self.over_some_network(node, ssh, &[], bounds).await
    }

    /// Runs a shell script on a node, with arguments that it finds as `$1` and so on.
    ///
    /// # Errors
    /// [`RemoteError`], as [`Self::run`].
    pub async fn script(&self, node: &NodeName, script: &str, arguments: &[&str], bounds: Bounds) -> Result<Said, RemoteError> {
        let mut argv = vec!["sh", "-c", script, "clavitor-fleet"];
        argv.extend(arguments);
        self.run(node, &argv, bounds).await
    }

    /// Runs a shell script on a node by one network and no other: for orders that touch the tunnel of the other one.
    ///
    /// # Errors
    /// [`RemoteError`], as [`Self::run`].
    pub async fn script_by(&self, network: NetworkName, node: &NodeName, script: &str, bounds: Bounds) -> Result<Said, RemoteError> {
        self.routes(node)?;
        let (config, alias, command) = (self.config_file(), alias(node, network), quote(["sh", "-c", script, "clavitor-fleet"]));
        self.once(node, &["ssh", "-F", &config, "-T", "--", &alias, &command], &[], bounds).await
    }

    /// What a command on one node prints, a command on another one reads, with a pipe between two ssh: it is in no argument, file or variable of this machine.
    /// The exit code is the reader's, which has to see for itself whether all of it came.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn pipe(&self, from: Pipe<'_>, to: Pipe<'_>, bounds: Bounds) -> Result<Said, RemoteError> {
        self.routes(from.node)?;
        self.routes(to.node)?;
        let config = self.config_file();
        let ssh = |end: &Pipe<'_>| quote(["ssh", "-F", &config, "-T", "--", &alias(end.node, end.network), end.command]);
        let both = format!("{} | {}", ssh(&from), ssh(&to));
        match run(&["sh", "-c", &both], &[], &self.settings.folder, bounds).await {
            Ok(said) => Ok(said),
            Err(late @ ProcessError::Deadline(..)) => Err(RemoteError::Lost(to.node.to_string(), late.to_string())),
            Err(error) => Err(RemoteError::Here(error.to_string())),
        }
    }

    /// Copies a store path and all it needs to a node, with `nix copy`.
    ///
    /// # Errors
    /// [`RemoteError`]; an exit code of nix other than 0 that is not ssh's fault comes back as [`Said`].
    pub async fn copy(&self, node: &NodeName, store_path: &str, bounds: Bounds) -> Result<Said, RemoteError> {
        let nix = |to: &str| {
            let to = format!("ssh://{to}");
            ["nix", "--extra-experimental-features", "nix-command", "copy", "--to", &to, store_path].map(str::to_owned).to_vec()
        };
        // nix takes options of ssh as words between spaces, so the file is named from within its folder.
        let options = format!("-F {}", self.config_file());
        self.over_some_network(node, nix, &[("NIX_SSHOPTS", &options)], bounds).await
    }

    /// Over the first network that answers; it is tried first from then on. `argv` is made for the node's name in that network.
    async fn over_some_network(
        &self,
        node: &NodeName,
        argv: impl Fn(&str) -> Vec<String>,
        environment: &[(&str, &str)],
        bounds: Bounds,
    ) -> Result<Said, RemoteError> {
        let mut reasons = Vec::new();
        for (place, network) in self.routes(node)? {
            let argv = argv(&alias(node, network));
            let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
            match self.once(node, &argv, environment, bounds).await {
                Err(RemoteError::Unreachable(_, why)) => reasons.push(format!("network {}: {why}", network.word())),
                said => {
                    self.preferred.store(place, Ordering::Relaxed);
                    return said;
                }
            }
        }
        Err(RemoteError::Unreachable(node.to_string(), reasons.join("; ")))
    }

    /// The networks to try in order, each with its place among the node's routes.
    fn routes(&self, node: &NodeName) -> Result<Vec<(usize, NetworkName)>, RemoteError> {
        let target = self.targets.get(node).filter(|target| !target.routes.is_empty());
        let target = target.ok_or_else(|| RemoteError::NoSuchNode(node.to_string()))?;
        if target.host_key.is_none() {
            return Err(RemoteError::NotEnrolled(node.to_string()));
        }
        let mut routes: Vec<_> = target.routes.iter().map(|route| route.network).enumerate().collect();
        let first = self.preferred.load(Ordering::Relaxed) % routes.len();
        routes.rotate_left(first);
        Ok(routes)
    }

    async fn once(&self, node: &NodeName, argv: &[&str], environment: &[(&str, &str)], bounds: Bounds) -> Result<Said, RemoteError> {
        match run(argv, environment, &self.settings.folder, bounds).await {
            Ok(said) if said.is_success() => Ok(said),
            Ok(said) => judge(node, argv.first() == Some(&"ssh"), said),
            Err(late @ ProcessError::Deadline(..)) => Err(RemoteError::Lost(node.to_string(), late.to_string())),
            Err(error) => Err(RemoteError::Here(error.to_string())),
        }
    }

    /// The folder in which ssh finds its file; `ssh_config` there is for those who use it by hand.
    pub fn folder(&self) -> &Path {
        &self.settings.folder
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        // A file that stays is swept away by the next run.
        let _ = fs::remove_file(self.settings.folder.join(self.config_file()));
    }
}

/// Removes the files of processes that are gone without having removed them.
fn sweep(folder: &Path) {
    let names = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    for name in names {
        let process = name.strip_prefix(CONFIG_FILE).and_then(|rest| rest.strip_prefix('.')).and_then(|rest| rest.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists()) {
            let _ = fs::remove_file(folder.join(name));
        }
    }
}

/// What ssh meant by ending with 255. nix tells of it in its own output and with its own code.
fn judge(node: &NodeName, is_ssh: bool, said: Said) -> Result<Said, RemoteError> {
    if is_ssh && said.code != Some(SSH_FAILED) {
        return Ok(said);
    }
    let (node, words) = (node.to_string(), plain(&said.err));
    let says = |texts: &[&str]| texts.iter().any(|text| said.err.contains(text));
    if says(&["REMOTE HOST IDENTIFICATION HAS CHANGED", "Host key verification failed", "host key is known for"]) {
        return Err(RemoteError::HostKeyChanged(node));
    }
    if says(&["Permission denied ("]) {
        return Err(RemoteError::KeyRefused(node, last_line(&words)));
    }
    if says(&["ssh: connect to host", "banner exchange", "kex_exchange_identification", "Could not resolve hostname", "UNKNOWN port"]) {
        return Err(RemoteError::Unreachable(node, last_line(&words)));
    }
    if is_ssh {
        let words = if words.is_empty() { "it ended, or fell silent".to_owned() } else { last_line(&words) };
        return Err(RemoteError::Lost(node, words));
    }
    // A copy can be begun again; why its other end went away stands in the lines before.
    let is_broken = says(&["unexpected end-of-file", "Broken pipe", "Connection reset", "closed by remote host", "not responding"]);
    if is_broken { Err(RemoteError::Lost(node, words)) } else { Ok(said) }
}

fn last_line(words: &str) -> String {
    words.lines().last().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
#[path = "ssh_tests.rs"]
mod tests;
