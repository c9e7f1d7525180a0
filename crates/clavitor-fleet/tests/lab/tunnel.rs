//! A plan brought to life on a machine: the interfaces, their keys, the firewall.

use anyhow::{Context as _, Result};
use clavitor_fleet::tunnel::{Interface, NodePlan, PublicKey, Topology, changes, interface_text, laptop_text};

use super::{Machine, wait_for};

impl Machine {
    /// What a node does at its first start: it makes its key, and files of zeros where the keys of pairs will be. Gives the public key.
    pub(crate) fn first_boot(&self) -> Result<PublicKey> {
        let public = self.run(
            "umask 077; mkdir -p /var/lib/fleet && wg genkey >/var/lib/fleet/wireguard.key && wg pubkey </var/lib/fleet/wireguard.key",
        )?;
        Ok(public.trim().parse()?)
    }

    /// Brings up every interface of a plan.
    pub(crate) fn bring_up(&self, plan: &NodePlan) -> Result<()> {
        if plan.forwards() {
            self.run("sysctl -qw net.ipv4.ip_forward=1")?;
        }
        plan.interfaces.iter().try_for_each(|interface| self.bring_up_interface(interface))
    }

    /// A userspace WireGuard, set up from the plan's own text.
    fn bring_up_interface(&self, interface: &Interface) -> Result<()> {
        let name = &interface.name;
        self.start_daemon(&format!("wireguard-go -f {name}"), name)?;
        wait_for(&format!("{name} on {}", self.name), || self.path(&format!("/run/wireguard/{name}.sock")).exists())?;
        for peer in &interface.peers {
            self.make_pair_file(&peer.preshared_key_file)?;
        }
        self.run_with(&format!("wg setconf {name} /dev/stdin"), &interface_text(interface))?;
        self.wg(&interface.secret_arguments())?;
        self.run(&format!("ip addr add {}/{} dev {name} && ip link set {name} mtu 1420 up", interface.address, interface.prefix))?;
        Ok(())
    }

    /// Brings up an operator's machine from the file that the tool writes for it; `wg-quick` itself would want a resolver and routing tables of its own.
    pub(crate) fn bring_up_laptop(&self, topology: &Topology, operator: &str) -> Result<()> {
        let operator = topology.operators.iter().find(|known| known.name == operator).context("an operator")?;
        let text = laptop_text(topology, operator, "/var/lib/fleet");
        std::fs::write(self.path("/srv/fleet.conf"), &text)?;
        self.start_daemon("wireguard-go -f fleet", "fleet")?;
        wait_for("the operator's interface", || self.path("/run/wireguard/fleet.sock").exists())?;
        self.run("wg-quick strip /srv/fleet.conf >/srv/stripped && wg setconf fleet /srv/stripped")?;
        for command in text.lines().filter_map(|line| line.strip_prefix("PostUp = ")) {
            self.run(&command.replace("%i", "fleet"))?;
        }
        for network in &topology.networks {
            let address = network.address(operator.number).context("an address")?;
            self.run(&format!("ip addr add {address}/{} dev fleet", network.subnet.prefix_len()))?;
        }
        self.run("ip link set fleet mtu 1420 up")?;
        Ok(())
    }

    /// Lets commands that come over ssh make interfaces as a kernel with WireGuard would: everything but that goes to the real program.
    pub(crate) fn make_interfaces_in_userspace(&self) -> Result<()> {
        let script = "#!/bin/sh\n\
            if [ \"$1 $2 $3 $5 $6\" = 'link add dev type wireguard' ]; then\n\
            wireguard-go -f \"$4\" >/dev/null 2>&1 </dev/null &\n\
            until [ -S \"/run/wireguard/$4.sock\" ]; do sleep 0.02; done\n\
            else exec /usr/sbin/ip \"$@\"; fi\n";
        std::fs::create_dir_all(self.path("/srv/bin"))?;
        self.run_with("cat >/srv/bin/ip && chmod 755 /srv/bin/ip", script)?;
        Ok(())
    }

    /// The key of a pair that nobody has made yet: zeros, which WireGuard takes for none.
    fn make_pair_file(&self, file: &str) -> Result<()> {
        self.run(&format!("umask 077; mkdir -p $(dirname {file}); test -e {file} || head -c 32 /dev/zero | base64 >{file}"))?;
        Ok(())
    }

    /// Runs `wg` with these words.
    pub(crate) fn wg(&self, words: &[String]) -> Result<()> {
        let output = self.command("wg").args(words).output().context("wg")?;
        anyhow::ensure!(output.status.success(), "wg {} on {}: {}", words.join(" "), self.name, String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Brings running interfaces from one plan to the next; gives how many orders that took.
    pub(crate) fn move_on(&self, before: &NodePlan, after: &NodePlan) -> Result<usize> {
        let mut orders = 0;
        for (old, new) in before.interfaces.iter().zip(&after.interfaces) {
            for peer in &new.peers {
                self.make_pair_file(&peer.preshared_key_file)?;
            }
            for words in changes(old, new) {
                self.wg(&words)?;
                orders += 1;
            }
        }
        Ok(orders)
    }

    /// Loads the plan's firewall.
    pub(crate) fn load_firewall(&self, plan: &NodePlan) -> Result<()> {
        self.run_with("nft -f -", &plan.firewall.nft())?;
        Ok(())
    }

    /// When a peer last agreed on session keys, Unix seconds; None if never.
    pub(crate) fn last_handshake(&self, interface: &str, peer: PublicKey) -> Result<Option<u64>> {
        let text = self.run(&format!("wg show {interface} latest-handshakes"))?;
        let found = text.lines().find_map(|line| line.strip_prefix(&peer.to_string()));
        Ok(found.and_then(|seconds| seconds.trim().parse().ok()).filter(|seconds| *seconds != 0))
    }
}
