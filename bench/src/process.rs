//! Child processes of the bench: what they cost, read from /proc, and how they say that they are ready.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// A server in a process of its own, so that its processor time can be told from the load's.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What it printed after the address: whatever its load needs to know.
    pub(crate) notes: String,
}

impl Server {
    /// Starts this program again as `role`, and waits for the line `listening ADDRESS NOTES`.
    pub(crate) fn start(role: &str, arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?).arg(role).args(arguments).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no stdout")?).read_line(&mut line)?;
        let mut words = line.trim().splitn(3, ' ');
        let (Some("listening"), Some(address)) = (words.next(), words.next()) else {
            let _ = child.kill();
            bail!("{role} did not start: {line}");
        };
        Ok(Self { child, address: address.parse()?, notes: words.next().unwrap_or_default().to_owned() })
    }

    /// Seconds of processor time used so far, in user and kernel mode.
    pub(crate) fn cpu_s(&self) -> Result<f64> {
        // To the nanosecond, where the well-known file counts in hundredths of a second. A server here starts all its threads at its start.
        let mut all_ns = 0.0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let schedule = std::fs::read_to_string(task?.path().join("schedstat"))?;
            let on_processor_ns: f64 = schedule.split_whitespace().next().context("schedstat")?.parse()?;
            all_ns += on_processor_ns;
        }
        Ok(all_ns / 1e9)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident memory of a process in MiB.
pub(crate) fn resident_mib(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}
