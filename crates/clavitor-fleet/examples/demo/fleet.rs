//! The machines of the rehearsal: two hubs, four nodes that serve, an operator; and the inventory that describes them.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use clavitor_fleet::{
    inventory::Inventory,
    tunnel::{Plan, PublicKey, Topology},
};

use crate::lab::{Lab, Machine, nixos::System, wait_for};

const DOMAIN: &str = "pop.clavitor.com";
/// Name, city, country, latitude, longitude, number, and the node that keeps its backup.
const NODES: [(&str, &str, &str, f64, f64, u8, &str); 6] = [
    ("zurich", "Zurich", "CH", 47.3769, 8.5417, 1, "frankfurt"),
    ("frankfurt", "Frankfurt", "DE", 50.1109, 8.6821, 3, "zurich"),
    ("tokyo", "Tokyo", "JP", 35.6762, 139.6503, 2, "seoul"),
    ("seoul", "Seoul", "KR", 37.5665, 126.9780, 4, "tokyo"),
    ("dallas", "Dallas", "US", 32.7767, -96.7970, 5, "london"),
    ("london", "London", "GB", 51.5072, -0.1276, 6, "dallas"),
];
/// The hubs carry the tunnels and are no part of this rollout.
const HUBS: usize = 2;
/// The nodes of the rollout.
pub(crate) const SERVING: [&str; 4] = ["tokyo", "seoul", "dallas", "london"];

/// All of it, running.
pub(crate) struct Fleet {
    pub(crate) lab: Lab,
    pub(crate) operator: Machine,
    pub(crate) nodes: BTreeMap<String, Machine>,
}

/// A machine that has started for the first time: its public keys.
struct Enrolled {
    wireguard: PublicKey,
    ssh_host: String,
    /// Nothing is signed with it here.
    identity: String,
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
            let wireguard = machine.first_boot()?;
            let identity = machine.run("head -c 32 /dev/urandom | base64")?.trim().to_owned();
            enrolled.insert(name, Enrolled { wireguard, ssh_host: machine.start_sshd(&[22], &login)?, identity });
            nodes.insert(name.to_owned(), machine);
        }
        let text = inventory(&nodes, &enrolled, operator_key, &login)?;
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
        let fleet = Self { lab, operator, nodes };
        fleet.wait_for_tunnels()?;
        Ok(fleet)
    }

    fn wait_for_tunnels(&self) -> Result<()> {
        for (_, _, _, _, _, number, _) in NODES.iter().skip(HUBS) {
            for network in 0..2 {
                let address = std::net::Ipv4Addr::new(10, 84, network, *number);
                wait_for("the operator reaches the nodes", || self.operator.connects(address, 22))?;
            }
        }
        Ok(())
    }

    /// The first system of every node that serves; gives the file with the authorities of all.
    pub(crate) fn install(&self, program: &Path) -> Result<()> {
        let mut authorities = String::new();
        for name in SERVING {
            let machine = &self.nodes[name];
            let system =
                machine.add_system(&System { name: &format!("{name}-now"), program, arguments: &arguments(name, "0.0.0.0:443") })?;
            machine.install(&system)?;
            machine.run(&format!("{system}/sw/bin/clavitor backup code --data /var/lib/clavitor >/srv/backup-code"))?;
            authorities += &machine.run("cat /var/lib/clavitor/dev-ca/ca.crt")?;
        }
        Ok(fs::write(self.lab.folder().join("authorities.pem"), authorities)?)
    }

    /// The next system of a node, in the operator's store.
    pub(crate) fn build(&self, node: &str, program: &Path, listen: &str) -> Result<String> {
        self.operator.add_system(&System { name: &format!("{node}-next"), program, arguments: &arguments(node, listen) })
    }

    /// Where a node can be reached from outside, as `NAME ADDRESS` lines.
    pub(crate) fn fronts(&self) -> String {
        SERVING.iter().map(|name| format!("{name}.{DOMAIN} {}\n", self.nodes[*name].address)).collect()
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

fn inventory(nodes: &BTreeMap<String, Machine>, enrolled: &BTreeMap<&str, Enrolled>, operator: PublicKey, login: &str) -> Result<String> {
    let mut text = format!(
        "schema = 1\n[fleet]\nname = \"Rehearsal\"\ndomain = \"{DOMAIN}\"\nbudget_usd = 100.00\nlatency_goal_ms = 100\n\
         [provider.one]\nname = \"One\"\n[provider.two]\nname = \"Two\"\n\
         [rollout]\nwaves = [1, 1, 1]\nconfirm_s = 30\nsoak_s = 1\ndisk_free_mb_min = 64\n\
         [operator.soc]\nnumber = 241\nssh_keys = [\"{login}\"]\nwireguard = \"{operator}\"\n"
    );
    for (name, index, hub) in [("a", 0, "zurich"), ("b", 1, "frankfurt")] {
        let subnet = format!("10.84.{index}");
        writeln!(
            text,
            "[network.{name}]\nsubnet = \"{subnet}.0/24\"\ninterface = \"wg{index}\"\nhub = \"{hub}\"\nport = 51820\noperators = \"{subnet}.240/28\"\nkeepalive_s = 1"
        )?;
    }
    for provider in ["one", "two"] {
        writeln!(
            text,
            "[plan.{provider}]\nprovider = \"{provider}\"\nprice_usd = 2.50\nvcpu = 1\nram_mb = 512\ndisk_gb = 10\ntraffic_tb = 0.5"
        )?;
    }
    for (place, (name, city, country, latitude, longitude, number, backup)) in NODES.into_iter().enumerate() {
        let (provider, role) = (["one", "two"][place % 2], if place < HUBS { "hub" } else { "pop" });
        let (address, Enrolled { wireguard, ssh_host, identity }) = (nodes[name].address, &enrolled[name]);
        let state = if place < HUBS { "planned" } else { "active" };
        writeln!(
            text,
            "[node.{name}]\ncity = \"{city}\"\ncountry = \"{country}\"\nregion = \"{city}\"\nlatitude = {latitude:?}\nlongitude = {longitude:?}\n\
             provider = \"{provider}\"\nplan = \"{provider}\"\nrole = \"{role}\"\nnumber = {number}\naddress = \"{address}\"\nbackup = \"{backup}\"\nstate = \"{state}\"\n\
             [node.{name}.keys]\nwireguard = \"{wireguard}\"\nssh_host = \"{ssh_host}\"\nidentity = \"{identity}\"\nsince = \"2026-01-01\""
        )?;
    }
    Ok(text)
}
