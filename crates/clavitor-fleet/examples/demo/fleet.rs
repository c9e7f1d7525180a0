//! The machines of the rehearsal: two hubs, four nodes that serve, an operator; and the inventory that describes them.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use clavitor_fleet::{
    inventory::Inventory,
    tunnel::{Plan, PublicKey, Topology},
};

use crate::{
    lab::{
        Lab, Machine,
        inventory::{Entry, Keys, inventory},
        nixos::System,
        wait_for,
    },
    reader::Sealed,
};

const DOMAIN: &str = "pop.clavitor.com";
/// Name, country, number, and the node that keeps its backup.
const NODES: [(&str, &str, u8, &str); 6] = [
    (HUB_A, "CH", 1, HUB_B),
    (HUB_B, "DE", 3, HUB_A),
    ("tokyo", "JP", 2, "seoul"),
    ("seoul", "KR", 4, "tokyo"),
    ("dallas", "US", 5, "london"),
    ("london", "GB", 6, "dallas"),
];
/// The hubs carry the tunnels and are no part of this rollout.
const HUBS: usize = 2;
/// The one through which the operator comes at first.
pub(crate) const HUB_A: &str = "zurich";
const HUB_B: &str = "frankfurt";
/// The nodes of the rollout.
pub(crate) const SERVING: [&str; 4] = ["tokyo", "seoul", "dallas", "london"];

/// All of it, running.
pub(crate) struct Fleet {
    pub(crate) lab: Lab,
    pub(crate) operator: Machine,
    pub(crate) nodes: BTreeMap<String, Machine>,
    /// What each node's vault has for the agent, by the node's public name.
    pub(crate) vaults: BTreeMap<String, Sealed>,
}

impl Fleet {
    /// Starts the machines, their tunnels, firewalls and logins. Afterwards `fleet.toml` describes them.
    pub(crate) fn start() -> Result<Self> {
        let mut lab = Lab::new()?;
        let operator = lab.machine("operator")?;
        let (operator_key, login) = (operator.first_boot()?, operator.make_login_key()?);
        let (mut nodes, mut enrolled) = (BTreeMap::new(), BTreeMap::new());
        for (name, ..) in NODES {
            let machine = lab.machine(name)?;
            let wireguard = machine.first_boot()?.to_string();
            // Nothing is signed with it here.
            let identity = machine.run("head -c 32 /dev/urandom | base64")?.trim().to_owned();
            enrolled.insert(name, Keys { wireguard, ssh_host: machine.start_sshd(&[22], &login)?, identity });
            nodes.insert(name.to_owned(), machine);
        }
        let text = described(&nodes, enrolled, operator_key, &login);
        fs::write(lab.folder().join("fleet.toml"), &text)?;
        let parsed = Inventory::parse(&text, "fleet.toml");
        let inventory = parsed.inventory.with_context(|| format!("{:#?}", parsed.findings))?;
        let plan = Plan::of(&Topology::of(&inventory))?;
        for (name, machine) in &nodes {
            let part = plan.nodes.get(name).context("a plan")?;
            machine.bring_up(part)?;
            machine.load_firewall(part)?;
        }
        operator.bring_up_laptop(&Topology::of(&inventory), "soc")?;
        let fleet = Self { lab, operator, nodes, vaults: BTreeMap::new() };
        fleet.wait_for_tunnels()?;
        Ok(fleet)
    }

    fn wait_for_tunnels(&self) -> Result<()> {
        for (_, _, number, _) in NODES.iter().skip(HUBS) {
            for network in 0..2 {
                let address = std::net::Ipv4Addr::new(10, 84, network, *number);
                wait_for("the operator reaches the nodes", || self.operator.connects(address, 22))?;
            }
        }
        Ok(())
    }

    /// A vault of its own and the first system for every node that serves. Writes the file with the authorities of all.
    pub(crate) fn install(&mut self, program: &Path, vault: &Path) -> Result<()> {
        let mut authorities = String::new();
        for name in SERVING {
            let machine = &self.nodes[name];
            let made = machine.run(&format!("umask 077; {} /var/lib/clavitor", vault.display()))?;
            self.vaults.insert(self.host_name(name), serde_json::from_str(&made)?);
            let system = machine.add_system(&System {
                name: &format!("{name}-now"),
                program,
                arguments: &arguments(name, "0.0.0.0:443"),
                etc: &[],
            })?;
            machine.install(&system)?;
            machine.run(&format!("{system}/sw/bin/clavitor backup code --data /var/lib/clavitor >/srv/backup-code"))?;
            authorities += &machine.run("cat /var/lib/clavitor/dev-ca/ca.crt")?;
        }
        Ok(fs::write(self.lab.folder().join("authorities.pem"), authorities)?)
    }

    /// The next system of a node, in the operator's store.
    pub(crate) fn build(&self, node: &str, program: &Path, listen: &str) -> Result<String> {
        self.operator.add_system(&System { name: &format!("{node}-next"), program, arguments: &arguments(node, listen), etc: &[] })
    }

    /// A node's public name.
    pub(crate) fn host_name(&self, node: &str) -> String {
        format!("{node}.{DOMAIN}")
    }

    /// Pulls the plug of the hub of network a.
    pub(crate) fn lose_hub_a(&mut self) {
        drop(self.nodes.remove(HUB_A));
    }
}

/// How the program is called on a node.
fn arguments(node: &str, listen: &str) -> String {
    format!(
        "serve --data /var/lib/clavitor --domain {node}.{DOMAIN} --dev-ca --https-bind {listen} --http-bind none --telemetry-node {node} --anonymous-requests-per-minute 1000000\n"
    )
}

/// A smaller copy of a program, without what only a debugger reads: it travels through the tunnels.
pub(crate) fn slim(program: &Path, to: &Path) -> Result<()> {
    let stripped = Command::new("strip").arg("-o").arg(to).arg(program).status().context("strip")?;
    ensure!(stripped.success(), "strip {}", program.display());
    Ok(())
}

fn described(machines: &BTreeMap<String, Machine>, mut enrolled: BTreeMap<&str, Keys>, operator: PublicKey, login: &str) -> String {
    let more = format!(
        "[rollout]\nwaves = [1, 1, 1]\nconfirm_s = 30\nsoak_s = 1\ndisk_free_mb_min = 64\n\
         [operator.soc]\nnumber = 241\nssh_keys = [\"{login}\"]\nwireguard = \"{operator}\""
    );
    let entries = NODES.into_iter().enumerate().map(|(place, (name, country, number, backup))| Entry {
        name,
        country,
        number,
        is_hub: place < HUBS,
        is_active: place >= HUBS,
        address: machines[name].address.to_string(),
        backup: Some(backup),
        keys: enrolled.remove(name),
    });
    inventory(DOMAIN, [HUB_A, HUB_B], &more, &entries.collect::<Vec<_>>())
}
