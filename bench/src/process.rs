//! Child processes of the bench: what they cost, read from /proc, and how they say that they are ready.

use std::{
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

const READY_WITHIN: Duration = Duration::from_secs(30);

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
        Self::spawn(role, Command::new(std::env::current_exe()?).arg(role).args(arguments))
    }

    /// The same with what processor time the others leave: for what stands for clients elsewhere.
    pub(crate) fn start_behind(role: &str, arguments: &[&str]) -> Result<Self> {
        let ours = std::env::current_exe()?;
        Self::spawn(role, Command::new("nice").args(["-n", "19"]).arg(ours).arg(role).args(arguments))
    }

    fn spawn(role: &str, command: &mut Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no stdout")?).read_line(&mut line)?;
        let mut words = line.trim().splitn(3, ' ');
        let (Some("listening"), Some(address)) = (words.next(), words.next()) else {
            let _ = child.kill();
            bail!("{role} did not start: {line}");
        };
        Ok(Self { child, address: address.parse()?, notes: words.next().unwrap_or_default().to_owned() })
    }

    /// A program that does not say when it is ready: its port does.
    pub(crate) fn of(child: Child, address: SocketAddr, notes: String) -> Result<Self> {
        let mut server = Self { child, address, notes };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("ended at once with {status}");
            }
            ensure!(began.elapsed() < READY_WITHIN, "nobody listens at {address}");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    /// Resident memory in MB (a million bytes).
    pub(crate) fn resident_mb(&self) -> Result<f64> {
        Ok(resident_mib(self.child.id())? * 1.048_576)
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
