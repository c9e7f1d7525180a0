//! The laboratory: machines that are namespaces (network, mounts, processes), joined by a bridge that is their internet, with real WireGuard, firewall and sshd.
//!
//! Each machine has an empty /run, /var/lib, /srv and /nix of its own, so that interfaces and files have the names that the fleet gives them. A machine ends with the
//! process that holds it, and that one ends with the test, however the test ends. Needs root, and says so.

#![allow(dead_code)] // each test program uses a part of it

pub(crate) mod inventory;
mod login;
pub(crate) mod nixos;
mod tunnel;

use std::{
    io::Write as _,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

/// How long anything here may take, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const TOOLS: [&str; 10] = ["ip", "nft", "nsenter", "ping", "setpriv", "ssh", "sshd", "unshare", "wg", "wireguard-go"];

/// The machines' internet: a bridge, on which 198.51.100.254 is somebody unknown.
pub(crate) struct Lab {
    internet: Machine,
    folder: TempDir,
    machines: usize,
}

/// A machine. Dropping it pulls the plug.
pub(crate) struct Machine {
    /// What it is called.
    pub(crate) name: String,
    /// Its public address.
    pub(crate) address: Ipv4Addr,
    holder: Child,
    pid: u32,
}

impl Lab {
    /// A laboratory without machines.
    pub(crate) fn new() -> Result<Self> {
        ensure!(is_root(), "These tests make network namespaces: run them as root.");
        for tool in TOOLS {
            ensure!(find(tool).is_some(), "{tool} is missing: run scripts/install test first.");
        }
        ensure!(Path::new("/dev/net/tun").exists(), "/dev/net/tun is missing: modprobe tun, or give the container this device.");
        let internet = Machine::start("internet", Ipv4Addr::new(198, 51, 100, 254))?;
        internet.run("ip link add br0 type bridge && ip link set br0 up && ip link set lo up && ip addr add 198.51.100.254/24 dev br0")?;
        Ok(Self { internet, folder: TempDir::new()?, machines: 0 })
    }

    /// Somebody out there, on the public side of everybody.
    pub(crate) fn internet(&self) -> &Machine {
        &self.internet
    }

    /// A folder that goes away with the laboratory.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A new machine with a public address, 198.51.100.1 for the first.
    pub(crate) fn machine(&mut self, name: &str) -> Result<Machine> {
        self.machines += 1;
        let last = u8::try_from(self.machines).ok().filter(|last| *last < 254).context("too many machines")?;
        let machine = Machine::start(name, Ipv4Addr::new(198, 51, 100, last))?;
        let link = format!("ip link add v{last} type veth peer name pub0 netns {} && ip link set v{last} master br0 up", machine.pid);
        let wired = Command::new("nsenter").args(["-t", &self.internet.pid.to_string(), "--net", "sh", "-c", &link]).output()?;
        ensure!(wired.status.success(), "a cable to {name}: {}", String::from_utf8_lossy(&wired.stderr));
        machine.run(&format!("ip link set lo up && ip addr add {}/24 dev pub0 && ip link set pub0 up", machine.address))?;
        Ok(machine)
    }
}

impl Machine {
    fn start(name: &str, address: Ipv4Addr) -> Result<Self> {
        let private = "mkdir -p /nix && mount --make-rprivate / && for d in /run /var/lib /srv /nix; do mount -t tmpfs -o mode=755 tmpfs $d; done && mkdir -p /run/sshd /run/wireguard && touch /run/ready && while :; do sleep 3600 & wait; done";
        // Bash also takes leave of processes that nobody waits for, as the first process has to. The holder dies with this thread, and everything inside with the holder: it is the first process there.
        let words = [
            "--pdeathsig",
            "KILL",
            "unshare",
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "bash",
            "-c",
            private,
        ];
        let holder = Command::new("setpriv").args(words).stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("setpriv")?;
        let mut machine = Self { name: name.to_owned(), address, pid: 0, holder };
        let children = format!("/proc/{0}/task/{0}/children", machine.holder.id());
        wait_for(&format!("{name} starts"), || {
            machine.pid = std::fs::read_to_string(&children).unwrap_or_default().trim().parse().unwrap_or(0);
            machine.pid != 0 && machine.path("/run/ready").exists()
        })?;
        Ok(machine)
    }

    /// A file of the machine, as this process finds it.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{inside}", self.pid))
    }

    /// A program that will run on the machine.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.pid.to_string(), "--net", "--mount", "--pid", "--", program]).stdin(Stdio::null());
        command
    }

    /// Runs a script, and gives what it printed; an error with its words if it fails.
    pub(crate) fn run(&self, script: &str) -> Result<String> {
        self.run_with(script, "")
    }

    /// The same, with something to read.
    pub(crate) fn run_with(&self, script: &str, input: &str) -> Result<String> {
        let output = self.output(script, input)?;
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "on {}: {script}\n{words}{}", self.name, String::from_utf8_lossy(&output.stdout));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Whether a script ends well.
    pub(crate) fn can(&self, script: &str) -> bool {
        self.output(script, "").is_ok_and(|output| output.status.success())
    }

    fn output(&self, script: &str, input: &str) -> Result<Output> {
        let mut child = self
            .command("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("nsenter")?;
        child.stdin.take().context("its input")?.write_all(input.as_bytes()).or_else(ignore_early_end)?;
        Ok(child.wait_with_output()?)
    }

    /// Starts something that runs as long as the machine, with its words in a file of the machine's /srv.
    pub(crate) fn start_daemon(&self, script: &str, log: &str) -> Result<Child> {
        let words = std::fs::File::create(self.path(&format!("/srv/{log}.log")))?;
        let child = self.command("sh").args(["-c", &format!("exec {script}")]).stdout(words.try_clone()?).stderr(words).spawn();
        child.with_context(|| format!("{script} on {}", self.name))
    }

    /// Whether a TCP connection is taken within a second.
    pub(crate) fn connects(&self, address: Ipv4Addr, port: u16) -> bool {
        self.can(&format!("timeout 1 bash -c 'exec 3<>/dev/tcp/{address}/{port}' 2>/dev/null"))
    }

    /// Whether one of a few echo requests is answered, each within a second.
    pub(crate) fn pings(&self, address: Ipv4Addr) -> bool {
        self.can(&format!("ping -n -q -c 1 -W 1 {address} >/dev/null"))
    }

    /// Pulls the plug.
    pub(crate) fn kill(self) {}
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// A program that ends before it has read everything says why by itself.
fn ignore_early_end(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.lines().any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0")))
}

fn find(tool: &str) -> Option<PathBuf> {
    let paths = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    paths.split(':').map(|folder| Path::new(folder).join(tool)).find(|path| path.exists())
}

/// Waits until something holds; an error if it does not within [`PATIENCE`].
pub(crate) fn wait_for(what: &str, mut holds: impl FnMut() -> bool) -> Result<()> {
    let began = Instant::now();
    while !holds() {
        if began.elapsed() > PATIENCE {
            bail!("waited {} s in vain: {what}", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
