//! sshd on a machine, and ssh from another.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::{Machine, wait_for};

impl Machine {
    /// Starts sshd for root with keys only, on these ports of every address: what must not be reached is for the firewall to keep away. Gives the host's public key.
    /// Commands find programs in the machine's /srv/bin first.
    pub(crate) fn start_sshd(&self, ports: &[u16], authorized: &str) -> Result<String> {
        std::fs::create_dir_all(self.path("/srv/ssh"))?;
        std::fs::create_dir_all(self.path("/srv/bin"))?;
        std::fs::write(self.path("/srv/ssh/authorized"), authorized)?;
        let ports: String = ports.iter().map(|port| format!("Port {port}\n")).collect();
        let config = format!(
            "{ports}HostKey /srv/ssh/host\nPidFile /srv/ssh/pid\nAuthorizedKeysFile /srv/ssh/authorized\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\nStrictModes no\nUsePAM no\nSubsystem sftp internal-sftp\nSetEnv PATH=/srv/bin:/usr/sbin:/usr/bin:/sbin:/bin\nMaxStartups 100\n"
        );
        std::fs::write(self.path("/srv/ssh/config"), config)?;
        self.run("test -e /srv/ssh/host || ssh-keygen -q -t ed25519 -N '' -f /srv/ssh/host")?;
        self.run("/usr/sbin/sshd -f /srv/ssh/config -E /srv/ssh/log")?;
        wait_for(&format!("sshd on {}", self.name), || self.path("/srv/ssh/pid").exists())?;
        Ok(std::fs::read_to_string(self.path("/srv/ssh/host.pub"))?.trim().to_owned())
    }

    /// Makes a key pair for logging in from this machine; gives the public key.
    pub(crate) fn make_login_key(&self) -> Result<String> {
        self.run("mkdir -p -m 700 /srv/home/.ssh && ssh-keygen -q -t ed25519 -N '' -f /srv/home/.ssh/id_ed25519")?;
        Ok(std::fs::read_to_string(self.path("/srv/home/.ssh/id_ed25519.pub"))?.trim().to_owned())
    }

    /// Remembers whose host key belongs to an address.
    pub(crate) fn trust_host(&self, address: &str, host_key: &str) -> Result<()> {
        let file = self.path("/srv/home/.ssh/known_hosts");
        let known = std::fs::read_to_string(&file).unwrap_or_default();
        Ok(std::fs::write(file, format!("{known}{address} {host_key}\n"))?)
    }

    /// `ssh root@ADDRESS` from here, with this machine's key and host keys that are known only.
    pub(crate) fn ssh(&self, address: &str) -> Command {
        let mut command = self.command("ssh");
        command.args([
            "-F",
            "none",
            "-i",
            "/srv/home/.ssh/id_ed25519",
            "-o",
            "BatchMode=yes",
            "-o",
            "ConnectTimeout=5",
            "-o",
            "StrictHostKeyChecking=yes",
        ]);
        command.args(["-o", "UserKnownHostsFile=/srv/home/.ssh/known_hosts", &format!("root@{address}")]).stdin(Stdio::null());
        command
    }

    /// Runs a command on another machine, over ssh; gives what it printed.
    pub(crate) fn over_ssh(&self, address: &str, command: &str) -> Result<String> {
        let output = self.ssh(address).arg(command).output().context("ssh")?;
        ensure!(output.status.success(), "ssh {address} {command}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }
}
